"""When foreign objects take time. Every row is one real-life shape of an event; several are incidents elsewhere."""

from __future__ import annotations

import re
import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calbridge.ical import Policy
from calbridge.interval import Interval
from calbridge.model import State
from calbridge.provider import Busy, Entry, Unreadable
from calbridge.views import CalendarView
from calbridge_caldav.amend import compose
from calbridge_caldav.eyes import Eyes
from calbridge_caldav.hrefs import PARTS
from calbridge_caldav.records import records_of

BERLIN = ZoneInfo("Europe/Berlin")

CUSTOM = (
    "BEGIN:VTIMEZONE\nTZID:Customized Time Zone\n"
    "BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n"
    "BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n"
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
)


def seen(make: Any, text: str, **policy: Any) -> Any:
    """The record of an object of these lines, in the three months after the first of March 2026."""
    lines = [line.strip() for line in text.strip().splitlines()]
    body = text if text.startswith("BEGIN:VCALENDAR") else make.event("foreign", *lines)
    window = make.span("2026-03-01 00:00", "2026-06-01 00:00")
    (record,) = records_of(
        "anna", "x.ics", '"1"', body.encode(), Eyes(zone=BERLIN, window=window, policy=Policy(**policy))
    )
    return record


def spans(make: Any, *pairs: str) -> tuple[Interval, ...]:
    return tuple(make.span(*pair.split("/")) for pair in pairs)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("DTSTART:20260303T090000Z\nDTEND:20260303T100000Z",
                     ["2026-03-03 10:00/2026-03-03 11:00"], id="utc"),
        pytest.param("DTSTART:20260303T090000\nDTEND:20260303T100000",
                     ["2026-03-03 09:00/2026-03-03 10:00"], id="floating: the clinic's clock (R31)"),
        pytest.param("DTSTART;TZID=Europe/Helsinki:20260303T090000\nDURATION:PT90M",
                     ["2026-03-03 08:00/2026-03-03 09:30"], id="zone and duration"),
        pytest.param('DTSTART;TZID="/freeassociation.sourceforge.net/Europe/Berlin":20260303T090000\nDURATION:P1D',
                     ["2026-03-03 09:00/2026-03-04 09:00"], id="a vendor's path as zone"),
        pytest.param("DTSTART;TZID=W. Europe Standard Time:20260303T090000\nDURATION:PT1H",
                     ["2026-03-03 09:00/2026-03-03 10:00"], id="a Windows name as zone"),
        pytest.param("DTSTART;VALUE=DATE:20260303\nDTEND;VALUE=DATE:20260305",
                     ["2026-03-03 00:00/2026-03-05 00:00"], id="all day, end excluded"),
        pytest.param("DTSTART;VALUE=DATE:20260303", ["2026-03-03 00:00/2026-03-04 00:00"], id="a day without end"),
        pytest.param("DTSTART;VALUE=DATE:20260303\nDTEND;VALUE=DATE:20260303",
                     ["2026-03-03 00:00/2026-03-04 00:00"], id="a day that ends on itself"),
        pytest.param("DTSTART;TZID=W. Europe Standard Time;VALUE=DATE:20260303\nDTEND;VALUE=DATE:20260304",
                     ["2026-03-03 00:00/2026-03-04 00:00"], id="a date with a zone (Exchange, SOGo)"),
        pytest.param("DTSTART;VALUE=DATE:20260329\nDTEND;VALUE=DATE:20260330",
                     ["2026-03-29 00:00/2026-03-30 00:00"], id="all day on a 23-hour day"),
        pytest.param("DTSTART;TZID=W. Europe Standard Time;VALUE=DATE:20260303\nDURATION:P1D\nRRULE:FREQ=DAILY;COUNT=2",
                     ["2026-03-03 00:00/2026-03-05 00:00"], id="recurring all day with a zone (R13)"),
        pytest.param("DTSTART:20260303T090000Z", [], id="zero length (R15)"),
        pytest.param("DTSTART:20260303T090000Z\nDTEND:20260303T090000Z", [], id="zero length with an end"),
        pytest.param("DTSTART:20260302T090000Z\nDTEND:20260305T090000Z",
                     ["2026-03-02 10:00/2026-03-05 10:00"], id="more than a day (R15)"),
        pytest.param("DTSTART:20260303T090000Z\nDTEND:20260303T100000Z\nTRANSP:TRANSPARENT", [], id="free"),
        pytest.param("DTSTART:20260303T090000Z\nDTEND:20260303T100000Z\nSTATUS:CANCELLED", [], id="cancelled"),
        pytest.param("DTSTART:20260303T090000Z\nDTEND:20260303T100000Z\nSTATUS:TENTATIVE",
                     ["2026-03-03 10:00/2026-03-03 11:00"], id="tentative"),
        pytest.param("DTSTART:20250101T090000Z\nDTEND:20250101T100000Z", [], id="outside the window"),
        pytest.param("DTSTART:20260228T220000Z\nDTEND:20260301T010000Z",
                     ["2026-02-28 23:00/2026-03-01 02:00"], id="over the window's edge, whole"),
        pytest.param("DTSTART;TZID=Europe/Berlin:20260323T100000\nDTEND;TZID=Europe/Berlin:20260323T103000\n"
                     "RRULE:FREQ=WEEKLY;COUNT=2",
                     ["2026-03-23 10:00/2026-03-23 10:30", "2026-03-30 10:00/2026-03-30 10:30"],
                     id="over the change of the clock"),
        pytest.param("DTSTART;TZID=Europe/Berlin:20190107T080000\nDURATION:PT15M\n"
                     "RRULE:FREQ=MONTHLY;BYDAY=1MO;UNTIL=20260407T000000Z",
                     ["2026-03-02 08:00/2026-03-02 08:15", "2026-04-06 08:00/2026-04-06 08:15"],
                     id="a series that began long ago (R11)"),
        pytest.param("DTSTART;TZID=Europe/Berlin:20260302T080000\nDURATION:PT15M\nRRULE:FREQ=DAILY;COUNT=3\n"
                     "EXDATE;TZID=Europe/Berlin:20260303T080000",
                     ["2026-03-02 08:00/2026-03-02 08:15", "2026-03-04 08:00/2026-03-04 08:15"], id="exdate"),
        pytest.param("DTSTART;TZID=Europe/Berlin:20260302T080000\nDURATION:PT15M\n"
                     "RDATE;TZID=Europe/Berlin:20260310T080000,20260311T120000",
                     ["2026-03-02 08:00/2026-03-02 08:15", "2026-03-10 08:00/2026-03-10 08:15",
                      "2026-03-11 12:00/2026-03-11 12:15"], id="rdate only"),
        pytest.param("DTSTART;TZID=Europe/Berlin:20260302T080000\nDURATION:PT1H\n"
                     "RDATE;VALUE=PERIOD:20260310T070000Z/PT2H",
                     ["2026-03-02 08:00/2026-03-02 09:00", "2026-03-10 08:00/2026-03-10 10:00"], id="rdate period"),
        pytest.param("DTSTART;TZID=Europe/Berlin:20260302T080000\nDURATION:PT2H\nRRULE:FREQ=HOURLY;COUNT=3",
                     ["2026-03-02 08:00/2026-03-02 12:00"], id="overlapping occurrences are one"),
        pytest.param("SUMMARY:no time", None, id="no time at all"),
        pytest.param("DTSTART:tomorrow\nDTEND:later", None, id="no time that can be read"),
        pytest.param("DTSTART:99991231T235900Z\nDTEND:99991231T235959Z", [], id="the end of time"),
    ],
)  # fmt: skip
def test_what_takes_time(make: Any, text: str, wanted: list[str] | None) -> None:
    record = seen(make, text)
    if wanted is None:
        assert isinstance(record, Unreadable)
        assert record.spans == ()
        assert "line" in record.why
    else:
        assert isinstance(record, Busy), record
        assert record.spans == spans(make, *wanted)


SERIES = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:series
DTSTART;TZID=Europe/Berlin:20260302T080000
DTEND;TZID=Europe/Berlin:20260302T090000
RRULE:FREQ=WEEKLY;COUNT=4
SUMMARY:Dienstbesprechung Frau Geheim
END:VEVENT
BEGIN:VEVENT
UID:series
RECURRENCE-ID;TZID=Europe/Berlin:20260309T080000
{changed}
END:VEVENT
END:VCALENDAR
"""
REST = ["2026-03-02 08:00/2026-03-02 09:00", "2026-03-16 08:00/2026-03-16 09:00", "2026-03-23 08:00/2026-03-23 09:00"]


@pytest.mark.parametrize(
    ("changed", "instead"),
    [
        ("DTSTART;TZID=Europe/Berlin:20260310T140000\nDURATION:PT1H", ["2026-03-10 14:00/2026-03-10 15:00"]),
        ("DTSTART;TZID=Europe/Berlin:20260309T080000\nDURATION:PT1H\nTRANSP:TRANSPARENT", []),
        ("DTSTART;TZID=Europe/Berlin:20260309T080000\nDURATION:PT1H\nSTATUS:CANCELLED", []),
        ("DTSTART;VALUE=DATE:20260309\nDURATION:P1D", ["2026-03-09 00:00/2026-03-10 00:00"]),
    ],
)
def test_one_occurrence_has_its_own_time_and_status(make: Any, changed: str, instead: list[str]) -> None:
    """R12: what counts is the moved VEVENT's own TRANSP and STATUS, not the first one's."""
    record = seen(make, SERIES.replace("{changed}", changed))
    assert record.spans == tuple(sorted(spans(make, *REST, *instead)))


def test_this_and_all_that_follow(make: Any) -> None:
    text = SERIES.replace("RECURRENCE-ID;TZID", "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID")
    record = seen(make, text.replace("{changed}", "DTSTART;TZID=Europe/Berlin:20260309T100000\nDURATION:PT30M"))
    days = ["09", "16", "23"]
    later = [f"2026-03-{day} 10:00/2026-03-{day} 10:30" for day in days]
    assert record.spans == spans(make, "2026-03-02 08:00/2026-03-02 09:00", *later)


@pytest.mark.parametrize(
    ("policy", "busy_spans"),
    [({}, 3), ({"all_day": "free"}, 2), ({"tentative": "free"}, 2), ({"all_day": "free", "tentative": "free"}, 1)],
)
def test_what_the_connection_says_of_all_day_and_tentative(make: Any, policy: dict[str, str], busy_spans: int) -> None:
    records = [
        seen(make, "DTSTART;VALUE=DATE:20260303", **policy),
        seen(make, "DTSTART:20260304T090000Z\nDURATION:PT1H\nSTATUS:TENTATIVE", **policy),
        seen(make, "DTSTART:20260305T090000Z\nDURATION:PT1H", **policy),
    ]
    assert sum(len(record.spans) for record in records) == busy_spans
    assert [record.tentative for record in records] == [False, bool(records[1].spans), False]


def test_a_zone_of_the_objects_own(make: Any) -> None:
    times = "DTSTART;TZID=Customized Time Zone:{0}T090000\nDURATION:PT1H\n"
    head = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{CUSTOM}BEGIN:VEVENT\nUID:z\n"
    for rule in ("", "RRULE:FREQ=DAILY;COUNT=1\n"):
        text = head + times.format("20260404") + rule + "END:VEVENT\nEND:VCALENDAR\n"
        assert seen(make, text).spans == spans(make, "2026-04-04 09:00/2026-04-04 10:00")


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=MINUTELY;BYHOUR=3;BYSETPOS=-1", "FREQ=SECONDLY;COUNT=99999999",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYYEARDAY=366;BYDAY=MO;BYMONTH=3",
        "FREQ=DAILY;BYHOUR=8,9,10,11,12,13,14,15,16,17;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=1,2,3,4,5,6,7,8,9",
    ],
)  # fmt: skip
def test_a_recurrence_that_explodes_is_bounded(make: Any, rule: str) -> None:
    """It is said to be too much, its first occurrence is kept free, and it takes no time to speak of."""
    started = time.process_time()
    record = seen(make, f"DTSTART:20260303T090000Z\nDTEND:20260303T100000Z\nRRULE:{rule}")
    assert time.process_time() - started < 2
    if isinstance(record, Unreadable):
        assert record.why == "line 9: the recurrence gives too many occurrences"
        assert record.spans == spans(make, "2026-03-03 10:00/2026-03-03 11:00")
    else:
        assert rule.startswith("FREQ=YEARLY")


@pytest.mark.parametrize(
    ("lines", "why", "kept"),
    [
        ("DTSTART:20260303T090000Z\nDURATION:PT1H\nRRULE:FREQ=SOMETIMES", "line 9: RRULE", 1),
        ("DTSTART:20260303T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEXDATE:never", "line 10: EXDATE", 90),
        ("DTSTART;TZID=Mars/Olympus:20260303T100000\nDURATION:PT1H", "line 7: DTSTART is in a time zone", 1),
        ("DTSTART;TZID=Mars/Olympus:20260303T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3", "line 7: DTSTART", 3),
        ("DTSTART:20260303T090000Z\nDURATION:an hour", "line 8: DURATION", 1),
    ],
)
def test_what_cannot_be_read_is_said_without_its_content_and_keeps_its_time(
    make: Any, lines: str, why: str, kept: int
) -> None:
    record = seen(make, lines + "\nSUMMARY:Frau Geheim")
    assert isinstance(record, Unreadable)
    assert record.why.startswith(why)
    assert "Geheim" not in record.why
    assert "Mars" not in record.why
    assert len(record.spans) == kept
    assert record.version == '"1"'


BLIND = [
    ("DTSTART:someday\nDTEND:20260303T100000Z", True),
    ("DTEND:20260303T100000Z", True),
    ("DTSTART:20260303T090000Z\nDURATION:PT1H\nRRULE:FREQ=SOMETIMES", True),
    ("DTSTART:20260303T090000Z\nDURATION:PT1H\nRDATE:20260310T090000Z,someday", True),
    ("DTSTART:20260303T090000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3\nBEGIN:X-THING", True),
    ("DTSTART:20260303T090000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:never", False),
    ("DTSTART:20260303T090000Z\nDURATION:PT1H\nRRULE:FREQ=SOMETIMES\nTRANSP:TRANSPARENT", False),
    ("DTSTART;TZID=Mars/Olympus:20260303T100000\nDURATION:PT1H\nTRANSP:TRANSPARENT", False),
    ("DTSTART;TZID=Mars/Olympus:20290303T100000\nDURATION:PT1H", False),
    ("DTSTART:20260303T090000Z\nDURATION:PT1H\nEXDATE:never\nSTATUS:CANCELLED", False),
]


@pytest.mark.parametrize(("lines", "blind"), BLIND)
def test_only_what_does_not_say_when_it_is_keeps_what_was_seen_before(make: Any, lines: str, *, blind: bool) -> None:
    """A fault beside the time is no reason to keep a time that staff freed (decision 0064)."""
    record = seen(make, lines)
    assert isinstance(record, Unreadable)
    assert record.keeps == ((record.ref, *(record.ref + part for part in PARTS)) if blind else ())


@pytest.mark.parametrize(("start", "blind"), [("someday", True), ("20260303T090000", False)])
def test_ours_keeps_what_was_seen_before_only_where_it_does_not_say_when_it_is(
    make: Any, start: str, *, blind: bool
) -> None:
    view = CalendarView(state=State.CONFIRMED, resource="anna", start=make.ten, end=make.ten + 1800)
    whole = compose("abc123", 1, view, zone=BERLIN, now=make.ten)
    body = re.sub(rb"DTSTART;TZID=[^\r]*", f"DTSTART;TZID=Mars/Olympus:{start}".encode(), whole)
    window = make.span("2026-03-01 00:00", "2026-06-01 00:00")
    (record,) = records_of("anna", "abc123.ics", '"1"', body, Eyes(zone=BERLIN, window=window))
    assert isinstance(record, Unreadable)
    assert bool(record.keeps) is blind


@pytest.mark.parametrize("cut", ["END:VEVENT\r\n", "END:VCALENDAR\r\n", "BEGIN:VCALENDAR\r\n"])
def test_a_torn_object_keeps_its_time(make: Any, cut: str) -> None:
    whole = make.event("torn", "DTSTART:20260303T090000Z", "DTEND:20260303T100000Z")
    window = make.span("2026-03-01 00:00", "2026-06-01 00:00")
    (record,) = records_of("anna", "x.ics", '"1"', whole.replace(cut, "").encode(), Eyes(zone=BERLIN, window=window))
    assert isinstance(record, Unreadable)
    assert record.spans == spans(make, "2026-03-03 10:00/2026-03-03 11:00")


def test_what_cannot_be_read_of_ours_that_repeats_itself_is_said_and_kept(make: Any) -> None:
    """Staff made it a series, and a program broke the rule: the appointment is what it was, the rest is not free."""
    view = CalendarView(state=State.CONFIRMED, resource="anna", start=make.ten, end=make.ten + 1800)
    body = compose("abc123", 1, view, zone=BERLIN, now=make.ten).replace(
        b"TRANSP:OPAQUE", b"TRANSP:OPAQUE\r\nRRULE:FREQ=SOMETIMES"
    )
    window = make.span("2026-03-01 00:00", "2026-06-01 00:00")
    own, more = records_of("anna", "abc123.ics", '"1"', body, Eyes(zone=BERLIN, window=window))
    assert isinstance(own, Entry)
    assert (own.view.start, own.view.end) == (view.start, view.end)
    assert isinstance(more, Unreadable)
    assert (more.ref, more.resource, more.ref in more.keeps) == ("anna/abc123.ics/repeats", "anna", True)


def test_a_task_or_a_journal_takes_no_time(make: Any) -> None:
    text = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTODO\nUID:t\nDUE:20260303T090000Z\nEND:VTODO\nEND:VCALENDAR\n"
    )
    assert seen(make, text).spans == ()


WHOLE = SERIES.replace("{changed}", "DTSTART;VALUE=DATE:20260309\nDURATION:P1D") + CUSTOM
ODD = r"""
UID:abc@calbridge
X-CALBRIDGE-REVISION:²
SEQUENCE:²
DTSTART:00010101T000000Z
DTEND:99991231T235959
LAST-MODIFIED:00010101T000000
RRULE:
RRULE:FREQ=YEARLY;UNTIL=00010101
DURATION:-P999999999D
RDATE;VALUE=PERIOD:20260310T070000Z/x
EXDATE;TZID=:20260301
TZOFFSETTO:+9999
BEGIN:STANDARD
END:STANDARD
TZID:Europe/Berlin
 folded
"""
PIECES = [line.encode() + b"\n" for line in (WHOLE + ODD).split("\n")] + [b"BEGIN:VEVENT\n" * 400, b"\x00\xff"]


@settings(deadline=None, max_examples=150)
@given(pieces=st.lists(st.sampled_from(PIECES) | st.binary(max_size=12), max_size=60))
def test_nothing_that_a_server_gives_is_more_than_a_record(pieces: list[bytes]) -> None:
    """R7: one object that cannot be read never stops the others."""
    window = Interval(1_772_000_000, 1_779_000_000)
    whole = WHOLE.encode()
    for body in (b"".join(pieces), whole[:80] + b"".join(pieces) + whole[80:]):
        for record in records_of("anna", "x.ics", "1", body, Eyes(zone=BERLIN, window=window)):
            assert record.ref.startswith("anna/x.ics")
            assert all(one.start < one.end for one in getattr(record, "spans", ()))
