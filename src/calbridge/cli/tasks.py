"""`calbridge tasks`: what a person must look at, and the two ways to be done with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli.answers import TaskDone, TaskLine, Tasks
from calbridge.cli.reporting import FINE, HUMAN, Outcome, clinic_option, config_option, reporting
from calbridge.cli.texts import instant
from calbridge.cli.workplace import Workplace, opened
from calbridge.errors import ConfigError
from calbridge.settings import ClinicConfig

if TYPE_CHECKING:
    from rich.console import Console

    from calbridge.store import TaskRow


@click.group(short_help="What a person must look at.")
def tasks() -> None:
    """What a person must look at."""


@tasks.command("list")
@config_option
@clinic_option
@click.option("--all", "everything", is_flag=True, help="Also those that are done.")
@reporting
def list_tasks(path: Path, clinic: str, everything: bool) -> Outcome:
    """List what is open."""
    with opened(path) as workplace:
        lines = [
            _line(config, row)
            for config in workplace.clinics(clinic)
            for row in workplace.store.tasks(config.clinic.key, open_only=not everything)
        ]
    answer = Tasks(tasks=lines)
    waiting = any(line.state == "open" for line in lines)
    return Outcome(answer=answer, show=lambda console: _show(console, answer), code=HUMAN if waiting else FINE)


@tasks.command()
@click.argument("connection")
@config_option
@clinic_option
@reporting
def release(path: Path, clinic: str, connection: str) -> Outcome:
    """Let through, once, what the guard stopped on CONNECTION."""
    with opened(path) as workplace:
        config = workplace.clinic(clinic)
        key = config.clinic.key
        _guarded(workplace, key, workplace.connection(config, connection))
        workplace.store.release(key, connection)
    text = f"Released: the next cycle may cancel on {connection} what the guard held back."
    return _done(TaskDone(clinic=key, task=None, connection=connection), text)


@tasks.command()
@click.argument("task", type=int)
@config_option
@clinic_option
@reporting
def dismiss(path: Path, clinic: str, task: int) -> Outcome:
    """Put TASK away until it has something new to say."""
    with opened(path) as workplace:
        key = workplace.clinic(clinic).clinic.key
        workplace.store.dismiss(key, task)
    return _done(TaskDone(clinic=key, task=task, connection=None), f"Dismissed: task {task}.")


def _guarded(workplace: Workplace, clinic: str, connection: str) -> None:
    """A release given in advance would let the next wrong listing cancel everything."""
    if not any(row.kind == "guard" and row.connection == connection for row in workplace.store.tasks(clinic)):
        raise ConfigError(
            f"clinic {clinic}, connection {connection}: nothing is held back, so there is nothing to release; "
            '"calbridge tasks list" shows what is open'
        )


def _done(answer: TaskDone, text: str) -> Outcome:
    return Outcome(answer=answer, show=lambda console: console.print(text, markup=False))


def _line(config: ClinicConfig, row: TaskRow) -> TaskLine:
    return TaskLine(
        clinic=config.clinic.key,
        id=row.id,
        kind=row.kind,
        sentence=row.sentence,
        appointment=row.appointment,
        connection=row.connection,
        state=row.state,
        opened=instant(config.clinic.time_zone, row.opened),
    )


def _show(console: Console, answer: Tasks) -> None:
    if not answer.tasks:
        console.print("Nothing is open.")
    for each in answer.tasks:
        console.print(f"{each.id}  {each.clinic}  {each.kind}  {each.opened}  {each.state}", markup=False)
        console.print(f"   {each.sentence}", markup=False)
        if each.kind == "guard" and each.state == "open":
            console.print(f"   To release it: calbridge tasks release {each.connection}", markup=False)
