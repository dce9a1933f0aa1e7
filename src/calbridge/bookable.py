"""Where a resource's bookable time comes from (rules.md section 2), as merged intervals over local dates.

What gives time adds up, what takes it away always does: online windows of the configuration and of every provider are
one set, while working time, absences, closures and exclusions each limit it, whoever says them.

Windows that touch or overlap are merged; so are one that ends at 24:00 and the next day's from 00:00, for a clinic
that never closes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import reduce

from calbridge.facts import Facts, Spans
from calbridge.interval import Interval, intersect, merge, near
from calbridge.model import Absence, Clinic, Closure, Exclusion, Resource, WeeklyPlan
from calbridge.wall import date_interval, days, instant_of, parity, windows_on

_FIRST, _LAST = date(1970, 1, 2), date(9998, 12, 31)
"""Where an absence without a beginning or an end is taken to begin or end."""


def hours(clinic: Clinic, facts: Facts, resource: Resource, first: date, last: date, *, wide: bool) -> list[Interval]:
    """The bookable time of `resource` on local dates `first` to `last`; `wide` reads the opening hours."""
    return reduce(intersect, limits(clinic, facts, resource, first, last, wide=wide))


def limits(
    clinic: Clinic, facts: Facts, resource: Resource, first: date, last: date, *, wide: bool
) -> list[list[Interval]]:
    """What `hours` is the intersection of: where online booking is open, and each working time there is. All merged."""
    if wide or clinic.rules.availability == "opening_hours":
        return [opening(clinic, first, last)]
    found = [_online(clinic, facts, resource, first, last)]
    if resource.key in facts.work:
        found.append(_given(clinic, facts.work, resource, first, last))
    if has_plan(resource, "work"):
        found.append(merge(_planned(clinic, resource, "work", first, last)))
    return found


def opening(clinic: Clinic, first: date, last: date) -> list[Interval]:
    """The clinic's opening hours; a weekday without any is closed."""
    tz, week = clinic.time_zone, clinic.opening_hours
    return merge(span for day in days(first, last) for span in windows_on(tz, day, week.get(day.weekday(), ())))


def _online(clinic: Clinic, facts: Facts, resource: Resource, first: date, last: date) -> list[Interval]:
    if has_plan(resource, "online") or resource.key in facts.windows:
        given = _given(clinic, facts.windows, resource, first, last)
        return merge((*_planned(clinic, resource, "online", first, last), *given))
    return opening(clinic, first, last) if clinic.rules.without_windows == "opening_hours" else []


def _given(clinic: Clinic, spans: Spans, resource: Resource, first: date, last: date) -> list[Interval]:
    """What providers say of these dates."""
    return list(near(spans.get(resource.key, ()), date_interval(clinic.time_zone, first, last)))


def has_plan(resource: Resource, kind: str) -> bool:
    """The configuration gives windows of this kind, on whatever day."""
    return any(plan.kind == kind and plan.days and plan.windows for plan in resource.week)


def _planned(clinic: Clinic, resource: Resource, kind: str, first: date, last: date) -> list[Interval]:
    tz = clinic.time_zone
    plans = [plan for plan in resource.week if plan.kind == kind]
    return [span for plan in plans for day in _dates(plan, first, last) for span in windows_on(tz, day, plan.windows)]


def applies(plan: WeeklyPlan, day: date) -> bool:
    """Is the plan one for this local date?"""
    return bool(_dates(plan, day, day))


def _dates(plan: WeeklyPlan, first: date, last: date) -> list[date]:
    """The dates that a plan is for; its own `first` and `last` are both inclusive (S4)."""
    bounded = days(max(first, plan.first or first), min(last, plan.last or last))
    return [day for day in bounded if day.weekday() in plan.days and plan.weeks in ("all", parity(day))]


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
    return negative(clinic, applying(clinic, service, resource, species), dates)


def negative(clinic: Clinic, chosen: Iterable[Exclusion], dates: tuple[date, date]) -> list[Interval]:
    """The windows of some exclusions."""
    return merge(
        span
        for day in days(*dates)
        for exclusion in chosen
        if day.weekday() in exclusion.days
        for span in windows_on(clinic.time_zone, day, exclusion.windows)
    )


def applying(clinic: Clinic, service: str, resource: str, species: str | None) -> tuple[Exclusion, ...]:
    """The exclusions whose scope it is in, whatever the day."""
    return tuple(each for each in clinic.exclusions if _concerns(each, service, resource, species))


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
