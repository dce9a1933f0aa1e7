"""What people asked for on the command line or a page, carried out by the life cycle's table."""

from __future__ import annotations

from dataclasses import replace

from calbridge.hub import Command
from calbridge.lifecycle import Event
from calbridge.model import Appointment
from calbridge.reconcile.draft import Draft


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
            draft.step(appointment, Event.ACCEPT, by="command")
        case "decline":
            _decline(draft, command, appointment)
        case "cancel":
            draft.step(appointment, Event.CLINIC_CANCEL, by="command")
        case "link":
            draft.put(replace(appointment, client=command.client, patient=command.patient, match="linked"))
            draft.settled.add(f"link:{appointment.id}")
            draft.note("linked", appointment.id, by="command")


def _decline(draft: Draft, command: Command, appointment: Appointment) -> None:
    declined = draft.step(appointment, Event.DECLINE, by="command")
    if declined is not None:
        draft.put(replace(declined, decline_reason=command.reason, quiet=not command.notify))
