"""What a PMS cancels and books anew to move it, or to give it its client's real record, is the same appointment still.

Many PMS reschedule that way, and the new entry bears no mark of ours; were it another appointment, the client would be
told that hers is cancelled, and her link would be dead (vendors' facts, lesson on rescheduling identity). Evidence is
an entry that ends and another that begins, which is the same visit of the same patient; never a guess. Both are in one
read, or the first was deleted and the second entered before its client was told (`Rules.recreated_within`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from calbridge.details import detail_lines
from calbridge.feeds import Entry, Gone
from calbridge.hub import Link, Observation, Shadow
from calbridge.interval import Interval
from calbridge.model import Appointment
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.missing import entries, missing, over
from calbridge.reconcile.telling import hers
from calbridge.views import PmsView, View
from calbridge.wall import local

Visit = tuple[str, ...]


def follow_recreated(draft: Draft, link: Link, observation: Observation) -> frozenset[str]:
    """Give each new entry that takes the place of one that ended to its appointment; the ids of those."""
    if not (link.capabilities.adopts and link.approved):
        return frozenset()
    ended: defaultdict[Visit, list[Shadow]] = defaultdict(list)
    begun: defaultdict[Visit, list[Entry]] = defaultdict(list)
    for shadow in _ended(draft, link, observation):
        if _says_who(draft, shadow):
            ended[_visit(shadow.view)].append(shadow)
    for entry in _begun(draft, link, observation):
        begun[_visit(entry.view)].append(entry)
    return frozenset(
        _follow(draft, link, ended[visit][0], begun[visit][0])
        for visit in ended
        if visit and len(ended[visit]) == len(begun[visit]) == 1
    )


def await_anew(draft: Draft, link: Link, observation: Observation, shadow: Shadow) -> bool:
    """Is it too early to say that it is cancelled? Only a deletion is waited for: who sets "cancelled" means it."""
    until = draft.now + draft.clinic.rules.recreated_within if shadow.awaited is None else shadow.awaited
    if until <= draft.now or not _may_come(draft, link, observation, shadow):
        return False
    if shadow.awaited is None:
        draft.shadows[link.name, shadow.appointment] = replace(shadow, awaited=until)
        draft.note("awaited", shadow.appointment, link.name, until=local(draft.clinic.time_zone, until).isoformat())
    return True


def _may_come(draft: Draft, link: Link, observation: Observation, shadow: Shadow) -> bool:
    """The same visit would be known if it were entered, its client would be told, and nobody else has its time."""
    if not (link.capabilities.adopts and link.approved and _lives(draft, shadow)):
        return False
    appointment = draft.appointments[shadow.appointment]
    known = _says_who(draft, shadow) and bool(_visit(shadow.view))
    return known and hers(appointment) and not _given_away(draft, link, observation, appointment)


def _given_away(draft: Draft, link: Link, observation: Observation, appointment: Appointment) -> bool:
    new = (entry.view for entry in _begun(draft, link, observation))
    taken = any(v.resource == appointment.resource and Interval(v.start, v.end).overlaps(appointment.span) for v in new)
    return taken or bool(draft.overlapping(appointment))


def await_no_more(draft: Draft, shadow: Shadow) -> None:
    """Its entry is there again, as it was."""
    draft.shadows[shadow.connection, shadow.appointment] = replace(shadow, awaited=None)
    draft.settled.add(f"missing:{shadow.connection}/{shadow.appointment}")


def _ended(draft: Draft, link: Link, observation: Observation) -> Iterator[Shadow]:
    """Live appointments whose entry is proved gone, or shown as cancelled."""
    for shadow in missing(draft.state, link, observation):
        if isinstance(draft.answers.probes.get((link.name, shadow.ref)), Gone) and _lives(draft, shadow):
            yield shadow
    for entry in entries(observation):
        key = draft.by_ref.get((link.name, entry.ref), "")
        shown = draft.shadows.get((link.name, key))
        if shown is not None and entry.view.state.gone and not entry.failed and _lives(draft, shown):
            yield shown


def _lives(draft: Draft, shadow: Shadow) -> bool:
    unanswered = (shadow.connection, shadow.appointment) in draft.state.unresolved
    live = shadow.view is not None and not shadow.view.state.gone and not shadow.pending
    return live and not unanswered and not draft.appointments[shadow.appointment].state.ended


def _begun(draft: Draft, link: Link, observation: Observation) -> Iterator[Entry]:
    """Entries that nobody knows yet and the bridge did not make."""
    for entry in entries(observation):
        known = (link.name, entry.ref) in draft.by_ref or entry.stamp is not None or entry.failed or entry.pending
        if not known and not entry.view.state.ended and not over(entry, draft.now):
            yield entry


def _says_who(draft: Draft, shadow: Shadow) -> bool:
    """Of one that is linked to no record only what its client gave, as the bridge wrote it there, tells whose it is.

    Of one that is awaited it was asked when that began: what she corrects since stands nowhere there.
    """
    if shadow.awaited is not None:
        return True
    details = draft.appointments[shadow.appointment].details
    linked = isinstance(shadow.view, PmsView) and bool(shadow.view.client)
    return linked or (details is not None and bool(lines := detail_lines(details)) and lines in _note(shadow.view))


def _note(view: View | None) -> str:
    return view.note if isinstance(view, PmsView) else ""


def _visit(view: View | None) -> Visit:
    """The same service for the same patient; of an unlinked one, with the very texts. () where neither says who."""
    if not isinstance(view, PmsView):
        return ()
    if view.client:
        return (view.service, view.client, view.patient) if view.service and view.patient else ()
    return (view.service, view.title, view.note) if view.note else ()


def _follow(draft: Draft, link: Link, shadow: Shadow, entry: Entry) -> str:
    draft.by_ref.pop((link.name, shadow.ref), None)
    draft.by_ref[link.name, entry.ref] = shadow.appointment
    draft.note("recreated", shadow.appointment, link.name)
    return shadow.appointment
