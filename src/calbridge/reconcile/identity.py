"""Linking a booking to a client and patient: once, on evidence, never on a guess, and never written back (S0, S3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from calbridge.matching import Ambiguous, Linked, Unmatched, detail_lines, match
from calbridge.model import Appointment, Details
from calbridge.reconcile.draft import Draft

ASKING = "ask"


def identify(draft: Draft, appointment: Appointment, key: str) -> tuple[Appointment, bool]:
    """The appointment with what is known of its client, and whether it may be confirmed without a person.

    Without an answer from the PMS nothing is decided: the booking is made all the same and asked again (fails open).
    """
    rules = draft.clinic.rules
    records = draft.answers.clients.get(key)
    if appointment.details is None:
        return appointment, True
    if records is None:
        return _unasked(draft, appointment), True
    found = match(appointment.details, records, rules, draft.clinic.region)
    match found:
        case Linked():
            draft.note("matched", appointment.id, evidence=",".join(found.evidence))
            linked = replace(appointment, client=found.client, patient=found.patient, match="linked")
            return linked, True
        case Ambiguous():
            return _unlinked(draft, appointment, "ambiguous"), rules.on_ambiguous != ASKING
        case Unmatched():
            return _unlinked(draft, appointment, "unmatched"), rules.on_unmatched == "book_unlinked"


def _unasked(draft: Draft, appointment: Appointment) -> Appointment:
    """Where no side keeps clients there is nothing to link, so no task either; the details go into the note."""
    keepers = draft.state.broken or any(link.capabilities.matches_clients for link in draft.state.links.values())
    return appointment if keepers else _noted(appointment, "unmatched")


def _unlinked(draft: Draft, appointment: Appointment, outcome: Literal["ambiguous", "unmatched"]) -> Appointment:
    why = "several records fit" if outcome == "ambiguous" else "no record fits"
    draft.task(
        "link",
        appointment.id,
        f"Clinic {draft.clinic.key}: booking {appointment.id} is not linked to a client, because {why}; the details "
        f"given are in its private note. Link it with `calbridge requests link {appointment.id} --client ID`.",
        appointment=appointment.id,
    )
    draft.note(outcome, appointment.id)
    return _noted(appointment, outcome)


def _noted(appointment: Appointment, outcome: Literal["ambiguous", "unmatched"]) -> Appointment:
    details = detail_lines(appointment.details or Details())
    note = "\n".join(part for part in (appointment.note, details) if part)
    return replace(appointment, match=outcome, note=note)


def identify_late(draft: Draft) -> None:
    """Bookings made while the PMS could not be asked."""
    for appointment in list(draft.appointments.values()):
        if appointment.details and not appointment.match and not appointment.state.ended:
            identified, _ = identify(draft, appointment, appointment.id)
            if identified != appointment:
                draft.put(identified)
