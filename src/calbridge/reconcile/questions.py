"""What must be asked outside before the core can decide: is it really gone, and who may this client be?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from calbridge.hub import HubState, Lookup, Observation, Plan, Questions
from calbridge.model import Clinic, Side, State
from calbridge.reconcile.accounts import account_creations, account_lookups, to_be_made
from calbridge.reconcile.corrected import corrected_lookups
from calbridge.reconcile.creating import creation_due, creations
from calbridge.reconcile.later import lookups_again
from calbridge.reconcile.missing import entries, limit, missing, trusted, would_cancel


def questions(state: HubState, observations: Mapping[str, Observation], clinic: Clinic, now: int) -> Questions:
    """Probes for what is missing (none where the guard will quarantine the read), lookups for unmatched details, and
    records that are to be made."""
    probes = tuple(
        probe for name in sorted(observations) for probe in _probes(state, observations[name], name, clinic, now)
    )
    wanted = (*_lookups(state, observations, now), *account_lookups(state, observations, now))
    lookups = {lookup.key: lookup for lookup in wanted}
    due = (*creations(state), *account_creations(state))
    return Questions(probes=probes, lookups=tuple(lookups.values()), creations=due)


def more_to_ask(plan: Plan) -> bool:
    """Does it want a record made, which can be asked for at once?"""
    return any(map(creation_due, plan.appointments)) or any(to_be_made(record) for _, record in plan.foreign)


def _probes(
    state: HubState, observation: Observation, name: str, clinic: Clinic, now: int
) -> Iterator[tuple[str, str]]:
    link = state.links[name]
    seen = trusted(link, observation)
    most = limit(state, link, at_least=clinic.rules.max_cancellations, now=now)
    if would_cancel(state, link, seen) > most and not link.released:
        return
    yield from ((name, shadow.ref) for shadow in missing(state, link, seen))


def _lookups(state: HubState, observations: Mapping[str, Observation], now: int) -> Iterator[Lookup]:
    """Nobody is looked up twice at once: what the PMS said of a booking's client is kept with the booking."""
    answered = {
        (shadow.connection, shadow.ref)
        for shadow in state.shadows.values()
        if shadow.appointment in state.appointments and state.appointments[shadow.appointment].match
    }
    for name, observation in observations.items():
        for entry in entries(observation) if state.links[name].side is Side.CLIENT else ():
            if entry.details and entry.view.state is State.REQUESTED and (name, entry.ref) not in answered:
                yield Lookup(key=f"{name}/{entry.ref}", details=entry.details)
    corrected = corrected_lookups(state, observations)
    yield from corrected.values()
    for appointment in state.appointments.values():
        asked = appointment.match or appointment.state.ended or appointment.id in corrected
        if appointment.details and not asked:
            yield Lookup(key=appointment.id, details=appointment.details)
    yield from lookups_again(state, observations, now)
