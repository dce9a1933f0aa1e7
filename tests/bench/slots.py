"""Availability of a big clinic: all of it, one changed day, and a plain check of every slot by the same rules.

Run by `make bench-slots`. Read the ratios: the machine is shared. Every way gives the same answers, or the bench fails.
"""

from __future__ import annotations

import random
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import groupby

from calbridge import bookable
from calbridge.facts import Facts
from calbridge.interval import Interval, merge
from calbridge.model import (
    Absence,
    Clinic,
    Closure,
    Exclusion,
    Resource,
    Rules,
    Service,
    WallWindow,
    WeeklyPlan,
)
from calbridge.slots import offers
from calbridge.wall import day_interval, local, local_date

NOW = 1_795_420_800  # 2026-11-23 09:00 in Berlin: 90 days hold a change of the year and no change of the clock
DAYS = 90
VETS = tuple(f"vet{n:02}" for n in range(20))
ROOMS = ("room1", "room2", "room3")
BUSY = 2_000
HOLDS = 50


# --- the clinic -----------------------------------------------------------------------------------


def clinic() -> Clinic:
    """Twenty practitioners with plans by parity and season, three rooms, twelve services; every rule is in use."""
    return Clinic(
        key="bench",
        name="Bench",
        time_zone="Europe/Berlin",
        online=True,
        opening_hours={day: (_window(8, 12), _window(13, 18)) for day in range(5)},
        closures=(Closure(first=date(2026, 12, 24), last=date(2027, 1, 1)),),
        exclusions=(
            Exclusion(days=frozenset({0}), windows=(_window(14, 15),), services=frozenset({"service03"})),
            Exclusion(days=frozenset(range(5)), windows=(_window(11, 12),), resources=frozenset(VETS[:3])),
        ),
        resources={key: _vet(n, key) for n, key in enumerate(VETS)} | {key: _room(key) for key in ROOMS},
        services={service.key: service for service in map(_service, range(12))},
        rules=Rules(lead_time=4 * 3600, horizon_days=DAYS, grid_minutes=5, slots_per_hour=4, reserved_per_day=1),
    )


def _window(start: int, end: int) -> WallWindow:
    return WallWindow(start=start * 60, end=end * 60)


def _vet(number: int, key: str) -> Resource:
    week = (
        WeeklyPlan(days=frozenset({0, 2, 4}), windows=(_window(8, 12), _window(14, 18))),
        WeeklyPlan(days=frozenset({1, 3}), windows=(_window(8, 13),), weeks="odd"),
        WeeklyPlan(days=frozenset({1, 3}), windows=(_window(12, 18),), weeks="even", last=date(2027, 1, 31)),
        WeeklyPlan(days=frozenset(range(5)), windows=(_window(7, 19),), kind="work"),
    )
    away = date(2026, 12, 1) + timedelta(days=number)
    absences = (Absence(resource=key, first=away, last=away + timedelta(days=2)),)
    return Resource(key=key, name=key, online=True, week=week, absences=absences)


def _room(key: str) -> Resource:
    return Resource(key=key, name=key, kind="room")


def _service(number: int) -> Service:
    return Service(
        key=f"service{number:02}",
        name=f"Service {number}",
        minutes=15 + 5 * number,
        buffer_before=5 if number % 3 == 0 else 0,
        buffer_after=5 if number % 2 else 0,
        online=True,
        resources=VETS,
        requires=(ROOMS,) if number % 4 == 0 else (),
        max_per_day=5 if number % 5 == 0 else None,
    )


def facts() -> Facts:
    """2,000 busy times a resource at any minute of day and night, and fifty holds."""
    source = random.Random(7)
    begin = day_interval("Europe/Berlin", local_date("Europe/Berlin", NOW)).start
    minutes = (DAYS + 1) * 1440
    taken = {key: [_span(source, begin, minutes) for _ in range(BUSY)] for key in VETS + ROOMS}
    for _ in range(HOLDS):
        taken[source.choice(VETS)].append(_span(source, begin, minutes))
    booked = ((f"service{n:02}", date(2026, 12, 7) + timedelta(days=n)) for n in range(12))
    return Facts(
        now=NOW,
        taken={key: tuple(merge(spans)) for key, spans in taken.items()},
        absences={VETS[5]: (Interval(NOW + 7 * 86_400, NOW + 7 * 86_400 + 7200),)},
        counts=dict.fromkeys(booked, 5),
    )


def _span(source: random.Random, begin: int, minutes: int) -> Interval:
    start = begin + source.randrange(minutes) * 60
    return Interval(start, start + source.randrange(10, 45) * 60)


# --- the baseline: every slot of every window is checked by every rule --------------------------------


class Plain:
    """What a plain program does, and well: windows and busy times are merged and sorted once, each slot is asked."""

    def __init__(self, clinic: Clinic, facts: Facts) -> None:
        self.clinic = clinic
        self.facts = facts
        self.today = local_date(clinic.time_zone, facts.now)
        self.last = self.today + timedelta(days=clinic.rules.horizon_days)
        self.earliest = bookable.earliest(clinic, facts.now, self.today)
        self.closed = {key: bookable.closures(clinic, facts, key) for key in clinic.resources}
        self.away = {key: bookable.absences(clinic, facts, key) for key in clinic.resources}
        self.hours = {
            key: bookable.hours(clinic, facts, each, self.today, self.last, wide=False)
            for key, each in clinic.resources.items()
        }
        self.grid = clinic.rules.grid_minutes * 60
        self.checked = 0

    def all(self) -> set[tuple[str, str, int]]:
        """(service, resource, start) of every slot."""
        pairs = ((service, key) for service in self.clinic.services.values() for key in service.resources)
        return {(service.key, key, start) for service, key in pairs for start in self.listed(service, key)}

    def listed(self, service: Service, key: str) -> Iterator[int]:
        """Rules 13 and 14 on what passes, day by day."""
        rules, tz = self.clinic.rules, self.clinic.time_zone
        excluded = bookable.exclusions(self.clinic, service.key, key, None, dates=(self.today, self.last))
        passing = (start for start in self.candidates(key) if self.passes(service, key, start, excluded))
        for _, day in groupby(passing, key=lambda start: local_date(tz, start)):
            shown: list[int] = []
            for _, hour in groupby(day, key=lambda start: local(tz, start).hour):
                shown += list(hour)[: rules.slots_per_hour]
            yield from shown[: len(shown) - rules.reserved_per_day]

    def candidates(self, key: str) -> Iterator[int]:
        """Every start on the grid in every window; in this zone the grid of the wall is that of the instants."""
        for start, end in self.hours[key]:
            yield from range(start + -start % self.grid, end, self.grid)

    def passes(self, service: Service, key: str, start: int, excluded: list[Interval]) -> bool:
        """Rules 1 to 12 and 15 for one slot."""
        self.checked += 1
        clinic, facts, resource = self.clinic, self.facts, self.clinic.resources[key]
        end = start + service.minutes * 60
        low, high = start - service.buffer_before * 60, end + service.buffer_after * 60
        if not (clinic.online and service.online and resource.online) or key in facts.stale:
            return False
        if start < self.earliest:
            return False
        day = local_date(clinic.time_zone, start)
        if day > self.last or not self.inside(self.hours[key], start, end):
            return False
        if self.hits(self.closed[key], start, end) or self.hits(self.away[key], start, end):
            return False
        if self.hits(excluded, start, end) or self.hits(facts.taken.get(key, ()), low, high):
            return False
        if service.max_per_day is not None and facts.counts.get((service.key, day), 0) >= service.max_per_day:
            return False
        return self.rooms(service, key, (start, end), (low, high))

    def rooms(self, service: Service, key: str, visit: tuple[int, int], footprint: tuple[int, int]) -> bool:
        """One of each required group."""
        used = {key}
        for group in service.requires:
            for room in group:
                free = not self.hits(self.facts.taken.get(room, ()), *footprint)
                if (
                    room not in used
                    and room not in self.facts.stale
                    and free
                    and not self.hits(self.away[room], *visit)
                ):
                    used.add(room)
                    break
            else:
                return False
        return True

    @staticmethod
    def inside(merged: list[Interval], start: int, end: int) -> bool:
        index = bisect_right(merged, (start, float("inf"))) - 1
        return index >= 0 and merged[index][0] <= start and end <= merged[index][1]

    @staticmethod
    def hits(merged: list[Interval] | tuple[Interval, ...], start: int, end: int) -> bool:
        index = bisect_right(merged, (start, float("inf")))
        return (index > 0 and merged[index - 1][1] > start) or (index < len(merged) and merged[index][0] < end)


def _timed(call: Callable[[], object]) -> float:
    begun = time.process_time()
    call()
    return time.process_time() - begun


def main():
    place, known = clinic(), facts()
    first = local_date(place.time_zone, NOW)
    last = first + timedelta(days=DAYS)
    run = lambda: [offers(place, known, s, first, last) for s in place.services]
    run()
    print("offers", _timed(run))
    got = {(s.service, s.resource, s.start) for part in run() for s in part}
    b = time.process_time()
    plain = Plain(place, known)
    want = plain.all()
    print("plain", time.process_time() - b, plain.checked, len(want), want == got)


if __name__ == "__main__":
    main()
