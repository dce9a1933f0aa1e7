"""What time and people decide: holds end, first comers win, refused writes are taken back, commands are carried out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from calbridge.feeds import Partial, WindowRecord
from calbridge.hub import Command, Link, Observation
from calbridge.lifecycle import Event
from calbridge.model import Appointment, Side, State
from calbridge.reconcile.creating import create
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.facts import takes_time
from calbridge.reconcile.linking import link, unlink
from calbridge.reconcile.missing import entries
from calbridge.reconcile.places import keeper, places
from calbridge.views import PmsView, View

TAKEN = "slot_unavailable"


def expire_holds(draft: Draft, portals: Iterable[tuple[Link, Observation]]) -> None:
    """A hold always ends by itself, also when its portal is silent; one that was just confirmed has not ended."""
    consumed = {
        draft.by_ref.get((link.name, entry.replaces)) for link, observation in portals for entry in entries(observation)
    }
    for appointment in list(draft.appointments.values()):
        held = appointment.state is State.HELD and appointment.id not in consumed
        if held and not takes_time(appointment, draft.now):
            draft.step(appointment, Event.EXPIRE)


def check_reservations(draft: Draft, reads: Mapping[str, Observation]) -> None:
    """Until its time has stood on the clinic's sides and was read again, a booking gives way to whoever came first."""
    for appointment in list(draft.appointments.values()):
        if appointment.origin is Side.CLIENT and not appointment.reserved and not appointment.state.ended:
            if _first_comer(draft, appointment):
                give_way(draft, appointment)
            elif _seen_again(draft, appointment, reads):
                _reserve(draft, appointment)


def _reserve(draft: Draft, appointment: Appointment) -> None:
    """Where the clinic has no side at all, the hub itself is the record."""
    clinic_sides = draft.state.broken or any(link.side is Side.CLINIC for link in draft.state.links.values())
    alone = not clinic_sides and appointment.state is State.CONFIRMED
    draft.put(replace(appointment, reserved=True, written=appointment.written or alone))


def _first_comer(draft: Draft, appointment: Appointment) -> bool:
    if any(other.origin is Side.CLINIC or other.reserved for other in draft.overlapping(appointment)):
        return True
    return any(
        not isinstance(record, WindowRecord)
        and record.resource in appointment.resources
        and any(span.overlaps(appointment.footprint) for span in record.spans)
        for record in draft.foreign.values()
    )


def _seen_again(draft: Draft, appointment: Appointment, reads: Mapping[str, Observation]) -> bool:
    """While a connection does not load nobody has looked at it, so nothing counts as reserved."""
    return not draft.state.broken and all(
        _confirmed_before_read(draft, link, appointment, reads) for link in places(draft.state, appointment)
    )


def _confirmed_before_read(
    draft: Draft, link: Link, appointment: Appointment, reads: Mapping[str, Observation]
) -> bool:
    """A write that was given up counts as answered: its task is a person's, and the client need not wait for it."""
    shadow = draft.shadows.get((link.name, appointment.id))
    observation = reads.get(link.name)
    return (
        shadow is not None
        and observation is not None
        and not isinstance(observation.feed, Partial)
        and shadow.confirmed <= observation.started
    )


def give_way(draft: Draft, appointment: Appointment, connection: str = "") -> None:
    """The time belongs to somebody else: end it with a reason the client is told."""
    event = Event.DECLINE if appointment.state is State.REQUESTED else Event.CLINIC_CANCEL
    ended = draft.step(appointment, event, connection=connection, why=TAKEN)
    if ended is not None:
        draft.put(replace(ended, decline_reason=TAKEN))


def take_back(draft: Draft) -> None:
    """Writes the remote refused because the time is taken there."""
    for connection, key in sorted(draft.answers.conflicts):
        appointment = draft.appointments.get(key)
        if appointment is None or appointment.state.ended:
            continue
        _answer_refusal(draft, draft.state.links[connection], appointment)


def _answer_refusal(draft: Draft, link: Link, appointment: Appointment) -> None:
    """A new booking gives way; a client's move is undone; a clinic's move stands."""
    shadow = draft.shadows.get((link.name, appointment.id))
    kept = shadow.view if shadow else None
    moved = kept is not None and _place(kept) != _place(appointment)
    settled = moved or (kept is not None and kept.state in {State.CONFIRMED, State.ARRIVED})
    if appointment.origin is Side.CLIENT and not settled:
        give_way(draft, appointment, link.name)
    elif kept is not None and _moved_by_client(draft, appointment):
        _undo_move(draft, appointment, kept)
    elif draft.state.appointments.get(appointment.id, appointment).exclusive:
        _stand_by_it(draft, link, appointment)


def _moved_by_client(draft: Draft, appointment: Appointment) -> bool:
    """Its portal shows the new time already: that is where the move came from."""
    return any(
        shadow is not None and shadow.view is not None and _place(shadow.view) == _place(appointment)
        for shadow in (draft.shadows.get((name, appointment.id)) for name in _portals(draft))
    )


def _portals(draft: Draft) -> list[str]:
    return [link.name for link in draft.state.links.values() if link.side is Side.CLIENT]


def _place(shown: View | Appointment) -> tuple[int, str]:
    return shown.start, shown.resource


def _undo_move(draft: Draft, appointment: Appointment, kept: View) -> None:
    draft.note("move_refused", appointment.id, rule="busy")
    co_resources = kept.co_resources if isinstance(kept, PmsView) else appointment.co_resources
    undone = replace(appointment, start=kept.start, end=kept.end, resource=kept.resource, co_resources=co_resources)
    draft.put(replace(undone, written=_recorded(draft, undone)))
    draft.touched.add(appointment.id)


def believe_record(draft: Draft) -> None:
    """Whoever moved it and back: where the record shows it already, no write will come that could say so."""
    for appointment in list(draft.appointments.values()):
        if not appointment.written and _recorded(draft, appointment):
            draft.put(replace(appointment, written=True))
            draft.note("written", appointment.id, appointment.source)


def _recorded(draft: Draft, appointment: Appointment) -> bool:
    """The system of record shows it there and confirmed, as it was written. What is only accepted has no revision."""
    link = keeper(draft.state, appointment) if appointment.state is State.CONFIRMED else None
    if link is None or (link.name, appointment.id) in draft.state.unresolved:
        return False
    shadow = draft.shadows.get((link.name, appointment.id))
    shown = shadow.view if shadow and shadow.revision else None
    return shown is not None and shown.state is State.CONFIRMED and _place(shown) == _place(appointment)


def _stand_by_it(draft: Draft, link: Link, appointment: Appointment) -> None:
    """Staff (or a client inside the rules) moved it and the side objects: the clinic's wish stands, without a claim."""
    draft.appointments[appointment.id] = replace(appointment, exclusive=False)
    draft.touched.add(appointment.id)
    draft.note("overbooked", appointment.id, link.name)
    draft.task(
        "overbooked",
        appointment.id,
        f"Clinic {draft.clinic.key}, connection {link.name}: the time of booking {appointment.id} is taken there; "
        "it was written over it on purpose. Move one of the two if it was not meant.",
        appointment=appointment.id,
        connection=link.name,
    )


# --- commands -------------------------------------------------------------------------------------


def obey(draft: Draft) -> None:
    """Carry out what people asked for on the command line or a page."""
    for command in draft.state.commands:
        draft.commands.append(command.id)
        appointment = draft.appointments.get(command.appointment)
        if appointment is None:
            draft.note("refused", command.appointment, event=command.kind, why="unknown_booking")
        else:
            _obey(draft, command, appointment)


def _obey(draft: Draft, command: Command, appointment: Appointment) -> None:
    match command.kind:
        case "accept":
            _accept(draft, command, appointment)
        case "decline":
            _decline(draft, command, appointment)
        case "cancel":
            draft.step(appointment, Event.CLINIC_CANCEL, by="command")
        case "link":
            draft.put(link(draft, appointment, command))
        case "unlink":
            draft.put(unlink(draft, appointment))
        case "create":
            draft.put(create(draft, appointment))


def _accept(draft: Draft, command: Command, appointment: Appointment) -> None:
    """A proposal may be confirmed in the same step (S2)."""
    if draft.step(appointment, Event.ACCEPT, by="command") is not None and command.client:
        draft.put(link(draft, draft.appointments[appointment.id], command))


def _decline(draft: Draft, command: Command, appointment: Appointment) -> None:
    declined = draft.step(appointment, Event.DECLINE, by="command")
    if declined is not None:
        draft.put(replace(declined, decline_reason=command.reason))
