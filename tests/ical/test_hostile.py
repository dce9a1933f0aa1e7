"""Files that are made to cost: whatever their size, they get the same work and memory, and say where they were cut.

Work is counted in calls, not timed. Each shape is read with small bounds, at one size and at three times that.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calbridge.ical import Policy, Reading
from calbridge.ical.reading import AVAILABILITIES, MOST_STEPS, Reader, allowance
from calbridge.ical.steps import Steps
from calbridge.interval import Interval

BERLIN = ZoneInfo("Europe/Berlin")
WINDOW = Interval(1_772_323_200, 1_772_323_200 + 400 * 86_400)
SIZE = 120_000
KEPT, STEPS, EACH = 2_000, 9_000, 5_000
"""A hundredth of what `read` allows."""

Unit = Callable[[int], str]


def event(*lines: str) -> Unit:
    """One event after another, each with a UID of its own."""
    body = "".join(f"{line}\n" for line in lines)
    return lambda number: f"BEGIN:VEVENT\nUID:{number}\n{body.replace('#', str(number))}END:VEVENT\n"


def same(text: str) -> Unit:
    return lambda _number: text


TIME = "DTSTART:20260305T090000Z"
ZONE = (
    "BEGIN:VTIMEZONE\nTZID:z#\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n"
    "RRULE:FREQ=DAILY\nEND:STANDARD\nEND:VTIMEZONE\n"
)
UNITS: dict[str, Unit] = {
    "every second": event(TIME, "RRULE:FREQ=SECONDLY"),
    "never": event(TIME, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
    "every minute": event(TIME, "RRULE:FREQ=MINUTELY"),
    "every week": event(TIME, "RRULE:FREQ=WEEKLY"),
    "a hundred rules": event(TIME, *["RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR"] * 100),
    "dates": event(TIME, "RDATE:" + ",".join(f"202603{1 + at % 28:02}T{at % 24:02}0001Z" for at in range(900))),
    "dates left out": event(TIME, "RRULE:FREQ=WEEKLY", "EXDATE:" + ",".join(["20260305T090000Z"] * 900)),
    "dates that are none": event(TIME, "RDATE:" + "x," * 90),
    "nothing but a time": event("DTSTART:20260305"),
    "an end that is none": event(TIME, "DTEND:x"),
    "no end": same("BEGIN:VEVENT\n"),
    "no end, unknown": same("BEGIN:X\n"),
    "no begin": same("END:X\n"),
    "one event of UIDs": same("UID:\n"),
    "parameters": lambda number: f"UID;X={number}:\n",
    "alarms without end": same("BEGIN:VALARM\n"),
    "deep": same("BEGIN:X\n" * 25 + "END:X\n" * 25),
    "calendars": same("BEGIN:VCALENDAR\nX-WR-TIMEZONE:Europe/Berlin\nEND:VCALENDAR\n"),
    "zones": lambda number: ZONE.replace("#", f"{number}") + event(f"DTSTART;TZID=z{number}:20260305T090000")(number),
    "zones of no use": same("BEGIN:VTIMEZONE\nTZID:z\nEND:VTIMEZONE\n"),
    "paths for zones": event(f"DTSTART;TZID={'a/' * 90}#:20260305T090000"),
    "periods": same("BEGIN:VFREEBUSY\nFREEBUSY:" + "20260303T080000Z/PT1H," * 10 + "\nEND:VFREEBUSY\n"),
    "periods that are none": same("BEGIN:VFREEBUSY\nFREEBUSY:" + "x," * 40 + "\nEND:VFREEBUSY\n"),
    "moved": lambda number: f"BEGIN:VEVENT\nUID:a\nRECURRENCE-ID:{20260301 + number % 28}\n{TIME}\nEND:VEVENT\n",
    "availability": lambda at: f"BEGIN:VAVAILABILITY\nPRIORITY:{at + 1}\n{TIME}\nDURATION:PT1S\nEND:VAVAILABILITY\n",
    "available": same(f"BEGIN:AVAILABLE\n{TIME}\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\nEND:AVAILABLE\n"),
}  # fmt: skip
AROUND = {
    "one event of UIDs": (f"BEGIN:VEVENT\n{TIME}\n", "END:VEVENT\n"),
    "parameters": (f"BEGIN:VEVENT\n{TIME}\n", "END:VEVENT\n"),
    "alarms without end": (f"BEGIN:VEVENT\n{TIME}\n", "END:VEVENT\n"),
    "moved": (event(TIME, "RRULE:FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1")(0).replace("UID:0", "UID:a"), ""),
    "available": ("BEGIN:VAVAILABILITY\nDTSTART:20260301\n", "END:VAVAILABILITY\n"),
}


def file(shape: str, size: int) -> bytes:
    """So many bytes of a shape in one calendar."""
    before, after = AROUND.get(shape, ("", ""))
    unit, length, parts = UNITS[shape], 0, [f"BEGIN:VCALENDAR\n{before}"]
    while length < size:
        parts.append(unit(len(parts)))
        length += len(parts[-1])
    return "".join([*parts, f"{after}END:VCALENDAR\n"]).encode()


def read(body: bytes) -> Reading:
    """With a hundredth of the bounds."""
    return Reader(WINDOW, BERLIN, Policy(), Steps(STEPS, EACH), most=KEPT).read(body)


def calls(body: bytes) -> int:
    """How many calls reading it takes: those into libraries are counted, and bounded, by `Steps`."""
    counted = 0

    def count(_frame: FrameType, happened: str, _argument: Any) -> None:
        nonlocal counted
        counted += happened.endswith("call")

    sys.setprofile(count)
    try:
        read(body)
    finally:
        sys.setprofile(None)
    return counted


def peak(body: bytes) -> int:
    """Bytes that reading it takes beside the file itself."""
    tracemalloc.start()
    try:
        read(body)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", UNITS)
def test_three_times_the_file_takes_no_more_work(shape: str) -> None:
    small, large = file(shape, SIZE), file(shape, 3 * SIZE)
    assert read(small).refused
    assert calls(large) < 1.1 * calls(small) + 1_000  # a few events more, where neither file is read to a bound
    assert calls(large) < 15 * KEPT + 3 * STEPS


@pytest.mark.parametrize("shape", UNITS)
def test_three_times_the_file_takes_no_more_memory(shape: str) -> None:
    small, large = file(shape, SIZE), file(shape, 3 * SIZE)
    read(large)  # what is kept for the next time is there
    assert peak(large) < 1.1 * peak(small) + 4 * (len(large) - len(small)) + 50_000


@pytest.mark.parametrize("shape", UNITS)
def test_what_was_cut_says_so(shape: str) -> None:
    found = read(file(shape, 3 * SIZE))
    told = {one.why for one in found.refused}
    assert found.whole is not any("more than anybody's calendar" in why for why in told)


def test_what_a_file_is_worth_grows_with_it_but_not_for_ever() -> None:
    assert allowance(b"").left < allowance(b" " * 1_000_000).left < MOST_STEPS
    assert allowance(b" " * 32_000_000).left == MOST_STEPS


def test_of_too_many_availabilities_none_opens_anything() -> None:
    free = (
        "BEGIN:VAVAILABILITY\nDTSTART:20260301\nBEGIN:AVAILABLE\nDTSTART:20260301\nEND:AVAILABLE\nEND:VAVAILABILITY\n"
    )
    body = f"BEGIN:VCALENDAR\n{free * AVAILABILITIES}{{}}END:VCALENDAR\n"
    few, many = (
        Reader(WINDOW, BERLIN, Policy(), Steps(10**7, 10**6)).read(body.format(more).encode()) for more in ("", free)
    )
    assert not few.refused
    assert [one.why for one in many.refused] == [f"the calendar has more than {AVAILABILITIES} VAVAILABILITYs"]
    assert any(busy.start <= WINDOW.start and busy.end >= WINDOW.end for busy in many.busy)


def test_a_torn_period_or_availability_is_refused() -> None:
    for kind in ("VFREEBUSY", "VAVAILABILITY"):
        found = read(f"BEGIN:VCALENDAR\nBEGIN:{kind}\nUID:a\nEND:VCALENDAR\n".encode())
        assert [(one.uid, one.why) for one in found.refused] == [("a", f"the {kind} that begins here has no end")]
