"""What one side shows of one visit, in words that all three sides share, and as a short line for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from calbridge.demo.days import BERLIN


class Refused(Exception):
    """A side refused what a person wanted; the text is what it told them."""

    def __init__(self, told: str, *, alternatives: int = 0) -> None:
        super().__init__(told)
        self.alternatives = alternatives


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Shown:
    """`state` is the side's own word; `ref` names it there; `text` is what a person reads."""

    start: datetime
    end: datetime
    resource: str
    state: str
    text: str = ""
    ref: str = ""
    version: str = ""

    @property
    def place(self) -> tuple[str, datetime, datetime]:
        """Where it stands: what all sides must agree on."""
        return self.resource, self.start, self.end

    def line(self) -> str:
        """Day, time, resource, state, text."""
        first, last = self.start.astimezone(BERLIN), self.end.astimezone(BERLIN)
        return f"{first:%d.%m. %H:%M}-{last:%H:%M} {self.resource} {self.state} {self.text}".rstrip()


def lines(entries: Iterable[Shown]) -> list[str]:
    """All of them, by time."""
    return [entry.line() for entry in sorted(entries)]


def on(entries: Iterable[Shown], span: tuple[datetime, datetime]) -> tuple[Shown, ...]:
    """Those that touch a span."""
    return tuple(sorted(entry for entry in entries if entry.start < span[1] and span[0] < entry.end))
