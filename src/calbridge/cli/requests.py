"""`calbridge requests`: bookings that wait for the clinic's word. What is said here is done by the next cycle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from calbridge.cli.answers import Asked, RequestLine, Requests
from calbridge.cli.reporting import Outcome, clinic_option, config_option, names_option, reporting
from calbridge.cli.texts import instant, table
from calbridge.cli.workplace import Workplace, opened
from calbridge.errors import ConfigError
from calbridge.model import Appointment, Details, State
from calbridge.settings import ClinicConfig

if TYPE_CHECKING:
    from rich.console import Console

OPEN_MATCHES = {"ambiguous", "unmatched"}
Kind = Literal["accept", "decline", "link"]


@click.group(short_help="Bookings that wait for the clinic's word.")
def requests() -> None:
    """Bookings that wait for the clinic's word: requests, and bookings that nobody could be matched to."""


@requests.command("list")
@config_option
@clinic_option
@names_option
@reporting
def list_requests(path: Path, clinic: str, names: bool) -> Outcome:
    """List them, without names unless --names is given."""
    with opened(path) as workplace:
        lines = [
            _line(config, each, names=names)
            for config in workplace.clinics(clinic)
            for each in _waiting(workplace, config)
        ]
    answer = Requests(requests=lines)
    return Outcome(answer=answer, show=lambda console: _show(console, answer, names=names))


@requests.command()
@click.argument("booking")
@config_option
@clinic_option
@reporting
def accept(path: Path, clinic: str, booking: str) -> Outcome:
    """Accept a request."""
    return _ask(path, clinic, booking, "accept", {State.REQUESTED})


@requests.command()
@click.argument("booking")
@click.option("--reason", default="", help="Told to the client where the clinic's rules say so.")
@click.option("--quiet", is_flag=True, help="Send no message.")
@config_option
@clinic_option
@reporting
def decline(path: Path, clinic: str, booking: str, reason: str, quiet: bool) -> Outcome:
    """Decline a request."""
    return _ask(path, clinic, booking, "decline", {State.REQUESTED}, reason=reason, notify=not quiet)


@requests.command()
@click.argument("booking")
@click.option("--client", required=True, help="The client's record number in the PMS.")
@click.option("--patient", default="", help="The patient's record number in the PMS.")
@config_option
@clinic_option
@reporting
def link(path: Path, clinic: str, booking: str, client: str, patient: str) -> Outcome:
    """Link a booking to a client's record, and a patient's."""
    states = {State.REQUESTED, State.CONFIRMED, State.ARRIVED}
    return _ask(path, clinic, booking, "link", states, client=client, patient=patient)


def _waiting(workplace: Workplace, config: ClinicConfig) -> list[Appointment]:
    states = {State.REQUESTED, State.CONFIRMED}
    found = workplace.store.appointments(config.clinic.key, states=states, frm=workplace.clock.now())
    return [each for each in found if each.state is State.REQUESTED or each.match in OPEN_MATCHES]


def _ask(
    path: Path,
    clinic: str,
    booking: str,
    kind: Kind,
    states: set[State],
    *,
    reason: str = "",
    notify: bool = True,
    client: str = "",
    patient: str = "",
) -> Outcome:
    with opened(path) as workplace:
        config = _owner(workplace, clinic, booking, lambda each: each.state in states, kind)
        workplace.store.add_command(
            config.clinic.key, kind, booking, reason=reason, notify=notify, client=client, patient=patient
        )
    answer = Asked(clinic=config.clinic.key, appointment=booking, command=kind)
    text = f"Noted: {kind} {booking}. The next cycle does it (calbridge sync, or the running daemon)."
    return Outcome(answer=answer, show=lambda console: console.print(text, markup=False))


def _owner(
    workplace: Workplace, clinic: str, booking: str, fits: Callable[[Appointment], bool], kind: Kind
) -> ClinicConfig:
    for config in workplace.clinics(clinic):
        for each in workplace.store.appointments(config.clinic.key):
            if each.id == booking and fits(each):
                return config
            if each.id == booking:
                raise ConfigError(f"booking {booking} is {each.state}: it cannot be asked to {kind}")
    raise ConfigError(f'there is no booking "{booking}": "calbridge requests list" shows those that wait')


def _line(config: ClinicConfig, booking: Appointment, *, names: bool) -> RequestLine:
    tz, details = config.clinic.time_zone, booking.details or Details()
    return RequestLine(
        clinic=config.clinic.key,
        id=booking.id,
        state=str(booking.state),
        service=booking.service,
        resource=booking.resource,
        start=instant(tz, booking.start),
        end=instant(tz, booking.end),
        match=booking.match,
        client=booking.client,
        name=f"{details.first_name} {details.last_name}".strip() if names else None,
        patient=details.patient_name if names else None,
    )


def _show(console: Console, answer: Requests, *, names: bool) -> None:
    columns = ["booking", "state", "start", "service", "with", "match", *(["client", "patient"] if names else [])]
    rows = [
        [each.id, each.state, each.start, each.service, each.resource, each.match or "-"]
        + ([each.name or "", each.patient or ""] if names else [])
        for each in answer.requests
    ]
    table(console, columns, rows, empty="Nothing waits for the clinic's word.")
