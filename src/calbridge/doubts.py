"""What is legal in a clinic's configuration and yet hardly meant: each doubt with its sentence, for `calbridge check`.

Looks at the configuration alone, on the days from now to the horizon. Time that only a PMS or a calendar brings is not
known here, and the sentences say so.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from calbridge import bookable
from calbridge.facts import Facts
from calbridge.interval import Interval, subtract
from calbridge.model import Clinic, Exclusion, Resource, Service, WeeklyPlan
from calbridge.rules import Candidate, case_of, choose
from calbridge.slots import decide, offers
from calbridge.wall import date_interval, days, local_date

FOUR_WEEKS = 28
"""Every weekday has come in an odd and an even week, also around a week 53."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """`field` is the key below the clinic that it is about. Nothing of the services in `stops` is offered for it."""

    field: str
    text: str
    stops: frozenset[str] = frozenset()


def doubts(clinic: Clinic, now: int, *, every: int) -> tuple[Doubt, ...]:
    """Every doubt, of a clinic that is not online yet as if it were. It is read each `every` seconds."""
    today = local_date(clinic.time_zone, now)
    look = _Look(
        clinic=replace(clinic, online=True),
        facts=Facts(now=now),
        first=today,
        last=bookable.horizon_date(clinic, today),
        every=every,
    )
    found = [doubt for check in CHECKS for doubt in check(look)]
    return (*found, *_nothing_left(look, frozenset().union(*(doubt.stops for doubt in found))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A clinic and the local dates that may be booked, both inclusive."""

    clinic: Clinic
    facts: Facts
    first: date
    last: date
    every: int

    @property
    def services(self) -> list[Service]:
        """Those that clients may book."""
        return [service for service in self.clinic.services.values() if service.online]

    @property
    def booked(self) -> list[Resource]:
        """With whom clients may book anything."""
        keys = {resource.key for service in self.services for resource in self.resources(service)}
        return [resource for key, resource in self.clinic.resources.items() if key in keys]

    def resources(self, service: Service) -> list[Resource]:
        """With whom clients may book it."""
        return [self.clinic.resources[key] for key in service.resources if self.clinic.resources[key].online]

    def hours(self, resource: Resource) -> list[Interval]:
        """Its bookable time by the configuration, before closures, absences and exclusions."""
        return bookable.hours(self.clinic, self.facts, resource, self.first, self.last, wide=False)

    def all_of(self, resources: Iterable[Resource]) -> frozenset[str]:
        """The services that can be booked with these and with nobody else."""
        keys = {resource.key for resource in resources}
        return frozenset(s.key for s in self.services if keys.issuperset(r.key for r in self.resources(s)))


# --- what is online -------------------------------------------------------------------------------


def _nobody_online(look: _Look) -> Iterator[Doubt]:
    if not look.services:
        yield Doubt(field="services", text="none is online: nothing is offered; set online = true at one")
    for service in look.services:
        if not look.resources(service):
            text = f"is online, but of {_listed(service.resources)} nobody is: nothing of it is offered"
            yield Doubt(field=f"services.{service.key}.resources", text=text, stops=frozenset({service.key}))


def _nothing_to_book(look: _Look) -> Iterator[Doubt]:
    booked = {key for service in look.services for key in service.resources}
    for resource in look.clinic.resources.values():
        if resource.online and resource.key not in booked and look.services:
            text = "is online, but no online service can be booked with it"
            yield Doubt(field=f"resources.{resource.key}.online", text=text)


# --- hours ----------------------------------------------------------------------------------------


def _without_hours(look: _Look) -> Iterator[Doubt]:
    lacking = [resource for resource in look.booked if not look.hours(resource)]
    if look.clinic.rules.availability == "opening_hours" and lacking:
        text = "are empty, and bookable time comes from them: nothing is offered"
        yield Doubt(field="opening_hours", text=text, stops=look.all_of(lacking))
        return
    for resource in lacking:
        yield Doubt(field=f"resources.{resource.key}.week", text=_why_none(look, resource), stops=look.all_of(lacking))


def _why_none(look: _Look, resource: Resource) -> str:
    if any(plan.kind == "online" for plan in resource.week):
        return f"has no bookable hour up to {look.last}: see weeks, from, until, and its working time"
    if look.clinic.rules.without_windows == "opening_hours":
        return "has no online window, and the opening hours that count instead leave none"
    return (
        "has no online window: nothing of it is offered, unless a calendar or the PMS brings windows "
        '(or rules.without_windows = "opening_hours")'
    )


def _too_long(look: _Look) -> Iterator[Doubt]:
    for service in look.services:
        longest = {r.key: max(map(_minutes, hours)) for r in look.resources(service) if (hours := look.hours(r))}
        short = [key for key, minutes in longest.items() if minutes < service.minutes]
        if short:
            most = max(longest[key] for key in short)
            text = f"is {service.minutes}, longer than every window of {_listed(short)} (at most {most} minutes)"
            stops = look.all_of(look.clinic.resources[key] for key in short) & {service.key}
            yield Doubt(field=f"services.{service.key}.minutes", text=f"{text}: never offered there", stops=stops)


def _never_applies(look: _Look) -> Iterator[Doubt]:
    for resource in look.clinic.resources.values():
        for index, plan in enumerate(resource.week):
            if not _applies_once(plan, look.first):
                text = f"entry {index + 1} applies on no day from {look.first} on: see days, weeks, from and until"
                yield Doubt(field=f"resources.{resource.key}.week", text=text)


def _applies_once(plan: WeeklyPlan, today: date) -> bool:
    first = max(today, plan.first or today)
    last = min(first + timedelta(days=FOUR_WEEKS), plan.last or date.max)
    return any(bookable.applies(plan, day) for day in days(first, last))


def _excludes_everything(look: _Look) -> Iterator[Doubt]:
    for index, exclusion in enumerate(look.clinic.exclusions):
        covered = [r for r in _scope(look, exclusion) if (hours := look.hours(r)) and not _left(look, index, r, hours)]
        if covered and not exclusion.species:
            names = _listed(resource.key for resource in covered)
            of_all = look.all_of(covered)
            stops = of_all & exclusion.services if exclusion.services else of_all
            text = f"entry {index + 1} takes every bookable hour of {names} up to {look.last}"
            yield Doubt(field="exclusions", text=text, stops=stops)


def _scope(look: _Look, exclusion: Exclusion) -> list[Resource]:
    return [r for r in look.booked if not exclusion.resources or r.key in exclusion.resources]


def _left(look: _Look, index: int, resource: Resource, hours: list[Interval]) -> list[Interval]:
    alone = replace(look.clinic, exclusions=(replace(look.clinic.exclusions[index], services=frozenset()),))
    return subtract(hours, bookable.exclusions(alone, "", resource.key, None, dates=(look.first, look.last)))


# --- rules ----------------------------------------------------------------------------------------


def _notice_beyond_horizon(look: _Look) -> Iterator[Doubt]:
    end = date_interval(look.clinic.time_zone, look.first, look.last).end
    if bookable.earliest(look.clinic, look.facts.now, look.first) >= end:
        text = f"ends with {look.last}, before the shortest notice (lead_time, lead_days) is over: nothing is offered"
        stops = frozenset(service.key for service in look.services)
        yield Doubt(field="rules.horizon_days", text=text, stops=stops)


def _idle_throttle(look: _Look) -> Iterator[Doubt]:
    rules = look.clinic.rules
    most = 60 // rules.grid_minutes
    if rules.slots_per_hour is not None and rules.slots_per_hour >= most:
        text = f"is {rules.slots_per_hour} and changes nothing: the grid has only {most} an hour"
        yield Doubt(field="rules.slots_per_hour", text=text)


def _stale_between_reads(look: _Look) -> Iterator[Doubt]:
    age = look.clinic.rules.max_source_age
    if age is not None and age <= look.every:
        text = (
            f"is {age} seconds, and the sides are read every {look.every} (bridge.every): nothing is offered in between"
        )
        yield Doubt(field="rules.max_source_age", text=text)


def _lacking_co_resources(look: _Look) -> Iterator[Doubt]:
    for service in look.services:
        for resource in look.resources(service):
            case = case_of(look.clinic, look.facts, Candidate(service=service.key, resource=resource.key, start=0))
            group = choose(case) if case else ()
            if isinstance(group, int):
                text = f"entry {group + 1} has nobody left when {resource.key} is booked: never offered there"
                stops = look.all_of([resource]) & {service.key}
                yield Doubt(field=f"services.{service.key}.requires", text=text, stops=stops)


def _odd_species(look: _Look) -> Iterator[Doubt]:
    named = [*(_species_of(look.clinic))]
    counts = Counter(name for _, name in named)
    usual = [name for name, count in counts.items() if count > 1]
    for field, name in named:
        near = difflib.get_close_matches(name, usual, n=1, cutoff=0.75)
        if counts[name] == 1 and near:
            yield Doubt(field=field, text=f'names "{name}" and nothing else does; is "{near[0]}" meant?')


def _species_of(clinic: Clinic) -> Iterator[tuple[str, str]]:
    for service in clinic.services.values():
        yield from ((f"services.{service.key}.species", name) for name in sorted(service.species))
        yield from ((f"services.{service.key}.excluded_species", name) for name in sorted(service.excluded_species))
    for exclusion in clinic.exclusions:
        yield from (("exclusions", name) for name in sorted(exclusion.species))


def _nothing_left(look: _Look, explained: frozenset[str]) -> Iterator[Doubt]:
    """What no single doubt explains: closures, absences, rules of plugins, or several things together."""
    for service in look.services:
        if service.key in explained or offers(look.clinic, look.facts, service.key, look.first, look.last):
            continue
        text = f"is online, but not one start up to {look.last} passes the rules, with nothing booked"
        reason = f" (mostly {code})" if (code := _usual_reason(look, service)) else ""
        yield Doubt(field=f"services.{service.key}", text=f'{text}{reason}: "calbridge explain slot" says why')


def _usual_reason(look: _Look, service: Service) -> str:
    """Why the start of a window is not offered, most often; "" where there is no window."""
    wanted = (
        Candidate(service=service.key, resource=resource.key, start=window.start)
        for resource in look.resources(service)
        for window in look.hours(resource)
    )
    codes = Counter(decide(look.clinic, look.facts, each).code for each in wanted)
    return codes.most_common(1)[0][0] if codes else ""


def _never_marked(look: _Look) -> Iterator[Doubt]:
    rules = look.clinic.rules
    if rules.publish == "marked" and not rules.publish_categories:
        text = 'is "marked", and publish_categories is empty: no client sees what the clinic makes for her by itself'
        yield Doubt(field="rules.publish", text=text)


CHECKS: tuple[Callable[[_Look], Iterator[Doubt]], ...] = (
    _nobody_online,
    _nothing_to_book,
    _without_hours,
    _too_long,
    _never_applies,
    _excludes_everything,
    _notice_beyond_horizon,
    _idle_throttle,
    _stale_between_reads,
    _lacking_co_resources,
    _odd_species,
    _never_marked,
)


def _minutes(span: Interval) -> int:
    return (span.end - span.start) // 60


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
