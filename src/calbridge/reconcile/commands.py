"""What people asked for on the command line or a page, carried out by the life cycle's table.

What the table refuses by then (the client was faster) becomes a task: the person who asked is not there any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from calbridge.hub import Command
from calbridge.lifecycle import CommandKind, Event
from calbridge.model import Appointment, State
from calbridge.reconcile import unwritten
from calbridge.reconcile.afterwards import cancelled_by_clinic
from calbridge.reconcile.creating import create
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.linking import link, unlink
from calbridge.reconcile.moves import decided
from calbridge.reconcile.places import keeper


def obey(draft: Draft) -> None:
    """Carry out what people asked for on the command line or a page."""
    for command in draft.state.commands:
        draft.commands.append(command.id)
        appointment = draft.appointments.get(command.appointment)
        if appointment is None:
            draft.note("refused", command.appointment, event=command.kind, why="unknown_booking")
        else:
            DEEDS[command.kind](draft, command, appointment)


def _accept(draft: Draft, command: Command, appointment: Appointment) -> None:
    """A proposal may be confirmed in the same step (S2). What its client moved just now nobody has seen there."""
    accepted = _step(draft, command, appointment, Event.ACCEPT)
    before = draft.state.appointments.get(appointment.id)
    if accepted is not None and before is not None and before.place == accepted.place:
        accepted = draft.put(decided(accepted))
    if accepted is not None and command.client:
        draft.put(link(draft, accepted, command))


def _decline(draft: Draft, command: Command, appointment: Appointment) -> None:
    _end(draft, command, appointment, Event.DECLINE)


def _cancel(draft: Draft, command: Command, appointment: Appointment) -> None:
    waits = appointment.state is State.REQUESTED
    _end(draft, command, appointment, Event.DECLINE if waits else Event.CLINIC_CANCEL)


def _link(draft: Draft, command: Command, appointment: Appointment) -> None:
    draft.put(link(draft, appointment, command))


def _unlink(draft: Draft, _command: Command, appointment: Appointment) -> None:
    draft.put(unlink(draft, appointment))


def _create(draft: Draft, _command: Command, appointment: Appointment) -> None:
    draft.put(create(draft, appointment))


WAYS_OUT = {"retry": unwritten.retry, "keep": unwritten.keep, "take_back": unwritten.take_back}


def _way_out(draft: Draft, command: Command, appointment: Appointment) -> None:
    """By then it may have been written, or something else be wanted, which nobody has refused.

    What has ended is not taken back, but may still have to go away there.
    """
    shadow = draft.shadows.get((command.connection, appointment.id))
    if shadow is None or not unwritten.is_open(draft, shadow):
        draft.note("refused", appointment.id, command.connection, event=command.kind, why="nothing_unwritten")
    elif appointment.state.ended and command.kind == "take_back":
        draft.note("refused", appointment.id, command.connection, event=command.kind, why="not_possible")
        _not_done(draft, command, appointment)
        return
    else:
        WAYS_OUT[command.kind](draft, shadow)
    unwritten.decided(draft, command.connection, appointment.id)


def _step(draft: Draft, command: Command, appointment: Appointment, event: Event) -> Appointment | None:
    after = draft.step(appointment, event, by="command")
    wanted = appointment.state.gone and event in {Event.DECLINE, Event.CLINIC_CANCEL}  # it is over, as was asked
    if after is None and not wanted:
        _not_done(draft, command, appointment)
    return after


def _not_done(draft: Draft, command: Command, appointment: Appointment) -> None:
    """Whoever asked for it is not there any more to be answered."""
    what, state = command.kind.replace("_", " "), appointment.state.replace("_", " ")
    draft.task(
        "command",
        f"{command.kind}/{appointment.id}",
        f'Clinic {draft.clinic.key}: "{what}" of booking {appointment.id} was not done, because by then it '
        f"was {state}. Look at it with `calbridge journal --booking {appointment.id}`.",
        appointment=appointment.id,
    )


def _end(draft: Draft, command: Command, appointment: Appointment, event: Event) -> None:
    ended = _step(draft, command, appointment, event)
    if ended is not None:
        quiet = ended.quiet if command.notify is None else not command.notify
        draft.put(replace(ended, decline_reason=command.reason, quiet=quiet))
        cancelled_by_clinic(draft, appointment)


def _move(draft: Draft, command: Command, appointment: Appointment) -> None:
    moved = _step(draft, command, appointment, Event.CLINIC_MOVE)
    if moved is None:
        return
    alone = keeper(draft.state, appointment) is None and appointment.written
    place = replace(decided(moved), resource=command.resource, start=command.start, end=command.end, moved=draft.now)
    draft.put(replace(place, written=alone, quiet=command.notify is False))
    draft.moved.add(appointment.id)


DEEDS: Mapping[CommandKind, Callable[[Draft, Command, Appointment], None]] = {
    "accept": _accept,
    "decline": _decline,
    "cancel": _cancel,
    "move": _move,
    "link": _link,
    "unlink": _unlink,
    "create": _create,
    "retry": _way_out,
    "keep": _way_out,
    "take_back": _way_out,
}
"""What each kind of command does; a test holds it to be all of them."""
