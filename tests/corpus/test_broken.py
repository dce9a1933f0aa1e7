"""Files of the corpus, broken further: never an exception, never more work than allowed, never a word of the text."""

from __future__ import annotations

import os
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from real_files import body, files

from calbridge.ical import Policy
from calbridge.ical.reading import Reader
from calbridge.ical.steps import Steps
from calbridge.interval import Interval

LONG = bool(os.environ.get("CALBRIDGE_LONG"))
BERLIN = ZoneInfo("Europe/Berlin")
SMALL = [file for file in files() if 0 < len(body(file)) < 20_000] or [""]

places = st.integers(0, 10**6)
breaks = st.one_of(
    st.tuples(st.just("byte"), places, st.integers(0, 255)),
    st.tuples(st.just("digit"), places, st.integers(0, 9)),
    st.tuples(st.just("drop"), places, st.just(0)),
    st.tuples(st.just("double"), places, st.just(0)),
    st.tuples(st.just("swap"), places, places),
    st.tuples(st.just("cut"), places, st.just(0)),
    st.tuples(st.just("join"), places, st.just(0)),
)


def broken(text: bytes, changes: list[tuple[str, int, int]]) -> bytes:
    """The file after these accidents."""
    for kind, at, what in changes:
        text = (
            _bytes(text, kind, at, what) if kind in {"byte", "digit", "cut", "join"} else _lines(text, kind, at, what)
        )
    return text


def _bytes(text: bytes, kind: str, at: int, what: int) -> bytes:
    at %= len(text) or 1
    if kind == "cut":
        return text[:at]
    if kind == "join":
        return text[:at] + text[at:].replace(b"\n", b"", 1)
    if kind == "digit":
        digits = [index for index, byte in enumerate(text) if byte in b"0123456789"] or [0]
        at, what = digits[at % len(digits)], what + ord("0")
    return text[:at] + bytes([what]) + text[at + 1 :]


def _lines(text: bytes, kind: str, at: int, what: int) -> bytes:
    lines = text.split(b"\n")
    at, what = at % len(lines), what % len(lines)
    if kind == "drop":
        del lines[at]
    elif kind == "double":
        lines.insert(at, lines[at])
    else:
        lines[at], lines[what] = lines[what], lines[at]
    return b"\n".join(lines)


@settings(max_examples=5000 if LONG else 250)
@given(file=st.sampled_from(SMALL), changes=st.lists(breaks, min_size=1, max_size=8), days=st.integers(9_000, 21_000))
def test_a_broken_file_is_read_or_refused(file: str, changes: list[tuple[str, int, int]], days: int) -> None:
    text = broken(body(file), changes)
    steps = Steps(200_000, 100_000)
    window = Interval(days * 86_400, (days + 90) * 86_400)
    found = Reader(window, BERLIN, Policy(), steps).read(text)
    assert steps.left > -1000
    assert all(one.span.start < window.end and one.span.end >= window.start for one in found.occurrences)
    assert all(one.line >= 1 for one in found.refused)
