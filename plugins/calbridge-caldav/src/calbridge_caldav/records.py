"""One calendar object becomes one record: our own event an Entry, a foreign one Busy, a broken one Unreadable."""

from __future__ import annotations

from calbridge.ical import Reading
from calbridge.ical.lines import FaultError
from calbridge.interval import Interval, merge
from calbridge.provider import Busy, Entry, Record, Unreadable
from calbridge_caldav.document import Document
from calbridge_caldav.eyes import Eyes
from calbridge_caldav.hrefs import ref_of, repeats_of
from calbridge_caldav.own import DOMAIN, modified_of, recurs, stamp_of, view_of

_OURS = DOMAIN.encode()


def records_of(resource: str, segment: str, version: str, body: bytes, eyes: Eyes) -> tuple[Record, ...]:
    """What one object of a resource's calendar means. Never fails: what cannot be read says so.

    One record, and a second one where staff made one of our own events repeat itself: the appointment is the event
    itself, what follows takes time like anything foreign.
    """
    ref = ref_of(resource, segment)
    if _OURS not in body:
        return (_foreign(resource, ref, version, eyes.read(body)),)
    try:
        document = Document.parse(body)
        entry = entry_of(document, resource, segment, version, eyes)
    except FaultError as fault:
        return (Unreadable(ref=ref, version=version, why=str(fault), resource=resource, spans=eyes.read(body).busy),)
    if entry is None:
        return (_foreign(resource, ref, version, eyes.read(body)),)
    if not recurs(document):
        return (entry,)
    itself = Interval(entry.view.start, entry.view.end)
    return (entry, _foreign(entry.view.resource, repeats_of(ref), version, eyes.read(body), but=itself))


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


def _foreign(
    resource: str, ref: str, version: str, reading: Reading, *, but: Interval | None = None
) -> Busy | Unreadable:
    """Busy time, without the occurrence `but`; with what is wrong where something is."""
    taken = [one for one in reading.occurrences if one.busy and one.span != but]
    spans = tuple(merge(one.span for one in taken))
    if reading.refused:
        first = reading.refused[0]
        return Unreadable(
            ref=ref, version=version, why=f"line {first.line}: {first.why}", resource=resource, spans=spans
        )
    tentative = bool(taken) and all(one.tentative for one in taken)
    return Busy(ref=ref, version=version, resource=resource, spans=spans, tentative=tentative)
