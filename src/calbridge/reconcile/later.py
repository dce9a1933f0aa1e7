"""Linking later: whoever waits for her record is looked up once more, because the practice may have made or mended it.

At once when the PMS says that records of clients changed; else each at a time of its own in every quarter of an hour
(`reconcile.turns`). A record that was found is linked by the clinic's own rule, and nothing else follows from it: none
is made, and a request that a person was asked about stays a request.
"""

from __future__ import annotations

from collections.abc import Mapping

from calbridge.feeds import ClientRecord
from calbridge.hub import HubState, Lookup, Observation
from calbridge.matching import Ambiguous, Linked, Proposed, Unmatched, compare, match
from calbridge.model import Appointment, Details
from calbridge.reconcile.corrected import corrected_lookups
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.identity import linkable, still_open
from calbridge.reconcile.linking import OPEN, ask_for_patient, become, link_found, patient_open
from calbridge.reconcile.turns import bounded, keepers, news, turn


def lookups_again(state: HubState, observations: Mapping[str, Observation], now: int) -> tuple[Lookup, ...]:
    """Those to come whose turn it is, the next visits first, where the side that keeps clients has just answered.

    Whoever corrected what she gave is looked for with what she says now instead.
    """
    asked = [(link.people.asked, observations[link.name].started) for link in keepers(state, observations)]
    told = bool(news(state, observations))
    due = [
        each
        for each in state.appointments.values()
        if waits_for_record(each) and each.end > now and any(told or turn(each.id, *times) for times in asked)
    ]
    corrected = corrected_lookups(state, observations) if due else {}
    return tuple(
        Lookup(key=each.id, details=each.details or Details(), client=each.client)
        for each in bounded(sorted(due, key=lambda each: (each.start, each.id)), now)
        if each.id not in corrected
    )


def waits_for_record(appointment: Appointment) -> bool:
    """Nobody is linked, or no animal. What a person took back waits for a person (decision 0024)."""
    if appointment.details is None or appointment.state.ended or appointment.not_clients:
        return False
    return appointment.match in OPEN or patient_open(appointment)


def match_again(draft: Draft) -> None:
    """Link whom it is now certain of; and what is to be asked of a person may have become another question."""
    for key, records in sorted(draft.answers.clients.items()):
        appointment = draft.appointments.get(key)
        if appointment is not None and waits_for_record(appointment):
            found = (_matched if appointment.match in OPEN else _animal)(draft, appointment, records)
            if found != appointment:
                draft.put(found)


def _matched(draft: Draft, appointment: Appointment, records: tuple[ClientRecord, ...]) -> Appointment:
    here = linkable(draft, appointment, records)
    found = match(appointment.details or Details(), here, draft.clinic.rules, draft.clinic.region)
    match found:
        case Linked():
            return link_found(draft, appointment, found.found)
        case Proposed():
            return still_open(draft, appointment, "proposed", (found.found,))
        case Ambiguous():
            return still_open(draft, appointment, "ambiguous", found.candidates)
        case Unmatched():
            return still_open(draft, appointment, "unmatched", ())


def _animal(draft: Draft, appointment: Appointment, records: tuple[ClientRecord, ...]) -> Appointment:
    """The client is known; exactly one animal of hers may now have the name that was given."""
    beside = compare(appointment.details or Details(), records, draft.clinic.rules, draft.clinic.region)
    patient = next((each.patient for each in beside if each.client == appointment.client), "")
    if not patient:
        return appointment
    draft.note("animal_found", appointment.id, client=appointment.client, patient=patient)
    linked = become(appointment, patient=patient)
    ask_for_patient(draft, linked)
    return linked
