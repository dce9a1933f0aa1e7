"""What portals bring for the first time: holds and submitted bookings. Rules decide; refusals are kept and told."""

from __future__ import annotations

from dataclasses import replace

from calbridge.feeds import Entry
from calbridge.hub import Link
from calbridge.lifecycle import Event
from calbridge.model import Appointment, Side, State
from calbridge.reconcile.admission import instant, not_admitted, turn_away
from calbridge.reconcile.asking import TAKEN, asked_at, candidate, judge
from calbridge.reconcile.draft import Draft, derive_id
from calbridge.reconcile.facts import takes_time
from calbridge.reconcile.identity import identify, take_details
from calbridge.slots import Decision
from calbridge.views import PortalView
from calbridge.wall import local

LATE = "hold_expired"


def meet(draft: Draft, link: Link, entry: Entry) -> None:
    """New; or one that the clinic's sides still know after the hub lost its state: ids come from refs, so it shows."""
    key = derive_id(draft.clinic.key, link.name, entry.replaces or entry.ref)
    mine = draft.appointments.get(key)
    if mine is None:
        begin(draft, link, entry, key)
    elif mine.state.gone or (link.name, key) in draft.shadows:  # what has ended stays ended
        begin(draft, link, entry, draft.fresh_id(link, entry))
    else:
        found = draft.put(replace(take_details(draft, mine, entry), origin=Side.CLIENT, source=link.name))
        draft.sighted(link, key, entry, edited=True)
        draft.note("attached", key, link.name)
        if found.state is State.HELD and entry.view.state is State.REQUESTED:
            submit(draft, link, found, entry)


def begin(draft: Draft, link: Link, entry: Entry, key: str) -> None:
    view = entry.view
    assert isinstance(view, PortalView)  # noqa: S101 - narrows the union; _read has checked it
    decision = judge(draft, candidate(view, entry.details), without=key, at=asked_at(draft, entry))
    appointment = _appointment(draft, link, entry, key, decision)
    if view.state is not State.HELD and view.state is not State.REQUESTED:
        # Its client was told already: it gives way to nobody, and what overlaps it is a person's to sort out.
        found = replace(take_details(draft, appointment, entry), state=view.state, reserved=True)
        draft.put(replace(found, hold_expires=None))
        draft.note("recovered", key, link.name, state=view.state)
        draft.sighted(link, key, entry, edited=True)
        return
    if not decision.ok:
        refuse(draft, link, entry, appointment, decision.code)
        return
    held = draft.put(appointment)
    start = local(draft.clinic.time_zone, view.start).isoformat()
    draft.note("held", key, link.name, resource=view.resource, start=start)
    draft.sighted(link, key, entry, edited=True)
    draft.agree(link, key)
    if view.state is State.REQUESTED:
        submit(draft, link, held, entry)
    elif not takes_time(held, draft.now):  # over before anybody saw it: it is written nowhere
        draft.step(held, Event.EXPIRE)


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


def refuse(draft: Draft, link: Link, entry: Entry, appointment: Appointment, code: str) -> None:
    """Refused bookings are kept as ended ones: the portal is told through them, and `journal` explains them."""
    ended = State.RELEASED if entry.view.state is State.HELD else State.DECLINED
    refused = replace(appointment, state=ended, exclusive=False, hold_expires=None, details=entry.details)
    draft.refuse(refused, LATE if code == LATE else TAKEN, appointment.place)
    draft.note("slot_refused", appointment.id, link.name, rule=code)
    draft.sighted(link, appointment.id, entry, edited=True)


def submit(draft: Draft, link: Link, appointment: Appointment, entry: Entry) -> None:
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
        turn_away(draft, declined or submitted, refused)
