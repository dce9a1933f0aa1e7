"""`calbridge journal`: every decision with its reason code. It holds no personal data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli.answers import Journal, JournalLine
from calbridge.cli.onebooking import known
from calbridge.cli.reporting import Outcome, clinic_option, config_option, reporting
from calbridge.cli.texts import instant, table
from calbridge.cli.workplace import opened
from calbridge.settings import ClinicConfig

if TYPE_CHECKING:
    from rich.console import Console

    from calbridge.store import JournalRow


@click.command(short_help="What was decided, and why.")
@config_option
@clinic_option
@click.option("--booking", default="", help="Only decisions about this booking.")
@click.option("--run", "cycle", default="", help="Only decisions of this run.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="The last so many.")
@reporting
def journal(path: Path, clinic: str, booking: str, cycle: str, limit: int) -> Outcome:
    """What was decided, and why, newest last."""
    with opened(path) as workplace:
        lines = [
            _line(config, row)
            for config in workplace.clinics(clinic)
            for row in workplace.store.journal(
                config.clinic.key, appointment=booking or None, run=cycle or None, limit=limit
            )
        ]
        if booking and not lines:
            known(workplace, clinic, booking)  # nothing decided and no such booking: a wrong id, not a quiet one
    answer = Journal(entries=lines)
    return Outcome(answer=answer, show=lambda console: _show(console, answer))


def _line(config: ClinicConfig, row: JournalRow) -> JournalLine:
    return JournalLine(
        clinic=config.clinic.key,
        id=row.id,
        run=row.run,
        at=instant(config.clinic.time_zone, row.at),
        code=row.code,
        appointment=row.appointment,
        connection=row.connection,
        facts=dict(row.facts),
    )


def _show(console: Console, answer: Journal) -> None:
    rows = [
        (each.at, each.code, each.appointment, each.connection, " ".join(f"{k}={v}" for k, v in each.facts.items()))
        for each in answer.entries
    ]
    table(console, ("at", "code", "booking", "connection", "facts"), rows, empty="Nothing was decided yet.")
