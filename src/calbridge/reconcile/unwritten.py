"""Accepted is not written: what a side took and could not write, or does not write for too long, and the ways out.

Until it is written the client is told nothing and its time stays reserved. Where the side says that the time was taken,
the booking gives way as after any refusal. Otherwise a person decides: try again, keep it (somebody entered it there by
hand), or take back what could not be written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from calbridge.feeds import Entry
from calbridge.hub import Link, Shadow
from calbridge.model import Appointment, Place
from calbridge.reconcile import moves
from calbridge.reconcile.afterwards import STANDING
from calbridge.reconcile.asking import TAKEN
from calbridge.reconcile.compare import carried, fingerprint, up_to_date
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.holds import give_way
from calbridge.reconcile.places import keeps_record
from calbridge.views import View, project

KINDS = ("failed", "timed_out", "write")
"""The kinds of task that have these ways out."""


def is_new_failure(draft: Draft, link: Link, key: str, entry: Entry) -> bool:
    """A side may show for ever that its last write failed: it is news only of a write that was on its way."""
    return bool(entry.failed) and draft.shadows[link.name, key].pending


def still_waiting(link: Link, shadow: Shadow, entry: Entry) -> Entry:
    """A side that took a write and shows what was there before has not written it yet, whether it says so or not.

    It is no edit that puts things back, and no word that it is done; if nothing else comes, it is overdue one day.
    """
    if not shadow.pending or entry.pending or shadow.before is None or shadow.view is None:
        return entry
    as_before = carried(link, entry.view) == carried(link, shadow.before)
    waits = as_before and shadow.asked not in {"", fingerprint(link, entry.view)}
    return replace(entry, pending=True, view=shadow.view) if waits else entry


def write_failed(draft: Draft, link: Link, key: str, entry: Entry) -> None:
    """The side shows what was before. It is no edit of anybody, and is not asked for again before somebody decides.

    It speaks of what was accepted. Where the booking has gone on since, that is due by itself, and nobody is asked.
    """
    draft.note("write_failed", key, link.name, why=entry.failed)
    appointment, taken = draft.appointments[key], entry.failed == TAKEN
    accepted, wanted = draft.shadows[link.name, key], project(link.role, appointment, draft.clinic)
    meant = up_to_date(link, accepted, wanted)
    draft.sighted(link, key, entry, edited=False)
    asked = "" if taken else fingerprint(link, wanted) if meant else accepted.asked
    shadow = replace(draft.shadows[link.name, key], asked=asked, pending=False, unwritten=not taken)
    if entry.view.state.gone:  # there was nothing before: its entry there is over, and no longer ours
        draft.by_ref.pop((link.name, shadow.ref), None)
        shadow = replace(shadow, ref="", version="", view=None)
    draft.shadows[link.name, key] = shadow
    if taken and accepted.view is not None and not appointment.state.gone:
        draft.conflicts[link.name, key] = accepted.view
    elif meant and not taken and not (appointment.state.gone and shadow.view is None):
        _ask(draft, "failed", shadow)


def overdue(draft: Draft) -> None:
    """Accepted, and still not written: nobody would know, because the client is told nothing either."""
    limit = draft.now - draft.clinic.rules.write_timeout
    for shadow in list(draft.shadows.values()):
        if shadow.pending and shadow.confirmed <= limit:
            _ask(draft, "timed_out", shadow)


STANDS = {
    "failed": "accepted booking {key} and then could not write it",
    "timed_out": "accepted booking {key} long ago and has not written it",
    "then": "Its client is told nothing yet and its time stays reserved. Try again, keep it if it was entered there by "
    "hand, or take it back.",
}
OVER = {
    "failed": "accepted that booking {key} is over and then could not take it away",
    "timed_out": "accepted long ago that booking {key} is over and has not taken it away",
    "then": "Its time may still be taken there. Try again, or take it away there by hand and keep it so.",
}


def _ask(draft: Draft, kind: Literal["failed", "timed_out"], shadow: Shadow) -> None:
    key, name = shadow.appointment, shadow.connection
    words = OVER if draft.appointments[key].state.gone else STANDS
    draft.task(
        kind,
        f"{name}/{key}",
        f"Clinic {draft.clinic.key}, connection {name}: the other side {words[kind].format(key=key)}. {words['then']}",
        appointment=key,
        connection=name,
    )


def written_after_all(draft: Draft) -> None:
    """Nobody has to look any more at what stands where it should by now, or is gone as it should."""
    for name, key in draft.seen:
        shadow, appointment = draft.shadows.get((name, key)), draft.appointments[key]
        view = shadow.view if shadow is not None else None
        if view is None or (shadow is not None and not shadow.pending and _stands(view, appointment)):
            draft.settled |= {f"{kind}:{name}/{key}" for kind in ("failed", "timed_out")}
        if shadow is not None and view is not None and not shadow.unwritten:
            draft.settled.add(f"write:{name}/{key}")


def overtaken(draft: Draft) -> None:
    """What could not be written is not wanted any more: what is wanted instead is due, and nobody has to decide.

    Were it wanted again, it would be asked for again: there is no question open any more that could answer it.
    """
    for (name, key), shadow in list(draft.shadows.items()):
        known = name in draft.state.links  # one that does not load just now is not asked either
        if known and shadow.unwritten and not _about_now(draft, shadow):
            draft.shadows[name, key] = replace(shadow, asked="", unwritten=False)
            over = {f"{kind}:{name}/{key}" for kind in KINDS}
            draft.settled |= over
            draft.tasks = {name: task for name, task in draft.tasks.items() if name not in over}


def is_open(draft: Draft, shadow: Shadow) -> bool:
    """Is there something to decide about: accepted or given up, and not written, as the booking stands now?"""
    return (shadow.pending or shadow.unwritten) and _about_now(draft, shadow)


def _about_now(draft: Draft, shadow: Shadow) -> bool:
    link = draft.state.links.get(shadow.connection)
    if link is None:
        return False
    return up_to_date(link, shadow, project(link.role, draft.appointments[shadow.appointment], draft.clinic))


def _stands(view: View, appointment: Appointment) -> bool:
    if appointment.state.gone or view.state.gone:
        return appointment.state.gone and view.state.gone
    place = (view.state, view.start, view.end, view.resource)
    return place == (appointment.state, appointment.start, appointment.end, appointment.resource)


def decided(draft: Draft, connection: str, key: str) -> None:
    """Somebody took one of the ways out."""
    draft.settled |= {f"{kind}:{connection}/{key}" for kind in KINDS}


# --- the ways out -----------------------------------------------------------------------------------


def retry(draft: Draft, shadow: Shadow) -> None:
    """Ask again, as a new revision: a side that remembers keys would answer the old one as before."""
    stands = replace(_as_it_stands(shadow), asked="", unwritten=False)
    draft.shadows[shadow.connection, shadow.appointment] = stands
    draft.touched.add(shadow.appointment)
    draft.note("write_retried", shadow.appointment, shadow.connection, by="command")


def _as_it_stands(shadow: Shadow) -> Shadow:
    """What was only accepted does not count any more."""
    if not shadow.pending:
        return shadow
    return replace(shadow, view=shadow.before, pending=False, before=None, unwritten=True)


def keep(draft: Draft, shadow: Shadow) -> None:
    """The person says that the side has it: the promise is kept as if it had been written."""
    appointment, link = draft.appointments[shadow.appointment], draft.state.links[shadow.connection]
    asked = fingerprint(link, project(link.role, appointment, draft.clinic))
    draft.shadows[link.name, appointment.id] = replace(_as_it_stands(shadow), asked=asked, unwritten=False)
    if not appointment.state.ended:
        record = keeps_record(draft.state, link, appointment)
        draft.put(replace(moves.decided(appointment), written=appointment.written or record))
    draft.note("write_kept", appointment.id, link.name, by="command")


def take_back(draft: Draft, shadow: Shadow) -> None:
    """A move goes back to where it was; what the side never had is ended, and its client offered other times."""
    appointment = draft.appointments[shadow.appointment]
    draft.note("write_taken_back", appointment.id, shadow.connection, by="command")
    stands = draft.shadows[shadow.connection, appointment.id] = _as_it_stands(shadow)
    back = appointment.moved_from or _kept(draft, appointment, stands)
    if back is not None:
        if not moves.send_back(draft, appointment, back):
            _not_back(draft, stands)
    elif stands.view is None or stands.view.state not in STANDING:
        give_way(draft, appointment, shadow.connection)


def _not_back(draft: Draft, shadow: Shadow) -> None:
    """It stays where it was moved to, and still is not written there."""
    key, name = shadow.appointment, shadow.connection
    draft.task(
        "failed",
        f"{name}/{key}",
        f"Clinic {draft.clinic.key}, connection {name}: the move of booking {key} was not taken back, because its old "
        "time has passed or is taken by now, and it is still not written there. Try again, keep it if it was entered "
        "there by hand, or move or cancel it.",
        appointment=key,
        connection=name,
    )


def _kept(draft: Draft, appointment: Appointment, stands: Shadow) -> Place | None:
    """Where the side still has it, if that is elsewhere, or not as long."""
    if stands.view is None:
        return None
    place = moves.place_kept(draft, draft.state.links[stands.connection], appointment.place, stands.view)
    return place if place != appointment.place else None


def by_hand(draft: Draft, link: Link, entry: Entry) -> Appointment | None:
    """The booking that this entry, made by staff, must be: the side could not write it, and it stands at its place."""
    view = entry.view
    waiting = (
        draft.appointments[shadow.appointment]
        for shadow in draft.shadows.values()
        if shadow.connection == link.name and shadow.view is None and shadow.asked
    )
    place = (view.resource, view.start, view.end)
    return next((a for a in waiting if not a.state.ended and (a.resource, *a.span) == place), None)
