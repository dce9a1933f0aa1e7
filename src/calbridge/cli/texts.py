"""Small texts that several commands print: instants with the clinic's offset, tables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from calbridge.wall import local

if TYPE_CHECKING:
    from rich.console import Console

MARKS = {"ok": "[green]ok[/green]     ", "warning": "[yellow]warning[/yellow]", "error": "[red]error[/red]  "}
"""How a finding begins, by its level."""


def instant(tz: str, at: int) -> str:
    """RFC 3339 with the clinic's offset."""
    return local(tz, at).isoformat()


def maybe_instant(tz: str, at: int | None) -> str | None:
    """The same, where there may be none."""
    return None if at is None else instant(tz, at)


def short(tz: str, at: int) -> str:
    """For people: date and time on the clinic's clock."""
    return local(tz, at).strftime("%a %Y-%m-%d %H:%M")


def table(console: Console, columns: Iterable[str], rows: Iterable[Iterable[object]], *, empty: str) -> None:
    """Rows under their headings, or one line that says there are none."""
    from rich.table import Table

    lines = [[str(cell) for cell in row] for row in rows]
    if not lines:
        console.print(empty, markup=False)
        return
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        grid.add_column(name, overflow="fold")
    for line in lines:
        grid.add_row(*[plain(cell) for cell in line])
    console.print(grid)


def plain(text: str) -> str:
    """Square brackets are text here, not markup."""
    from rich.markup import escape

    return escape(visible(text))


_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def visible(text: str) -> str:
    """Without control characters: what somebody else wrote must not speak to the terminal."""
    return _CONTROL.sub("\ufffd", text)
