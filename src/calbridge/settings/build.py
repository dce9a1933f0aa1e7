"""From validated sections to the core's records."""

from __future__ import annotations

from datetime import date, datetime

from calbridge.model import (
    Absence,
    Authority,
    Clinic,
    Closure,
    Exclusion,
    ExtraRule,
    Resource,
    Rules,
    Service,
    WeeklyPlan,
)
from calbridge.settings.sections import (
    AbsenceSection,
    ClinicSection,
    ClosureSection,
    ExclusionSection,
    ResourceSection,
    ServiceSection,
    WeekSection,
)
from calbridge.settings.values import WEEKDAYS, Weekday, span


def clinic(key: str, section: ClinicSection, extra: tuple[ExtraRule, ...] = ()) -> Clinic:
    """The clinic as the rules see it; `extra` are the rules of plugins that it turned on."""
    return Clinic(
        key=key,
        name=section.name,
        time_zone=section.time_zone,
        region=section.region,
        language=section.language,
        phone=section.phone,
        email=section.email,
        booking_url=section.booking_url,
        online=section.online,
        privacy_notice=section.privacy_notice.strip(),
        opening_hours={WEEKDAYS.index(day): windows for day, windows in section.opening_hours.items()},
        closures=tuple(_closure(each) for each in section.closures),
        exclusions=tuple(_exclusion(each) for each in section.exclusions),
        resources={key: _resource(key, each) for key, each in section.resources.items()},
        services={key: _service(key, each) for key, each in section.services.items()},
        rules=rules(section),
        extra=extra,
    )


def rules(section: ClinicSection) -> Rules:
    """Preset and own rules are merged before; what neither names keeps the default."""
    values = section.rules.model_dump(exclude={"extra"})
    values |= {name: tuple(values[name]) for name in ("reminders", "publish_categories")}
    values["authority"] = Authority(**values["authority"])
    return Rules(**values, max_cancellations=section.guard.max_cancellations)


def _days(names: list[Weekday]) -> frozenset[int]:
    return frozenset(WEEKDAYS.index(name) for name in names)


def _closure(section: ClosureSection) -> Closure:
    return Closure(first=section.first, last=section.last, reason=section.reason)


def _exclusion(section: ExclusionSection) -> Exclusion:
    return Exclusion(
        days=_days(section.days),
        windows=section.windows,
        services=frozenset(section.services),
        resources=frozenset(section.resources),
        species=frozenset(section.species),
    )


def _resource(key: str, section: ResourceSection) -> Resource:
    return Resource(
        key=key,
        name=section.name,
        kind=section.kind,
        online=section.online,
        week=tuple(_week(each) for each in section.week),
        absences=tuple(_absence(key, each) for each in section.absences),
    )


def _week(section: WeekSection) -> WeeklyPlan:
    return WeeklyPlan(
        days=_days(section.days),
        windows=section.windows,
        kind=section.kind,
        weeks=section.weeks,
        first=section.first,
        last=section.last,
    )


def _absence(resource: str, section: AbsenceSection) -> Absence:
    first: date = section.first
    last: date = section.last
    if isinstance(first, datetime) and isinstance(last, datetime):
        return Absence(resource=resource, span=span(first, last), reason=section.reason)
    return Absence(resource=resource, first=first, last=last, reason=section.reason)


def _service(key: str, section: ServiceSection) -> Service:
    return Service(
        key=key,
        name=section.name,
        minutes=section.minutes,
        group=section.group,
        buffer_before=section.buffer_before,
        buffer_after=section.buffer_after,
        online=section.online,
        resources=tuple(section.resources),
        requires=tuple(tuple(group.any_of) for group in section.requires),
        species=frozenset(section.species),
        excluded_species=frozenset(section.excluded_species),
        clients=section.clients,
        instructions=section.instructions,
        booking_mode=section.booking_mode,
        max_per_day=section.max_per_day,
    )
