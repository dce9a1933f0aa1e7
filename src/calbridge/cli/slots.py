"""`calbridge slots`: what a client would be offered. A clinic without connections needs no state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from calbridge.cli import asked
from calbridge.cli.answers import SlotLine, Slots
from calbridge.cli.asked import DATE, now_option
from calbridge.cli.reporting import Outcome, clinic_option, config_option, reporting
from calbridge.cli.texts import instant, short, table
from calbridge.cli.workplace import Known, opened
from calbridge.errors import ConfigError
from calbridge.settings import ClinicConfig
from calbridge.wall import DAY, PARTS, Part, days, local_date, part_of_day

if TYPE_CHECKING:
    from rich.console import Console

    from calbridge.slots import Slot

WEEK = 7
DRAWN = 31
"""Days of one picture."""


@click.command(short_help="The times a client is offered.")
@config_option
@clinic_option
@click.option("--service", required=True, help="What is to be booked.")
@click.option("--from", "first", type=DATE, help="First local date; today unless said otherwise.")
@click.option("--to", "last", type=DATE, help="Last local date, inclusive; a week unless said otherwise.")
@click.option("--resource", default="", help="Only with this resource.")
@click.option("--part", type=click.Choice(list(PARTS)), help="Only what begins in this part of the day.")
@click.option("--draw", "drawn", is_flag=True, help="Draw the days: offered, taken, closed, by resource.")
@now_option
@reporting
def slots(path: Path, clinic: str, drawn: bool, now: str, **given: Any) -> Outcome:
    """The times a client is offered.

    Morning is before 12:00, afternoon before 17:00, evening from 17:00, each by when the visit begins.
    """
    with opened(path, clock=asked.clock(now)) as workplace:
        config = workplace.clinic(clinic)
        known = workplace.known(config)
    wanted = _wanted(config, known, **given)
    found = _offered(config, known, wanted)
    answer = _answer(config, known, wanted, found)
    if drawn:
        _drawable(wanted)
        return Outcome(answer=answer, show=lambda console: _draw(console, config, known, wanted, found))
    return Outcome(answer=answer, show=lambda console: _list(console, config, wanted, found))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """The question, complete: local dates, both inclusive."""

    service: str
    resource: str
    first: date
    last: date
    part: Part | None


def _wanted(
    config: ClinicConfig,
    known: Known,
    *,
    service: str,
    resource: str,
    first: date | None,
    last: date | None,
    part: Part | None,
) -> _Wanted:
    asked.service(config.clinic, service)
    if resource:
        asked.resource(config.clinic, resource)
    begin = first or local_date(config.clinic.time_zone, known.facts.now)
    end = last or begin + timedelta(days=WEEK - 1)
    if end < begin:
        raise ConfigError(f"--to {end} is before --from {begin}: exchange them")
    return _Wanted(service=service, resource=resource, first=begin, last=end, part=part)


def _offered(config: ClinicConfig, known: Known, wanted: _Wanted) -> list[Slot]:
    from calbridge.slots import offers

    found = offers(
        config.clinic, known.facts, wanted.service, wanted.first, wanted.last, resource=wanted.resource or None
    )
    tz = config.clinic.time_zone
    return [slot for slot in found if wanted.part in (None, part_of_day(tz, slot.start))]


def _answer(config: ClinicConfig, known: Known, wanted: _Wanted, found: Sequence[Slot]) -> Slots:
    tz = config.clinic.time_zone
    return Slots(
        clinic=config.clinic.key,
        service=wanted.service,
        as_of={name: instant(tz, at) for name, at in known.reads.items()},
        slots=[
            SlotLine(
                start=instant(tz, slot.start),
                end=instant(tz, slot.end),
                resource=slot.resource,
                requires=list(slot.co_resources),
            )
            for slot in found
        ],
    )


# --- for people -----------------------------------------------------------------------------------


def _list(console: Console, config: ClinicConfig, wanted: _Wanted, found: Sequence[Slot]) -> None:
    tz = config.clinic.time_zone
    rows = [(short(tz, slot.start), slot.resource, " ".join(slot.co_resources)) for slot in found]
    empty = _why_nothing(config, wanted.service, wanted.resource)
    table(console, ("start", "resource", "also needs"), rows, empty=empty)


def _drawable(wanted: _Wanted) -> None:
    if (wanted.last - wanted.first).days >= DRAWN:
        raise ConfigError(f"--draw shows at most {DRAWN} days: bring --from and --to closer together")


def _draw(console: Console, config: ClinicConfig, known: Known, wanted: _Wanted, found: Sequence[Slot]) -> None:
    from calbridge.cli.drawing import Question, Span, picture

    clinic = config.clinic
    window = PARTS[wanted.part] if wanted.part else None
    question = Question(
        clinic=clinic,
        facts=known.facts,
        origins=known.origins,
        service=clinic.services[wanted.service],
        keys=[wanted.resource] if wanted.resource else list(clinic.resources),
        slots=found,
    )
    within = Span(window.start, window.end) if window else Span(0, DAY)
    if question.able or question.needed:
        picture(console, question, list(days(wanted.first, wanted.last)), within)
    if not found:
        console.print(_why_nothing(config, wanted.service, wanted.resource), markup=False)


def _why_nothing(config: ClinicConfig, service: str, resource: str) -> str:
    """A file that `init` wrote offers nothing until three keys say so; an empty list alone does not tell that."""
    clinic = config.clinic
    wanted = clinic.services[service]
    able = [key for key in ([resource] if resource else clinic.resources) if key in wanted.resources]
    if not clinic.online:
        return f"Nothing is offered: clinic {clinic.key} is not online. Set online = true in [clinics.{clinic.key}]."
    if not wanted.online:
        section = f"clinics.{clinic.key}.services.{service}"
        return f"Nothing is offered: service {service} is not online. Set online = true in [{section}]."
    if not able:
        return f"Nothing is offered: service {service} is not booked with {resource} (resources in its section)."
    if not any(clinic.resources[key].online for key in able):
        return f"Nothing is offered: no resource that service {service} can be booked with is online."
    return "Nothing is offered in this time."
