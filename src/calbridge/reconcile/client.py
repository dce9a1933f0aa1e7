"""What portals show: holds, submitted bookings, and what clients changed. Rules decide; refusals are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from calbridge.feeds import Entry, Gone
from calbridge.hub import Link, Observation
from calbridge.interval import Interval
from calbridge.lifecycle import Event
from calbridge.model import Appointment, Details, Side, State
from calbridge.reconcile.admission import instant, not_admitted
from calbridge.reconcile.compare import delta, pending
from calbridge.reconcile.draft import Draft, derive_id
from calbridge.reconcile.facts import facts, takes_time
from calbridge.reconcile.identity import identify, take_details
from calbridge.reconcile.missing import DAY, entries, missing, over, undecided
from calbridge.slots import Candidate, Decision, decide
from calbridge.views import PortalView, project
from calbridge.wall import local

LIVE = {State.HELD, State.REQUESTED, State.CONFIRMED, State.ARRIVED}
TAKEN = "slot_unavailable"
MOVES = {"start", "resource", "service"}


def read_portal(draft: Draft, reads: Iterable[tuple[Link, Observation]]) -> None:
    """Take in every portal entry, oldest change first, so that the one who came first wins."""
    for link, observation in reads:
        for entry in sorted(entries(observation), key=lambda e: (e.modified or 0, e.ref)):
            _read(draft, link, entry)
        if undecided(draft.state, link, observation):
            draft.reread(link)
        for shadow in missing(draft.state, link, observation):
            _lost(draft, link, shadow.appointment, shadow.ref)


def _read(draft: Draft, link: Link, entry: Entry) -> None:
    if not isinstance(entry.view, PortalView):
        return
    key = draft.by_ref.get((link.name, entry.ref)) or draft.by_ref.get((link.name, entry.replaces)) or ""
    if (link.name, key) in draft.state.unresolved:
        draft.reread(link)
        return
    if key in draft.appointments:
        _known(draft, link, draft.appointments[key], entry)
    elif entry.view.state in LIVE and not over(entry, draft.now):
        _unknown(draft, link, entry)


def _lost(draft: Draft, link: Link, key: str, ref: str) -> None:
    """A portal that no longer knows a hold has released it; a vanished booking is a question, never a cancellation."""
    appointment = draft.appointments[key]
    if not isinstance(draft.answers.probes.get((link.name, ref)), Gone) or appointment.state.ended:
        return
    if appointment.state is State.HELD:
        draft.step(appointment, Event.RELEASE, connection=link.name)
        draft.forget(link.name, key)
        return
    draft.task(
        "portal_lost",
        key,
        f"Clinic {draft.clinic.key}, connection {link.name}: the portal no longer knows booking {key}; it was kept. "
        "Ask the client, then cancel it in the PMS or dismiss this task.",
        appointment=key,
        connection=link.name,
    )


# --- new ones -------------------------------------------------------------------------------------


def _unknown(draft: Draft, link: Link, entry: Entry) -> None:
    """New; or one that the clinic's sides still know after the hub lost its state: ids come from refs, so it shows."""
    key = derive_id(draft.clinic.key, link.name, entry.replaces or entry.ref)
    mine = draft.appointments.get(key)
    if mine is None:
        _new(draft, link, entry, key)
    elif mine.state.gone or (link.name, key) in draft.shadows:  # what has ended stays ended
        _new(draft, link, entry, draft.fresh_id(link, entry))
    else:
        draft.put(replace(take_details(draft, mine, entry), origin=Side.CLIENT, source=link.name))
        draft.sighted(link, key, entry, edited=True)
        draft.note("attached", key, link.name)


def _new(draft: Draft, link: Link, entry: Entry, key: str) -> None:
    view = entry.view
    assert isinstance(view, PortalView)  # noqa: S101 - narrows the union; _read has checked it
    decision = _decide(draft, _candidate(view, entry.details), without=key, at=_asked_at(draft, entry))
    appointment = _appointment(draft, link, entry, key, decision)
    if view.state is not State.HELD and view.state is not State.REQUESTED:
        found = replace(take_details(draft, appointment, entry), state=view.state)
        draft.put(replace(found, hold_expires=None))
        draft.note("recovered", key, link.name, state=view.state)
        draft.sighted(link, key, entry, edited=True)
        return
    if not decision.ok:
        _refuse(draft, link, entry, appointment, decision.code)
        return
    held = draft.put(appointment)
    start = local(draft.clinic.time_zone, view.start).isoformat()
    draft.note("held", key, link.name, resource=view.resource, start=start)
    draft.sighted(link, key, entry, edited=True)
    draft.agree(link, key)
    if view.state is State.REQUESTED:
        _submit(draft, link, held, entry)


def _appointment(draft: Draft, link: Link, entry: Entry, key: str, decision: Decision) -> Appointment:
    view = entry.view
    assert isinstance(view, PortalView)  # noqa: S101 - narrows the union
    service = draft.clinic.services.get(view.service)
    return Appointment(
        id=key,
        clinic=draft.clinic.key,
        state=State.HELD,
        origin=Side.CLIENT,
        resource=view.resource,
        start=view.start,
        end=view.start + service.minutes * 60 if service else view.end,
        service=view.service,
        co_resources=decision.co_resources,
        buffer_before=service.buffer_before * 60 if service else 0,
        buffer_after=service.buffer_after * 60 if service else 0,
        hold_expires=_expiry(draft, entry),
        source=link.name,
    )


def _expiry(draft: Draft, entry: Entry) -> int:
    """A hold always ends, whatever the portal says: at the latest `hold_ttl` from now."""
    latest = draft.now + draft.clinic.rules.hold_ttl
    return min(entry.expires, latest) if entry.expires is not None else latest


def _refuse(draft: Draft, link: Link, entry: Entry, appointment: Appointment, code: str) -> None:
    """Refused bookings are kept as ended ones: the portal is told through them, and `journal` explains them."""
    ended = State.RELEASED if entry.view.state is State.HELD else State.DECLINED
    draft.put(replace(appointment, state=ended, decline_reason=TAKEN, exclusive=False, hold_expires=None))
    draft.note("slot_refused", appointment.id, link.name, rule=code)
    draft.sighted(link, appointment.id, entry, edited=True)


def _decide(draft: Draft, wanted: Candidate, *, without: str, at: int) -> Decision:
    """What the rules say, with lead time and horizon counted from `at`, when the client asked."""
    around = Interval(wanted.start - 2 * DAY, wanted.start + 3 * DAY)  # its local day, whatever the zone
    known = facts(draft.current(), draft.clinic, draft.now, without=without, around=around)
    return decide(draft.clinic, replace(known, now=at), wanted)


def _asked_at(draft: Draft, entry: Entry) -> int:
    """A client who asked in time is in time, also when the bridge was down meanwhile; but nobody books the past."""
    at = entry.modified if entry.modified is not None else draft.now
    return at if at <= draft.now < entry.view.start else draft.now


def _candidate(view: PortalView, details: Details | None) -> Candidate:
    species = details.species if details else None
    return Candidate(service=view.service, resource=view.resource, start=view.start, species=species)


# --- known ones -----------------------------------------------------------------------------------


def _known(draft: Draft, link: Link, appointment: Appointment, entry: Entry) -> None:
    shadow = draft.shadows[link.name, appointment.id]
    before = project("portal", appointment, draft.clinic)
    unsent = pending(link, shadow, before)
    changes = delta(link, shadow, entry.view)
    consumed = bool(entry.replaces) and shadow.ref == entry.replaces
    if consumed and (appointment.state.ended or _ended_first(draft, appointment, entry)):
        _late(draft, link, entry, appointment)
        return
    draft.sighted(link, appointment.id, entry, edited=bool(changes))
    if "state" in changes:
        _state(draft, link, appointment, entry)
    if not draft.appointments[appointment.id].state.gone:
        _described(draft, link, draft.appointments[appointment.id], changes)
        if MOVES & set(changes):
            _move(draft, link, draft.appointments[appointment.id], entry, overruled=bool(unsent & MOVES))


def _described(draft: Draft, link: Link, appointment: Appointment, changes: Mapping[str, Any]) -> None:
    """The reason of the visit is the client's to say."""
    if "description" in changes and changes["description"] != appointment.description:
        draft.put(replace(appointment, description=changes["description"]))
        draft.note("edited", appointment.id, link.name, fields="description")


def _ended_first(draft: Draft, appointment: Appointment, entry: Entry) -> bool:
    return not takes_time(appointment, draft.now) and _was_late(appointment, entry)


def _was_late(appointment: Appointment, entry: Entry) -> bool:
    """Judged by when the client confirmed, not by when the bridge came to read it; without a word, by what it knew."""
    if entry.modified is None or appointment.hold_expires is None:
        return appointment.state.ended
    return entry.modified > appointment.hold_expires


def _late(draft: Draft, link: Link, entry: Entry, appointment: Appointment) -> None:
    """Confirmed after the hold ended: the time is taken again where it is still free (`late_confirm`)."""
    draft.forget(link.name, appointment.id)
    draft.note("late_confirmation", appointment.id, link.name)
    ended = draft.step(appointment, Event.EXPIRE) if appointment.state is State.HELD else appointment
    key = draft.fresh_id(link, entry)
    refusing = draft.clinic.rules.late_confirm == "refuse" and _was_late(appointment, entry)
    if ended is not None and ended.state is State.EXPIRED and refusing:
        _refuse(draft, link, entry, replace(appointment, id=key), "late")
        return
    _new(draft, link, entry, key)


def _state(draft: Draft, link: Link, appointment: Appointment, entry: Entry) -> None:
    match entry.view.state:
        case State.REQUESTED if appointment.state is State.HELD:
            _submit(draft, link, appointment, entry)
        case State.EXPIRED:
            draft.step(appointment, Event.EXPIRE, connection=link.name)
        case State.RELEASED | State.CANCELLED:
            _cancel(draft, link, appointment, entry)
        case State.REQUESTED:
            pass  # moved by its client, or still waiting: it is confirmed again when it is written
        case _:
            draft.note("overruled", appointment.id, link.name, field="state", wanted=entry.view.state)
            draft.touched.add(appointment.id)


def _cancel(draft: Draft, link: Link, appointment: Appointment, entry: Entry) -> None:
    if appointment.state.gone:
        return
    event = Event.RELEASE if appointment.state is State.HELD else Event.CLIENT_CANCEL
    asked = _asked_at(draft, entry)
    if draft.step(appointment, event, connection=link.name, at=asked) is not None or appointment.state.ended:
        return
    if appointment.state is not State.CONFIRMED:  # the patient is here: that is over, whatever a link in a mail says
        draft.touched.add(appointment.id)
        return
    # The portal has already told the client that it is cancelled: keep its word, and let a person know (R23).
    draft.step(appointment, Event.CLINIC_CANCEL, connection=link.name, why="late")
    draft.task(
        "late_cancellation",
        appointment.id,
        f"Clinic {draft.clinic.key}: the client cancelled booking {appointment.id} in the portal later than the "
        "clinic's rules allow; it was cancelled everywhere. Phone the client if that should not stand.",
        appointment=appointment.id,
        connection=link.name,
    )


def _move(draft: Draft, link: Link, appointment: Appointment, entry: Entry, *, overruled: bool) -> None:
    """A client's move; refused (cutoff, rules, or the clinic moved it meanwhile) it is written back to the portal."""
    view = entry.view
    assert isinstance(view, PortalView)  # noqa: S101 - narrows the union
    if overruled:
        draft.note("overruled", appointment.id, link.name, field="time", by="clinic")
        draft.touched.add(appointment.id)
        return
    wanted = _candidate(view, appointment.details)
    if appointment.client:
        scope: Literal["book", "reschedule"] = "reschedule" if appointment.state is State.CONFIRMED else "book"
        wanted = replace(wanted, client="known", scope=scope)
    asked = _asked_at(draft, entry)
    decision = _decide(draft, wanted, without=appointment.id, at=asked)
    if not decision.ok:
        draft.note("move_refused", appointment.id, link.name, rule=decision.code)
        draft.touched.add(appointment.id)
        return
    if draft.step(appointment, Event.CLIENT_MOVE, connection=link.name, at=asked) is None:
        draft.touched.add(appointment.id)
        return
    service = draft.clinic.services.get(view.service)
    length = appointment.end - appointment.start
    if service and view.service != appointment.service:
        length = service.minutes * 60
    moved = replace(
        draft.appointments[appointment.id],
        resource=view.resource,
        start=view.start,
        end=view.start + length,
        service=view.service,
        buffer_before=service.buffer_before * 60 if service else appointment.buffer_before,
        buffer_after=service.buffer_after * 60 if service else appointment.buffer_after,
        co_resources=decision.co_resources,
        written=False,
    )
    draft.put(moved)


def _submit(draft: Draft, link: Link, appointment: Appointment, entry: Entry) -> None:
    """The hold becomes a booking: identified as far as it can be, confirmed or left to the clinic.

    A hold whose time had run out guards nothing any more: it gives way to whoever took the time since.
    """
    reserved = appointment.reserved and takes_time(appointment, draft.now)
    given = take_details(draft, replace(appointment, reserved=reserved, hold_expires=None), entry)
    identified, certain = identify(draft, given, f"{link.name}/{entry.ref}")
    draft.put(identified)
    refused = not_admitted(draft, identified)
    at_once = certain and instant(draft, identified) and not refused
    event = Event.SUBMIT_INSTANT if at_once else Event.SUBMIT_REQUEST
    submitted = draft.step(identified, event, connection=link.name)
    if refused and submitted is not None:
        declined = draft.step(submitted, Event.DECLINE, connection=link.name, why=refused)
        draft.put(replace(declined or submitted, decline_reason=refused))
