"""`calbridge slots`: what a client would be offered. A clinic without connections needs no state."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli import asked
from calbridge.cli.answers import SlotLine, Slots
from calbridge.cli.asked import DATE, now_option
from calbridge.cli.reporting import Outcome, clinic_option, config_option, reporting
from calbridge.cli.texts import instant, short, table
from calbridge.cli.workplace import opened
from calbridge.errors import ConfigError
from calbridge.settings import ClinicConfig

if TYPE_CHECKING:
    from rich.console import Console


@click.command(short_help="The times a client is offered.")
@config_option
@clinic_option
@click.option("--service", required=True, help="What is to be booked.")
@click.option("--from", "first", required=True, type=DATE, help="First local date.")
@click.option("--to", "last", required=True, type=DATE, help="Last local date, inclusive.")
@click.option("--resource", default="", help="Only with this resource.")
@now_option
@reporting
def slots(path: Path, clinic: str, service: str, first: date, last: date, resource: str, now: str) -> Outcome:
    """The times a client is offered."""
    from calbridge.slots import offers

    with opened(path, clock=asked.clock(now)) as workplace:
        config = workplace.clinic(clinic)
        _in_order(first, last)
        asked.service(config.clinic, service)
        if resource:
            asked.resource(config.clinic, resource)
        facts, as_of = workplace.known(config)
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


def _in_order(first: date, last: date) -> None:
    if last < first:
        raise ConfigError(f"--to {last} is before --from {first}: exchange them")


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
