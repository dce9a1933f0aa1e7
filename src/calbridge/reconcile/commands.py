"""What people asked for on the command line or a page, carried out by the life cycle's table.

What the table refuses by then (the client was faster) becomes a task: the person who asked is not there any more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from calbridge.hub import Command
from calbridge.lifecycle import Event
from calbridge.model import Appointment, State
from calbridge.reconcile.afterwards import cancelled_by_clinic
from calbridge.reconcile.creating import create
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.linking import link, unlink
from calbridge.reconcile.places import keeper


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
            _end(draft, command, appointment, Event.DECLINE)
        case "cancel":
            waits = appointment.state is State.REQUESTED
            _end(draft, command, appointment, Event.DECLINE if waits else Event.CLINIC_CANCEL)
        case "move":
            _move(draft, command, appointment)
        case "link":
            draft.put(link(draft, appointment, command))
        case "unlink":
            draft.put(unlink(draft, appointment))
        case "create":
            draft.put(create(draft, appointment))
        case _:
            assert_never(command.kind)


def _accept(draft: Draft, command: Command, appointment: Appointment) -> None:
    """A proposal may be confirmed in the same step (S2)."""
    accepted = _step(draft, command, appointment, Event.ACCEPT)
    if accepted is not None and command.client:
        draft.put(link(draft, accepted, command))


def _step(draft: Draft, command: Command, appointment: Appointment, event: Event) -> Appointment | None:
    after = draft.step(appointment, event, by="command")
    if after is None:
        state = appointment.state.replace("_", " ")
        draft.task(
            "command",
            f"{command.kind}/{appointment.id}",
            f'Clinic {draft.clinic.key}: "{command.kind}" of booking {appointment.id} was not done, because by then it '
            f"was {state}. Look at it with `calbridge journal --booking {appointment.id}`.",
            appointment=appointment.id,
        )
    return after


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
    place = replace(moved, resource=command.resource, start=command.start, end=command.end, moved=draft.now)
    draft.put(replace(place, written=alone, quiet=command.notify is False))
    draft.moved.add(appointment.id)
