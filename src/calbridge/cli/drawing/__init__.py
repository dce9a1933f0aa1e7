"""A day or a week of a clinic as a picture of characters: what is offered, what is taken, what is closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from calbridge.cli.drawing import paper
from calbridge.cli.drawing.axis import Span, axis, hull
from calbridge.cli.drawing.rows import Question, rows
from calbridge.explain.texts import dated

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Question", "Span", "picture"]


def picture(console: Console, asked: Question, days: Sequence[date], within: Span) -> None:
    """Draw those days, and of each the part `within`; as wide as the terminal."""
    clinic, tz = asked.clinic, asked.clinic.time_zone
    label = paper.label_width([clinic.resources[key].name for key in asked.keys], console.width)
    span = hull(tz, asked.bookable(days), within) or within
    grid = clinic.rules.grid_minutes
    time = axis(tz, days, span, grid=grid, room=paper.room(label, console.width))
    unicode = "utf" in (console.encoding or "").lower()
    sheet = paper.Paper(clinic=clinic, axis=time, rows=rows(asked, time.days), label=label, unicode=unicode)
    console.print(_title(asked, days), style="bold", markup=False)
    console.print()
    for line in (*sheet.days(), *sheet.legend(console.width)):
        console.print(line)


def _title(asked: Question, days: Sequence[date]) -> str:
    when = dated(days[0]) if len(days) == 1 else f"{dated(days[0])} to {dated(days[-1])}"
    return f"{asked.service.name}, {asked.service.minutes} min, {when} ({asked.clinic.time_zone})"
