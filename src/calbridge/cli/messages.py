"""`calbridge messages`: what was and will be told, without addresses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli.answers import MessageDone, MessageLine, Messages
from calbridge.cli.reporting import Outcome, clinic_option, config_option, names_option, reporting
from calbridge.cli.texts import instant, table
from calbridge.cli.workplace import Workplace, opened
from calbridge.settings import ClinicConfig
from calbridge.store import MessageRow

if TYPE_CHECKING:
    from rich.console import Console


@click.group(short_help="What clients and the clinic are told, and what became of it.")
def messages() -> None:
    """What clients and the clinic are told, and what became of it."""


@messages.command("list")
@click.option("--booking", default="", help="Only those of this booking.")
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(min=1), help="At most so many, the newest."
)
@config_option
@clinic_option
@names_option
@reporting
def list_messages(path: Path, clinic: str, booking: str, limit: int, names: bool) -> Outcome:
    """List them, reminders that wait for their time included."""
    with opened(path) as workplace:
        lines = [
            _line(config, row, who)
            for config in workplace.clinics(clinic)
            for who in [_names(workplace, config) if names else None]
            for row in workplace.store.messages(config.clinic.key, appointment=booking or None, limit=limit)
        ]
    answer = Messages(messages=lines)
    return Outcome(answer=answer, show=lambda console: _show(console, answer, names=names))


@messages.command("send-again")
@click.argument("message", type=int)
@config_option
@clinic_option
@reporting
def send_again(path: Path, clinic: str, message: int) -> Outcome:
    """Send MESSAGE once more, as it was decided, with the next cycle."""
    with opened(path) as workplace:
        key = workplace.clinic(clinic).clinic.key
        workplace.store.send_again(key, message)
    text = f"Message {message} goes once more with the next cycle."
    return Outcome(
        answer=MessageDone(clinic=key, message=message, client=None),
        show=lambda console: console.print(text, markup=False),
    )


def _names(workplace: Workplace, config: ClinicConfig) -> dict[str, str]:
    """By booking, the name its client gave."""
    found = {each.id: each.details for each in workplace.store.appointments(config.clinic.key)}
    return {key: f"{given.first_name} {given.last_name}".strip() for key, given in found.items() if given}


def _line(config: ClinicConfig, row: MessageRow, names: dict[str, str] | None) -> MessageLine:
    zone, message = config.clinic.time_zone, row.message
    return MessageLine(
        clinic=config.clinic.key,
        id=row.id,
        kind=message.kind,
        audience=message.audience,
        appointment=message.appointment,
        client=message.client,
        state=row.state,
        at=instant(zone, message.at),
        handed=None if row.handed is None else instant(zone, row.handed),
        notifier=row.notifier,
        why=row.why,
        name=None if names is None else names.get(message.appointment, ""),
    )


def _show(console: Console, answer: Messages, *, names: bool) -> None:
    columns = ["id", "kind", "to", "booking", "state", "when", "by", *(["name"] if names else [])]
    rows = [
        (each.id, each.kind, each.audience, each.appointment or each.client, each.state, each.handed or each.at)
        + ((each.notifier, each.name or "") if names else (each.notifier,))
        for each in answer.messages
    ]
    table(console, columns, rows, empty="Nothing was told yet, and nothing is due.")
