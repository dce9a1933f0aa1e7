"""The picture as text: for each day the hours above, one line for each resource, and at the end what the signs mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from calbridge.cli.drawing.axis import Axis, Day
from calbridge.cli.drawing.marks import MARKS
from calbridge.cli.drawing.rows import Row
from calbridge.explain.texts import dated

if TYPE_CHECKING:
    from rich.text import Text

    from calbridge.model import Clinic

COUNT = 5
"""Characters to the right, for how many starts there are."""
GAP = 2
"""An hour's label needs so many characters and one between."""


def label_width(names: Iterable[str], width: int) -> int:
    """Room for names and dates on the left: as much as they need, at most a third."""
    from rich.cells import cell_len

    widest = max([cell_len(name) for name in names] + [len("Mon 2026-11-23")])
    return min(widest, width // 3) + GAP


def room(label: int, width: int) -> int:
    """Characters that are left for time."""
    return max(width - label - COUNT, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """`rows` are those of each day of the axis; `label` is the width of the names; `unicode`: the terminal can."""

    clinic: Clinic
    axis: Axis
    rows: Sequence[Sequence[Row]]
    label: int
    unicode: bool

    def days(self) -> Iterator[Text]:
        """Each day's lines, an empty one after them."""
        for day, rows in zip(self.axis.days, self.rows, strict=True):
            yield from self._day(day, rows)
            yield _text("")

    def legend(self, width: int) -> Iterator[Text]:
        """What the signs that occur mean."""
        seen = {mark for day in self.rows for row in day for mark in row.marks}
        line = _text("")
        for mark in (mark for mark in MARKS if mark in seen):
            if line and len(line) + len(mark.value.meaning) + 5 > width:
                yield line
                line = _text("")
            line.append("   " if line else "").append(self._sign(mark), style=mark.value.style)
            line.append(f" {mark.value.meaning}")
        yield line
        each = "Each sign is" if self.axis.signs == 1 else f"{self.axis.signs} signs are"
        yield _text(f"{each} {self.axis.minutes} minutes; on the right how many starts are offered.", "dim")

    def _day(self, day: Day, rows: Sequence[Row]) -> Iterator[Text]:
        head = _text(dated(day.date), "bold")
        if all(row.closed for row in [row for row in rows if row.starts is not None] or rows):
            yield head.append(f"{'':{GAP}}closed{_why(self.clinic, day)}", style="not bold")
            return
        hours = _hours(day, self.axis.signs)
        if len(head) >= self.label:  # a terminal so narrow that the names are shorter than a date
            yield head
            head = _text("", "bold")
        head.pad_right(self.label - len(head))
        yield head.append(hours, style="not bold")
        yield from (self._line(row) for row in rows)

    def _line(self, row: Row) -> Text:
        line = _text(self._name(row.resource))
        for mark in row.marks:
            line.append(self._sign(mark) * self.axis.signs, style=mark.value.style)
        if row.starts is not None:
            line.append(f"{row.starts:{COUNT}}", style="bold" if row.starts else "dim")
        return line

    def _name(self, key: str) -> str:
        """As wide as the label in cells of the terminal, not in characters."""
        from rich.cells import cell_len, set_cell_size

        name, room = self.clinic.resources[key].name or key, self.label - GAP
        if cell_len(name) > room:
            name = set_cell_size(name, room - 1).rstrip() + ("…" if self.unicode else ".")
        return set_cell_size(name, self.label)

    def _sign(self, mark: MARKS) -> str:
        return mark.value.sign if self.unicode else mark.value.plain


def _why(clinic: Clinic, day: Day) -> str:
    reasons = [each.reason for each in clinic.closures if each.first <= day.date <= each.last and each.reason]
    return f" ({', '.join(reasons)})" if reasons else ""


def _hours(day: Day, signs: int) -> str:
    """`08  09  10`: as many hours as there is room for."""
    text = ""
    for index, hour in day.hours:
        if not text or index * signs > len(text):
            text = f"{text:{index * signs}}{hour:02}"
    return text


def _text(words: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(words, style=style, no_wrap=True)
