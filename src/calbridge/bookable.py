"""Where a resource's bookable time comes from (rules.md section 2), as merged intervals over local dates.

What gives time adds up, what takes it away always does: online windows of the configuration and of every provider are
one set, while working time, absences, closures and exclusions each limit it, whoever says them.

Windows that touch or overlap are merged; so are one that ends at 24:00 and the next day's from 00:00, for a clinic
that never closes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import reduce

from calbridge.facts import Facts
from calbridge.interval import Interval, intersect, merge
from calbridge.model import Absence, Clinic, Closure, Exclusion, Resource, WallWindow, WeeklyPlan
from calbridge.wall import date_interval, days, instant_of, parity, window_interval

_FIRST, _LAST = date(1970, 1, 2), date(9998, 12, 31)
"""Where an absence without a beginning or an end is taken to begin or end."""


def hours(clinic: Clinic, facts: Facts, resource: Resource, first: date, last: date, *, wide: bool) -> list[Interval]:
    """The bookable time of `resource` on local dates `first` to `last`; `wide` reads the opening hours."""
    if wide or clinic.rules.availability == "opening_hours":
        return opening(clinic, first, last)
    bounds = [facts.work[resource.key]] if resource.key in facts.work else []
    if has_plan(resource, "work"):
        bounds.append(tuple(_planned(clinic, resource, "work", first, last)))
    return reduce(intersect, bounds, _online(clinic, facts, resource, first, last))


def opening(clinic: Clinic, first: date, last: date) -> list[Interval]:
    """The clinic's opening hours; a weekday without any is closed."""
    tz, week = clinic.time_zone, clinic.opening_hours
    return merge(span for day in days(first, last) for span in _on(tz, day, week.get(day.weekday(), ())))


def _online(clinic: Clinic, facts: Facts, resource: Resource, first: date, last: date) -> list[Interval]:
    if has_plan(resource, "online") or resource.key in facts.windows:
        given = facts.windows.get(resource.key, ())
        return merge((*_planned(clinic, resource, "online", first, last), *given))
    return opening(clinic, first, last) if clinic.rules.without_windows == "opening_hours" else []


def has_plan(resource: Resource, kind: str) -> bool:
    """The configuration gives windows of this kind, on whatever day."""
    return any(plan.kind == kind and plan.days and plan.windows for plan in resource.week)


def _planned(clinic: Clinic, resource: Resource, kind: str, first: date, last: date) -> Iterator[Interval]:
    plans = [plan for plan in resource.week if plan.kind == kind]
    for day in days(first, last):
        for plan in plans:
            if applies(plan, day):
                yield from _on(clinic.time_zone, day, plan.windows)


def applies(plan: WeeklyPlan, day: date) -> bool:
    """Is the plan one for this local date? `first` and `last` are both inclusive (S4)."""
    return (
        day.weekday() in plan.days
        and (plan.first is None or plan.first <= day)
        and (plan.last is None or day <= plan.last)
        and plan.weeks in ("all", parity(day))
    )


def _on(tz: str, day: date, windows: Iterable[WallWindow]) -> Iterator[Interval]:
    return (span for window in windows if (span := window_interval(tz, day, window)))


# --- what takes bookable time away ----------------------------------------------------------------


def closures(clinic: Clinic, facts: Facts, resource: str) -> list[Interval]:
    """When the clinic, or the site of a resource, is closed, by the configuration and by what providers say."""
    configured = (closing(clinic.time_zone, each) for each in clinic.closures)
    return merge((*configured, *facts.closures.get("", ()), *facts.closures.get(resource, ())))


def closing(tz: str, closure: Closure) -> Interval:
    """The instants of one configured closure."""
    return date_interval(tz, closure.first, closure.last)


def absences(clinic: Clinic, facts: Facts, resource: str) -> list[Interval]:
    """When a resource is away, by the configuration and by what providers say."""
    configured = clinic.resources[resource].absences if resource in clinic.resources else ()
    return merge((*(away(clinic.time_zone, a) for a in configured), *facts.absences.get(resource, ())))


def away(tz: str, absence: Absence) -> Interval:
    """The instants of one configured absence; a side left open has no end."""
    if absence.span is not None:
        return absence.span
    return date_interval(tz, absence.first or _FIRST, absence.last or _LAST)


def exclusions(
    clinic: Clinic, service: str, resource: str, species: str | None, *, dates: tuple[date, date]
) -> list[Interval]:
    """The negative windows that apply. One for a species applies to an unknown species, not to one not asked for."""
    chosen = applying(clinic, service, resource, species)
    return merge(
        span
        for day in days(*dates)
        for exclusion in chosen
        if day.weekday() in exclusion.days
        for span in _on(clinic.time_zone, day, exclusion.windows)
    )


def applying(clinic: Clinic, service: str, resource: str, species: str | None) -> list[Exclusion]:
    """The exclusions whose scope it is in, whatever the day."""
    return [each for each in clinic.exclusions if _concerns(each, service, resource, species)]


def _concerns(exclusion: Exclusion, service: str, resource: str, species: str | None) -> bool:
    return (
        (not exclusion.services or service in exclusion.services)
        and (not exclusion.resources or resource in exclusion.resources)
        and (not exclusion.species or species == "" or species in exclusion.species)
    )


# --- the two ends of the bookable future ----------------------------------------------------------


def earliest(clinic: Clinic, now: int, today: date) -> int:
    """The first instant that is not too soon: the lead time elapsed, and the calendar days of `lead_days` passed."""
    rules = clinic.rules
    soonest = now + rules.lead_time
    if not rules.lead_days:
        return soonest
    return max(soonest, instant_of(clinic.time_zone, today + timedelta(days=rules.lead_days), 0))


def horizon_date(clinic: Clinic, today: date) -> date:
    """The last local date that may be booked, inclusive."""
    return today + timedelta(days=clinic.rules.horizon_days)
