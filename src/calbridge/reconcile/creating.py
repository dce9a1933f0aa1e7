"""A record for somebody whom the clinic does not have yet: made once, linked, and never over anybody's existing one.

That it is meant stands in the appointment (`match = "creating"`), committed before the PMS is asked; the key of the
request follows from the booking. So a crash or a lost answer leads to the same record, never to a second one.
"""

from __future__ import annotations

from collections.abc import Iterator

from calbridge.feeds import ClientRecord
from calbridge.folding import folded
from calbridge.hub import Creation, HubState
from calbridge.model import Appointment
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.linking import ask, ask_for_patient, become


def creations(state: HubState) -> Iterator[Creation]:
    """Records that are due. For a booking that may still give way to somebody else, none is made yet."""
    for appointment in state.appointments.values():
        if creation_due(appointment) and appointment.details is not None:
            yield Creation(appointment=appointment.id, details=appointment.details, key=_key(appointment))


def creation_due(appointment: Appointment) -> bool:
    """Its record is to be made now."""
    return appointment.match == "creating" and appointment.reserved and not appointment.state.gone


def _key(appointment: Appointment) -> str:
    """The same for one wish; after a person took the record that was made for somebody else's, another."""
    return f"{appointment.id}-client-{len(appointment.not_clients)}"


def create(draft: Draft, appointment: Appointment) -> Appointment:
    """A person wants a new record for this booking's client."""
    if appointment.details is None or appointment.client:
        why = "linked" if appointment.client else "no_details"
        draft.note("refused", appointment.id, event="create", why=why)
        return appointment
    draft.note("creating", appointment.id, by="command")
    return become(appointment, match="creating")


def take_created(draft: Draft) -> None:
    """Link what was made; hand what the PMS would not make to a person."""
    for key, made in sorted(draft.answers.created.items()):
        appointment = draft.appointments.get(key)
        if appointment is not None and appointment.match == "creating":
            draft.put(_created(draft, appointment, made))


def _animal(appointment: Appointment, made: ClientRecord) -> str:
    """The one that the visit is for; what came along was recorded with it."""
    name = appointment.details.patient_name if appointment.details else ""
    named = [each.id for each in made.patients if len(made.patients) == 1 or folded(each.name) == folded(name)]
    return named[0] if len(named) == 1 else ""


def _created(draft: Draft, appointment: Appointment, made: ClientRecord | str) -> Appointment:
    if isinstance(made, str):
        draft.note("creation_refused", appointment.id)
        waiting = become(appointment, match="unmatched")
        ask(draft, waiting, f"the PMS made no record ({made})")
        return waiting
    draft.note("client_created", appointment.id, client=made.id)
    linked = become(appointment, client=made.id, patient=_animal(appointment, made), match="linked")
    ask_for_patient(draft, linked)
    return linked
