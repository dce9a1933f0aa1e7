"""What a client who was refused is offered instead: worked out last, when it is known what everybody else got.

Until her portal was told, they are looked at again each time: what was free an hour ago helps nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from calbridge.model import Alternative, Appointment
from calbridge.reconcile.asking import wish_of
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.facts import facts
from calbridge.slots import Candidate, alternatives
from calbridge.views import ALTERNATIVES
from calbridge.wall import local


def offer_alternatives(draft: Draft) -> None:
    """Keep them with every refusal, and say them in the journal."""
    wishes = dict(_untold(draft)) | draft.refused
    if not wishes:
        return
    known = facts(draft.current(), draft.clinic, draft.now)
    found: dict[Candidate, tuple[Alternative, ...]] = {}
    for key, wanted in sorted(wishes.items()):
        if wanted not in found:
            slots = alternatives(draft.clinic, known, wanted)
            found[wanted] = tuple(Alternative(resource=s.resource, start=s.start, end=s.end) for s in slots)
        if key in draft.refused or draft.appointments[key].alternatives != found[wanted]:
            _offer(draft, draft.appointments[key], found[wanted])


def _untold(draft: Draft) -> Iterator[tuple[str, Candidate]]:
    """Refusals of whole bookings and holds that their portal does not show yet."""
    for (name, key), shadow in draft.shadows.items():
        appointment = draft.appointments.get(key)
        shown = shadow.view is not None and not shadow.view.state.gone
        if appointment is None or not appointment.state.gone or not shown:
            continue
        link = draft.state.links.get(name)
        if link is not None and link.role == "portal" and appointment.decline_reason in ALTERNATIVES:
            yield key, wish_of(appointment)


def _offer(draft: Draft, appointment: Appointment, found: tuple[Alternative, ...]) -> None:
    """Not through `put`: nothing that takes time changes."""
    draft.appointments[appointment.id] = replace(appointment, alternatives=found)
    starts = " ".join(local(draft.clinic.time_zone, each.start).isoformat() for each in found)
    draft.note("alternatives", appointment.id, count=str(len(found)), starts=starts)
