"""A feed's text becomes records: busy time by event, and what cannot be read. No text of anybody's, UIDs neither.

An event that the bridge itself wrote into the calendar behind the feed is named as an echo: the appointment it stands
for must not be in its own way when it moves.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator

from calbridge.errors import NeedsHuman
from calbridge.ical import Occurrence, Reading, Refused
from calbridge.interval import Interval, merge
from calbridge.provider import Busy, Record, Unreadable
from calbridge.uids import appointment_of, product_of
from calbridge_ics.source import Fetched

_HEAD = 4096
OLD = "file"
"""The ref of what blocks everything while a file is too old."""


def records_of(reading: Reading, resource: str) -> tuple[Record, ...]:
    """One record for each event that takes time in the window, and one for each that cannot be read."""
    events: defaultdict[str, list[Occurrence]] = defaultdict(list)
    for occurrence in reading.occurrences:
        if occurrence.busy:
            events[occurrence.uid or f"\n{occurrence.line}"].append(occurrence)
    faults: dict[str, Refused] = {}
    for fault in reading.refused:
        faults.setdefault(fault.uid or f"\n{fault.line}", fault)
    uids = sorted(events.keys() | faults.keys())
    return tuple(_record(uid, events.get(uid, []), faults.get(uid), resource) for uid in uids)


def _record(uid: str, taken: list[Occurrence], fault: Refused | None, resource: str) -> Record:
    spans = tuple(merge(one.span for one in taken))
    ref = _digest([uid])
    if fault is not None:
        why = f"line {fault.line}: {fault.why}"
        return Unreadable(ref=ref, version=_version(spans, why), why=why, resource=resource, spans=spans)
    tentative = all(one.tentative for one in taken)
    return Busy(
        ref=ref,
        version=_version(spans, str(tentative)),
        resource=resource,
        spans=spans,
        tentative=tentative,
        echo=appointment_of(uid),
    )


def _version(spans: Iterable[Interval], more: str) -> str:
    return _digest([*(f"{start}-{end}" for start, end in spans), more])


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:20]


def too_old(fetched: Fetched, max_age: int | None, now: int, *, resource: str, window: Interval) -> Iterator[Record]:
    """A file that nobody writes any more says nothing about today: all of its resource's time is kept until it does."""
    if fetched.written is None or max_age is None or now - fetched.written <= max_age:
        return
    why = "the file is older than max_age: let whatever writes it run again"
    yield Unreadable(ref=OLD, version=str(fetched.written), why=why, resource=resource, spans=(window,))


def refuse_own(body: bytes, clinic: str) -> None:
    """What the bridge publishes of a clinic must not come back to it as somebody's busy time."""
    if product_of(clinic).encode() in body[:_HEAD]:
        raise NeedsHuman("the feed is one that this bridge publishes itself: name the calendar that staff keeps")
