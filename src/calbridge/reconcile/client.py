"""What portals show of bookings the hub knows: confirmed, moved, cancelled, described anew, lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from typing import Any

from calbridge.feeds import Entry, Gone
from calbridge.hub import Link, Observation, Shadow
from calbridge.lifecycle import Event
from calbridge.model import Appointment, Place, Side, State
from calbridge.reconcile.arrivals import LATE, begin, meet, refuse, submit
from calbridge.reconcile.asking import TAKEN, asked_at, judge_all, moved_to
from calbridge.reconcile.authority import client_may, last_edit_wins
from calbridge.reconcile.compare import carried, delta, pending
from calbridge.reconcile.corrected import take_correction
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.facts import takes_time
from calbridge.reconcile.missing import entries, missing, over, undecided
from calbridge.reconcile.moves import under_way
from calbridge.slots import Decision
from calbridge.views import SERVICE_KEPT, PortalView, project

LIVE = {State.HELD, State.REQUESTED, State.CONFIRMED, State.ARRIVED}
HOLDS = {State.HELD, State.EXPIRED, State.RELEASED}
TOO_LATE = "too_late_to_move"
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
    elif entry.stamp is not None:
        _shown_before(draft, link, entry)
    elif entry.view.state in LIVE and not over(entry, draft.now):
        meet(draft, link, entry)


def _shown_before(draft: Draft, link: Link, entry: Entry) -> None:
    """The clinic's own appointment, which the hub once put there and has lost sight of: never a booking of a client."""
    key = entry.stamp.appointment if entry.stamp else ""
    if key in draft.appointments:
        draft.sighted(link, key, entry, edited=True)
        draft.note("attached", key, link.name)
        if entry.view.state is State.CANCELLED:  # by its client, before the answer to our write was heard
            _cancel(draft, link, draft.appointments[key], entry)
    elif not entry.view.state.ended and not over(entry, draft.now):
        draft.reread(link)
        draft.task(
            "portal_stray",
            f"{link.name}/{entry.ref}",
            f"Clinic {draft.clinic.key}, connection {link.name}: the portal shows its client an appointment of the "
            f"clinic, {entry.ref}, that the clinic does not have (any more). Cancel it in the portal.",
            connection=link.name,
        )


def _lost(draft: Draft, link: Link, key: str, ref: str) -> None:
    """A portal that no longer knows a hold has released it; a vanished booking is a question, never a cancellation."""
    appointment = draft.appointments[key]
    if not isinstance(draft.answers.probes.get((link.name, ref)), Gone) or appointment.state.ended:
        return
    if appointment.origin is not Side.CLIENT:  # its client closed her account: nothing of the clinic's is over by that
        draft.forget(link.name, key)
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


def _known(draft: Draft, link: Link, appointment: Appointment, entry: Entry) -> None:
    shadow = draft.shadows[link.name, appointment.id]
    before = project("portal", appointment, draft.clinic)
    unsent = pending(link, shadow, before)
    changes = delta(link, shadow, entry.view)
    if _submitted(shadow, entry) and (appointment.state.ended or _ended_first(draft, appointment, entry)):
        _late(draft, link, entry, appointment)
        return
    draft.sighted(link, appointment.id, entry, edited=bool(changes))
    if "state" in changes:
        _state(draft, link, appointment, entry)
    if not draft.appointments[appointment.id].state.gone:
        take_correction(draft, link, draft.appointments[appointment.id], entry)
    if not draft.appointments[appointment.id].state.gone:
        _described(draft, link, draft.appointments[appointment.id], entry, changes)
        if _wanted_elsewhere(draft, link, appointment.id, changes):
            overruled = _moved_meanwhile(appointment, unsent, changes) and not _later(draft, appointment, entry)
            _move(draft, link, draft.appointments[appointment.id], entry, overruled=overruled)


def _wanted_elsewhere(draft: Draft, link: Link, key: str, changes: Mapping[str, Any]) -> bool:
    """Where it stands already she need not move it: the clinic did the same, or a step of ours was met half way."""
    stands = carried(link, project("portal", draft.appointments[key], draft.clinic))
    return any(changes[name] != stands.get(name) for name in MOVES & set(changes))


def _moved_meanwhile(appointment: Appointment, unsent: Set[str], changes: Mapping[str, Any]) -> bool:
    """Did the clinic move it, and the portal does not show that yet? Nor does it show that she was just refused."""
    meanwhile = unsent & MOVES or ("service" in changes and "end" in unsent)
    return bool(meanwhile) and not appointment.decline_reason


def _submitted(shadow: Shadow, entry: Entry) -> bool:
    """The hold has become this booking, under a ref of its own or under the hold's."""
    hold = shadow.view is not None and shadow.view.state in HOLDS
    return shadow.ref == entry.replaces or (hold and entry.view.state is State.REQUESTED)


def _later(draft: Draft, appointment: Appointment, entry: Entry) -> bool:
    """The clinic moved it meanwhile; where the clinic wants that, the client's later word stands all the same."""
    later = last_edit_wins(draft, appointment, entry.modified)
    if later:
        draft.note("overruled", appointment.id, field="time", by="client")
    return later


def _described(draft: Draft, link: Link, appointment: Appointment, entry: Entry, changes: Mapping[str, Any]) -> None:
    """The reason of the visit is the client's to say, unless the clinic keeps that to itself."""
    if "description" not in changes or changes["description"] == appointment.description:
        return
    if not client_may(draft, appointment, "description", entry.modified):
        draft.note("overruled", appointment.id, link.name, fields="description")
        draft.touched.add(appointment.id)
        return
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
    why = _ended_for_good(draft, ended or appointment, entry)
    if why:
        refuse(draft, link, entry, replace(appointment, id=key), why)
    else:
        begin(draft, link, entry, key)


def _ended_for_good(draft: Draft, hold: Appointment, entry: Entry) -> str:
    """Too late where the clinic takes no late ones; or the clinic itself has taken the reserved slot back."""
    refusing = draft.clinic.rules.late_confirm == "refuse" and _was_late(hold, entry)
    if hold.state is State.EXPIRED:
        return LATE if refusing else ""
    return TAKEN if hold.state is State.RELEASED and not hold.decline_reason else ""


def _state(draft: Draft, link: Link, appointment: Appointment, entry: Entry) -> None:
    match entry.view.state:
        case State.REQUESTED if appointment.state is State.HELD:
            submit(draft, link, appointment, entry)
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
    asked = asked_at(draft, entry)
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
    other = view.service != appointment.service
    kept = other and not client_may(draft, appointment, "service", entry.modified)
    if kept and not overruled:
        draft.refuse(appointment, SERVICE_KEPT)
    if overruled or kept:
        draft.note("overruled", appointment.id, link.name, field="time" if overruled else "service", by="clinic")
        draft.not_moved.add(appointment.id)
        draft.touched.add(appointment.id)
        return
    wanted = moved_to(appointment, service=view.service, resource=view.resource, start=view.start)
    asked = asked_at(draft, entry)
    if draft.allowed(appointment, Event.CLIENT_MOVE, connection=link.name, at=asked) is None:
        draft.refuse(appointment, TOO_LATE)  # whatever time it is: no other one would be given to her either
        draft.touched.add(appointment.id)
        return
    decision = judge_all(draft, wanted, appointment.details, without=appointment.id, at=asked)
    if not decision.ok:
        draft.note("move_refused", appointment.id, link.name, rule=decision.code)
        draft.refuse(appointment, TAKEN, _wished(appointment, view))
        draft.not_moved.add(appointment.id)
        draft.touched.add(appointment.id)
        return
    draft.step(appointment, Event.CLIENT_MOVE, connection=link.name, at=asked)
    draft.not_moved.discard(appointment.id)
    draft.put(under_way(appointment, _at(draft, draft.appointments[appointment.id], view, decision)))


def _wished(appointment: Appointment, view: PortalView) -> Place:
    """What she moved it to and does not get."""
    return replace(appointment.place, service=view.service, resource=view.resource, start=view.start, end=view.end)


def _at(draft: Draft, appointment: Appointment, view: PortalView, decision: Decision) -> Appointment:
    """The appointment where its client wants it; it keeps its length, unless she wants another service."""
    service = draft.clinic.services.get(view.service)
    length = appointment.end - appointment.start
    if service and view.service != appointment.service:
        length = service.minutes * 60
    return replace(
        appointment,
        resource=view.resource,
        start=view.start,
        end=view.start + length,
        service=view.service,
        buffer_before=service.buffer_before * 60 if service else appointment.buffer_before,
        buffer_after=service.buffer_after * 60 if service else appointment.buffer_after,
        co_resources=decision.co_resources,
        written=False,
    )
