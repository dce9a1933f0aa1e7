"""What reading a calendar file gives: occurrences, and what could not be read. No text of anybody's in either."""

from __future__ import annotations

from dataclasses import dataclass

from calbridge.interval import Interval, merge


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One instance of an event. `span` is half-open, in epoch seconds; dates and floating times are the reader's.

    `recurrence_id` is the instant it is a moved occurrence of, None for any other. `why` says why it takes no time
    ("cancelled", "transparent", "free", "tentative", "all_day", "empty", "available"), or "guessed" where it does and
    its event could be read in part only. `line` is where its event begins.
    """

    uid: str
    span: Interval
    busy: bool
    why: str
    line: int
    all_day: bool = False
    floating: bool = False
    status: str = ""
    tentative: bool = False
    categories: tuple[str, ...] = ()
    recurrence_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What cannot be read: the line, the event's UID ("" where the file itself is at fault), the fault, no content.

    `blind`: not all of when it takes place could be read, so that some of it may be in no occurrence.
    """

    line: int
    uid: str
    why: str
    blind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file says. `occurrences` come in order of time. `whole` is False where it holds more than was read."""

    occurrences: tuple[Occurrence, ...] = ()
    refused: tuple[Refused, ...] = ()
    whole: bool = True

    @property
    def busy(self) -> tuple[Interval, ...]:
        """The time that is taken: sorted and disjoint, those spans whole that touch the window."""
        return tuple(merge(one.span for one in self.occurrences if one.busy))

    @property
    def tentative(self) -> bool:
        """All of that time is only pencilled in."""
        taken = [one.tentative for one in self.occurrences if one.busy]
        return bool(taken) and all(taken)
