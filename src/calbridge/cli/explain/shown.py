"""An explanation for a terminal of any width: the answer first, then every rule, then what is offered instead."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from calbridge.cli.texts import plain
from calbridge.explain.texts import clock, moment

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from calbridge.cli.answers import ExplainedSlot, RuleLine, SlotLine
    from calbridge.model import Clinic

NARROW = 64
"""Below this many columns a rule's words stand under its name, not beside it."""


def show(console: Console, clinic: Clinic, answer: ExplainedSlot) -> None:
    """Print it."""
    _say(console, _headline(clinic, answer), "bold")
    _say(console, _verdict(answer), "green" if answer.offered else "red")
    console.print()
    marks = ("✓", "✗") if "utf" in (console.encoding or "").lower() else ("+", "x")
    narrow = console.width < NARROW
    table = _grid(narrow=narrow)
    for line in answer.rules:
        _add(table, line, marks[0] if line.ok else marks[1], narrow=narrow)
    console.print(table)
    console.print()
    for text in _after(clinic, answer):
        _say(console, text)


def _say(console: Console, text: str, style: str = "") -> None:
    """Broken between words, as the table is."""
    console.print(text, style=style or None, markup=False, soft_wrap=False)


def _headline(clinic: Clinic, answer: ExplainedSlot) -> str:
    service, resource = clinic.services[answer.service].name, clinic.resources[answer.resource].name
    start, end = (int(datetime.fromisoformat(each).timestamp()) for each in (answer.start, answer.end))
    return f"{service} with {resource}, {moment(clinic.time_zone, start)}-{clock(clinic.time_zone, end)}"


def _verdict(answer: ExplainedSlot) -> str:
    if answer.offered:
        return "Offered."
    failed = [line for line in answer.rules if not line.ok]
    more = f" {len(failed)} rules say no; the first gives the reason." if len(failed) > 1 else ""
    return f"Not offered ({answer.code}): {failed[0].sentence}{more}"


def _grid(*, narrow: bool) -> Table:
    from rich.table import Table

    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    if not narrow:
        grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _add(table: Table, line: RuleLine, mark: str, *, narrow: bool) -> None:
    style = "green" if line.ok else "bold red"
    words = plain(line.sentence) + (f"\n[dim]->[/dim] {plain(line.remedy)}" if line.remedy else "")
    name = plain(line.title)
    cells = [f"{name}\n{words}"] if narrow else [name, words]
    table.add_row(f"[{style}]{mark}[/{style}]", *cells)


def _after(clinic: Clinic, answer: ExplainedSlot) -> list[str]:
    """What it takes, what is offered instead, and how old the knowledge is."""
    lines = []
    if answer.requires:
        lines.append(f"It would take too: {', '.join(clinic.resources[key].name for key in answer.requires)}")
    if not answer.offered:
        lines += ["Offered next:", *(f"  {_instead(clinic, each)}" for each in answer.instead)]
        if not answer.instead:
            lines[-1] = "Nothing later is offered."
    reads = [f"{name} {_moment(clinic, at)}" for name, at in answer.as_of.items()]
    read = f"; last read: {', '.join(reads)}" if reads else ""
    return [*lines, f"As of {_moment(clinic, answer.now)} {clinic.time_zone}{read}"]


def _moment(clinic: Clinic, text: str) -> str:
    return moment(clinic.time_zone, int(datetime.fromisoformat(text).timestamp()))


def _instead(clinic: Clinic, slot: SlotLine) -> str:
    return f"{_moment(clinic, slot.start)} with {clinic.resources[slot.resource].name}"
