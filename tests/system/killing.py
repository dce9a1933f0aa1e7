"""A proxy's rule that kills the bridge at a chosen write, before it reached the server or after it was done."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Literal

from calbridge.testing.proxy import Answer, Call, Lost, Rule

Moment = Literal["before", "after"]


class Killer(Rule):
    """Counts the writes that pass any of the proxies, and at the chosen one kills whoever is at work."""

    def __init__(self, counts: Callable[[Call], bool]) -> None:
        self._counts = counts
        self._lock = threading.Lock()
        self._own = threading.local()
        self._seen = 0
        self._chosen = 0
        self._moment: Moment = "before"
        self.victim: int | None = None

    def arm(self, chosen: int, moment: Moment) -> None:
        """Kill at the write with this number, counted from now on; 0 is never."""
        with self._lock:
            self._seen, self._chosen, self._moment = 0, chosen, moment

    @property
    def seen(self) -> int:
        """Writes since it was armed."""
        return self._seen

    def before(self, call: Call) -> Call:
        self._own.number = 0
        if call.writes and self._counts(call):
            with self._lock:
                self._seen += 1
                self._own.number = self._seen
        self._strike("before")
        return call

    def after(self, call: Call, answer: Answer) -> Answer:
        self._strike("after")
        return answer

    def _strike(self, moment: Moment) -> None:
        if not self._own.number or (self._own.number, moment) != (self._chosen, self._moment):
            return
        assert self.victim is not None
        os.kill(self.victim, signal.SIGKILL)
        raise Lost
