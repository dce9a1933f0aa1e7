"""Settling what the clinic's sides want of one appointment: an ending beats progress, progress beats a move, text last.

Who wins (design.md section 3): time and resource, the last human edit; service and description, the portal; client and
patient link, the PMS; private title and note, the clinic. A clinic may say otherwise (`reconcile.authority`). Every
overruled edit is journalled and written back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from calbridge.feeds import Entry
from calbridge.hub import Link
from calbridge.lifecycle import Event
from calbridge.model import Appointment, State
from calbridge.numbers import elsewhere
from calbridge.reconcile.afterwards import cancelled_by_clinic
from calbridge.reconcile.authority import clinic_may, may
from calbridge.reconcile.compare import WHOSE, carried
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.linking import linked_in_pms, links_it
from calbridge.reconcile.moves import decided, decided_at
from calbridge.reconcile.places import keeps_record
from calbridge.views import PmsView, own_title, project

TIME = ("start", "end", "resource", "co_resources")
PROGRESS = {
    State.CONFIRMED: Event.ACCEPT,
    State.ARRIVED: Event.ARRIVE,
    State.FULFILLED: Event.LEAVE,
    State.NO_SHOW: Event.ABSENT,
}
"""What a side says happened by showing a state."""
WAYS: Mapping[tuple[State, State], tuple[Event, ...]] = {
    # each side shows only where it got to: whoever lets a request in has accepted it
    (State.REQUESTED, State.ARRIVED): (Event.ACCEPT, Event.ARRIVE),
    (State.REQUESTED, State.FULFILLED): (Event.ACCEPT, Event.ARRIVE, Event.LEAVE),
    (State.REQUESTED, State.NO_SHOW): (Event.ACCEPT, Event.ABSENT),
    (State.CONFIRMED, State.FULFILLED): (Event.ARRIVE, Event.LEAVE),
    # and may correct what was marked by mistake (decision 0054)
    (State.ARRIVED, State.CONFIRMED): (Event.UNDO_ARRIVAL,),
    (State.ARRIVED, State.NO_SHOW): (Event.UNDO_ARRIVAL, Event.ABSENT),
}
"""From a state to one that is shown, where that takes more, or something else, than its own event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one side changed. `entry` is None where the side shows it no more."""

    link: Link
    entry: Entry | None
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def ends(self) -> bool:
        """The side took it away."""
        return self.entry is None or ("state" in self.changes and self.entry.view.state.gone)


def settle(draft: Draft, key: str, wishes: Sequence[Wish]) -> None:
    """Apply the wishes to one appointment."""
    appointment = draft.appointments[key]
    endings = [wish for wish in wishes if wish.ends]
    if endings:
        _end(draft, appointment, endings)
    lasting = [wish for wish in wishes if not wish.ends]
    if not draft.appointments[key].state.gone:
        # A visit that was moved and then finished within one read was moved first; of a finished one, nobody else's
        # move counts.
        finished = [wish for wish in lasting if _finishes(wish)]
        _move(draft, key, finished)
        _progress(draft, key, lasting)
        _move(draft, key, [wish for wish in lasting if not _finishes(wish)])
        _texts(draft, key, lasting)
    elif lasting:
        draft.note("overruled", key, lasting[0].link.name, by="cancelled")


def _finishes(wish: Wish) -> bool:
    return "state" in wish.changes and wish.entry is not None and wish.entry.view.state.ended


def _end(draft: Draft, appointment: Appointment, endings: Sequence[Wish]) -> None:
    for wish in endings:
        if wish.entry is None:
            draft.forget(wish.link.name, appointment.id)
    if appointment.state.ended:
        return
    entitled = [wish for wish in endings if _may_end(draft, appointment, wish)]
    if entitled:
        waits = appointment.state is State.REQUESTED
        event = Event.DECLINE if waits else Event.CLINIC_CANCEL
        draft.step(appointment, event, connection=entitled[0].link.name)
        cancelled_by_clinic(draft, appointment)


def _may_end(draft: Draft, appointment: Appointment, wish: Wish) -> bool:
    """Nobody deletes a patient who is here out of a calendar; and a clinic may say which of its sides cancels."""
    name = wish.link.name
    if wish.link.role == "calendar" and appointment.state is State.ARRIVED:
        draft.note("restored", appointment.id, name, why="patient_is_here")
        return False
    if not may(draft, wish.link, "cancel"):
        draft.note("overruled", appointment.id, name, field="state", by="authority")
        draft.touched.add(appointment.id)
        return False
    return True


def _progress(draft: Draft, key: str, wishes: Sequence[Wish]) -> None:
    for wish in wishes:
        if "state" not in wish.changes or wish.entry is None:
            continue
        wanted = wish.entry.view.state
        stands = draft.appointments[key].state is wanted
        if not stands and _advance(draft, key, wanted, wish.link) and not set(TIME) & set(wish.changes):
            decided_at(draft, wish.link, draft.appointments[key], wish.entry.view)


def _advance(draft: Draft, key: str, wanted: State, link: Link) -> bool:
    """Step by step; what the life cycle refuses is written back."""
    if wanted not in PROGRESS:
        draft.note("overruled", key, link.name, field="state", wanted=wanted)
        draft.touched.add(key)
        return False
    for event in _way(draft, key, wanted, link):
        if draft.step(draft.appointments[key], event, connection=link.name) is None:
            draft.touched.add(key)
            return False
    return True


def _way(draft: Draft, key: str, wanted: State, link: Link) -> tuple[Event, ...]:
    """A side that never showed the arrival does not undo it: it accepted before, or has not written it yet."""
    state = draft.appointments[key].state
    if (state, wanted) == (State.ARRIVED, State.CONFIRMED) and _showed(draft, key, link) is not State.ARRIVED:
        return (Event.ACCEPT,)
    return WAYS.get((state, wanted), (PROGRESS[wanted],))


def _showed(draft: Draft, key: str, link: Link) -> State | None:
    """What stood there before this read; what was only accepted stands nowhere yet."""
    shadow = draft.state.shadows.get((link.name, key))
    view = None if shadow is None else shadow.before if shadow.pending else shadow.view
    return None if view is None else view.state


def _move(draft: Draft, key: str, wishes: Sequence[Wish]) -> None:
    appointment = draft.appointments[key]
    movers = [wish for wish in wishes if wish.entry and any(name in wish.changes for name in TIME)]
    movers.sort(key=lambda wish: (_when(draft, wish), -wish.link.rank))
    entitled = [wish for wish in movers if may(draft, wish.link, "time")]
    # what is older than the last move was made on a side that could not be read until now
    in_time = [wish for wish in entitled if _when(draft, wish) >= appointment.moved]
    for loser in (wish for wish in movers if wish not in in_time[-1:]):
        draft.note("overruled", key, loser.link.name, field="time")
        draft.touched.add(key)
    if in_time:
        _apply_move(draft, appointment, in_time[-1])


def _apply_move(draft: Draft, appointment: Appointment, winner: Wish) -> None:
    key = appointment.id
    keeper = keeps_record(draft.state, winner.link, appointment)
    written = keeper and (appointment.written or _recorded(winner))
    stepped = draft.step(appointment, Event.CLINIC_MOVE, connection=winner.link.name)
    if stepped is None:
        draft.touched.add(key)
        return
    draft.put(replace(decided(stepped), **_wanted_time(winner), written=written, moved=_when(draft, winner)))
    draft.moved.add(key)


def _recorded(wish: Wish) -> bool:
    """The side shows it confirmed at the time it wishes for: no write will follow that could say so."""
    return wish.entry is not None and wish.entry.view.state is State.CONFIRMED and not wish.entry.pending


def _wanted_time(wish: Wish) -> dict[str, Any]:
    """Start and end go together: an end that was dragged belongs to the start it was dragged under."""
    wanted = {name: _tuple(value) for name, value in wish.changes.items() if name in TIME}
    if wish.entry is not None and {"start", "end"} & set(wanted):
        wanted |= {"start": wish.entry.view.start, "end": wish.entry.view.end}
    return wanted


def _when(draft: Draft, wish: Wish) -> int:
    return wish.entry.modified if wish.entry and wish.entry.modified is not None else draft.now


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _texts(draft: Draft, key: str, wishes: Sequence[Wish]) -> None:
    for wish in sorted(wishes, key=lambda w: (_when(draft, w), -w.link.rank)):
        if wish.entry is None:
            continue
        appointment = draft.appointments[key]
        accepted = _allowed(appointment, wish, draft)
        draft.edited |= {(key, name): _when(draft, wish) for name in accepted}
        texts = {name for name in wish.changes if name not in {*TIME, "state", "confidential"}}
        texts -= set(WHOSE) if _its_own_link(draft, appointment, wish) else set()
        refused = texts - set(accepted)
        if accepted:
            draft.put(linked_in_pms(draft, appointment, replace(appointment, **accepted)))
            draft.note("edited", key, wish.link.name, fields=",".join(sorted(texts & set(accepted))))
        if refused:
            draft.note("overruled", key, wish.link.name, fields=",".join(sorted(refused)))
            draft.touched.add(key)


def _allowed(appointment: Appointment, wish: Wish, draft: Draft) -> dict[str, Any]:
    """The text fields this side may set; a calendar that hides names holds a derived title, not the clinic's."""
    names = {"title", "note"} if may(draft, wish.link, "text") else set()
    names |= {name for name in ("description", "service") if clinic_may(draft, appointment, name)}
    names.add("marked")
    if wish.link.role == "pms" and not _its_own_link(draft, appointment, wish):
        names |= set(WHOSE)
    shown = {*carried(wish.link, project(wish.link.role, appointment, draft.clinic)), *WHOSE}
    if wish.link.role == "calendar" and draft.clinic.rules.calendar_names != "full":
        names.discard("title")
    values = {name: wish.changes[name] for name in names if name in wish.changes and name in shown}
    if "title" in values:
        values["title"] = own_title(values["title"], draft.clinic)
    return _whose(appointment, wish, values) | _buffers(draft, values.get("service", ""))


def _its_own_link(draft: Draft, appointment: Appointment, wish: Wish) -> bool:
    """Whom it links its entry to is its business alone: another PMS's client it is, and it names none of its own."""
    named = bool(wish.changes.get("client")) or not elsewhere(appointment.client, wish.link.name)
    return not (named and links_it(draft, appointment, wish.link))


def _whose(appointment: Appointment, wish: Wish, values: dict[str, Any]) -> dict[str, Any]:
    """An animal is of the client beside it: hers there, not that of whom the booking was linked to before."""
    if not set(WHOSE) & set(values) or wish.entry is None or not isinstance(wish.entry.view, PmsView):
        return values
    view = wish.entry.view
    if "client" in values:
        return values | {"patient": view.patient}
    return values if view.client == appointment.client else {k: v for k, v in values.items() if k != "patient"}


def _buffers(draft: Draft, service: str) -> dict[str, int]:
    """Another service has other buffers; how long the visit is, staff has said itself."""
    known = draft.clinic.services.get(service)
    return {"buffer_before": known.buffer_before * 60, "buffer_after": known.buffer_after * 60} if known else {}
