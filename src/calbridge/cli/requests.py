"""`calbridge requests`: bookings that wait for the clinic's word. What is said here is done by the next cycle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli.answers_booking import RequestLine, Requests
from calbridge.cli.deciding import accept, cancel, decline, move
from calbridge.cli.inbox import create_client, link, show, unlink
from calbridge.cli.reporting import Outcome, clinic_option, config_option, names_option, reporting
from calbridge.cli.texts import instant, table
from calbridge.cli.workplace import Workplace, opened
from calbridge.model import Appointment, Details, State
from calbridge.reconcile import waits
from calbridge.settings import ClinicConfig

if TYPE_CHECKING:
    from rich.console import Console


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


for command in (show, accept, decline, cancel, move, link, unlink, create_client):
    requests.add_command(command)


def _waiting(workplace: Workplace, config: ClinicConfig) -> list[Appointment]:
    """Requests and what is not written yet, to come; and all that a person was asked about and did not put away."""
    store, key = workplace.store, config.clinic.key
    coming = store.appointments(key, states={State.REQUESTED, State.CONFIRMED}, frm=workplace.clock.now())
    found = {each.id: each for each in coming if not _settled(each)}
    asked = {task.appointment for task in store.tasks(key) if task.kind in {"link", "details"}} - set(found)
    found |= {each.id: each for one in asked if (each := store.appointment(key, one)) is not None and _asks(each)}
    return sorted(found.values(), key=lambda each: (each.start, each.id))


def _asks(booking: Appointment) -> bool:
    """Who is it, or what has she corrected since?"""
    return waits(booking) or bool(booking.corrected)


def _settled(booking: Appointment) -> bool:
    """Decided, and in the system of record."""
    return booking.state is State.CONFIRMED and booking.written


def _line(config: ClinicConfig, booking: Appointment, *, names: bool) -> RequestLine:
    tz, details = config.clinic.time_zone, booking.details or Details()
    return RequestLine(
        clinic=config.clinic.key,
        id=booking.id,
        state=str(booking.state),
        written=booking.written,
        service=booking.service,
        resource=booking.resource,
        start=instant(tz, booking.start),
        end=instant(tz, booking.end),
        match=booking.match,
        waits=waits(booking),
        corrected=list(booking.corrected),
        client=booking.client,
        name=f"{details.first_name} {details.last_name}".strip() if names else None,
        patient=", ".join(each.name for each in details.animals) if names else None,
    )


def _stands(line: RequestLine) -> str:
    return "unwritten" if line.state == State.CONFIRMED and not line.written else line.state


def _show(console: Console, answer: Requests, *, names: bool) -> None:
    columns = ["booking", "state", "start", "service", "with", "match", *(["client", "patient"] if names else [])]
    rows = [
        [each.id, _stands(each), each.start, each.service, each.resource, each.match or "-"]
        + ([each.name or "", each.patient or ""] if names else [])
        for each in answer.requests
    ]
    table(console, columns, rows, empty="Nothing waits for the clinic's word.")
