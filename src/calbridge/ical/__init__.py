"""Read iCalendar: text in, occurrences out. No I/O, no clock; nothing in it ever carries a summary or another text.

`read` is the way in. What a broken or hostile file cannot say is reported with its line and keeps its time where that
can be read; nothing raises, and an exploding recurrence is bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calbridge.ical.meaning import Meaning, Meant, fold, meant
from calbridge.ical.policy import Counts, Policy
from calbridge.ical.records import Occurrence, Reading, Refused

if TYPE_CHECKING:
    from calbridge.ical.reading import read

__all__ = ["Counts", "Meaning", "Meant", "Occurrence", "Policy", "Reading", "Refused", "fold", "meant", "read"]


def __getattr__(name: str) -> Any:
    """`read` is imported when it is first asked for: its libraries cost a quiet command a tenth of its time."""
    if name == "read":
        from calbridge.ical.reading import read

        globals()[name] = read
        return read
    raise AttributeError(name)
