"""One calendar object becomes one record: our own event an Entry, a foreign one Busy, a broken one Unreadable."""

from __future__ import annotations

from calbridge.ical.busy import Eyes, recurs, salvage, taken
from calbridge.ical.lines import Document, FaultError
from calbridge.interval import Interval
from calbridge.provider import Busy, Entry, Record, Unreadable
from calbridge_caldav.hrefs import ref_of, repeats_of
from calbridge_caldav.own import modified_of, stamp_of, view_of


def records_of(resource: str, segment: str, version: str, body: bytes, eyes: Eyes) -> tuple[Record, ...]:
    """What one object of a resource's calendar means. Never fails: what cannot be read says so.

    One record, and a second one where staff made one of our own events repeat itself: the appointment is the event
    itself, what follows takes time like anything foreign.
    """
    ref = ref_of(resource, segment)
    try:
        document = Document.parse(body)
    except FaultError as fault:
        return (_unreadable(ref, version, resource, fault, salvage(Document.wreck(body), eyes, fault)),)
    try:
        entry = entry_of(document, resource, segment, version, eyes)
        if entry is None:
            return (_busy(document, resource, ref, version, eyes),)
    except FaultError as fault:
        return (_unreadable(ref, version, resource, fault, salvage(document, eyes, fault)),)
    return (entry, _repeats(entry, document, eyes)) if recurs(document) else (entry,)


def _repeats(entry: Entry, document: Document, eyes: Eyes) -> Record:
    ref, resource = repeats_of(entry.ref), entry.view.resource
    itself = Interval(entry.view.start, entry.view.end)
    try:
        return _busy(document, resource, ref, entry.version, eyes, but=itself)
    except FaultError as fault:
        return _unreadable(ref, entry.version, resource, fault, ())


def _unreadable(ref: str, version: str, resource: str, fault: FaultError, spans: tuple[Interval, ...]) -> Unreadable:
    return Unreadable(ref=ref, version=version, why=str(fault), resource=resource, spans=spans)


def entry_of(document: Document, resource: str, segment: str, version: str, eyes: Eyes) -> Entry | None:
    """Our own event, wherever it was moved to; None for a foreign one. FaultError when ours cannot be read."""
    stamp = stamp_of(document)
    if stamp is None:
        return None
    return Entry(
        ref=ref_of(resource, segment),
        version=version,
        view=view_of(document, resource, eyes.zone),
        stamp=stamp,
        modified=modified_of(document, eyes.zone),
    )


def _busy(
    document: Document, resource: str, ref: str, version: str, eyes: Eyes, *, but: Interval | None = None
) -> Busy:
    found = taken(document, eyes, but=but)
    return Busy(ref=ref, version=version, resource=resource, spans=found.spans, tentative=found.tentative)
