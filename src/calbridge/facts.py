"""What is known of a clinic's time at one instant: the only thing besides the configuration that the rules look at.

Everything that takes time is one merged list per resource, whoever brought it; a rule never asks where it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from calbridge.interval import Interval

Spans = Mapping[str, tuple[Interval, ...]]
"""Resource key -> sorted, disjoint intervals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`now` in epoch seconds; every other field may be left out. All intervals are sorted and disjoint.

    `taken`: footprints of appointments, requests and live holds, and busy time of calendars and the PMS.
    `absences`, `closures` (under "" those of every resource), `windows` (online) and `work`: what providers say.
    Online windows are added to the configured ones; working time is where all providers that give any agree, and limits
    the configured one. A resource that is a key of `windows` or `work` counts as one that has such windows even where
    none is left: fails closed.
    `stale`: resource -> the source that has not been read for too long. `counts`: online bookings of a service on a
    local date, for `max_per_day`. For a move, `taken` and `counts` leave out the appointment that moves.
    """

    now: int
    taken: Spans = field(default_factory=dict)
    absences: Spans = field(default_factory=dict)
    closures: Spans = field(default_factory=dict)
    windows: Spans = field(default_factory=dict)
    work: Spans = field(default_factory=dict)
    stale: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[tuple[str, date], int] = field(default_factory=dict)
