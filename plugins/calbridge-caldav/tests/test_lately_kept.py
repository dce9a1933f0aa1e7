"""What is kept of the events that the bridge wrote lately, and for how long."""

from __future__ import annotations

import pytest

from calbridge_caldav.lately import EVENTS, SIZE, Lately


@pytest.mark.parametrize(
    ("etag", "data", "known"),
    [("e", b"x", True), ("", b"x", False), ("e", b"x" * (SIZE + 1), False)],
    ids=["an event", "no ETag", "too large"],
)
def test_what_is_kept(etag: str, data: bytes, *, known: bool) -> None:
    lately = Lately()
    lately.keep("anna/1.ics", etag, data)
    assert (lately.of("anna/1.ics", "e") is not None) == known
    assert lately.of("anna/1.ics", "f") is lately.of("anna/1.ics", "") is lately.of("anna/2.ics", "e") is None


def test_it_keeps_the_latest_and_forgets_a_version_that_is_over() -> None:
    lately = Lately()
    for number in range(EVENTS + 2):
        lately.keep(f"anna/{number}.ics", "e", b"x")
    assert [lately.of(f"anna/{number}.ics", "e") for number in range(3)] == [None, None, b"x"]
    lately.keep("anna/5.ics", "", b"")
    assert lately.of("anna/5.ics", "e") is None
