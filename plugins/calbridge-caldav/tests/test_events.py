"""Our own events as text: exact both ways, staff's words to the letter, and what staff's edits mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from hypothesis import given, settings
from hypothesis import strategies as st

from calbridge.ical.lines import FaultError
from calbridge.model import State
from calbridge.views import CalendarView
from calbridge_caldav.amend import amend, compose, settled
from calbridge_caldav.document import Document
from calbridge_caldav.notes import join, split
from calbridge_caldav.own import categories, stamp_of, view_of
from calbridge_caldav.vtimezone import vtimezone

BERLIN = ZoneInfo("Europe/Berlin")
NOW = 1_772_000_000

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.text(
    st.sampled_from("-\n \\;,:\"'äß€\u2028🐕nN"), max_size=40
)


MARKS = ("around.pet", "App")


def read(body: bytes, zone: ZoneInfo = BERLIN) -> Any:
    return view_of(Document.parse(body), "anna", zone, marks=MARKS)


def edited(body: bytes, *swaps: tuple[str, str]) -> bytes:
    out = body.decode().replace("\r\n ", "")
    for old, new in swaps:
        assert old in out, (old, out)
        out = out.replace(old, new)
    return out.encode()


@given(description=text, note=text)
def test_two_texts_in_one(description: str, note: str) -> None:
    assert split(join(description, note)) == (description, note)


@settings(deadline=None)
@given(
    title=text,
    description=text,
    note=st.none() | text,
    confidential=st.booleans(),
    marked=st.booleans(),
    state=st.sampled_from(State),
    start=st.integers(1_700_000_000, 2_200_000_000),
    length=st.integers(1, 14 * 86_400),
    zone=st.sampled_from(["Europe/Berlin", "Europe/Helsinki", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC"]),
)
def test_any_view_is_read_back(make: Any, zone: str, start: int, length: int, **fields: Any) -> None:
    """Also in the hour that comes twice, in words of any alphabet, with lines of any length."""
    clinic = ZoneInfo(zone)
    asked = make.view(start=start, end=start + length, **fields)
    body = compose("abc1", 3, asked, zone=clinic, now=NOW, marks=MARKS)
    assert read(body, clinic) == settled(asked, marks=MARKS)
    assert settled(settled(asked)) == settled(asked)
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    body.decode()
    changed = amend(Document.parse(body), "abc1", 4, asked, zone=clinic, now=NOW, marks=MARKS)
    assert read(changed, clinic) == settled(asked, marks=MARKS)


@pytest.mark.parametrize(
    ("typed", "marked", "left"),
    [
        ("CATEGORIES:confirmed", False, {"confirmed"}),
        ("CATEGORIES:confirmed\r\nCATEGORIES:Hund,Around.Pet", True, {"confirmed", "hund"}),
        ("CATEGORIES:confirmed,APP", True, {"confirmed"}),
        ("CATEGORIES:confirmed,Apparat", False, {"confirmed", "apparat"}),
    ],
)
def test_a_category_of_staffs_shows_it_to_its_client_and_goes_alone(typed: str, marked: bool, left: set[str]) -> None:
    body = edited(compose("abc1", 1, make_view(), zone=BERLIN, now=NOW, marks=MARKS), ("CATEGORIES:confirmed", typed))
    assert read(body).marked is marked
    for wanted in (True, False):
        body = amend(Document.parse(body), "abc1", 2, make_view(marked=wanted), zone=BERLIN, now=NOW, marks=MARKS)
        assert read(body).marked is wanted
        assert read(body).state is State.CONFIRMED
    (event,) = Document.parse(body).walk("VEVENT")
    assert categories(event) == left


def make_view(**changes: Any) -> CalendarView:
    shown = CalendarView(state=State.CONFIRMED, resource="anna", start=NOW, end=NOW + 1_800, title="Check-up")
    return replace(shown, **changes)


@given(before=text, after=text, note=text)
def test_staff_text_is_never_public_by_mistake(before: str, after: str, note: str) -> None:
    """Whatever staff types without the line is private."""
    typed = "\n".join(line for line in note.split("\n") if line.rstrip() != "--")
    assert split(typed) == ("", typed)
    assert split(join(before, after))[0] == before


ASKED: dict[str, Any] = {"state": State.REQUESTED}


@pytest.mark.parametrize(
    ("state", "swaps", "meant"),
    [
        (State.REQUESTED, [("STATUS:TENTATIVE", "STATUS:CONFIRMED")], State.CONFIRMED),
        (State.HELD, [("STATUS:TENTATIVE", "STATUS:CONFIRMED")], State.CONFIRMED),
        (State.REQUESTED, [("STATUS:TENTATIVE", "STATUS:CANCELLED")], State.CANCELLED),
        (State.CONFIRMED, [("STATUS:CONFIRMED", "STATUS:CANCELLED")], State.CANCELLED),
        (State.CONFIRMED, [("STATUS:CONFIRMED", "STATUS:TENTATIVE")], State.CONFIRMED),
        (State.CONFIRMED, [("STATUS:CONFIRMED\r\n", "")], State.CONFIRMED),
        (State.REQUESTED, [("STATUS:TENTATIVE\r\n", "")], State.REQUESTED),
        (State.CONFIRMED, [("CATEGORIES:confirmed", "CATEGORIES:Hund,Arrived")], State.ARRIVED),
        (State.CONFIRMED, [("CATEGORIES:confirmed", "CATEGORIES:confirmed\r\nCATEGORIES:no_show")], State.NO_SHOW),
        (State.CONFIRMED, [("CATEGORIES:confirmed", "CATEGORIES:arrived,no_show")], State.CONFIRMED),
        (State.CONFIRMED, [("CATEGORIES:confirmed", "CATEGORIES:held")], State.CONFIRMED),
        (State.ARRIVED, [("CATEGORIES:arrived\r\n", "")], State.ARRIVED),
        (State.DECLINED, [], State.DECLINED),
        (State.NO_SHOW, [], State.NO_SHOW),
        (State.REQUESTED, [("X-CALBRIDGE-STATE:requested\r\n", "")], State.REQUESTED),
        (State.CONFIRMED, [("X-CALBRIDGE-STATE:confirmed\r\n", "")], State.CONFIRMED),
    ],
)
def test_what_staffs_edit_of_the_state_means(
    make: Any, state: State, swaps: list[tuple[str, str]], meant: State
) -> None:
    body = compose("abc1", 1, make.view(state=state), zone=BERLIN, now=NOW)
    assert read(edited(body, *swaps)).state is meant


@pytest.mark.parametrize(
    ("swaps", "ours"),
    [
        ([], ("abc1", 1)),
        ([("UID:abc1@calbridge", "UID:5f0e-copy")], None),
        ([("UID:abc1@calbridge", "UID:other2@calbridge")], None),
        ([("UID:abc1@calbridge", "UID:Abc1@calbridge")], None),
        ([("X-CALBRIDGE-ID:abc1\r\n", ""), ("X-CALBRIDGE-REVISION:1\r\n", "")], ("abc1", 0)),
        ([("X-CALBRIDGE-REVISION:1", "X-CALBRIDGE-REVISION:one")], ("abc1", 0)),
    ],
)
def test_whose_event_it_is(make: Any, swaps: list[tuple[str, str]], ours: tuple[str, int] | None) -> None:
    """A copy has our stamp and a UID of its own; a program that drops X- properties leaves the UID."""
    body = edited(compose("abc1", 1, make.view(), zone=BERLIN, now=NOW), *swaps)
    stamp = stamp_of(Document.parse(body))
    assert (stamp and (stamp.appointment, stamp.revision)) == ours


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [
        ("DTSTART:20260303T110000Z", "DTEND:20260303T113000Z", "2026-03-03 12:00/2026-03-03 12:30"),
        ("DTSTART:20260303T110000", "DTEND:20260303T113000", "2026-03-03 11:00/2026-03-03 11:30"),
        ("DTSTART;TZID=W. Europe Standard Time:20260303T110000", "DURATION:PT45M", "2026-03-03 11:00/2026-03-03 11:45"),
        ("DTSTART;TZID=Europe/Helsinki:20260303T110000", "DURATION:PT1H", "2026-03-03 10:00/2026-03-03 11:00"),
        ("DTSTART;VALUE=DATE:20260303", "DTEND;VALUE=DATE:20260304", "2026-03-03 00:00/2026-03-04 00:00"),
        ("DTSTART;TZID=/x.org/Europe/Berlin:20260329T013000", "DURATION:PT1H", "2026-03-29 01:30/2026-03-29 03:30"),
    ],
)
def test_the_time_in_whatever_form_staffs_program_gives_it(make: Any, start: str, end: str, wanted: str) -> None:
    body = compose("abc1", 1, make.view(), zone=BERLIN, now=NOW)
    changed = edited(
        body,
        ("DTSTART;TZID=Europe/Berlin:20260303T100000", start),
        ("DTEND;TZID=Europe/Berlin:20260303T103000", end),
    )
    shown = read(changed)
    assert (shown.start, shown.end) == make.span(*wanted.split("/"))


def test_a_custom_zone_of_the_same_name_does_not_leak(make: Any) -> None:
    """Exchange calls every zone "Customized Time Zone": two objects, two offsets, in one process."""
    for hours in (1, 9, 1):
        zone = (
            "BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n"
            f"TZOFFSETFROM:+0{hours}00\r\nTZOFFSETTO:+0{hours}00\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"
        )
        body = edited(
            compose("abc1", 1, make.view(), zone=BERLIN, now=NOW),
            ("DTSTART;TZID=Europe/Berlin", "DTSTART;TZID=Customized Time Zone"),
            ("DTEND;TZID=Europe/Berlin", "DTEND;TZID=Customized Time Zone"),
            ("BEGIN:VEVENT", zone),
        )
        shown = read(body)
        assert datetime.fromtimestamp(shown.start, UTC) == datetime(2026, 3, 3, 10 - hours, tzinfo=UTC)
        assert shown.end - shown.start == 1800


def test_only_what_differs_is_replaced(make: Any) -> None:
    body = edited(
        compose("abc1", 1, make.view(), zone=BERLIN, now=NOW),
        ("SUMMARY:", "SUMMARY;LANGUAGE=de:"),
        ("DTSTART;TZID=Europe/Berlin:20260303T100000", "DTSTART:20260303T090000Z"),
        ("END:VEVENT", 'X-APPLE-STRUCTURED-LOCATION;X-T="a:b;c":geo:1\\,2\r\nEND:VEVENT'),
    )
    changed = amend(Document.parse(body), "abc1", 2, make.view(confidential=False), zone=BERLIN, now=NOW + 9)
    before, after = body.decode().split("\r\n"), changed.decode().split("\r\n")
    swapped = {line.split(":")[0] for line in set(before) ^ set(after)}
    assert swapped == {"CLASS", "SEQUENCE", "X-CALBRIDGE-REVISION", "DTSTAMP", "LAST-MODIFIED"}


def test_a_new_text_drops_the_formatted_copy_of_the_old_one(make: Any) -> None:
    body = edited(
        compose("abc1", 1, make.view(), zone=BERLIN, now=NOW),
        ("END:VEVENT", "X-ALT-DESC;FMTTYPE=text/html:<b>Impfung</b>\r\nEND:VEVENT"),
    )
    changed = amend(Document.parse(body), "abc1", 2, make.view(note="Neu"), zone=BERLIN, now=NOW)
    assert b"X-ALT-DESC" not in changed


def test_a_calendar_without_notes_keeps_what_staff_writes_there(make: Any) -> None:
    asked = make.view(note=None)
    body = compose("abc1", 1, asked, zone=BERLIN, now=NOW)
    typed = edited(body, ("DESCRIPTION:Impfung\\n--", "DESCRIPTION:Impfung\\n--\\nbeißt"))
    assert read(typed) == asked
    changed = amend(Document.parse(typed), "abc1", 2, replace(asked, description="Kontrolle"), zone=BERLIN, now=NOW)
    assert "Kontrolle\\n--\\nbeißt" in changed.decode()
    assert read(changed).description == "Kontrolle"


def test_names_leave_the_calendar_when_the_clinic_says_so(make: Any) -> None:
    body = compose("abc1", 1, make.view(note="Frau Sommer"), zone=BERLIN, now=NOW)
    changed = amend(Document.parse(body), "abc1", 2, make.view(note=None), zone=BERLIN, now=NOW)
    assert b"Sommer" not in changed
    assert read(changed).note is None


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/Helsinki", "America/New_York", "Australia/Lord_Howe"])
def test_the_vtimezone_tells_what_the_zone_does(zone: str) -> None:
    """Every half hour of a year, against the zone itself; the hour that comes twice is its first."""
    told = tzical(StringIO(vtimezone(zone, 2025).decode())).get()
    real, at = ZoneInfo(zone), datetime(2026, 1, 1)  # noqa: DTZ001
    while at.year < 2027:
        if at.replace(tzinfo=real).astimezone(UTC).astimezone(real).replace(tzinfo=None) == at:  # not in the gap
            assert at.replace(tzinfo=told).utcoffset() == at.replace(tzinfo=real).utcoffset(), at
        at += timedelta(minutes=30)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no iCalendar"),
        (b"<html>", "no iCalendar"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", "line 3: an END"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "line 2: the VEVENT"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "no event"),
        (b"BEGIN:VCALENDAR\n" + b"\n" * 200_001 + b"END:VCALENDAR\n", "more than 100,000 lines"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\nEND:VEVENT\nEND:VCALENDAR\n", "line 2: the event has no DTSTART"),
    ],
)
def test_the_fault_and_its_line_are_named(body: bytes, why: str) -> None:
    with pytest.raises(FaultError, match=why):
        read(body)
