"""`calbridge tasks`: what a person must look at, and the ways to be done with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli.answers import TaskDone, TaskLine, Tasks
from calbridge.cli.reporting import FINE, HUMAN, Outcome, clinic_option, config_option, reporting
from calbridge.cli.texts import instant
from calbridge.cli.workplace import Workplace, opened
from calbridge.errors import ConfigError
from calbridge.hub import Command
from calbridge.lifecycle import CommandKind
from calbridge.settings import ClinicConfig

if TYPE_CHECKING:
    from rich.console import Console

    from calbridge.store import TaskRow

UNWRITTEN = frozenset({"failed", "timed_out", "write"})
"""Kinds of task about a booking that one side does not have as it should."""


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


@tasks.command()
@click.argument("task", type=int)
@config_option
@clinic_option
@reporting
def retry(path: Path, clinic: str, task: int) -> Outcome:
    """Try once more to write what TASK says could not be written."""
    return _decide(path, clinic, task, "retry", "tries again to write booking {booking} on {connection}")


@tasks.command()
@click.argument("task", type=int)
@config_option
@clinic_option
@reporting
def keep(path: Path, clinic: str, task: int) -> Outcome:
    """Take what TASK is about as written: you entered it there by hand. Its client is told."""
    return _decide(path, clinic, task, "keep", "takes booking {booking} as written on {connection}")


@tasks.command()
@click.argument("task", type=int)
@config_option
@clinic_option
@reporting
def cancel(path: Path, clinic: str, task: int) -> Outcome:
    """Take back what TASK says could not be written: a booking that is not there ends on all sides, a move is undone;
    the client is told."""
    return _decide(path, clinic, task, "take_back", "undoes the move of booking {booking}, or ends it on all sides")


def _decide(path: Path, clinic: str, task: int, kind: CommandKind, does: str) -> Outcome:
    with opened(path) as workplace:
        key = workplace.clinic(clinic).clinic.key
        row = _unwritten(workplace, key, task)
        command = Command(kind=kind, appointment=row.appointment, connection=row.connection)
        workplace.store.add_command(key, command)
    text = f"Noted: the next cycle {does.format(booking=row.appointment, connection=row.connection)}."
    return _done(TaskDone(clinic=key, task=task, connection=row.connection), text)


def _unwritten(workplace: Workplace, clinic: str, task: int) -> TaskRow:
    row = next((row for row in workplace.store.tasks(clinic) if row.id == task), None)
    if row is None:
        raise ConfigError(f"clinic {clinic} has no open task {task}; 'calbridge tasks list' shows them")
    if row.kind not in UNWRITTEN:
        raise ConfigError(
            f"task {task} of clinic {clinic} is not about a write: do what it says, "
            f'or put it away with "calbridge tasks dismiss {task}"'
        )
    return row


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
        if each.kind in UNWRITTEN and each.state == "open":
            console.print(f"   Ways out: calbridge tasks retry {each.id}, tasks keep {each.id}, tasks cancel {each.id}")
            console.print("   (try again; it stands there already; end the booking on all sides, or undo its move)")
