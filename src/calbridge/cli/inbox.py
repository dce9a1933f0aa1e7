"""`calbridge requests show|link|unlink|create-client`: who is it? Answered by a person, done by the next cycle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli import people
from calbridge.cli.answers_booking import ShownRequest
from calbridge.cli.deciding import ask, client_options
from calbridge.cli.onebooking import known
from calbridge.cli.reporting import FINE, HUMAN, Outcome, clinic_option, config_option, names_option, reporting
from calbridge.cli.showing import show_who
from calbridge.cli.texts import instant
from calbridge.cli.workplace import Workplace, opened
from calbridge.errors import ConfigError
from calbridge.hub import Command
from calbridge.model import Appointment
from calbridge.settings import ClinicConfig

if TYPE_CHECKING:
    from rich.console import Console


@click.command()
@click.argument("booking")
@config_option
@clinic_option
@names_option
@reporting
def show(path: Path, clinic: str, booking: str, names: bool) -> Outcome:
    """Show what was given, who it may be and on what evidence, and what each action would do."""
    with opened(path) as workplace:
        config, found = known(workplace, clinic, booking)
        who = people.shown(config, found, people.candidates(workplace, config, found), names=names)
    tz = config.clinic.time_zone
    answer = ShownRequest(
        **who.model_dump(),
        clinic=config.clinic.key,
        id=found.id,
        state=str(found.state),
        service=found.service,
        resource=found.resource,
        start=instant(tz, found.start),
        end=instant(tz, found.end),
        description=found.description if names else None,
        actions=people.actions(config, found, who),
    )
    code = HUMAN if answer.asked else FINE
    return Outcome(answer=answer, show=lambda console: _show(console, answer), code=code)


@click.command()
@click.argument("booking")
@client_options(required=True)
@config_option
@clinic_option
@reporting
def link(path: Path, clinic: str, booking: str, client: str, patient: str) -> Outcome:
    """Link a booking to a client's record, and to an animal of hers; a wrong link is replaced."""
    command = Command(kind="link", appointment=booking, client=client, patient=patient)
    return ask(path, clinic, command, look=people.existing)


@click.command()
@click.argument("booking")
@config_option
@clinic_option
@reporting
def unlink(path: Path, clinic: str, booking: str) -> Outcome:
    """Take a wrong link back: the details return, and it waits for the right client."""
    return ask(path, clinic, Command(kind="unlink", appointment=booking), look=_linked)


@click.command("create-client")
@click.argument("booking")
@click.option("--anyway", is_flag=True, help="Also where somebody in the PMS may be the same.")
@config_option
@clinic_option
@reporting
def create_client(path: Path, clinic: str, booking: str, anyway: bool) -> Outcome:
    """Make a new client's record in the PMS from what was given, and link the booking to it."""
    look = _unlinked if anyway else _new
    return ask(path, clinic, Command(kind="create", appointment=booking), look=look)


def _linked(_workplace: Workplace, _config: ClinicConfig, booking: Appointment, command: Command) -> Command:
    if not booking.client:
        raise ConfigError(f"booking {booking.id} is not linked to a client: there is nothing to take back")
    return command


def _unlinked(workplace: Workplace, config: ClinicConfig, booking: Appointment, command: Command) -> Command:
    if booking.client:
        raise ConfigError(
            f"booking {booking.id} is linked to client {booking.client}: take that back first, with "
            f'"calbridge requests unlink {booking.id}"'
        )
    people.can_be_made(workplace, config, booking)
    return command


def _new(workplace: Workplace, config: ClinicConfig, booking: Appointment, command: Command) -> Command:
    wanted = _unlinked(workplace, config, booking, command)
    people.nobody_yet(workplace, config, booking)
    return wanted


def _show(console: Console, answer: ShownRequest) -> None:
    console.print(f"{answer.service} with {answer.resource}, {answer.start}: {answer.state}", markup=False)
    if answer.description:
        console.print(f"Reason: {answer.description}", markup=False)
    show_who(console, answer, answer.actions)
