"""`calbridge slots`: what a client would be offered. A clinic without connections needs no state."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli.answers import SlotLine, Slots
from calbridge.cli.reporting import Outcome, clinic_option, config_option, reporting
from calbridge.cli.texts import instant, short, table
from calbridge.cli.workplace import Workplace, opened
from calbridge.clock import SystemClock
from calbridge.errors import ConfigError
from calbridge.settings import ClinicConfig
from calbridge.settings.values import nearest

if TYPE_CHECKING:
    from rich.console import Console

    from calbridge.facts import Facts
    from calbridge.provider import Clock


class LocalDate(click.ParamType[date]):
    """A date as the file writes it; click's own sentence shows a strptime pattern."""

    name = "date"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date, or one sentence."""
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f'"{value}" is not a date: write it like 2026-11-23', param, ctx)


DATE = LocalDate()


class FixedClock:
    """A present that a person chose."""

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> int:
        """Always the same."""
        return self._now


@click.command(short_help="The times a client is offered.")
@config_option
@clinic_option
@click.option("--service", required=True, help="What is to be booked.")
@click.option("--from", "first", required=True, type=DATE, help="First local date.")
@click.option("--to", "last", required=True, type=DATE, help="Last local date, inclusive.")
@click.option("--resource", default="", help="Only with this resource.")
@click.option("--now", default="", help="Answer as of this instant (RFC 3339 with offset) instead of now.")
@reporting
def slots(path: Path, clinic: str, service: str, first: date, last: date, resource: str, now: str) -> Outcome:
    """The times a client is offered."""
    from calbridge.slots import offers

    with opened(path, clock=_clock(now)) as workplace:
        config = workplace.clinic(clinic)
        _in_order(first, last)
        _known(config, "service", service, config.clinic.services)
        if resource:
            _known(config, "resource", resource, config.clinic.resources)
        facts, as_of = _facts(workplace, config)
        found = offers(config.clinic, facts, service, first, last, resource=resource or None)
    tz = config.clinic.time_zone
    answer = Slots(
        clinic=config.clinic.key,
        service=service,
        as_of={name: instant(tz, at) for name, at in as_of.items()},
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
    rows = [(short(tz, slot.start), slot.resource, " ".join(slot.co_resources)) for slot in found]
    empty = _why_nothing(config, service, resource)
    return Outcome(answer=answer, show=lambda console: _show(console, rows, empty))


def _facts(workplace: Workplace, config: ClinicConfig) -> tuple[Facts, dict[str, int]]:
    """What is known of the clinic's time; of a clinic without connections that is the configuration alone."""
    if not config.connections:
        from calbridge.facts import Facts

        return Facts(now=workplace.clock.now()), {}
    engine = workplace.engine(config)
    return engine.facts(), engine.as_of()


def _clock(now: str) -> Clock:
    if not now:
        return SystemClock()
    try:
        moment = datetime.fromisoformat(now)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigError("--now is an instant with its offset, such as 2026-11-23T09:00:00+01:00")
    return FixedClock(int(moment.timestamp()))


def _in_order(first: date, last: date) -> None:
    if last < first:
        raise ConfigError(f"--to {last} is before --from {first}: exchange them")


def _known(config: ClinicConfig, noun: str, name: str, known: object) -> None:
    names = list(known) if isinstance(known, dict) else []
    if name not in names:
        advice = nearest(name, names) or f"; there are {', '.join(names) or 'none'}"
        raise ConfigError(f'clinic {config.clinic.key} has no {noun} "{name}"{advice}')


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
    if not any(clinic.resources[key].online for key in able):
        return f"Nothing is offered: no resource that service {service} can be booked with is online."
    return "Nothing is offered in this time."


def _show(console: Console, rows: list[tuple[str, str, str]], empty: str) -> None:
    table(console, ("start", "resource", "also needs"), rows, empty=empty)
