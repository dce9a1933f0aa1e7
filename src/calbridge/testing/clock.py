"""A clock that stands still until it is advanced: time in a test is an argument, never a wait."""

from __future__ import annotations


class VirtualClock:
    """A `calbridge.provider.Clock` under the test's control. Epoch seconds; never runs backwards."""

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> int:
        """The present, whole seconds."""
        return self._now

    def advance(self, seconds: int) -> int:
        """Let `seconds` pass; returns the new present."""
        if seconds < 0:
            raise ValueError(f"a clock cannot be advanced by {seconds} s; give 0 or more")
        self._now += seconds
        return self._now
