"""Time that is not ours: stored as the side shows it, dropped only when a read that covers it shows it no more."""

from __future__ import annotations

from dataclasses import replace

from calbridge.feeds import AbsenceRecord, AccountRecord, Busy, ClosureRecord, Complete, Delta, Entry, Unreadable
from calbridge.hub import Foreign, Link, Observation
from calbridge.interval import Interval, merge
from calbridge.model import Clinic
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.facts import closes
from calbridge.reconcile.missing import items


def read_foreign(draft: Draft, link: Link, observation: Observation) -> None:
    """Take over every foreign record of one read. A portal has none but what cannot be read: a person is asked.

    Its clients' accounts are no time of anybody's: `calbridge.reconcile.accounts` keeps them.
    """
    for record in items(observation):
        if isinstance(record, AccountRecord):
            continue
        if isinstance(record, Unreadable):
            kept = _kept(draft, link, record)
            draft.foreign[link.name, record.ref] = kept
            _report(draft, link, kept, draft.clinic)
            continue
        if not isinstance(record, Entry):
            draft.foreign[link.name, record.ref] = record
        _readable(draft, link, record.ref)  # also an appointment's own entry, once it can be read again
    for ref in _gone(draft, link, observation):
        draft.foreign.pop((link.name, ref), None)
        draft.settled.add(f"unreadable:{link.name}/{ref}")


def _kept(draft: Draft, link: Link, record: Unreadable) -> Unreadable:
    """What does not say all of its time any more keeps what it was last seen to take (R7): breaking frees nothing."""
    seen = (draft.foreign.get((link.name, ref)) for ref in record.keeps)
    known = [each for each in seen if isinstance(each, Busy | AbsenceRecord | ClosureRecord | Unreadable)]
    resource = next((each.resource for each in known), "") if not (record.resource or record.closes) else ""
    return replace(
        record,
        spans=tuple(merge(span for each in (record, *known) for span in each.spans)),
        resource=record.resource or resource,
        closes=record.closes or any(map(closes, known)),
    )


def _readable(draft: Draft, link: Link, ref: str) -> None:
    draft.settled.add(f"unreadable:{link.name}/{ref}")
    if isinstance(draft.foreign.get((link.name, ref)), Unreadable):
        del draft.foreign[link.name, ref]


def _gone(draft: Draft, link: Link, observation: Observation) -> list[str]:
    feed = observation.feed
    if isinstance(feed, Delta):
        return [ref for ref in feed.removed if not isinstance(draft.foreign.get((link.name, ref)), AccountRecord)]
    if isinstance(feed, Complete):
        shown = {record.ref for record in feed.items}
        known = ((ref, record) for (name, ref), record in draft.foreign.items() if name == link.name)
        times = [(ref, record) for ref, record in known if not isinstance(record, AccountRecord)]
        return [ref for ref, record in times if ref not in shown and not _beyond(record, feed.window, draft.now)]
    return []


def _beyond(record: Foreign, window: Interval, now: int) -> bool:
    """Some of its time is still to come and outside of what was listed: its absence there says nothing."""
    return any(span.start >= window.end or now < span.end <= window.start for span in record.spans)


def _report(draft: Draft, link: Link, record: Unreadable, clinic: Clinic) -> None:
    takes = record.spans and (record.resource or record.closes)
    blocked = "its time is kept blocked" if takes else "nothing is blocked for it"
    draft.task(
        "unreadable",
        f"{link.name}/{record.ref}",
        f"Clinic {clinic.key}, connection {link.name}: entry {record.ref} cannot be read ({record.why}); {blocked}. "
        "Open it in its own program and save it again, or delete it there.",
        connection=link.name,
    )


def stray(draft: Draft, link: Link, entry: Entry) -> None:
    """An entry that is no appointment of ours still takes its time, unless its side says that it is over."""
    view = entry.view
    if view.state.gone:
        draft.foreign.pop((link.name, entry.ref), None)
        return
    span = Interval(view.start, view.end)
    busy = Busy(ref=entry.ref, version=entry.version, resource=view.resource, spans=(span,))
    draft.foreign[link.name, entry.ref] = busy
