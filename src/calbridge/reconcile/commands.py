"""What people asked for on the command line or a page, carried out by the life cycle's table."""

from __future__ import annotations

from dataclasses import replace

from calbridge.hub import Command
from calbridge.lifecycle import Event
from calbridge.model import Appointment
from calbridge.reconcile.creating import create
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.linking import link, unlink


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
        draft.put(replace(declined, decline_reason=command.reason, quiet=not command.notify))
