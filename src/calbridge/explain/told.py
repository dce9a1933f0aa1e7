"""What a sentence is made from: one verdict, the case it is about, and who says what about the clinic's time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from calbridge.explain.texts import listed, times
from calbridge.interval import Interval
from calbridge.origins import Kind, Origin, during
from calbridge.rules import Case, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One verdict in words. `remedy` says what would make it pass; `sources` are the origins it speaks of."""

    sentence: str
    remedy: str = ""
    sources: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`reads`: connection -> the instant its last good read began."""

    case: Case
    verdict: Verdict
    origins: tuple[Origin, ...] = ()
    reads: Mapping[str, int] = field(default_factory=dict)

    @property
    def tz(self) -> str:
        """The clinic's zone."""
        return self.case.clinic.time_zone

    @property
    def resource(self) -> str:
        """The name of the resource that is asked for."""
        return self.name(self.case.resource.key)

    @property
    def visit(self) -> str:
        """`09:00-09:30`."""
        return times(self.tz, self.case.visit)

    def name(self, key: str) -> str:
        """What people call a resource."""
        known = self.case.clinic.resources.get(key)
        return known.name if known and known.name else key

    def names(self, keys: tuple[str, ...], joint: str = "and") -> str:
        """What people call several."""
        return listed([self.name(key) for key in keys], joint)

    def found(self, kinds: frozenset[Kind], resource: str, wanted: Interval) -> list[tuple[Interval, Origin]]:
        """Who says so of that time."""
        return sorted(during(self.origins, kinds, resource, wanted), key=lambda pair: pair[0])


def saying(origin: Origin) -> str:
    """Who says it: a connection by its name."""
    return f"connection {origin.connection}" if origin.connection else "the bridge"
