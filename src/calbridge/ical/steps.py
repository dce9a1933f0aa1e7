"""Work in bounds: a library that cannot be interrupted is stopped from inside, after so many calls.

The profiler's hook is Python's only way into a running loop. It is each thread's own, and a profiler that was there
before is put back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


SPENT = "the file asks for more work than one is worth"


class TooManyStepsError(BaseException):
    """The work was stopped. No library's own `except Exception` may take it for something else."""


_INTERRUPTIBLE = frozenset({"dateutil", "recurring_ical_events", "icalendar"})
"""The libraries that are stopped, in their own code only, where it calls into C. Elsewhere it could be a finalizer that
happens to run just then: it would swallow the exception, the hook be gone, and the work go on for ever."""


def _library(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


class Steps:
    """How much a reading may still cost, in calls (a million take about a second), and how much one piece of work."""

    def __init__(self, left: int, each: int) -> None:
        self.left = left
        self.each = each

    def affords(self, steps: int) -> bool:
        """Count work whose cost is known beforehand; False when that is too much, and so is all that follows."""
        if steps > self.left:
            self.left = 0
            return False
        self.left -= steps
        return True

    def spend(self, steps: int) -> None:
        """The same, or raise."""
        if not self.affords(steps):
            raise TooManyStepsError

    def run(self, work: Callable[[], ResultT]) -> ResultT:
        """Do the work, but stop it after so many calls; do nothing when nothing is left."""
        if self.left <= 0:
            raise TooManyStepsError
        allowed = left = min(self.each, self.left)

        def count(frame: FrameType, event: str, _argument: Any) -> None:
            nonlocal left
            left -= 1
            if left < 0 and event == "c_call" and _library(frame) in _INTERRUPTIBLE:
                raise TooManyStepsError

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            return work()
        finally:
            sys.setprofile(before if callable(before) else None)
            self.left = max(0, self.left - (allowed - left))
