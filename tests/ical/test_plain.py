"""The short way and the library say the same, whatever a rule is made of; and what goes which way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from calbridge.ical import Policy, Reading
from calbridge.ical.events import Event, event_of
from calbridge.ical.plain import plain
from calbridge.ical.reading import Reader
from calbridge.ical.scanning import scan
from calbridge.ical.series import Series
from calbridge.ical.steps import Steps
from calbridge.ical.zones import Zones
from calbridge.interval import Interval

BERLIN = ZoneInfo("Europe/Berlin")
PLENTY = 10**9
START = datetime(2018, 1, 1)  # noqa: DTZ001  # a wall clock's
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
CUSTOM = (
    "BEGIN:VTIMEZONE\nTZID:Customized Time Zone\n"
    "BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n"
    "BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n"
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
)


def file(*lines: str) -> bytes:
    """A calendar with one event."""
    inner = ["BEGIN:VEVENT", "UID:a", *lines, "END:VEVENT"]
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", CUSTOM.strip(), *inner, "END:VCALENDAR"]).encode()


def read(body: bytes, window: Interval, *, short: bool) -> Reading:
    """By one of the two ways, without a bound."""
    return Reader(window, BERLIN, Policy(), Steps(PLENTY, PLENTY), short=short).read(body)


def event(*lines: str) -> Event:
    """The event of these lines."""
    (component,) = scan(file(*lines)).all("VEVENT")
    found = event_of(component, Zones(Steps(PLENTY, PLENTY)), BERLIN)
    assert isinstance(found, Event)
    return found


def listed(values: st.SearchStrategy[object], most: int = 3) -> st.SearchStrategy[str]:
    """A list as a rule has it."""
    return st.lists(values, min_size=1, max_size=most, unique=True).map(lambda each: ",".join(map(str, each)))


signed = st.integers(1, 31) | st.integers(-31, -1)
ordinals = st.builds(lambda n, day: f"{n or ''}{day}", st.integers(-5, 5), st.sampled_from(DAYS))
parts = st.fixed_dictionaries(
    {},
    optional={
        "BYDAY": listed(st.sampled_from(DAYS)) | listed(ordinals),
        "BYMONTHDAY": listed(signed),
        "BYMONTH": listed(st.integers(1, 12)),
        "BYSETPOS": listed(st.sampled_from([1, 2, 3, 4, -1, -2])),
        "BYHOUR": listed(st.integers(0, 23)),
        "BYMINUTE": listed(st.sampled_from([0, 15, 30])),
        "WKST": st.sampled_from(DAYS),
    },
)
few_parts = parts.filter(lambda given: len(given) < 3)
frequencies = st.sampled_from(["DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY", "HOURLY"])
clocks = st.builds(
    lambda day, minutes: START + timedelta(days=day, minutes=minutes),
    st.integers(0, 3600),
    st.sampled_from([0, 60, 90, 120, 150, 180, 540, 570, 1380]),
)
forms = st.sampled_from(["utc", "floating", "Europe/Berlin", "America/New_York", "Customized Time Zone", "date"])


def time(name: str, form: str, at: datetime) -> str:
    """A property line."""
    if form == "date":
        return f"{name};VALUE=DATE:{at:%Y%m%d}"
    if form == "utc":
        return f"{name}:{at:%Y%m%dT%H%M%SZ}"
    return f"{name}{'' if form == 'floating' else f';TZID={form}'}:{at:%Y%m%dT%H%M%S}"


def until(form: str, at: datetime) -> str:
    """UNTIL as the standard wants it, and as programs write it."""
    return f"{at:%Y%m%d}" if form == "date" else f"{at:%Y%m%dT%H%M%SZ}"


@settings(max_examples=150)
@given(
    form=forms, at=clocks, freq=frequencies, parts=few_parts, interval=st.integers(1, 4), data=st.data(),
    days=st.integers(-30, 1200), length=st.sampled_from([0, 30, 90, 1440, 4000]),
)  # fmt: skip
def test_both_ways_say_the_same(
    form: str,
    at: datetime,
    freq: str,
    parts: dict[str, str],
    interval: int,
    days: int,
    length: int,
    data: st.DataObject,
) -> None:
    ends = data.draw(st.sampled_from(["", "count", "until"]))
    rule = [f"FREQ={freq}", f"INTERVAL={interval}", *(f"{name}={value}" for name, value in parts.items())]
    if ends == "count":
        rule.append(f"COUNT={data.draw(st.integers(1, 60))}")
    if ends == "until":
        rule.append(f"UNTIL={until(form, at + timedelta(days=data.draw(st.integers(-2, 900))))}")
    lines = [time("DTSTART", form, at), f"RRULE:{';'.join(rule)}"]
    if form == "date":
        lines.append(f"DURATION:P{length // 1440 + 1}D")
    elif data.draw(st.booleans()):
        lines.append(f"DURATION:PT{length}M")
    else:
        lines.append(time("DTEND", form, at + timedelta(minutes=length)))
    lines += [
        time(
            "EXDATE",
            data.draw(st.sampled_from([form, "date"])),
            at + timedelta(days=data.draw(st.integers(0, 400)), hours=data.draw(st.sampled_from([0, 0, 1, -1, 5]))),
        )
        for _one in range(data.draw(st.integers(0, 2)))
    ]
    was = data.draw(st.sampled_from([form, form, "utc"]))
    moved = [
        _moved(was, at + timedelta(days=data.draw(st.integers(0, 200))), data)
        for _one in range(data.draw(st.integers(0, 2)))
    ]
    body = file(*lines, *(line for each in moved for line in ["END:VEVENT", "BEGIN:VEVENT", "UID:a", *each]))
    assume(plain(Series(itself=event(*lines), moved=[event(*each) for each in moved])))
    begin = int(at.replace(tzinfo=UTC).timestamp()) + days * 86_400
    window = Interval(begin, begin + 60 * 86_400)
    assert read(body, window, short=True) == read(body, window, short=False)


def _moved(was: str, at: datetime, data: st.DataObject) -> list[str]:
    """An occurrence that was moved, in any form and of any revision."""
    now = data.draw(forms)
    status = data.draw(st.sampled_from(["CONFIRMED", "CANCELLED"]))
    later = at + timedelta(minutes=data.draw(st.sampled_from([0, 60, 3000])))
    sequence = data.draw(st.integers(0, 2))
    return [time("RECURRENCE-ID", was, at), time("DTSTART", now, later), f"STATUS:{status}", f"SEQUENCE:{sequence}"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;BYDAY=MO,TU", "FREQ=WEEKLY",
        "FREQ=WEEKLY;BYDAY=MO,WE;INTERVAL=2", "FREQ=MONTHLY", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=YEARLY",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=HOURLY",
    ],
)  # fmt: skip
def test_what_staff_repeats_goes_the_short_way(rule: str) -> None:
    assert plain(Series(itself=event("DTSTART:20260303T090000Z", f"RRULE:{rule}")))


@pytest.mark.parametrize(
    "lines",
    [
        ("RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"), ("RRULE:FREQ=DAILY", "RDATE:20260304T100000Z"),
        ("RRULE:FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",), ("RRULE:FREQ=MONTHLY;BYDAY=5MO",),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=20",), ("RRULE:FREQ=DAILY;BYMONTH=2",), ("RRULE:FREQ=DAILY;INTERVAL=7;BYDAY=MO",),
        ("RRULE:FREQ=MINUTELY;BYHOUR=3",), ("RRULE:FREQ=DAILY;INTERVAL=100000",),
        ("RRULE:FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=31",), ("RDATE:20260303T090000Z",),
    ],
)  # fmt: skip
def test_what_may_give_nothing_for_long_or_has_more_parts_does_not(lines: tuple[str, ...]) -> None:
    assert not plain(Series(itself=event("DTSTART:20260303T090000Z", *lines)))


def test_what_is_left_out_goes_the_short_way() -> None:
    assert plain(Series(itself=event("DTSTART:20260303T090000Z", "EXDATE:20260303T090000Z")))
    assert plain(Series(itself=event("DTSTART:20260303T090000Z", "RRULE:FREQ=HOURLY", "EXDATE:20260303T110000Z")))


def test_moved_occurrences_go_the_short_way_unless_they_stand_for_all_that_follow() -> None:
    series = event("DTSTART:20260303T090000Z", "RRULE:FREQ=DAILY")
    moved = event("DTSTART:20260304T100000Z", "RECURRENCE-ID:20260304T090000Z")
    onwards = event("DTSTART:20260304T100000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260304T090000Z")
    assert plain(Series(itself=series, moved=[moved]))
    assert plain(Series(itself=None, moved=[moved]))
    assert not plain(Series(itself=series, moved=[moved, onwards]))
