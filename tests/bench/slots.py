"""What a big clinic offers: all of it, then after one change, beside a plain check of every slot by the same rules.

Run by `make bench-slots`. What is timed is what a cycle runs: `reconcile.facts`, then `availability.compute`. Processor
time of one core, best of several; the machine is shared, so read the ratios. Every way gives the same answers, or the
bench fails. Memory is what Python allocates (tracemalloc) for a whole computation and what is kept of it.
"""

from __future__ import annotations

import random
import sys
import time
import tracemalloc
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple, TypeVar

from calbridge import bookable
from calbridge.availability import Availability, compute
from calbridge.facts import Facts
from calbridge.feeds import AbsenceRecord, Busy
from calbridge.hub import Foreign, HubState
from calbridge.interval import Interval
from calbridge.model import (
    Absence,
    Appointment,
    Clinic,
    Closure,
    Exclusion,
    Resource,
    Rules,
    Service,
    Side,
    State,
    WallWindow,
    WeeklyPlan,
)
from calbridge.reconcile import facts
from calbridge.wall import day_interval, local, local_date, on_grid

T = TypeVar("T")
NOW = 1_795_420_800  # 2026-11-23 09:00 in Berlin: 90 days hold a change of the year and no change of the clock
DAYS = 90
VETS = tuple(f"vet{n:02}" for n in range(20))
ROOMS = ("room1", "room2", "room3")
BUSY = 2_000
HOLDS = 50
ROUNDS = 9


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


def state() -> HubState:
    """2,000 busy times a resource at any minute of day and night, fifty holds, some bookings and an absence."""
    source = random.Random(7)
    midnight = day_interval("Europe/Berlin", local_date("Europe/Berlin", NOW)).start
    foreign: dict[tuple[str, str], Foreign] = {}
    for key in VETS + ROOMS:
        for number in range(BUSY):
            foreign["calendar", f"{key}-{number}"] = _busy(source, midnight, key, number)
    away = Interval(NOW + 7 * 86_400, NOW + 7 * 86_400 + 7_200)
    foreign["calendar", "away"] = AbsenceRecord(ref="away", version="1", resource=VETS[5], spans=(away,))
    held = [_held(source, midnight, number) for number in range(HOLDS)]
    booked = [_booked(midnight, service, number) for service in range(0, 12, 5) for number in range(5)]
    return HubState(foreign=foreign, appointments={each.id: each for each in held + booked})


def _busy(source: random.Random, midnight: int, key: str, number: int) -> Busy:
    span = _span(source, midnight)
    return Busy(ref=f"{key}-{number}", version="1", resource=key, spans=(span,))


def _span(source: random.Random, midnight: int) -> Interval:
    start = midnight + source.randrange((DAYS + 1) * 1440) * 60
    return Interval(start, start + source.randrange(10, 45) * 60)


def _held(source: random.Random, midnight: int, number: int) -> Appointment:
    start, end = _span(source, midnight)
    return Appointment(
        id=f"hold-{number}",
        clinic="bench",
        state=State.HELD,
        origin=Side.CLIENT,
        resource=source.choice(VETS),
        start=start,
        end=end,
        hold_expires=NOW + 300,
    )


def _booked(midnight: int, service: int, number: int) -> Appointment:
    """Five of a service on one day make it full."""
    start = midnight + (14 + service) * 86_400 + (9 + number) * 3_600
    return Appointment(
        id=f"booked-{service}-{number}",
        clinic="bench",
        state=State.CONFIRMED,
        origin=Side.CLIENT,
        resource=VETS[number],
        service=f"service{service:02}",
        start=start,
        end=start + 1_800,
    )


# --- the baseline: every rule for every slot ------------------------------------------------------


class Slot(NamedTuple):
    """One start of one service with one resource; `low` and `high` bound its footprint."""

    service: Service
    resource: Resource
    start: int
    end: int
    low: int
    high: int
    day: date


class Plain:
    """What a plain program does, and well: what holds for all slots is merged and sorted once, then each slot is asked.

    Windows are walked on the grid; a slot is dropped by the first rule that it fails.
    """

    def __init__(self, clinic: Clinic, facts: Facts) -> None:
        self.clinic, self.facts, self.rules = clinic, facts, clinic.rules
        self.tz, self.grid = clinic.time_zone, clinic.rules.grid_minutes
        self.today = local_date(self.tz, facts.now)
        self.last = self.today + timedelta(days=self.rules.horizon_days)
        self.earliest = bookable.earliest(clinic, facts.now, self.today)
        keys, dates = clinic.resources, (self.today, self.last)
        self.closures = {key: bookable.closures(clinic, facts, key) for key in keys}
        self.absences = {key: bookable.absences(clinic, facts, key) for key in keys}
        self.hours = {
            key: bookable.hours(clinic, facts, each, *dates, wide=False) for key, each in clinic.resources.items()
        }
        self.negative = {
            (service, key): bookable.exclusions(clinic, service, key, None, dates=dates)
            for service in clinic.services
            for key in keys
        }
        self.checks = (
            self.offered,
            self.timely,
            self.open,
            self.present,
            self.on_grid,
            self.free,
            self.not_full,
            self.known,
        )
        self.checked = 0

    def all(self) -> set[tuple[str, str, int]]:
        """(service, resource, start) of every slot."""
        pairs = ((service, self.clinic.resources[key]) for service in self.clinic.services.values() for key in VETS)
        return {(service.key, each.key, start) for service, each in pairs for start in self.listed(service, each)}

    def listed(self, service: Service, resource: Resource) -> Iterator[int]:
        """Rules 13 and 14 on what passes, day by day."""
        passing = (slot.start for slot in self.candidates(service, resource) if self.passes(slot))
        for _, day in groupby(passing, key=lambda start: local_date(self.tz, start)):
            shown: list[int] = []
            for _, hour in groupby(day, key=lambda start: local(self.tz, start).hour):
                shown += list(hour)[: self.rules.slots_per_hour]
            yield from shown[: len(shown) - self.rules.reserved_per_day]

    def candidates(self, service: Service, resource: Resource) -> Iterator[Slot]:
        """Every start on the grid in every window; in this zone the wall's grid is that of the instants."""
        length, before, after = service.minutes * 60, service.buffer_before * 60, service.buffer_after * 60
        step = self.grid * 60
        for opens, closes in self.hours[resource.key]:
            for start in range(opens + -opens % step, closes, step):
                end = start + length
                yield Slot(service, resource, start, end, start - before, end + after, local_date(self.tz, start))

    def passes(self, slot: Slot) -> bool:
        """Rules 1 to 12 and 15."""
        self.checked += 1
        return all(check(slot) for check in self.checks)

    def offered(self, slot: Slot) -> bool:
        service, resource = slot.service, slot.resource
        return self.clinic.online and service.online and resource.online and resource.key in service.resources

    def timely(self, slot: Slot) -> bool:
        return slot.start >= self.earliest and slot.day <= self.last

    def open(self, slot: Slot) -> bool:
        return inside(self.hours[slot.resource.key], slot.start, slot.end)

    def present(self, slot: Slot) -> bool:
        key, start, end = slot.resource.key, slot.start, slot.end
        negative = self.negative[slot.service.key, key]
        return not (hits(self.closures[key], start, end) or hits(self.absences[key], start, end)) and not hits(
            negative, start, end
        )

    def on_grid(self, slot: Slot) -> bool:
        return on_grid(self.tz, slot.start, self.grid)

    def free(self, slot: Slot) -> bool:
        return not hits(self.facts.taken.get(slot.resource.key, ()), slot.low, slot.high) and self.roomy(slot)

    def roomy(self, slot: Slot) -> bool:
        """One of each required group."""
        used = {slot.resource.key}
        for group in slot.service.requires:
            room = next((key for key in group if key not in used and self.usable(key, slot)), None)
            if room is None:
                return False
            used.add(room)
        return True

    def usable(self, key: str, slot: Slot) -> bool:
        there = not hits(self.absences[key], slot.start, slot.end)
        return there and not hits(self.facts.taken.get(key, ()), slot.low, slot.high) and key not in self.facts.stale

    def not_full(self, slot: Slot) -> bool:
        most = slot.service.max_per_day
        return most is None or self.facts.counts.get((slot.service.key, slot.day), 0) < most

    def known(self, slot: Slot) -> bool:
        return slot.resource.key not in self.facts.stale


def inside(merged: Sequence[Interval], start: int, end: int) -> bool:
    """One of sorted, disjoint intervals holds it."""
    index = bisect_right(merged, (start, float("inf"))) - 1
    return index >= 0 and merged[index][0] <= start and end <= merged[index][1]


def hits(merged: Sequence[Interval], start: int, end: int) -> bool:
    """One of sorted, disjoint intervals overlaps it."""
    index = bisect_right(merged, (start, float("inf")))
    return (index > 0 and merged[index - 1][1] > start) or (index < len(merged) and merged[index][0] < end)


# --- the comparison -------------------------------------------------------------------------------


def main() -> None:
    """Print the table."""
    place, hub = clinic(), state()
    known, reading = best(lambda: facts(hub, place, NOW))
    whole, full = best(lambda: compute(place, known))
    plain = Plain(place, known)
    expected, slow = best(plain.all, rounds=1)
    agree(whole, expected)
    say("one by one", f"{plain.checked} slots of windows checked by every rule", slow)
    say("everything", f"{len(expected)} slots on {len(whole.days)} days of a resource", full, slow)
    say("  its facts", f"from {len(hub.foreign)} busy times, {HOLDS} holds", reading)
    start = next(whole.days[VETS[7], date(2027, 1, 20)].slots()).start
    for name, key, number in (("one change", VETS[7], 1), ("of a room", ROOMS[0], len(VETS))):
        changed = facts(more(hub, key, start), place, NOW)
        mended, little = best(lambda changed=changed: compute(place, changed, whole))  # type: ignore[misc]
        if mended.days != compute(place, changed).days or len(mended.renewed) != number:
            sys.exit("what was mended is not what would be worked out anew")
        say(name, f"{number} days of a resource worked out anew", little, slow)
    used()


def best(call: Callable[[], T], *, rounds: int = ROUNDS) -> tuple[T, float]:
    """The answer, and the shortest time it took."""
    times = []
    for _ in range(rounds):
        begun = time.process_time()
        answer = call()
        times.append(time.process_time() - begun)
    return answer, min(times)


def agree(whole: Availability, expected: set[tuple[str, str, int]]) -> None:
    """Stop where the masks and the plain check differ."""
    found = {(slot.service, key, slot.start) for (key, _), day in whole.days.items() for slot in day.slots()}
    if found != expected:
        sys.exit(f"the answers differ: {len(found - expected)} too many, {len(expected - found)} too few")


def more(hub: HubState, key: str, start: int) -> HubState:
    """The same with one more busy time."""
    busy = Busy(ref="new", version="1", resource=key, spans=(Interval(start, start + 1_800),))
    return replace(hub, foreign={**hub.foreign, ("calendar", "new"): busy})


def say(name: str, what: str, seconds: float, slow: float = 0.0) -> None:
    """One row."""
    ratio = f"  {slow / seconds:7.0f} times faster" if slow else ""
    sys.stdout.write(f"{name:<12}{what:<60}{seconds * 1000:9.1f} ms{ratio}\n")


def used() -> None:
    """Memory of one whole computation and of what is kept."""
    place, known = clinic(), facts(state(), clinic(), NOW)
    tracemalloc.start()
    kept = compute(place, known)
    size, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    text = f"{len(kept.days)} days kept; at most {peak / 2**20:.1f} MB while computing"
    sys.stdout.write(f"{'memory':<12}{text:<60}{size / 2**20:9.1f} MB\n")


if __name__ == "__main__":
    main()
