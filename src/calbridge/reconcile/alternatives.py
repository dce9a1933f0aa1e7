"""What a client who was refused is offered instead: worked out last, when it is known what everybody else got.

Until her portal was told, they are looked at again each time: what was free an hour ago helps nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from calbridge.facts import Facts
from calbridge.hub import HubState
from calbridge.model import Alternative, Appointment, Clinic
from calbridge.reconcile.asking import asked_anew, moved_to
from calbridge.reconcile.compare import up_to_date
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.facts import facts
from calbridge.slots import Candidate, alternatives
from calbridge.views import project
from calbridge.wall import local

Found = tuple[Alternative, ...]


def offer_alternatives(draft: Draft) -> None:
    """Keep them with every refusal, and say them in the journal."""
    keys = {*draft.refused, *_untold(draft)}
    wishes = {key: wish for key in sorted(keys) if (wish := _wish(draft.appointments[key])) is not None}
    if not wishes:
        return
    known = facts(draft.current(), draft.clinic, draft.now)
    found = {wish: _near(draft.clinic, known, wish) for wish in set(wishes.values())}
    for key, wish in wishes.items():
        if key in draft.refused or draft.appointments[key].alternatives != found[wish]:
            _offer(draft, draft.appointments[key], found[wish])


def instead(state: HubState, clinic: Clinic, appointment: Appointment, now: int) -> Found:
    """What its client may have at this moment instead of what she did not get; nothing where nothing was refused."""
    wish = _wish(appointment)
    return () if wish is None else _near(clinic, facts(state, clinic, now), wish)


def _near(clinic: Clinic, known: Facts, wish: Candidate) -> Found:
    return tuple(Alternative(resource=s.resource, start=s.start, end=s.end) for s in alternatives(clinic, known, wish))


def _untold(draft: Draft) -> Iterator[str]:
    """Refusals that their portal does not show yet: of whole bookings, of holds, and of moves."""
    for (name, key), shadow in draft.shadows.items():
        appointment, link = draft.appointments.get(key), draft.state.links.get(name)
        if appointment is None or appointment.wished is None or link is None or link.role != "portal":
            continue
        shown = shadow.view is not None and not shadow.view.state.gone
        if shown and not up_to_date(link, shadow, project("portal", appointment, draft.clinic)):
            yield key


def _wish(appointment: Appointment) -> Candidate | None:
    """The slot she did not get, asked for as what her booking was or is."""
    wished = appointment.wished
    if wished is None:
        return None
    if appointment.state.gone:
        return replace(asked_anew(appointment), resource=wished.resource, start=wished.start)
    return moved_to(appointment, service=wished.service, resource=wished.resource, start=wished.start)


def _offer(draft: Draft, appointment: Appointment, found: Found) -> None:
    """Not through `put`: nothing that takes time changes."""
    draft.appointments[appointment.id] = replace(appointment, alternatives=found)
    starts = " ".join(local(draft.clinic.time_zone, each.start).isoformat() for each in found)
    draft.note("alternatives", appointment.id, count=str(len(found)), starts=starts)
