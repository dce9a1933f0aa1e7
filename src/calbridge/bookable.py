"""Where a resource's bookable time comes from (rules.md section 2), as merged intervals over local dates.

Windows that touch or overlap are merged; so are one that ends at 24:00 and the next day's from 00:00, for a clinic
that never closes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from calbridge.facts import Facts
from calbridge.interval import Interval, intersect, merge, near
from calbridge.model import Absence, Clinic, Exclusion, Resource, WallWindow, WeeklyPlan
from calbridge.wall import calendar, date_interval, days, instant_of, window_interval

_FIRST, _LAST = date(1970, 1, 2), date(9998, 12, 31)
"""Where an absence without a beginning or an end is taken to begin or end."""


def hours(clinic: Clinic, facts: Facts, resource: Resource, first: date, last: date, *, wide: bool) -> list[Interval]:
    """The bookable time of `resource` on local dates `first` to `last`; `wide` reads the opening hours."""
    online, work = sources(clinic, facts, resource, first, last, wide=wide)
    return online if work is None else intersect(online, work)


def sources(
    clinic: Clinic, facts: Facts, resource: Resource, first: date, last: date, *, wide: bool
) -> tuple[list[Interval], list[Interval] | None]:
    """What `hours` is made of: the time it is bookable in, and the working time that bounds it, where there is any."""
    if wide or clinic.rules.availability == "opening_hours":
        return opening(clinic, first, last), None
    online = _online(clinic, facts, resource, first, last)
    if not _has(resource, "work") and resource.key not in facts.work:
        return online, None
    return online, _planned(clinic, resource, "work", first, last, given=facts.work.get(resource.key, ()))


def opening(clinic: Clinic, first: date, last: date) -> list[Interval]:
    """The clinic's opening hours; a weekday without any is closed."""
    tz, week = clinic.time_zone, clinic.opening_hours
    return merge(span for day in days(first, last) for span in _on(tz, day, week.get(day.weekday(), ())))


def _online(clinic: Clinic, facts: Facts, resource: Resource, first: date, last: date) -> list[Interval]:
    if _has(resource, "online") or resource.key in facts.windows:
        return _planned(clinic, resource, "online", first, last, given=facts.windows.get(resource.key, ()))
    return opening(clinic, first, last) if clinic.rules.without_windows == "opening_hours" else []


def _has(resource: Resource, kind: str) -> bool:
    return any(plan.kind == kind and plan.days and plan.windows for plan in resource.week)


def _planned(
    clinic: Clinic, resource: Resource, kind: str, first: date, last: date, *, given: Sequence[Interval]
) -> list[Interval]:
    """The configured windows of some dates, and what a provider says of them."""
    tz = clinic.time_zone
    plans = [plan for plan in resource.week if plan.kind == kind]
    planned = [span for plan in plans for day in _dates(plan, first, last) for span in _on(tz, day, plan.windows)]
    return merge((*planned, *near(given, date_interval(tz, first, last))))


def _dates(plan: WeeklyPlan, first: date, last: date) -> list[date]:
    """`plan.first` and `plan.last` are both inclusive (S4)."""
    dates = calendar(max(first, plan.first or first), min(last, plan.last or last))
    return [day for day, weekday, week in dates if weekday in plan.days and plan.weeks in ("all", week)]


def _on(tz: str, day: date, windows: Iterable[WallWindow]) -> Iterator[Interval]:
    return (span for window in windows if (span := window_interval(tz, day, window)))


# --- what takes bookable time away ----------------------------------------------------------------


def closures(clinic: Clinic) -> list[Interval]:
    """When the clinic is closed."""
    return merge(date_interval(clinic.time_zone, c.first, c.last) for c in clinic.closures)


def absences(clinic: Clinic, facts: Facts, resource: str) -> list[Interval]:
    """When a resource is away, by the configuration and by what providers say."""
    configured = clinic.resources[resource].absences if resource in clinic.resources else ()
    return merge((*(_away(clinic.time_zone, a) for a in configured), *facts.absences.get(resource, ())))


def _away(tz: str, absence: Absence) -> Interval:
    if absence.span is not None:
        return absence.span
    return date_interval(tz, absence.first or _FIRST, absence.last or _LAST)


def applying(clinic: Clinic, service: str, resource: str, species: str | None) -> tuple[int, ...]:
    """Which exclusions apply. One for a species applies to an unknown species, not to one not asked for."""
    found = enumerate(clinic.exclusions)
    return tuple(index for index, each in found if _concerns(each, service, resource, species))


def exclusions(clinic: Clinic, chosen: Iterable[int], first: date, last: date) -> list[Interval]:
    """The negative windows of the `chosen` exclusions."""
    picked = [clinic.exclusions[index] for index in chosen]
    return merge(
        span
        for day in days(first, last)
        for exclusion in picked
        if day.weekday() in exclusion.days
        for span in _on(clinic.time_zone, day, exclusion.windows)
    )


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
