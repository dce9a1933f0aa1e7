"""`calbridge sync` and `calbridge apply`: one cycle of every clinic, now."""

from __future__ import annotations

from collections.abc import Iterator
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


READS = {
    "": "not read",
    "Complete": "read in full",
    "Delta": "read what changed",
    "NotModified": "nothing changed there",
    "Partial": "read in part",
}
"""Kinds of feed in words for people."""


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
        offers=dict(report.offers),
        planned=[_planned(clinic, each) for each in report.planned],
        failures=dict(report.failures),
        tasks=[task.sentence for task in report.tasks],
        codes=dict(report.codes),
        messages=dict(report.told),
    )


def _planned(clinic: ClinicConfig, planned: dict[str, Any]) -> PlannedWrite:
    return PlannedWrite(**{**planned, "start": instant(clinic.clinic.time_zone, planned["start"])})


def _show(console: Console, answer: Sync) -> None:
    for cycle in answer.clinics:
        console.print(f"clinic {cycle.clinic}", style="bold", markup=False, end="")
        console.print(f" (run {cycle.run})", markup=False)
        for line in (*_done(cycle), *_would(cycle), *_told(cycle, dry_run=answer.dry_run), *_asked(cycle)):
            console.print(f"  {line}", markup=False)
        if (cycle.planned or cycle.offers) and not answer.dry_run:
            console.print('  nothing of this was written yet: "calbridge apply" does it', markup=False)


def _done(cycle: Cycle) -> Iterator[str]:
    if not cycle.writes:
        yield "there is no connection: add one to the configuration"
    for name, count in cycle.writes.items():
        yield f"{name}: {READS[cycle.reads.get(name, '')]}, {_count(count, 'write')}"
        if name in cycle.failures:
            yield f"  {cycle.failures[name]}"


def _would(cycle: Cycle) -> Iterator[str]:
    for each in cycle.planned:
        what = f"{each.state}, {each.resource}, {each.start}"
        yield f"would {each.action} {each.appointment} on {each.connection}: {what}"
    for name, days in cycle.offers.items():
        yield f"would publish the free times of {_count(days, 'day')} on {name}, each resource by itself"


def _told(cycle: Cycle, *, dry_run: bool) -> Iterator[str]:
    for kind, count in cycle.messages.items():
        yield f'{"would send" if dry_run else "sent"} {_count(count, "message")} "{kind}"'
    yield from (f"{name}: {why}" for name, why in cycle.failures.items() if name.startswith("notifier "))


def _asked(cycle: Cycle) -> Iterator[str]:
    """What a connection's own line has said already is not said again."""
    said = tuple(cycle.failures.values())
    return (f"task: {sentence}" for sentence in cycle.tasks if not said or not sentence.endswith(said))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
