"""How a calendar is looked at: the clinic's zone, the window, and what counts as busy."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from calbridge.ical import Policy, Reading, read
from calbridge.interval import Interval

_ANY = Policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """One look at the calendars of a connection."""

    zone: ZoneInfo
    window: Interval
    policy: Policy = _ANY

    def read(self, body: bytes) -> Reading:
        """What an object says of time."""
        return read(body, window=self.window, zone=self.zone, policy=self.policy)
