"""Does it take time? What an event says of itself, and what the connection says of its kind.

TRANSP and STATUS are the standard's words; Exchange adds X-MICROSOFT-CDO-BUSYSTATUS, which for Outlook overrules TRANSP
(MS-OXCICAL 2.1.3.1.1.20): what either calls free is free, what either calls tentative is tentative.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Counts = Literal["busy", "free"]
"""Whether a kind of entry takes time."""

CANCELLED = "cancelled"
TRANSPARENT = "transparent"
FREE = "free"
TENTATIVE = "tentative"
ALL_DAY = "all_day"
EMPTY = "empty"
AVAILABLE = "available"
GUESSED = "guessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the connection says of all-day and of tentative entries."""

    all_day: Counts = "busy"
    tentative: Counts = "busy"

    def free(self, *, all_day: bool, tentative: bool) -> str:
        """Why an entry of this kind takes no time, "" where it does."""
        if tentative and self.tentative == "free":
            return TENTATIVE
        return ALL_DAY if all_day and self.all_day == "free" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How an event shows itself: STATUS and TRANSP as written, Exchange's word for both."""

    status: str = ""
    transp: str = ""
    exchange: str = ""

    @property
    def tentative(self) -> bool:
        """Only pencilled in."""
        return self.status == "TENTATIVE" or self.exchange == "TENTATIVE"

    @property
    def free(self) -> str:
        """Why it takes no time whatever the connection says, "" where that is not so."""
        if self.status == "CANCELLED":
            return CANCELLED
        if self.transp == "TRANSPARENT":
            return TRANSPARENT
        return FREE if self.exchange == "FREE" else ""


@lru_cache(maxsize=256)
def showing(status: str, transp: str, exchange: str) -> Showing:
    """The few ways there are, each made once."""
    return Showing(status=status, transp=transp, exchange=exchange)
