"""A feed's text becomes records by event: busy time, windows, absences, and what cannot be read. No text, no UIDs.

An event that the bridge itself wrote into the calendar behind the feed is named as an echo: the appointment it stands
for must not be in its own way when it moves.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from calbridge.errors import NeedsHuman
from calbridge.ical import Meaning, Meant, Occurrence, Reading, Refused, meant
from calbridge.interval import Interval, merge
from calbridge.provider import AbsenceRecord, Busy, Unreadable, WindowRecord
from calbridge.uids import appointment_of, product_of
from calbridge_ics.source import Fetched

_HEAD = 4096
OLD = "file"
"""The ref of what blocks everything while a file is too old."""

Told = Busy | WindowRecord | AbsenceRecord | Unreadable
"""What a feed can say."""

WINDOWS, ABSENCES = "/windows", "/absences"
"""What an entry that is busy time and more besides adds to its ref."""


def records_of(reading: Reading, resource: str, window: Interval, meaning: Meaning) -> Iterator[Told]:
    """One record for each event that takes time in the window, gives windows or is an absence, or cannot be read.

    What stands in the rest of a boundless feed nobody knows: its record keeps all the time of the resource.
    """
    if meaning.windows:
        yield WindowRecord(ref=WINDOWS, version="", resource=resource, spans=())  # it has such, though none is left
    events: defaultdict[str, list[Occurrence]] = defaultdict(list)
    for occurrence in reading.occurrences:
        events[occurrence.uid or f"\n{occurrence.line}"].append(occurrence)
    faults: dict[str, Refused] = {}
    for fault in sorted(reading.refused, key=lambda each: not each.blind):
        faults.setdefault(fault.uid or f"\n{fault.line}", fault)
    rest = reading.refused[-1] if not reading.whole else None
    if rest is not None:
        faults[rest.uid or f"\n{rest.line}"] = rest
    for uid in sorted(events.keys() | faults.keys()):
        own = appointment_of(uid)  # a booking takes time, whatever category staff gave it
        found = meant(Reading(occurrences=tuple(events[uid])), Meaning() if own else meaning)
        if uid in faults:
            yield _unreadable(uid, found, faults[uid], resource, (window,) if faults[uid] is rest else ())
        else:
            yield from _records(uid, found, resource)


def _unreadable(uid: str, found: Meant, fault: Refused, resource: str, more: tuple[Interval, ...]) -> Told:
    """It only takes time, and opens none."""
    spans = tuple(merge((*found.busy, *found.absences, *more)))
    why, ref = f"line {fault.line}: {fault.why}", _digest([uid])
    keeps = (ref, ref + ABSENCES) if fault.blind else ()
    return Unreadable(ref=ref, version=_version(spans, why), why=why, resource=resource, spans=spans, keeps=keeps)


def _records(uid: str, found: Meant, resource: str) -> Iterator[Told]:
    ref = _digest([uid])
    if found.busy:
        yield Busy(
            ref=ref,
            version=_version(found.busy, str(found.tentative)),
            resource=resource,
            spans=found.busy,
            tentative=found.tentative,
            echo=appointment_of(uid),
        )
    if found.windows:
        yield WindowRecord(
            ref=ref + WINDOWS, version=_version(found.windows, ""), resource=resource, spans=found.windows
        )
    if found.absences:
        yield AbsenceRecord(
            ref=ref + ABSENCES, version=_version(found.absences, ""), resource=resource, spans=found.absences
        )


def _version(spans: Iterable[Interval], more: str) -> str:
    return _digest([*(f"{start}-{end}" for start, end in spans), more])


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:20]


def too_old(fetched: Fetched, max_age: int | None, now: int, *, resource: str, window: Interval) -> Iterator[Told]:
    """A file that nobody writes any more says nothing about today: all of its resource's time is kept until it does."""
    if fetched.written is None or max_age is None or now - fetched.written <= max_age:
        return
    why = "the file is older than max_age: let whatever writes it run again"
    yield Unreadable(ref=OLD, version=str(fetched.written), why=why, resource=resource, spans=(window,))


def shrunk_to_nothing(records: Iterable[Told], known: Mapping[str, str]) -> bool:
    """It says nothing of any time where it did before: a calendar that was emptied, or a publisher with a fault."""
    return bool(known.keys() - {WINDOWS, OLD}) and not any(record.spans for record in records)


def refuse_own(body: bytes, clinic: str) -> None:
    """What the bridge publishes of a clinic must not come back to it as somebody's busy time."""
    if product_of(clinic).encode() in body[:_HEAD]:
        raise NeedsHuman("the feed is one that this bridge publishes itself: name the calendar that staff keeps")
