"""How a calendar is looked at: the clinic's zone, the window, what counts as busy, and what categories mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from calbridge.ical import Meaning, Policy, Reading
from calbridge.interval import Interval
from calbridge_caldav.hrefs import ONLINE

_ANY, _NOTHING = Policy(), Meaning()


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """One look at the calendars of a connection. `marks`: categories that show our own events to their clients."""

    zone: ZoneInfo
    window: Interval
    policy: Policy = _ANY
    meaning: Meaning = _NOTHING
    marks: tuple[str, ...] = ()

    def read(self, body: bytes) -> Reading:
        """What an object says of time."""
        from calbridge.ical import read

        return read(body, window=self.window, zone=self.zone, policy=self.policy)

    def meaning_of(self, name: str) -> Meaning:
        """What the entries of one calendar mean."""
        return replace(self.meaning, online=True) if name.startswith(ONLINE) else self.meaning
