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


def test_a_fault_beside_the_time_keeps_nothing_that_was_freed(provider: Any, tmp_path: Any) -> None:
    freed = event("bad", *AT_TEN, "EXDATE:never", "TRANSP:TRANSPARENT")
    (record,) = read(provider, tmp_path, calendar(freed))
    assert (type(record), record.spans, record.keeps) == (Unreadable, (), ())


def test_what_cannot_be_read_keeps_its_time_and_stops_nothing(provider: Any, tmp_path: Any) -> None:
    broken = event("bad", *AT_TEN, "RRULE:FREQ=SOMETIMES", "SUMMARY:secret")
    good = event("good", ":20261126T090000Z", ":20261126T100000Z")
    records = {type(each): each for each in read(provider, tmp_path, calendar(broken, good))}
    assert records[Unreadable].spans == (TEN,)
    ref = records[Unreadable].ref
    assert records[Unreadable].keeps == (ref, f"{ref}/absences")
    assert "secret" not in repr(records[Unreadable])
    assert records[Busy].spans == (Interval(TEN.start + 2 * DAY, TEN.end + 2 * DAY),)


def test_what_an_entrys_category_means(provider: Any, tmp_path: Any) -> None:
    """A window gives time and takes none, an absence takes it however it shows itself, a doubtful window opens none."""
    body = calendar(
        event("open", *AT_TEN, "CATEGORIES:Onlinebuchung"),
        event("away", ":20261126T090000Z", ":20261126T100000Z", "CATEGORIES:urlaub", "TRANSP:TRANSPARENT"),
        event("maybe", ":20261127T090000Z", ":20261127T100000Z", "CATEGORIES:Onlinebuchung", "RRULE:FREQ=SOMETIMES"),
        event("plain", ":20261128T090000Z", ":20261128T100000Z", "CATEGORIES:Team"),
    )
    named = {"window_categories": ["onlinebuchung "], "absence_categories": ["Urlaub"]}
    told = read(provider, tmp_path, body, **named)
    spans = {(type(each).__name__, each.spans) for each in told}
    later = [Interval(TEN.start + day * DAY, TEN.end + day * DAY) for day in range(5)]
    assert spans == {
        ("WindowRecord", ()),
        ("WindowRecord", (TEN,)),
        ("AbsenceRecord", (later[2],)),
        ("Unreadable", ()),
        ("Busy", (later[4],)),
    }
    assert all(each.resource == "anna" for each in told)
    assert len({each.ref for each in told}) == len(told)
    without = {(type(each).__name__, each.spans) for each in read(provider, tmp_path, body)}
    assert without == {("Busy", (TEN,)), ("Busy", (later[4],)), ("Unreadable", (later[3],))}
    (finding,) = [each for each in provider(path="anna.ics", **named).check() if each.level == "ok"]
    assert finding.message == "The feed takes 1 times of anna in 60 days, and has 1 online windows and 1 absences."


def test_a_feed_without_end_keeps_all_time(provider: Any, tmp_path: Any) -> None:
    """What stands in the part that is not read may be at any time."""
    short = "BEGIN:VEVENT\nDTSTART:20261124\nEND:VEVENT\n" * 40_000
    records = read(provider, tmp_path, f"BEGIN:VCALENDAR\n{short}END:VCALENDAR\n".encode())
    (rest,) = [each for each in records if isinstance(each, Unreadable) and "nothing after this line" in each.why]
    assert any(span.end - span.start > 30 * DAY for span in rest.spans)


def test_the_bridges_own_event_is_named_as_an_echo(provider: Any, tmp_path: Any) -> None:
    own, foreign = event(uid_of("babc"), *AT_TEN), event("x@elsewhere", *AT_TEN)
    echoes = {record.echo for record in read(provider, tmp_path, calendar(own, foreign))}
    assert echoes == {"babc", ""}


def test_the_bridges_own_event_is_no_window_whatever_its_category(provider: Any, tmp_path: Any) -> None:
    own = event(uid_of("babc"), *AT_TEN, "CATEGORIES:frei")
    found = read(provider, tmp_path, calendar(own), window_categories=["frei"])
    assert [each.spans for each in found if isinstance(each, Busy)] == [(TEN,)]
    assert not any(each.spans for each in found if not isinstance(each, Busy))


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
