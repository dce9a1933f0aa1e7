"""What one character of the picture may be. Characters differ, so that it reads without colour too."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """`sign` for a terminal that shows Unicode, `plain` for one that does not."""

    sign: str
    plain: str
    style: str
    meaning: str


class MARKS(Enum):
    """In the order in which one hides another: the first that is true of a stretch of time is drawn."""

    OFFERED = Mark(sign="█", plain="#", style="green", meaning="offered: a visit may begin here")
    KEPT = Mark(sign="▒", plain="+", style="cyan", meaning="kept back: free, but not shown to clients")
    HELD = Mark(sign="◆", plain="?", style="yellow", meaning="held or requested")
    TAKEN = Mark(sign="x", plain="x", style="red", meaning="taken")
    ABSENT = Mark(sign="~", plain="~", style="magenta", meaning="absent")
    CLOSED = Mark(sign="·", plain=".", style="bright_black", meaning="closed")
    FREE = Mark(sign="-", plain="-", style="default", meaning="free, but no visit may begin here")
