"""`calbridge requests`: bookings that wait for the clinic's word. What is said here is done by the next cycle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli.answers import RequestLine, Requests
from calbridge.cli.deciding import accept, ask, cancel, decline, move
from calbridge.cli.reporting import Outcome, clinic_option, config_option, names_option, reporting
from calbridge.cli.texts import instant, table
from calbridge.cli.workplace import Workplace, opened
from calbridge.hub import Command
from calbridge.model import Appointment, Details, State
from calbridge.settings import ClinicConfig

if TYPE_CHECKING:
    from rich.console import Console

OPEN_MATCHES = {"ambiguous", "unmatched"}


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
@click.option("--client", required=True, help="The client's record number in the PMS.")
@click.option("--patient", default="", help="The patient's record number in the PMS.")
@config_option
@clinic_option
@reporting
def link(path: Path, clinic: str, booking: str, client: str, patient: str) -> Outcome:
    """Link a booking to a client's record, and a patient's."""
    return ask(path, clinic, Command(kind="link", appointment=booking, client=client, patient=patient))


for decision in (accept, decline, cancel, move):
    requests.add_command(decision)


def _waiting(workplace: Workplace, config: ClinicConfig) -> list[Appointment]:
    states = {State.REQUESTED, State.CONFIRMED}
    found = workplace.store.appointments(config.clinic.key, states=states, frm=workplace.clock.now())
    return [each for each in found if each.state is State.REQUESTED or each.match in OPEN_MATCHES]


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
