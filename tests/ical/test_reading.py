"""`read`: what takes time and why not, what is refused and what is kept free of it. Rows are shapes from real life."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from calbridge.ical import Occurrence, Policy, Reading, read
from calbridge.interval import Interval

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    """Epoch seconds of a time in Berlin."""
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp())


MARCH = Interval(at("2026-03-01 00:00"), at("2026-04-15 00:00"))


def calendar(*lines: str) -> str:
    """A calendar of these lines."""
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *lines, "END:VCALENDAR", ""])


def event(*lines: str, uid: str = "a") -> list[str]:
    """An event of these lines."""
    return ["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"]


def seen(text: str | bytes, policy: Policy | None = None, window: Interval = MARCH) -> Reading:
    """Read in Berlin, in March 2026 and a little after."""
    return read(text.encode() if isinstance(text, str) else text, window=window, zone=BERLIN, policy=policy)


def only(text: str | bytes, policy: Policy | None = None) -> Occurrence:
    """The one occurrence in it."""
    (one,) = seen(text, policy).occurrences
    return one


def spans(reading: Reading) -> list[str]:
    """As "03-05 10:00/11:00", or with the date of the end where that is another."""
    return [_span(one.span) for one in reading.occurrences]


def _span(span: Interval) -> str:
    start, end = (datetime.fromtimestamp(each, BERLIN) for each in span)
    return (
        f"{start:%m-%d %H:%M}/{end:%H:%M}" if start.date() == end.date() else f"{start:%m-%d %H:%M}/{end:%m-%d %H:%M}"
    )


TEN = ("DTSTART;TZID=Europe/Berlin:20260305T100000", "DTEND;TZID=Europe/Berlin:20260305T110000")
DAY = ("DTSTART;VALUE=DATE:20260305",)
NO_ZONE = "DTSTART is in a time zone that nothing defines: read on the clock of the place"
FREE = Policy(all_day="free", tentative="free")


@pytest.mark.parametrize(
    ("lines", "policy", "busy", "why"),
    [
        (TEN, None, True, ""),
        (DAY, None, True, ""),
        (DAY, FREE, False, "all_day"),
        ((*TEN, "STATUS:TENTATIVE"), None, True, ""),
        ((*TEN, "STATUS:TENTATIVE"), FREE, False, "tentative"),
        ((*TEN, "status:Tentative"), FREE, False, "tentative"),
        ((*TEN, "STATUS:CANCELLED"), None, False, "cancelled"),
        ((*TEN, "STATUS:CANCELLED", "TRANSP:TRANSPARENT"), None, False, "cancelled"),
        ((*TEN, "TRANSP:TRANSPARENT"), None, False, "transparent"),
        ((*TEN, "TRANSP:OPAQUE"), FREE, True, ""),
        ((*TEN, "X-MICROSOFT-CDO-BUSYSTATUS:FREE"), None, False, "free"),
        ((*TEN, "TRANSP:OPAQUE", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"), None, False, "free"),
        ((*TEN, "TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:BUSY"), None, False, "transparent"),
        ((*TEN, "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE"), FREE, False, "tentative"),
        ((*TEN, "STATUS:CONFIRMED", "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE"), FREE, False, "tentative"),
        ((*TEN, "X-MICROSOFT-CDO-BUSYSTATUS:OOF"), FREE, True, ""),
        ((*TEN, "X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "X-MICROSOFT-CDO-INTENDEDSTATUS:FREE"), None, True, ""),
        ((*TEN, "X-MICROSOFT-CDO-INTENDEDSTATUS:FREE"), None, False, "free"),
        (("DTSTART:20260305T090000Z",), None, False, "empty"),
        (("DTSTART:20260305T090000Z", "DURATION:PT0S"), None, False, "empty"),
        ((*TEN, "DURATION:nonsense"), None, True, ""),
        (("DTSTART;TZID=Nowhere:20260305T100000", "DURATION:PT1H"), None, True, "guessed"),
        (("DTSTART;TZID=Nowhere:20260305T100000", "DURATION:PT1H", "TRANSP:TRANSPARENT"), None, False, "transparent"),
    ],
)
def test_whether_it_takes_time_and_why_not(lines: tuple[str, ...], policy: Policy | None, busy: bool, why: str) -> None:
    one = only(calendar(*event(*lines)), policy)
    assert (one.busy, one.why) == (busy, why)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        pytest.param(["DTSTART:20260329T013000", "DURATION:PT1H"], ["03-29 01:30/03:30"], id="an hour over the gap"),
        pytest.param(["DTSTART:20260329T023000", "DURATION:PT1H"], ["03-29 03:30/04:30"], id="a time in the gap"),
        pytest.param(["DTSTART;TZID=America/New_York:20260310T090000", "DTEND;TZID=Europe/London:20260310T140000"],
                     ["03-10 14:00/15:00"], id="from one zone to another"),
        pytest.param(["DTSTART;TZID=/freeassociation.sourceforge.net/Europe/London:20260305T090000", "DURATION:PT1H"],
                     ["03-05 10:00/11:00"], id="a vendor's path"),
        pytest.param(['DTSTART;TZID="W. Europe Standard Time":20260305T090000', "DURATION:PT1H"],
                     ["03-05 09:00/10:00"], id="a Windows name in quotes"),
        pytest.param(["DTSTART;TZID=GMT Standard Time:20260305T090000", "DURATION:PT1H"],
                     ["03-05 10:00/11:00"], id="another Windows name"),
        pytest.param(["DTSTART:20260305T0900", "DTEND:20260305T093060"], ["03-05 09:00/09:30"],
                     id="a leap second, no seconds"),
        pytest.param(["DTSTART;VALUE=DATE:20260305", "DTEND;VALUE=DATE:20260308"], ["03-05 00:00/03-08 00:00"],
                     id="days"),
        pytest.param(["DTSTART;VALUE=DATE:20260305", "DURATION:P1W"], ["03-05 00:00/03-12 00:00"], id="a week of days"),
        pytest.param(["DTSTART;VALUE=DATE:20260305", "DURATION:PT36H"], ["03-05 00:00/03-07 00:00"],
                     id="hours from a date"),
        pytest.param(["DTSTART;TZID=Europe/Berlin:20260328T023000", "DTEND;TZID=Europe/Berlin:20260328T030000",
                      "RRULE:FREQ=DAILY;COUNT=3"],
                     ["03-28 02:30/03:00", "03-29 03:30/04:00", "03-30 02:30/03:00"], id="half an hour in the gap"),
        pytest.param(["DTSTART:20260329T023000", "DTEND:20260329T031500"], ["03-29 03:30/04:15"],
                     id="out of the gap, once"),
        pytest.param(["DTSTART:20260305T100000Z", "DTEND:20260307T100000Z"], ["03-05 11:00/03-07 11:00"],
                     id="two days"),
        pytest.param(["DTSTART;TZID=Europe/Berlin:20260327T220000", "DTEND;TZID=Europe/Berlin:20260328T060000",
                      "RRULE:FREQ=DAILY;COUNT=2"],
                     ["03-27 22:00/03-28 06:00", "03-28 22:00/03-29 06:00"], id="nights keep the clock"),
        pytest.param(["DTSTART;TZID=Europe/Berlin:20260327T220000", "DURATION:PT8H", "RRULE:FREQ=DAILY;COUNT=2"],
                     ["03-27 22:00/03-28 06:00", "03-28 22:00/03-29 07:00"], id="a DURATION of hours is elapsed time"),
        pytest.param(["DTSTART;TZID=Europe/Berlin:20260325T100000", "DURATION:PT168H"], ["03-25 10:00/04-01 11:00"],
                     id="so are as many hours as a week has"),
        pytest.param(["DTSTART;TZID=Europe/Berlin:20260325T100000", "DURATION:P1W"], ["03-25 10:00/04-01 10:00"],
                     id="a week is one of the clock"),
        pytest.param(["DTSTART;VALUE=DATE:20260329", "DURATION:PT24H"], ["03-29 00:00/03-30 00:00"],
                     id="as many hours as a day has, from a date"),
        pytest.param(["DTSTART:20260305t090000z", "DURATION:+pt1h"], ["03-05 10:00/11:00"], id="small letters"),
        pytest.param(["DTSTART:20260305T100000", "DTEND:20260305T240000"], ["03-05 10:00/03-06 00:00"],
                     id="till midnight"),
        pytest.param(["DTSTART;TZID=tzone://Microsoft/Utc:20260305T090000", "DURATION:PT1H"], ["03-05 10:00/11:00"],
                     id="an unquoted colon in the zone's name"),
        pytest.param(["DTSTART:20260305T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;UNTIL=20260312"],
                     ["03-05 10:00/11:00", "03-12 10:00/11:00"], id="UNTIL is a date: all of that day"),
        pytest.param(["DTSTART;TZID=Europe/Berlin:20260305T233000", "DURATION:PT15M",
                      "RRULE:FREQ=DAILY;UNTIL=20260306T233000"],
                     ["03-05 23:30/23:45", "03-06 23:30/23:45"], id="UNTIL on the wall clock"),
        pytest.param(["DTSTART;VALUE=DATE:20260305", "RRULE:FREQ=DAILY;UNTIL=20260306T225959Z"],
                     ["03-05 00:00/03-06 00:00", "03-06 00:00/03-07 00:00"], id="days UNTIL a time"),
        pytest.param(["DTSTART:20260305T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3;X-BAR=1;;BYDAY="],
                     ["03-05 10:00/11:00", "03-06 10:00/11:00", "03-07 10:00/11:00"], id="empty and private parts"),
        pytest.param(["DTSTART:20260305T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3",
                     "EXDATE;VALUE=DATE:20260306"],
                     ["03-05 10:00/11:00", "03-07 10:00/11:00"], id="EXDATE names the day of a time"),
        pytest.param(["DTSTART:20260305T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3",
                     "EXDATE:20260306T080000Z"],
                     ["03-05 09:00/10:00", "03-07 09:00/10:00"], id="EXDATE in UTC for floating times"),
        pytest.param(["DTSTART;VALUE=DATE:20260305", "RRULE:FREQ=DAILY;COUNT=3",
                      "EXDATE;TZID=W. Europe Standard Time:20260306T000000"],
                     ["03-05 00:00/03-06 00:00", "03-07 00:00/03-08 00:00"], id="EXDATE of days in times (Exchange)"),
        pytest.param(["DTSTART;TZID=Europe/Berlin:20260305T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2",
                     "EXDATE;TZID=Europe/Berlin:20260306T100000,20260306T080000"],
                     ["03-05 09:00/10:00", "03-06 09:00/10:00"], id="EXDATE an hour from where the series was moved"),
        pytest.param(["DTSTART;TZID=Europe/Berlin:20260305T090000", "DURATION:PT1H",
                      "RRULE:FREQ=DAILY;BYHOUR=9,10;COUNT=4", "EXDATE;TZID=Europe/Berlin:20260306T100000"],
                     ["03-05 09:00/10:00", "03-05 10:00/11:00", "03-06 09:00/10:00"], id="EXDATE of one of two a day"),
        pytest.param(["DTSTART;TZID=Europe/Berlin:20260305T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2",
                     "RDATE;TZID=Europe/Berlin:20260306T100000", "EXDATE;TZID=Europe/Berlin:20260306T100000"],
                     ["03-05 09:00/10:00", "03-06 09:00/10:00"], id="EXDATE of an RDATE"),
        pytest.param(["DTSTART;TZID=Europe/Berlin:20260305T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3",
                     "EXDATE:20260306T090000Z"],
                     ["03-05 09:00/10:00", "03-07 09:00/10:00"], id="EXDATE is a local time with a Z"),
        pytest.param(["DTSTART:20260305T090000Z", "DURATION:PT1H", "EXDATE:20260305T090000Z"], [],
                     id="nothing is left"),
        pytest.param(["DTSTART:20260305T090000Z", "DURATION:PT1H", "RDATE;VALUE=PERIOD:20260306T090000Z/PT3H",
                      "RDATE:20260307T090000Z,20260308T090000Z"],
                     ["03-05 10:00/11:00", "03-06 10:00/13:00", "03-07 10:00/11:00", "03-08 10:00/11:00"], id="RDATE"),
        pytest.param(["DTSTART:20260302T090000Z", "DURATION:PT1H",
                      "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2"],
                     ["03-02 10:00/11:00", "03-31 11:00/12:00"], id="the last working day, and DTSTART itself"),
        pytest.param(["DTSTART:20260305T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2",
                     "RRULE:FREQ=DAILY;COUNT=2"],
                     ["03-05 10:00/11:00", "03-06 10:00/11:00", "03-12 10:00/11:00"], id="two rules"),
        pytest.param(["DTSTART:20260313T090000Z", "DURATION:PT1H", "RRULE:FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR;COUNT=1"],
                     ["03-13 10:00/11:00"], id="Friday the thirteenth"),
    ],
)  # fmt: skip
def test_when_it_takes_place(lines: list[str], wanted: list[str]) -> None:
    found = seen(calendar(*event(*lines)))
    assert not found.refused
    assert spans(found) == wanted


SERIES = event("DTSTART;TZID=Europe/Berlin:20260302T080000", "DTEND;TZID=Europe/Berlin:20260302T090000",
               "RRULE:FREQ=WEEKLY;COUNT=4", uid="s")  # fmt: skip
MOVED = event("RECURRENCE-ID;TZID=Europe/Berlin:20260309T080000", "DTSTART;TZID=Europe/Berlin:20260310T140000",
              "DURATION:PT1H", uid="s")  # fmt: skip


@pytest.mark.parametrize("lines", [[*SERIES, *MOVED], [*MOVED, *SERIES]])
def test_a_moved_occurrence_may_stand_before_its_series(lines: list[str]) -> None:
    found = seen(calendar(*lines))
    assert spans(found) == ["03-02 08:00/09:00", "03-10 14:00/15:00", "03-16 08:00/09:00", "03-23 08:00/09:00"]
    assert [one.recurrence_id for one in found.occurrences] == [None, at("2026-03-09 08:00"), None, None]


def test_a_moved_occurrence_may_stand_alone() -> None:
    assert spans(seen(calendar(*MOVED))) == ["03-10 14:00/15:00"]


def test_a_moved_occurrence_stands_for_all_that_follow() -> None:
    onwards = [line.replace("RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;") for line in MOVED]
    found = seen(calendar(*SERIES, *onwards))
    assert spans(found) == ["03-02 08:00/09:00", "03-10 14:00/15:00", "03-17 14:00/15:00", "03-24 14:00/15:00"]


@pytest.mark.parametrize(
    "named", ["RECURRENCE-ID;VALUE=DATE:20260309", "RECURRENCE-ID:20260309T070000Z", "RECURRENCE-ID:20260309T080000"]
)
def test_a_moved_occurrence_may_be_named_in_another_form(named: str) -> None:
    found = seen(calendar(*SERIES, *event(named, *MOVED[3:-1], uid="s")))
    assert len(found.occurrences) == 4
    assert "03-10 14:00/15:00" in spans(found)


def test_a_moved_occurrence_of_two_a_day_leaves_the_other() -> None:
    twice = [line.replace("FREQ=WEEKLY;COUNT=4", "FREQ=WEEKLY;BYHOUR=7,8;COUNT=4") for line in SERIES]
    assert spans(seen(calendar(*twice, *MOVED))) == [
        "03-02 08:00/09:00", "03-09 07:00/08:00", "03-10 14:00/15:00", "03-16 07:00/08:00",
    ]  # fmt: skip


def test_a_moved_occurrence_that_cannot_be_read_leaves_the_series() -> None:
    broken = event("RECURRENCE-ID;TZID=Europe/Berlin:20260309T080000", "DTSTART:tomorrow", uid="s")
    found = seen(calendar(*SERIES, *broken))
    assert len(found.occurrences) == 4
    assert [(one.line, one.uid, one.why) for one in found.refused] == [(13, "s", "DTSTART is no date or time")]


def test_a_later_revision_replaces_and_an_equal_one_does_not() -> None:
    earlier, later = event(*TEN, "SEQUENCE:1"), event(*(line.replace("T1", "T2") for line in TEN), "SEQUENCE:2")
    assert spans(seen(calendar(*later, *earlier))) == ["03-05 20:00/21:00"]
    same = [line.replace("SEQUENCE:1", "SEQUENCE:2") for line in earlier]
    assert spans(seen(calendar(*later, *same))) == ["03-05 10:00/11:00", "03-05 20:00/21:00"]


def test_events_without_uid_are_each_their_own() -> None:
    nameless = ["BEGIN:VEVENT", *TEN, "END:VEVENT"]
    assert len(seen(calendar(*nameless, *nameless)).occurrences) == 2


def test_calendars_of_one_file_are_each_their_own() -> None:
    """UIDs, and zones too: Exchange calls every one of its own "Customized Time Zone"."""
    east, west = (
        calendar(
            "BEGIN:VTIMEZONE", "TZID:Customized Time Zone", "BEGIN:STANDARD", "DTSTART:16010101T000000",
            f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}", "END:STANDARD", "END:VTIMEZONE",
            *event("DTSTART;TZID=Customized Time Zone:20260305T100000", "DURATION:PT1H"),
        )
        for offset in ("+0200", "-0300")
    )  # fmt: skip
    for text in (east + west, west + east):
        assert spans(seen(text)) == ["03-05 09:00/10:00", "03-05 14:00/15:00"]
    assert spans(seen(east)) == ["03-05 09:00/10:00"]


def test_the_zone_of_the_calendar_is_for_what_has_none_and_for_series_in_utc() -> None:
    def of(*lines: str) -> list[str]:
        return spans(seen(calendar("X-WR-TIMEZONE:America/New_York", *event(*lines))))

    assert of("DTSTART:20260305T100000", "DURATION:PT1H") == ["03-05 16:00/17:00"]
    assert of("DTSTART:20260305T150000Z", "DURATION:PT1H") == ["03-05 16:00/17:00"]
    assert of("DTSTART:20260305T150000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2") == [
        "03-05 16:00/17:00",
        "03-12 15:00/16:00",  # New York changes its clock on the eighth
    ]
    assert of("DTSTART;VALUE=DATE:20260305") == ["03-05 00:00/03-06 00:00"]


@pytest.mark.parametrize(
    ("lines", "refusals", "wanted"),
    [
        pytest.param(["DTSTART:never"], [(6, "DTSTART is no date or time")], [], id="no time"),
        pytest.param(["SUMMARY:x"], [(4, "the event has no DTSTART")], [], id="no DTSTART"),
        pytest.param([*TEN, "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:never"], [(9, "EXDATE is no date or time")],
                     ["03-05 10:00/11:00", "03-06 10:00/11:00"], id="EXDATE"),
        pytest.param([*TEN, "RDATE:never,20260306T090000Z"], [(8, "RDATE is no date or time")],
                     ["03-05 10:00/11:00", "03-06 10:00/11:00"], id="one RDATE"),
        pytest.param([*TEN, "RRULE:FREQ=SOMETIMES"], [(8, "RRULE has no FREQ that is known")], ["03-05 10:00/11:00"],
                     id="RRULE"),
        pytest.param([*TEN, "RRULE:FREQ=DAILY;UNTIL=never"], [(8, "UNTIL of RRULE is no date or time")],
                     ["03-05 10:00/11:00"], id="UNTIL"),
        pytest.param([*TEN, "RRULE:FREQ=DAILY;INTERVAL=0"],
                     [(8, "INTERVAL of RRULE is no whole number of at least 1")], ["03-05 10:00/11:00"],
                                  id="INTERVAL=0"),
        pytest.param([*TEN, "RRULE:FREQ=MONTHLY;BYMONTHDAY=32"], [(8,
                     "BYMONTHDAY of RRULE cannot be read")],
                     ["03-05 10:00/11:00"], id="the 32nd"),
        pytest.param([*TEN, "RRULE:RSCALE=CHINESE;FREQ=YEARLY"],
                     [(8, "RRULE counts by another calendar than the common one (RSCALE)")], ["03-05 10:00/11:00"],
                                  id="RSCALE"),
        pytest.param([*TEN, "RRULE:FREQ=DAILY;COUNT=2;UNTIL=20260308"],
                     [(8, "RRULE has both COUNT and UNTIL: the later counts")],
                     [f"03-0{day} 10:00/11:00" for day in range(5, 9)], id="UNTIL is later than COUNT"),
        pytest.param([*TEN, "RRULE:FREQ=DAILY;COUNT=4;UNTIL=20260306"],
                     [(8, "RRULE has both COUNT and UNTIL: the later counts")],
                     [f"03-0{day} 10:00/11:00" for day in range(5, 9)], id="COUNT is later than UNTIL"),
        pytest.param([*TEN, "RRULE:FREQ=SECONDLY"], [(8, "the recurrence gives too many occurrences")],
                     ["03-05 10:00/11:00"], id="every second"),
        pytest.param([*TEN, "EXRULE:FREQ=DAILY"],
                     [(8, "EXRULE is no longer part of iCalendar: what it leaves out is kept free")],
                     ["03-05 10:00/11:00"], id="EXRULE"),
        pytest.param(["DTSTART:20260305T100000", "DTEND:20260304T110000"], [(6, "the event ends before it begins")],
                     ["03-05 10:00/11:00"], id="the day of the end is wrong"),
        pytest.param(["DTSTART:20260305T220000", "DTEND:20260305T060000"], [(6, "the event ends before it begins")],
                     ["03-05 22:00/03-06 06:00"], id="the night's end is on the evening"),
        pytest.param(["DTSTART;VALUE=DATE:20260305", "DTEND;VALUE=DATE:20260301"],
                     [(7, "the event ends before it begins")], ["03-05 00:00/03-06 00:00"], id="days backwards"),
        pytest.param(["DTSTART;VALUE=DATE:20260305", "DTEND:20260306T100000"],
                     [(7, "one of DTSTART and DTEND is a date, the other a time")], ["03-05 00:00/03-07 00:00"],
                     id="mixed"),
        pytest.param(["DTSTART:20260305T100000", "DURATION:-PT1H"], [(7, "DURATION is less than nothing")],
                     ["03-05 10:00/03-06 00:00"], id="a duration backwards"),
        pytest.param(["DTSTART:20260305T100000", "DURATION:P"], [(7, "DURATION is no length of time")],
                     ["03-05 10:00/03-06 00:00"], id="no duration at all"),
        pytest.param(["DTSTART;TZID=Asia/Tokyo:20260305T100000", "DTEND:x", "RRULE:FREQ=DAILY;COUNT=2"],
                     [(7, "DTEND is no date or time")], ["03-05 02:00/16:00", "03-06 02:00/16:00"],
                     id="its day, each time, is over where it takes place"),
        pytest.param(["DTSTART:20260305T100000", "DURATION:P999999999W"], [(7, "DURATION lies outside the calendar")],
                     ["03-05 10:00/03-06 00:00"], id="without end"),
        pytest.param(["DTSTART:2026-03-05T10:00:00", "DTEND:2026-03-05 11:00"], [(6, "DTSTART is no date or time")],
                     ["03-05 10:00/11:00"], id="as ISO 8601 writes it at length"),
        pytest.param(["DTSTART;TZID=Asia/Tokyo:2026-03-05T10:00:00", "DTEND:20260305T040000+0200"],
                     [(6, "DTSTART is no date or time")], ["03-05 02:00/03:00"], id="with an offset"),
        pytest.param(["DTSTART;VALUE=DATE:2026-03-05"], [(6, "DTSTART is no date or time")],
                     ["03-05 00:00/03-06 00:00"], id="a date at length"),
        pytest.param(["DTSTART;TZID=(UTC+09:00) Osaka, Tokyo:20260305T100000", "DURATION:PT1H"],
                     [(6, NO_ZONE)], ["03-05 10:00/11:00"],
                     id="a zone with an unquoted colon"),
        pytest.param(["DTSTART:20260305T100000", "DTEND:later"], [(7, "DTEND is no date or time")],
                     ["03-05 10:00/03-06 00:00"], id="no end that can be read"),
        pytest.param([*TEN, "RECURRENCE-ID:never"], [(8, "RECURRENCE-ID is no date or time")], ["03-05 10:00/11:00"],
                     id="id"),
        pytest.param(["DTSTART;TZID=Nowhere:20260305T100000", "DTEND;TZID=Nowhere:20260305T110000"],
                     [(6, NO_ZONE)], ["03-05 10:00/11:00"], id="zone"),
        pytest.param(["DTSTART:99991231T235959Z", "DURATION:P9999W"], [(6, "the event lies outside the calendar")],
                     [], id="late"),
        pytest.param([*TEN, "BEGIN:VALARM", "TRIGGER:-PT5M"], [(8, "the VALARM that begins here has no end")],
                     ["03-05 10:00/11:00"], id="an alarm without end"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_and_keeps_its_time(
    lines: list[str], refusals: list[tuple[int, str]], wanted: list[str]
) -> None:
    found = seen(calendar(*event(*lines, "SUMMARY:Frau Geheim")))
    assert [(one.line, one.why) for one in found.refused] == refusals
    assert {one.uid for one in found.refused} == {"a"}
    assert spans(found) == wanted
    assert all(one.why == "guessed" for one in found.occurrences)
    assert "Geheim" not in repr(found)


def test_what_is_wrong_in_one_event_costs_no_other() -> None:
    """What explodes does not use up what the others need, wherever it stands."""
    bombs = [
        line
        for number in range(40)
        for line in event("DTSTART:20260305T090000Z", "RRULE:FREQ=SECONDLY", uid=f"{number}")
    ]
    found = seen(calendar(*bombs, *SERIES, *event(*TEN, uid="x")))
    assert len(found.refused) == 40
    assert [one.uid for one in found.occurrences if one.why == ""] == ["s", "x", "s", "s", "s"]


WHOLE = calendar(*event(*TEN), *event(*DAY, uid="b"))


@pytest.mark.parametrize(
    ("cut", "why"),
    [
        ("BEGIN:VCALENDAR\r\n", ["what begins here is in no VCALENDAR", "an END that closes nothing"]),
        ("END:VCALENDAR\r\n", ["the VCALENDAR that begins here has no end"]),
        ("END:VEVENT\r\n", ["the VEVENT that begins here has no end"]),
        ("BEGIN:VEVENT\r\n", ["an END that closes nothing"]),
    ],
)
def test_a_torn_file_keeps_what_it_has(cut: str, why: list[str]) -> None:
    found = seen(WHOLE.replace(cut, "", 1))
    assert [one.why for one in found.refused] == why
    assert ("b" in {one.uid for one in found.occurrences}) is True
    assert len(found.occurrences) == (1 if cut == "BEGIN:VEVENT\r\n" else 2)


def test_what_was_torn_before_its_end_takes_the_rest_of_its_day() -> None:
    found = seen(WHOLE[: WHOLE.index("DTEND")])
    assert spans(found) == ["03-05 10:00/03-06 00:00"]
    assert [one.why for one in found.occurrences] == ["guessed"]


@pytest.mark.parametrize("size", range(0, len(WHOLE), 7))
def test_a_file_that_stops_anywhere_is_read_so_far_and_says_so(size: int) -> None:
    found = seen(WHOLE[:size])
    assert found.refused
    assert all(one.uid in {"a", "b", ""} or "ab".startswith(one.uid) for one in found.occurrences)


@pytest.mark.parametrize("text", ["", "\n", "hello", "<html>BEGIN</html>", "BEGIN:VCARD\nEND:VCARD\n"])
def test_what_is_no_calendar(text: str) -> None:
    found = seen(text)
    assert not found.occurrences
    assert [one.line for one in found.refused] == [1]


def test_an_empty_calendar_is_fine() -> None:
    assert seen(calendar()) == Reading()


UMLAUTS = calendar(*event(*TEN, "CATEGORIES:Urlaub,Rück\\,fahrt", uid="größe"))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(UMLAUTS.encode(), id="utf-8"),
        pytest.param(b"\xef\xbb\xbf" + UMLAUTS.encode(), id="with a mark"),
        pytest.param(UMLAUTS.encode("latin-1"), id="latin-1"),
        pytest.param(UMLAUTS.encode("utf-16"), id="utf-16 with a mark"),
        pytest.param(UMLAUTS.encode("utf-16-le"), id="utf-16 without"),
        pytest.param(UMLAUTS.encode("utf-16-be"), id="utf-16, the other way round"),
        pytest.param(UMLAUTS.replace("\r\n", "\n").encode(), id="LF"),
        pytest.param(UMLAUTS.replace("\r\n", "\r").encode(), id="CR"),
        pytest.param(UMLAUTS.replace("\r\n", " \r\n").encode(), id="blanks at the end of lines"),
        pytest.param(UMLAUTS.replace("DTSTART", "dtstart").replace("VEVENT", "vevent").encode(), id="small letters"),
        pytest.param(UMLAUTS.replace(";TZID", "\r\n ;TZID").encode(), id="folded after the name"),
        pytest.param(UMLAUTS.replace("DTSTART", "DTST\r\n ART").encode(), id="folded in the name"),
        pytest.param(UMLAUTS.encode().replace(b"\xc3\xb6", b"\xc3\r\n \xb6"), id="folded in a character"),
        pytest.param(UMLAUTS.replace("DTEND", "\0DTEND").encode(), id="a NUL"),
        pytest.param(b"  \r\n" + UMLAUTS.encode(), id="a blank line first"),
    ],
)  # fmt: skip
def test_bytes_of_all_kinds(body: bytes) -> None:
    found = seen(body)
    assert not found.refused
    (one,) = found.occurrences
    assert (one.uid, one.categories) == ("größe", ("Urlaub", "Rück,fahrt"))
    assert spans(found) == ["03-05 10:00/11:00"]


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_lines_are_counted_as_an_editor_counts_them(end: str) -> None:
    text = calendar("X-LONG:a", " b", "\tc", "", *event(*TEN, "SUMMARY:a", " b"), *event("DTSTART:x", uid="b"))
    found = seen(text.replace("\r\n", end))
    assert [one.line for one in found.occurrences] == [8]
    assert [(one.line, one.uid) for one in found.refused] == [(17, "b")]


def test_tasks_and_journals_take_no_time() -> None:
    lines = ["BEGIN:VTODO", "UID:t", *TEN, "END:VTODO", "BEGIN:VJOURNAL", "UID:j", *DAY, "END:VJOURNAL"]
    assert seen(calendar(*lines)) == Reading()


def test_an_old_calendar_without_a_rule_is_read() -> None:
    """vCalendar 1.0; its own kind of rule is refused, the first time is kept free."""
    text = calendar(*event("DTSTART:20260305T090000Z", "DTEND:20260305T100000Z", "RRULE:W1 MO 0000")).replace(
        "2.0", "1.0"
    )
    found = seen(text)
    assert spans(found) == ["03-05 10:00/11:00"]
    assert [one.why for one in found.refused] == ["RRULE has a part without a value"]


def test_the_window_is_half_open_and_spans_stay_whole() -> None:
    window = Interval(at("2026-03-05 10:00"), at("2026-03-05 11:00"))

    def touching(start: str, end: str) -> int:
        lines = event(f"DTSTART:20260305T{start}", f"DTEND:20260305T{end}")
        return len(seen(calendar(*lines), window=window).occurrences)

    assert touching("090000", "100000") == 0
    assert touching("090000", "100001") == 1
    assert touching("100000", "100000") == 1
    assert touching("105959", "120000") == 1
    assert touching("110000", "120000") == 0
    assert touching("110000", "110000") == 0


def test_busy_time_is_merged_and_knows_whether_it_is_only_pencilled_in() -> None:
    pencilled = [
        *event(*TEN, "STATUS:TENTATIVE"),
        *event("DTSTART:20260305T110000", "DURATION:PT1H", "STATUS:TENTATIVE", uid="b"),
    ]
    found = seen(calendar(*pencilled))
    assert found.busy == (Interval(at("2026-03-05 10:00"), at("2026-03-05 12:00")),)
    assert found.tentative
    assert not seen(calendar(*pencilled, *event(*TEN, uid="c"))).tentative
    assert not seen(calendar()).tentative
