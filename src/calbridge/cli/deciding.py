"""`calbridge requests accept|decline|cancel|move`: the clinic's word on one booking, done by the next cycle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from calbridge.cli import people
from calbridge.cli.answers_booking import Asked
from calbridge.cli.onebooking import known
from calbridge.cli.reporting import Outcome, clinic_option, config_option, reporting
from calbridge.cli.spoken import reason_option, spoken
from calbridge.cli.workplace import Workplace, opened
from calbridge.errors import ConfigError
from calbridge.hub import Command
from calbridge.lifecycle import CommandKind
from calbridge.model import Appointment, State
from calbridge.wall import instant_of, local

if TYPE_CHECKING:
    from calbridge.settings import ClinicConfig

OPEN = frozenset({State.REQUESTED, State.CONFIRMED, State.ARRIVED})
ALLOWED: Mapping[CommandKind, frozenset[State]] = {
    "accept": frozenset({State.REQUESTED}),
    "decline": frozenset({State.REQUESTED}),
    "cancel": OPEN,
    "move": OPEN,
    "link": people.LINKABLE,
    "unlink": people.LINKABLE,
    "create": people.LINKABLE,
}
DONE: Mapping[CommandKind, str] = {
    "accept": "accepted",
    "decline": "declined",
    "cancel": "cancelled",
    "move": "moved",
    "link": "linked",
    "unlink": "unlinked",
    "create": "given a record",
}
NOT_YET = "its client has not sent it yet; it is only reserved, and ends by itself"
INSTEAD: Mapping[tuple[CommandKind, State], str] = {
    ("accept", State.CONFIRMED): "there is nothing left to accept",
    ("accept", State.ARRIVED): "the patient is here already",
    ("decline", State.CONFIRMED): 'the client counts on it: "calbridge requests cancel {booking}" takes it back',
    ("decline", State.ARRIVED): "the patient is here already",
}
"""Why not, and what to do instead; {booking} is its id."""

quiet_option = click.option(
    "--notify/--quiet", "notify", default=None, help="Send a message, or none; else the clinic's rules say."
)


Look = Callable[["Workplace", "ClinicConfig", Appointment, Command], Command]
"""Looks at the outside before something is asked for."""


CommandT = TypeVar("CommandT", bound=Callable[..., object])


def client_options(*, required: bool) -> Callable[[CommandT], CommandT]:
    """`--client` and `--patient`."""

    def add(command: CommandT) -> CommandT:
        patient = click.option("--patient", default="", help="The animal's record number; else the one that fits.")
        says = "The client's record number in the PMS, or CONNECTION/NUMBER where several keep clients."
        client = click.option("--client", default="", required=required, help=says)
        return client(patient(command))

    return add


@click.command()
@click.argument("booking")
@client_options(required=False)
@config_option
@clinic_option
@reporting
def accept(path: Path, clinic: str, booking: str, client: str, patient: str) -> Outcome:
    """Accept a request; with --client it is linked in the same step."""
    command = Command(kind="accept", appointment=booking, client=client, patient=patient)
    if patient and not client:
        raise ConfigError("--patient is an animal of a client: name her with --client")
    return ask(path, clinic, command, look=people.existing if client else None)


@click.command()
@click.argument("booking")
@reason_option
@quiet_option
@config_option
@clinic_option
@reporting
def decline(path: Path, clinic: str, booking: str, reason: str, notify: bool | None) -> Outcome:
    """Decline a request."""
    return ask(path, clinic, Command(kind="decline", appointment=booking, reason=spoken(reason), notify=notify))


@click.command()
@click.argument("booking")
@reason_option
@quiet_option
@config_option
@clinic_option
@reporting
def cancel(path: Path, clinic: str, booking: str, reason: str, notify: bool | None) -> Outcome:
    """Cancel a booking on all sides; a request is declined."""
    return ask(path, clinic, Command(kind="cancel", appointment=booking, reason=spoken(reason), notify=notify))


@click.command()
@click.argument("booking")
@click.option("--to", "to", required=True, help="New start on the clinic's clock, like 2026-11-24T10:30.")
@click.option("--with", "resource", default="", help="Another resource; else it stays with the same.")
@click.option("--minutes", type=click.IntRange(1, 1_440), help="Another length; else it keeps its own.")
@quiet_option
@config_option
@clinic_option
@reporting
def move(
    path: Path, clinic: str, booking: str, to: str, resource: str, minutes: int | None, notify: bool | None
) -> Outcome:
    """Move a booking on all sides; the clinic is bound by no rule, but is told what it moved over."""
    with opened(path) as workplace:
        config, found = owner(workplace, clinic, booking, "move")
        start = _start(config, to, now=workplace.clock.now())
        length = found.end - found.start if minutes is None else minutes * 60
        place = replace(
            Command(kind="move", appointment=booking, notify=notify),
            resource=_resource(config, resource) if resource else found.resource,
            start=start,
            end=start + length,
        )
    return ask(path, clinic, place)


def ask(path: Path, clinic: str, command: Command, *, look: Look | None = None) -> Outcome:
    """Put it down for the next cycle, or say why it makes no sense. `look` has a last word, and may complete it."""
    with opened(path) as workplace:
        config, found = owner(workplace, clinic, command.appointment, command.kind)
        wanted = look(workplace, config, found, command) if look else command
        workplace.store.add_command(config.clinic.key, wanted)
    answer = Asked(
        clinic=config.clinic.key,
        appointment=wanted.appointment,
        command=wanted.kind,
        client=wanted.client,
        patient=wanted.patient,
    )
    whom = f" to client {wanted.client}" if wanted.client else ""
    whom += f" and animal {wanted.patient}" if wanted.patient else ""
    text = (
        f"Noted: {wanted.kind} {answer.appointment}{whom}. "
        "The next cycle does it (calbridge sync, or the running daemon)."
    )
    return Outcome(answer=answer, show=lambda console: console.print(text, markup=False))


def owner(workplace: Workplace, clinic: str, booking: str, kind: CommandKind) -> tuple[ClinicConfig, Appointment]:
    """The clinic of this booking and the booking, when this can be asked of it."""
    config, found = known(workplace, clinic, booking, look='"calbridge requests list" shows those that wait')
    if found.state not in ALLOWED[kind]:
        raise ConfigError(_refusal(found, kind))
    return config, found


def _refusal(booking: Appointment, kind: CommandKind) -> str:
    if booking.state is State.HELD:
        why = NOT_YET
    elif booking.state.ended:
        why = "what has ended stays ended"
    else:
        why = INSTEAD[kind, booking.state].format(booking=booking.id)
    return f"booking {booking.id} is {booking.state.replace('_', ' ')} and cannot be {DONE[kind]}: {why}"


def _start(config: ClinicConfig, text: str, *, now: int) -> int:
    """A time without an offset is the clinic's wall clock; one with an offset is taken as it stands."""
    at, tz = _moment(text), config.clinic.time_zone
    if at.tzinfo is None:
        start = instant_of(tz, at.date(), at.hour * 60 + at.minute)
        if local(tz, start).replace(tzinfo=None) != at.replace(second=0, microsecond=0):
            raise ConfigError(f'--to "{text}" does not exist in {tz}: the clock skips it')
    else:
        start = int(at.timestamp())
    if start <= now:
        raise ConfigError(f'--to "{text}" is over: a booking is moved to a time that is still to come')
    return start


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f'--to "{text}" is no date and time; write it like 2026-11-24T10:30') from None


def _resource(config: ClinicConfig, key: str) -> str:
    resources = config.clinic.resources
    if key not in resources:
        raise ConfigError(f'clinic {config.clinic.key} has no resource "{key}"; there are {", ".join(resources)}')
    return key
