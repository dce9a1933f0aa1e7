"""The gate between bridge and calendar server: it can hold one write back for ever, so that the bridge dies in it."""

from __future__ import annotations

import threading

from calbridge.testing.proxy import Call, Lost, Rule

PATIENCE_S = 30.0


class Gate(Rule):
    """Open unless armed. Armed, it stops the next event that is written, says so, and loses it when let go."""

    def __init__(self) -> None:
        self._armed = threading.Event()
        self._reached = threading.Event()
        self._done = threading.Event()

    def arm(self) -> None:
        """Stop the next write of an event."""
        self._reached.clear()
        self._done.clear()
        self._armed.set()

    def wait(self, seconds: float) -> bool:
        """Has a write come to the gate?"""
        return self._reached.wait(seconds)

    def lose(self) -> None:
        """Open again; what was held back never reaches the server."""
        self._armed.clear()
        self._done.set()

    def before(self, call: Call) -> Call:
        """Let through, or hold until it is lost."""
        if not (self._armed.is_set() and call.method == "PUT"):
            return call
        self._reached.set()
        self._done.wait(PATIENCE_S)
        raise Lost
