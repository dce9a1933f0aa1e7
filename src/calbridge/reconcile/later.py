"""Linking later: whoever waits for her record is looked up once more, because the practice may have made or mended it.

At once when the PMS says that records of clients changed; else each at a time of its own in every quarter of an hour,
for most systems say nothing of their clients. So it costs a bounded number of questions, however much waits. A record
that was found is linked by the clinic's own rule, and nothing else follows from it: none is made, and a request that a
person was asked about stays a request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from zlib import crc32

from calbridge.feeds import ClientRecord, Delta
from calbridge.hub import HubState, Lookup, Observation
from calbridge.matching import Ambiguous, Linked, Proposed, Unmatched, compare, match
from calbridge.model import Appointment, Details
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.identity import linkable, still_open
from calbridge.reconcile.linking import OPEN, ask_for_patient, become, link_found, patient_open

EVERY = 900
"""Seconds in which each that waits is looked up once."""
MOST = 50
"""Looked up in one reconciliation: half of them the next visits, the other half goes round among those after them."""


def people_changed(observations: Mapping[str, Observation]) -> bool:
    """Does a side say that records of clients are new or others than they were?"""
    return any(isinstance(each.feed, Delta) and each.feed.people for each in observations.values())


def lookups_again(state: HubState, observations: Mapping[str, Observation], now: int) -> Iterator[Lookup]:
    """Those to come whose turn it is, where the side that keeps clients has just answered."""
    keepers = [name for name in observations if state.links[name].capabilities.matches_clients]
    told = people_changed(observations)
    due = [
        each
        for each in state.appointments.values()
        if waits_for_record(each)
        and each.end > now
        and any(told or _turn(each.id, state.links[name].last_success, observations[name].started) for name in keepers)
    ]
    for each in _bounded(sorted(due, key=lambda each: (each.start, each.id)), now):
        yield Lookup(key=each.id, details=each.details or Details(), client=each.client)


def _bounded(due: list[Appointment], now: int) -> list[Appointment]:
    """At most `MOST`. In every quarter of an hour it is the turn of others, so that nobody waits for ever."""
    if len(due) <= MOST:
        return due
    first, rest = due[: MOST // 2], due[MOST // 2 :]
    begin = (now // EVERY * (MOST - len(first))) % len(rest)
    return first + (rest[begin:] + rest[:begin])[: MOST - len(first)]


def waits_for_record(appointment: Appointment) -> bool:
    """Nobody is linked, or no animal. What a person took back waits for a person (decision 0024)."""
    if appointment.details is None or appointment.state.ended or appointment.not_clients:
        return False
    return appointment.match in OPEN or patient_open(appointment)


def _turn(key: str, since: int | None, now: int) -> bool:
    """Does its time lie between the last read and this one? Each id has another, so that not all come at once."""
    offset = crc32(key.encode()) % EVERY
    return since is None or (since - offset) // EVERY < (now - offset) // EVERY


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
