"""Sixty appointments of the next two weeks as the practice's own system holds them; none overlaps another."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from calbridge.demo.clinic import OPENING, SERVICES, VETS, Offer, Vet
from calbridge.demo.days import at, booked_day, open_days, weekday
from calbridge.demo.people import Animal, Person, people
from calbridge.demo.staff import blocked

COUNT: Final = 60
DAYS: Final = 14
ON_BOOKED_DAY: Final = 1
"""Appointments of each vet on the day the demo books on: it needs the rest of the day free."""
GRID: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One appointment. It keeps its service's buffers free, as the practice itself does."""

    id: str
    vet: Vet
    service: Offer
    start: datetime
    person: Person
    animal: Animal

    @property
    def end(self) -> datetime:
        """When the visit itself is over."""
        return self.start + timedelta(minutes=self.service.minutes)


def visits(today: date, count: int = COUNT) -> tuple[Visit, ...]:
    """That many, by time."""
    dice = random.Random(1851)  # noqa: S311 - the same diary every time, nothing secret
    desks = [(day, vet) for day in open_days(today, DAYS) for vet in VETS]
    free = {desk: list(_places(today, *desk)) for desk in desks}
    wanted = {desk: ON_BOOKED_DAY if desk[0] == booked_day(today) else COUNT for desk in desks}
    made: list[Visit] = []
    while len(made) < count:
        day, vet = desk = dice.choice([desk for desk in desks if free[desk] and wanted[desk]])
        visit = _visit(dice, len(made) + 1, vet, dice.choice(free[day, vet]))
        wanted[desk] -= 1
        free[desk] = [start for start in free[desk] if not _near(visit, start)]
        made.append(visit)
    return tuple(sorted(made, key=lambda visit: (visit.start, visit.vet.key)))


def _places(today: date, day: date, vet: Vet) -> Iterator[datetime]:
    """Every quarter of an hour at which half an hour's visit still fits before the practice or a meeting closes it."""
    for window in OPENING[weekday(day)]:
        opens, closes = (at(day, clock) for clock in window.split("-"))
        start = opens
        while start + 2 * GRID <= closes:
            if not _touches(blocked(today, vet.key), start - GRID, start + 3 * GRID):
                yield start
            start += GRID


def _visit(dice: random.Random, number: int, vet: Vet, start: datetime) -> Visit:
    """At most half an hour, so that every place fits; the dental visits are the demo's own."""
    short = [offer for offer in SERVICES if vet.key in offer.vets and offer.minutes <= 30]  # noqa: PLR2004 - two grid steps
    person = dice.choice(people())
    animal = dice.choice(person.animals)
    fitting = [offer for offer in short if not offer.species or animal.species in offer.species]
    return Visit(
        id=f"termin-{number:03}",
        vet=vet,
        service=dice.choice(fitting),
        start=start,
        person=person,
        animal=animal,
    )


def _near(visit: Visit, start: datetime) -> bool:
    """Too close for another visit of up to half an hour with its buffer."""
    return visit.start - 3 * GRID < start < visit.end + GRID


def _touches(spans: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime) -> bool:
    return any(first < end and start < last for first, last in spans)
