"""Entries that mean something by their category: windows that open, absences that take away, on the right days."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from calbridge.ical import Meaning, Meant, Policy, meant, read
from calbridge.ical.meaning import fold
from calbridge.interval import Interval

BERLIN = ZoneInfo("Europe/Berlin")
MEANING = Meaning(windows=frozenset({"onlinebuchung"}), absences=frozenset({"urlaub", "krank", "poissä"}))
ONLINE = Meaning(absences=frozenset({"urlaub"}), online=True)
NINE = ("DTSTART;TZID=Europe/Berlin:20261123T090000", "DTEND;TZID=Europe/Berlin:20261123T120000")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp())


def span(first: str, last: str) -> Interval:
    return Interval(at(first), at(last))


WINDOW = span("2026-10-01", "2027-02-01")
MORNING = (span("2026-11-23T09:00", "2026-11-23T12:00"),)


def says(*events: tuple[str, ...], meaning: Meaning = MEANING, policy: Policy | None = None) -> Meant:
    lines = [line for event in events for line in ("BEGIN:VEVENT", "UID:a", *event, "END:VEVENT")]
    body = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""]).encode()
    return meant(read(body, window=WINDOW, zone=BERLIN, policy=policy), meaning)


@pytest.mark.parametrize("category", ["Onlinebuchung", "ONLINEBUCHUNG", " onlinebuchung ", "Praxis,Onlinebuchung"])
def test_a_category_opens_a_window_and_takes_no_time(category: str) -> None:
    assert says((*NINE, f"CATEGORIES:{category}")) == Meant(windows=MORNING)


@pytest.mark.parametrize("category", ["", "Online", "Onlinebuchung\\,alt", "Onlinebuchungen"])
def test_any_other_entry_takes_its_time(category: str) -> None:
    assert says((*NINE, f"CATEGORIES:{category}")) == Meant(busy=MORNING)


def test_one_letter_may_be_written_in_two_ways() -> None:
    assert fold("POISSA\u0308") == fold("poiss\u00e4")  # a letter with its dots, and one character
    assert says((*NINE, "CATEGORIES:Poissa\u0308")) == Meant(absences=MORNING)


ABSENT = [
    ("DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261128", span("2026-11-24", "2026-11-28")),
    ("DTSTART;VALUE=DATE:20261124", "", span("2026-11-24", "2026-11-25")),
    ("DTSTART;VALUE=DATE:20261024", "DURATION:P2D", span("2026-10-24", "2026-10-26")),  # the clocks go back
    (
        "DTSTART;TZID=Europe/Berlin:20261124T140000", "DTEND;TZID=Europe/Berlin:20261124T150000",
        span("2026-11-24T14:00", "2026-11-24T15:00"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("start", "end", "away"), ABSENT)
@pytest.mark.parametrize(
    "showing", ["TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:FREE", "STATUS:TENTATIVE", "X-A:b"]
)
def test_who_is_on_holiday_is_away_whatever_the_entry_shows_itself_as(
    start: str, end: str, away: Interval, showing: str
) -> None:
    event = tuple(filter(None, (start, end, showing, "CATEGORIES:Urlaub")))
    for policy in (Policy(), Policy(all_day="free", tentative="free")):
        assert says(event, policy=policy) == Meant(absences=(away,))


def test_a_cancelled_entry_means_nothing() -> None:
    assert says((*NINE, "CATEGORIES:Urlaub", "STATUS:CANCELLED")) == Meant()
    assert says((*NINE, "CATEGORIES:Onlinebuchung", "STATUS:CANCELLED")) == Meant()


def test_what_is_only_pencilled_in_opens_nothing_and_takes_nothing() -> None:
    assert says((*NINE, "CATEGORIES:Onlinebuchung", "STATUS:TENTATIVE")) == Meant()


def test_who_is_away_cannot_be_booked_whatever_else_the_entry_is() -> None:
    assert says((*NINE, "CATEGORIES:Onlinebuchung,krank")) == Meant(absences=MORNING)


def test_windows_repeat_move_end_and_follow_the_clock() -> None:
    weekly = (
        "DTSTART;TZID=Europe/Berlin:20261019T090000", "DTEND;TZID=Europe/Berlin:20261019T120000",
        "RRULE:FREQ=WEEKLY;COUNT=5", "EXDATE;TZID=Europe/Berlin:20261102T090000", "CATEGORIES:Onlinebuchung",
    )  # fmt: skip
    moved = (
        "RECURRENCE-ID;TZID=Europe/Berlin:20261109T090000", "DTSTART;TZID=Europe/Berlin:20261110T140000",
        "DTEND;TZID=Europe/Berlin:20261110T150000", "CATEGORIES:Onlinebuchung",
    )  # fmt: skip
    dropped = (
        "RECURRENCE-ID;TZID=Europe/Berlin:20261116T090000", "DTSTART;TZID=Europe/Berlin:20261116T090000",
        "DTEND;TZID=Europe/Berlin:20261116T120000", "CATEGORIES:Onlinebuchung", "STATUS:CANCELLED",
    )  # fmt: skip
    found = says(weekly, moved, dropped)
    # 26 October comes after the clocks went back: nine on the wall is an hour later
    days = [
        ("2026-10-19T09:00", "2026-10-19T12:00"),
        ("2026-10-26T09:00", "2026-10-26T12:00"),
        ("2026-11-10T14:00", "2026-11-10T15:00"),
    ]
    assert found == Meant(windows=tuple(span(*day) for day in days))
    assert found.windows[1].start - found.windows[0].start == 7 * 86_400 + 3600


def test_one_instance_may_mean_something_else() -> None:
    weekly = (*NINE, "RRULE:FREQ=WEEKLY;COUNT=3", "CATEGORIES:Onlinebuchung")
    meeting = ("RECURRENCE-ID;TZID=Europe/Berlin:20261130T090000", "DTSTART;TZID=Europe/Berlin:20261130T090000",
               "DTEND;TZID=Europe/Berlin:20261130T100000")  # fmt: skip
    sick = ("RECURRENCE-ID;TZID=Europe/Berlin:20261207T090000", "DTSTART;TZID=Europe/Berlin:20261207T090000",
            "DTEND;TZID=Europe/Berlin:20261207T100000", "CATEGORIES:krank")  # fmt: skip
    assert says(weekly, meeting, sick) == Meant(
        windows=MORNING,
        busy=(span("2026-11-30T09:00", "2026-11-30T10:00"),),
        absences=(span("2026-12-07T09:00", "2026-12-07T10:00"),),
    )


def test_every_entry_of_an_online_calendar_is_a_window() -> None:
    assert says(NINE, meaning=ONLINE) == Meant(windows=MORNING)
    assert says((*NINE, "TRANSP:TRANSPARENT"), meaning=ONLINE) == Meant(windows=MORNING)
    assert says(("DTSTART;VALUE=DATE:20261123",), meaning=ONLINE) == Meant(windows=(span("2026-11-23", "2026-11-24"),))
    assert says((*NINE, "CATEGORIES:Urlaub"), meaning=ONLINE) == Meant(absences=MORNING)


def test_a_window_that_could_be_read_in_part_only_opens_nothing() -> None:
    broken = (*NINE, "RRULE:FREQ=WEEKLY;BYDAY=XX", "CATEGORIES:Onlinebuchung")
    assert says(broken) == Meant()
    away = (*NINE, "RRULE:FREQ=WEEKLY;BYDAY=XX", "CATEGORIES:Urlaub")
    assert says(away) == Meant(absences=MORNING)


def test_without_any_meaning_it_is_the_busy_time_of_the_reading() -> None:
    body = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART:20261123T090000Z\nDTEND:20261123T100000Z\nSTATUS:TENTATIVE\n"
    body += b"CATEGORIES:Urlaub\nEND:VEVENT\nEND:VCALENDAR\n"
    reading = read(body, window=WINDOW, zone=BERLIN)
    assert meant(reading) == Meant(busy=reading.busy, tentative=True)
    assert meant(reading, but=reading.busy[0]) == Meant()
