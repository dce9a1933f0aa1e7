"""Who says what about a clinic's time: the evidence behind `Facts`, kept apart because only explaining asks for it.

Facts are merged so that a rule is fast and never asks where something came from; an origin names the connection or the
booking, and no text of anybody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from calbridge.interval import Interval

Kind = Literal["held", "requested", "appointment", "entry", "unreadable", "absence", "closure", "online", "work"]
TAKING: frozenset[Kind] = frozenset({"held", "requested", "appointment", "entry", "unreadable"})
"""What makes a resource busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One thing that one side says of one resource ("": of every one), with its spans.

    `connection` is where it was read, "" for a booking of the bridge itself, whose id is `appointment`. The spans of
    a booking are its footprint.
    """

    kind: Kind
    resource: str
    spans: tuple[Interval, ...]
    connection: str = ""
    appointment: str = ""


def during(
    origins: Iterable[Origin], kinds: Iterable[Kind], resource: str, wanted: Interval
) -> Iterator[tuple[Interval, Origin]]:
    """Every span of those kinds on the resource that overlaps `wanted`, with its origin."""
    chosen = frozenset(kinds)
    for origin in origins:
        if origin.kind in chosen and origin.resource in ("", resource):
            yield from ((span, origin) for span in origin.spans if span.overlaps(wanted))
