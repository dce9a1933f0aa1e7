"""What a client who was refused is offered instead: worked out last, when it is known what everybody else got."""

from __future__ import annotations

from dataclasses import replace

from calbridge.model import Alternative, Appointment
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.facts import facts
from calbridge.slots import Candidate, alternatives
from calbridge.wall import local


def offer_alternatives(draft: Draft) -> None:
    """Keep them with every refusal of this reconciliation, and say them in the journal."""
    if not draft.refused:
        return
    known = facts(draft.current(), draft.clinic, draft.now)
    found: dict[Candidate, tuple[Alternative, ...]] = {}
    for key, wanted in sorted(draft.refused.items()):
        if wanted not in found:
            slots = alternatives(draft.clinic, known, wanted)
            found[wanted] = tuple(Alternative(resource=s.resource, start=s.start, end=s.end) for s in slots)
        _offer(draft, draft.appointments[key], found[wanted])


def _offer(draft: Draft, appointment: Appointment, found: tuple[Alternative, ...]) -> None:
    """Not through `put`: nothing that takes time changes."""
    draft.appointments[appointment.id] = replace(appointment, alternatives=found)
    starts = " ".join(local(draft.clinic.time_zone, each.start).isoformat() for each in found)
    draft.note("alternatives", appointment.id, count=str(len(found)), starts=starts)
