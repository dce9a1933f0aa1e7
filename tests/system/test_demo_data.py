"""The demo's data are believable on any day: weekends, the days the clocks change, year's end, leap days."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given, settings
from hypothesis import strategies as st

from calbridge.demo.clinic import OPENING, ROOMS, SERVICES, VETS
from calbridge.demo.days import at, booked_day, closure, course_day, day_span, open_days, weekday
from calbridge.demo.diary import visits
from calbridge.demo.people import booker, couple, people
from calbridge.demo.seed import seed
from calbridge.demo.staff import blocked, call, left_out, meeting, notes

ODD_DAYS = [
    date(2026, 3, 27),  # the booked day is the Monday after the clocks went forward
    date(2026, 3, 28),
    date(2026, 10, 23),
    date(2026, 10, 25),
    date(2026, 11, 1),  # New York's clocks have changed, Berlin's a week before
    date(2026, 11, 20),
    date(2026, 12, 30),
    date(2027, 1, 1),
    date(2028, 2, 27),
]
DAYS = st.dates(min_value=date(2025, 1, 1), max_value=date(2035, 12, 31))


@given(today=DAYS)
def test_the_booked_day_is_a_working_day_soon(today: date) -> None:
    day = booked_day(today)
    assert timedelta(days=2) <= day - today <= timedelta(days=4)
    assert weekday(day) in {"mon", "tue", "wed", "thu", "fri"}
    assert weekday(course_day(today)) not in {"sat", "sun"}
    assert course_day(today) > day
    assert closure(today)[0] > today + timedelta(days=30)


@given(today=DAYS)
def test_a_day_is_as_long_as_it_is(today: date) -> None:
    first, last = (edge.timestamp() for edge in day_span(today))
    assert (last - first) / 3600 in {23, 24, 25}


@pytest.mark.parametrize("today", ODD_DAYS, ids=str)
def test_sixty_visits_fit_the_practice_and_each_other(today: date) -> None:
    made = visits(today)
    assert len(made) == 60
    assert len({visit.id for visit in made}) == 60
    for vet in VETS:
        own = [visit for visit in made if visit.vet == vet]
        assert own
        for earlier, later in pairwise(own):
            assert earlier.end + timedelta(minutes=earlier.service.after) <= later.start
        taken = [*blocked(today, vet.key)]
        assert not any(first < visit.end and visit.start < last for visit in own for first, last in taken)
    for visit in made:
        assert any(_inside(visit.start, visit.end, window) for window in OPENING[weekday(visit.start.date())])
        assert visit.vet.key in visit.service.vets
        assert not visit.service.species or visit.animal.species in visit.service.species


def _inside(start: datetime, end: datetime, window: str) -> bool:
    opens, closes = (at(start.date(), clock) for clock in window.split("-"))
    return opens <= start and end <= closes


@settings(max_examples=10, deadline=None)
@given(today=DAYS)
def test_the_booked_day_stays_nearly_free(today: date) -> None:
    assert sum(visit.start.date() == booked_day(today) for visit in visits(today)) <= 2


def test_nobody_in_it_can_be_reached() -> None:
    everybody = people()
    assert len(everybody) == 40
    assert all(person.email.endswith("@example.org") for person in everybody)
    assert all(person.phone.startswith("+493023125") and len(person.phone) == 13 for person in everybody)
    assert all(1 <= len(person.animals) <= 3 for person in everybody)
    assert len({person.phone for person in everybody}) == 40
    assert len({(person.first_name, person.last_name) for person in everybody}) == 40


def test_exactly_one_mail_address_is_shared() -> None:
    mails = [person.email for person in people()]
    assert {mail for mail in mails if mails.count(mail) > 1} == {couple()[0].email} == {couple()[1].email}
    assert booker() not in couple()


@pytest.mark.parametrize("today", ODD_DAYS, ids=str)
def test_calendar_apps_read_the_staff_calendars_as_they_are_meant(today: date) -> None:
    texts = [note.text for note in notes(today, "jonas")]
    shown = {
        str(event["SUMMARY"]): (event.start, event.end)
        for text in texts
        for event in recurring_ical_events.of(icalendar.Calendar.from_ical(text)).at(booked_day(today))
    }
    assert shown["Teamsitzung"] == meeting(today)
    assert shown["Call Herstellerschulung"] == call(today)
    assert shown["Urlaub Svenja (Empfang)"][0] == booked_day(today)
    assert call(today)[0].astimezone(ZoneInfo("America/New_York")).hour == 5


@pytest.mark.parametrize("today", ODD_DAYS, ids=str)
def test_the_meeting_is_left_out_once(today: date) -> None:
    text = next(note.text for note in notes(today, "alma") if note.name.startswith("teamsitzung"))
    series = recurring_ical_events.of(icalendar.Calendar.from_ical(text))
    assert not series.at(left_out(today))
    assert series.at(booked_day(today) + timedelta(weeks=2))


def test_the_practice_is_as_the_demo_says() -> None:
    assert (len(VETS), len(ROOMS), len(SERVICES)) == (2, 2, 6)
    assert {offer.minutes for offer in SERVICES} >= {15, 60}
    assert any(offer.rooms for offer in SERVICES)
    assert any(offer.species for offer in SERVICES)
    planted = seed(date(2026, 11, 20))
    assert len(planted["clients"]) == 40
    assert len(planted["appointments"]) == 60
    assert all(set(ROOMS) >= set(item["rooms"]) for item in planted["appointments"])
    assert len(open_days(date(2026, 11, 20), 14)) == 12
