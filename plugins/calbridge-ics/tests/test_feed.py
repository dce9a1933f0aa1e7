"""What a feed's entries become."""

from __future__ import annotations

from typing import Any

import pytest

from calbridge.errors import NeedsHuman
from calbridge.interval import Interval
from calbridge.provider import Busy, Complete, Unreadable
from calbridge.testing.feed_site import calendar, event
from calbridge.uids import product_of, uid_of

NINE = 1_795_507_200  # 2026-11-24T09:00:00+01:00
WINDOW = Interval(NINE - 86_400, NINE + 30 * 86_400)
HOUR, DAY = 3_600, 86_400
TEN = Interval(NINE + HOUR, NINE + 2 * HOUR)
AT_TEN = (":20261124T090000Z", ":20261124T100000Z")


def read(provider: Any, tmp_path: Any, body: bytes, **settings: Any) -> tuple[Any, ...]:
    (tmp_path / "anna.ics").write_bytes(body)
    feed = provider(path="anna.ics", **settings).import_schedule(cursor="", window=WINDOW, known={})
    assert isinstance(feed, Complete)
    assert feed.window == WINDOW
    return feed.items


def test_an_event_is_busy_time_without_any_text(provider: Any, tmp_path: Any) -> None:
    (record,) = read(provider, tmp_path, calendar(event("ada@home", *AT_TEN, "SUMMARY:Zahnarzt Ada Lovelace")))
    assert isinstance(record, Busy)
    assert (record.resource, record.spans, record.tentative) == ("anna", (TEN,), False)
    assert "ada" not in repr(record).lower()
    assert "zahnarzt" not in repr(record).lower()


def test_a_series_is_one_record_and_its_moved_instance_moves(provider: Any, tmp_path: Any) -> None:
    series = event("s", *AT_TEN, "RRULE:FREQ=DAILY;COUNT=3")
    moved = event("s", ":20261125T110000Z", ":20261125T120000Z", "RECURRENCE-ID:20261125T090000Z")
    (record,) = read(provider, tmp_path, calendar(series, moved))
    third = Interval(TEN.start + 2 * DAY, TEN.end + 2 * DAY)
    assert record.spans == (TEN, Interval(TEN.start + DAY + 2 * HOUR, TEN.end + DAY + 2 * HOUR), third)


@pytest.mark.parametrize(
    ("more", "settings", "busy"),
    [
        (("TRANSP:TRANSPARENT",), {}, False),
        (("STATUS:CANCELLED",), {}, False),
        (("STATUS:TENTATIVE",), {}, True),
        (("STATUS:TENTATIVE",), {"tentative": "free"}, False),
    ],
)
def test_what_takes_time(provider: Any, tmp_path: Any, more: Any, settings: Any, busy: bool) -> None:
    records = read(provider, tmp_path, calendar(event("one", *AT_TEN, *more)), **settings)
    assert bool(records) is busy


def test_an_all_day_entry_is_the_clinics_day(provider: Any, tmp_path: Any) -> None:
    body = calendar(event("one", ";VALUE=DATE:20261125", ";VALUE=DATE:20261126"))
    (record,) = read(provider, tmp_path, body)
    assert record.spans == (Interval(NINE + 15 * HOUR, NINE + 39 * HOUR),)
    assert read(provider, tmp_path, body, all_day="free") == ()


def test_what_cannot_be_read_keeps_its_time_and_stops_nothing(provider: Any, tmp_path: Any) -> None:
    broken = event("bad", *AT_TEN, "RRULE:FREQ=SOMETIMES", "SUMMARY:secret")
    good = event("good", ":20261126T090000Z", ":20261126T100000Z")
    records = {type(each): each for each in read(provider, tmp_path, calendar(broken, good))}
    assert records[Unreadable].spans == (TEN,)
    assert "secret" not in repr(records[Unreadable])
    assert records[Busy].spans == (Interval(TEN.start + 2 * DAY, TEN.end + 2 * DAY),)


def test_the_bridges_own_event_is_named_as_an_echo(provider: Any, tmp_path: Any) -> None:
    own, foreign = event(uid_of("babc"), *AT_TEN), event("x@elsewhere", *AT_TEN)
    echoes = {record.echo for record in read(provider, tmp_path, calendar(own, foreign))}
    assert echoes == {"babc", ""}


def test_what_the_bridge_publishes_itself_is_refused(provider: Any, tmp_path: Any) -> None:
    own = calendar(event("x", *AT_TEN), product=product_of("hafen"))
    with pytest.raises(NeedsHuman, match="publishes itself"):
        read(provider, tmp_path, own)
    assert read(provider, tmp_path, calendar(event("x", *AT_TEN), product=product_of("other")))


def test_the_same_feed_in_another_order_gives_the_same_records(provider: Any, tmp_path: Any) -> None:
    events = [event(f"e{n}", f":202611{24 + n}T090000Z", f":202611{24 + n}T100000Z") for n in range(5)]
    first = read(provider, tmp_path, calendar(*events))
    assert read(provider, tmp_path, calendar(*reversed(events))) == first
    assert len({record.ref for record in first}) == len(events)
