"""`calbridge sync` and `calbridge apply`: one cycle of every clinic, now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from calbridge.cli.answers import Cycle, PlannedWrite, Sync
from calbridge.cli.reporting import FINE, HUMAN, Outcome, clinic_option, config_option, reporting
from calbridge.cli.texts import instant
from calbridge.cli.workplace import Workplace, opened
from calbridge.settings import ClinicConfig

if TYPE_CHECKING:
    from rich.console import Console

    from calbridge.engine import Report


@click.command(short_help="Bring all sides together once.")
@config_option
@clinic_option
@click.option("--dry-run", is_flag=True, help="Only say what would be written; remember nothing.")
@reporting
def sync(path: Path, clinic: str, dry_run: bool) -> Outcome:
    """Bring all sides together once.

    A new connection is only planned for until "calbridge apply", or first_run = "apply" in its section.
    """
    with opened(path) as workplace:
        return _cycles(workplace, workplace.clinics(clinic), dry_run=dry_run)


@click.command(short_help="Let new connections be written to, then sync.")
@config_option
@clinic_option
@click.option("--connection", default="", help="Only this connection.")
@reporting
def apply(path: Path, clinic: str, connection: str) -> Outcome:
    """Let new connections be written to, then sync. Look at the plan first: "calbridge sync --dry-run"."""
    with opened(path) as workplace:
        clinics = workplace.clinics(clinic)
        for each in clinics:
            for name in [workplace.connection(each, connection)] if connection else each.connections:
                workplace.store.approve(each.clinic.key, name)
        return _cycles(workplace, clinics, dry_run=False)


def _cycles(workplace: Workplace, clinics: list[ClinicConfig], *, dry_run: bool) -> Outcome:
    cycles = [_cycle(workplace, clinic, dry_run=dry_run) for clinic in clinics]
    answer = Sync(dry_run=dry_run, clinics=cycles)
    quiet = not any(cycle.failures or cycle.tasks for cycle in cycles)
    return Outcome(answer=answer, show=lambda console: _show(console, answer), code=FINE if quiet else HUMAN)


def _cycle(workplace: Workplace, clinic: ClinicConfig, *, dry_run: bool) -> Cycle:
    engine = workplace.engine(clinic)
    report: Report = engine.preview() if dry_run else engine.cycle(at_once=True)
    return Cycle(
        clinic=report.clinic,
        run=report.run,
        reads=dict(report.reads),
        writes={name: report.writes.get(name, 0) for name in clinic.connections},
        planned=[_planned(clinic, each) for each in report.planned],
        failures=dict(report.failures),
        tasks=[task.sentence for task in report.tasks],
        codes=dict(report.codes),
    )


def _planned(clinic: ClinicConfig, planned: dict[str, Any]) -> PlannedWrite:
    return PlannedWrite(**{**planned, "start": instant(clinic.clinic.time_zone, planned["start"])})


def _show(console: Console, answer: Sync) -> None:
    from rich.markup import escape

    for cycle in answer.clinics:
        console.print(f"[bold]clinic {cycle.clinic}[/bold] (run {cycle.run})")
        for name, count in cycle.writes.items():
            read = cycle.failures.get(name) or f"read {cycle.reads.get(name, 'not at all')}"
            console.print(f"  {name}: {escape(read)}; {count} writes")
        for planned in cycle.planned:
            console.print(f"  would {planned.action} {planned.appointment} on {planned.connection}: {planned.state}, "
                          f"{planned.resource}, {planned.start}")  # fmt: skip
        for sentence in cycle.tasks:
            console.print(f"  [yellow]task[/yellow] {escape(sentence)}")
        if cycle.planned and not answer.dry_run:
            console.print('  nothing of this was written yet: "calbridge apply" does it')
