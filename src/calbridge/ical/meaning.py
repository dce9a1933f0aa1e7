"""What a calendar's entries mean for a resource's time: busy, an online window, an absence. Their categories say.

An absence counts whatever the entry calls itself: calendar programs enter holidays as free, all day. A window counts
only where it is certain: one that is pencilled in, or could be read in part only, opens nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from calbridge.ical.policy import CANCELLED, GUESSED
from calbridge.ical.records import Occurrence, Reading
from calbridge.interval import Interval, merge

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """The categories that mean something, folded by `fold`. `online`: every entry of this calendar is a window."""

    windows: frozenset[str] = frozenset()
    absences: frozenset[str] = frozenset()
    online: bool = False

    @classmethod
    def named(cls, *, windows: Iterable[str], absences: Iterable[str]) -> Meaning:
        """What categories mean, in whatever spelling. ValueError where one of them would mean both."""
        these, those = frozenset(map(fold, windows)), frozenset(map(fold, absences))
        if these & those:
            raise ValueError(
                f'"{min(these & those)}" cannot be both a window and an absence: take it out of one of them'
            )
        return cls(windows=these, absences=those)

    def of(self, occurrence: Occurrence) -> str:
        """What one occurrence is: "absence", "window", or "" for time like any other. Who is away cannot be booked."""
        named = frozenset(map(fold, occurrence.categories)) if occurrence.categories else _NONE
        if named & self.absences:
            return "absence"
        return "window" if self.online or named & self.windows else ""


PLAIN = Meaning()
"""A calendar whose categories mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What one file says of time, each sorted and disjoint. `tentative`: all busy time is only pencilled in."""

    busy: tuple[Interval, ...] = ()
    tentative: bool = False
    windows: tuple[Interval, ...] = ()
    absences: tuple[Interval, ...] = ()


def fold(category: str) -> str:
    """One spelling of a category: no case, no outer blanks, one form of each accented letter."""
    return unicodedata.normalize("NFC", category.strip().casefold())


def meant(reading: Reading, meaning: Meaning = PLAIN, *, but: Interval | None = None) -> Meant:
    """The time of a file's occurrences by what they mean, without the one with the span `but`."""
    kinds: dict[str, list[Occurrence]] = {"absence": [], "window": [], "": []}
    for one in reading.occurrences:
        if one.span != but:
            kinds[meaning.of(one)].append(one)
    taken = [one for one in kinds[""] if one.busy]
    return Meant(
        busy=_merged(taken),
        tentative=bool(taken) and all(one.tentative for one in taken),
        windows=_merged(one for one in kinds["window"] if one.why not in (CANCELLED, GUESSED) and not one.tentative),
        absences=_merged(one for one in kinds["absence"] if one.why != CANCELLED),
    )


def _merged(occurrences: Iterable[Occurrence]) -> tuple[Interval, ...]:
    """What has no length vanishes."""
    return tuple(merge(one.span for one in occurrences))
