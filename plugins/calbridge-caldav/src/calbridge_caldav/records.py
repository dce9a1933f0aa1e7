"""What one calendar object becomes: our own event an Entry, a foreign one Busy, a broken one Unreadable.

A foreign event whose category means something gives windows or absences instead of, or besides, busy time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from calbridge.ical import Meant, Reading, meant
from calbridge.ical.lines import FaultError
from calbridge.interval import Interval, merge
from calbridge.provider import AbsenceRecord, Busy, Entry, Record, Unreadable, WindowRecord
from calbridge.uids import DOMAIN
from calbridge_caldav.document import Document
from calbridge_caldav.eyes import Eyes
from calbridge_caldav.hrefs import ABSENCES, ONLINE, REPEATS, WINDOWS, ref_of, refs_of, resource_of
from calbridge_caldav.own import modified_of, recurs, stamp_of, view_of

_OURS = DOMAIN.encode()


def records_of(name: str, segment: str, version: str, body: bytes, eyes: Eyes) -> tuple[Record, ...]:
    """What one object of a calendar means. Never fails: what cannot be read says so.

    One record, and further ones where it gives windows or absences besides, or where staff made one of our own events
    repeat itself: the appointment is the event itself, what follows takes time like anything foreign.
    """
    ref = ref_of(name, segment)
    if name.startswith(ONLINE):
        return () if _OURS in body else _online(name, ref, version, eyes.read(body), eyes)
    if _OURS not in body:
        return _foreign(name, ref, version, eyes.read(body), eyes)
    try:
        document = Document.parse(body)
        entry = entry_of(document, name, segment, version, eyes)
    except FaultError as fault:
        reading = eyes.read(body)
        keeps = _keeps(ref, reading)
        return (Unreadable(ref=ref, version=version, why=str(fault), resource=name, spans=reading.busy, keeps=keeps),)
    if entry is None:
        return _foreign(name, ref, version, eyes.read(body), eyes)
    if not recurs(document):
        return (entry,)
    return (entry, _repeats(entry, ref + REPEATS, version, eyes.read(body)))


def _repeats(entry: Entry, ref: str, version: str, reading: Reading) -> Record:
    """What staff made of one of our events besides itself."""
    more = meant(reading, but=Interval(entry.view.start, entry.view.end))
    if reading.refused:
        return _unreadable(entry.view.resource, ref, version, reading, more.busy)
    return _busy(entry.view.resource, ref, version, more)


def entry_of(document: Document, resource: str, segment: str, version: str, eyes: Eyes) -> Entry | None:
    """Our own event, wherever it was moved to; None for a foreign one. FaultError when ours cannot be read."""
    stamp = stamp_of(document)
    if stamp is None:
        return None
    return Entry(
        ref=ref_of(resource, segment),
        version=version,
        view=view_of(document, resource, eyes.zone, marks=eyes.marks),
        stamp=stamp,
        modified=modified_of(document, eyes.zone),
    )


def markers(name: str, eyes: Eyes) -> tuple[Record, ...]:
    """A resource whose calendar may hold online windows has such windows, also where none is left: fails closed."""
    meaning = eyes.meaning_of(name)
    if not (meaning.online or meaning.windows):
        return ()
    return (WindowRecord(ref=ref_of(name, "") + WINDOWS, version="", resource=resource_of(name), spans=()),)


def _foreign(name: str, ref: str, version: str, reading: Reading, eyes: Eyes) -> tuple[Record, ...]:
    """Busy time, windows and absences; what cannot be read whole only takes time, and opens none."""
    found = meant(reading, eyes.meaning_of(name))
    if reading.refused:
        return (_unreadable(name, ref, version, reading, merge((*found.busy, *found.absences))),)
    return (_busy(name, ref, version, found), *_besides(name, ref, version, found))


def _online(name: str, ref: str, version: str, reading: Reading, eyes: Eyes) -> tuple[Record, ...]:
    """Windows; what cannot be read whole opens none, and takes no time either."""
    found = meant(reading, eyes.meaning_of(name))
    if reading.refused:
        return (_unreadable(resource_of(name), ref, version, reading, found.absences),)
    first = WindowRecord(ref=ref, version=version, resource=resource_of(name), spans=found.windows)
    return (first, *_besides(name, ref, version, replace(found, windows=())))


def _besides(name: str, ref: str, version: str, found: Meant) -> Iterator[Record]:
    resource = resource_of(name)
    if found.windows:
        yield WindowRecord(ref=ref + WINDOWS, version=version, resource=resource, spans=found.windows)
    if found.absences:
        yield AbsenceRecord(ref=ref + ABSENCES, version=version, resource=resource, spans=found.absences)


def _busy(resource: str, ref: str, version: str, found: Meant) -> Busy:
    return Busy(ref=ref, version=version, resource=resource, spans=found.busy, tentative=found.tentative)


def _unreadable(resource: str, ref: str, version: str, reading: Reading, spans: Iterable[Interval]) -> Unreadable:
    first = reading.refused[0]
    why = f"line {first.line}: {first.why}"
    return Unreadable(
        ref=ref, version=version, why=why, resource=resource, spans=tuple(spans), keeps=_keeps(ref, reading)
    )


def _keeps(ref: str, reading: Reading) -> tuple[str, ...]:
    return refs_of(ref) if any(fault.blind for fault in reading.refused) else ()
