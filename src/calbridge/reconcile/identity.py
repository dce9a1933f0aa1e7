"""Whose is this booking? Once, on evidence, never on a guess, and never written back over a record (S0 to S3).

What the clinic's rule cannot decide is left to a person: the booking is made unlinked, or waits as a request, or a new
record is made, as `on_ambiguous` and `on_unmatched` say. Under `propose` a person decides, so nothing is created.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from calbridge.details import lacking
from calbridge.feeds import ClientRecord, Entry
from calbridge.hub import Agreement
from calbridge.lifecycle import Event
from calbridge.matching import Ambiguous, Likeness, Linked, Proposed, Unmatched, match
from calbridge.model import Appointment, Details, Rules, State
from calbridge.numbers import keeper_of
from calbridge.reconcile.admission import instant, not_admitted, turn_away
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.linking import ask, ask_for_patient, become, link_found
from calbridge.reconcile.places import has_place
from calbridge.reconcile.promises import counted_on

Outcome = Literal["proposed", "ambiguous", "unmatched"]
WHY: dict[Outcome, str] = {
    "proposed": "the clinic wants a person to confirm the one record that fits",
    "ambiguous": "several records fit",
    "unmatched": "no record fits",
}


def take_details(draft: Draft, appointment: Appointment, entry: Entry) -> Appointment:
    """What the client says of herself and of her visit, and that she agreed to the clinic's privacy notice, if so."""
    consent = entry.consent
    if consent is not None:
        draft.agreements[appointment.id] = Agreement(appointment=appointment.id, consent=consent)
    return replace(
        appointment,
        details=entry.details or appointment.details,
        description=entry.view.description,
        agreed=consent.agreed_at if consent else appointment.agreed,
    )


def identify(draft: Draft, appointment: Appointment, key: str) -> tuple[Appointment, bool]:
    """The appointment with what is known of its client, and whether it may be confirmed without a person.

    Without an answer from the PMS nothing is decided: the booking is made all the same and asked again (fails open).
    """
    if appointment.details is None:
        return appointment, True
    if appointment.client:
        return _kept(draft, appointment), True
    records = draft.answers.clients.get(key)
    return (_unasked(draft, appointment), True) if records is None else _matched(draft, appointment, records)


def _kept(draft: Draft, appointment: Appointment) -> Appointment:
    """Staff linked it in the PMS while it was only reserved: whose it is, is the PMS's to say."""
    linked = become(appointment, match="linked")
    ask_for_patient(draft, linked)
    return linked


def _matched(draft: Draft, appointment: Appointment, records: tuple[ClientRecord, ...]) -> tuple[Appointment, bool]:
    rules, region = draft.clinic.rules, draft.clinic.region
    here = linkable(draft, appointment, records)
    found = match(appointment.details or Details(), here, rules, region, refused=appointment.not_clients)
    match found:
        case Linked():
            return link_found(draft, appointment, found.found), True
        case Proposed():
            return _open(draft, appointment, "proposed", (found.found,))
        case Ambiguous():
            return _open(draft, appointment, "ambiguous", found.candidates)
        case Unmatched():
            return _open(draft, appointment, "unmatched", ())


def linkable(draft: Draft, appointment: Appointment, records: tuple[ClientRecord, ...]) -> tuple[ClientRecord, ...]:
    """A record of a PMS that has no place for the booking would link it to nobody."""
    keepers = {record.id: draft.state.links.get(keeper_of(record.id)) for record in records}
    return tuple(r for r in records if (keeper := keepers[r.id]) is None or has_place(keeper, appointment))


def _unasked(draft: Draft, appointment: Appointment) -> Appointment:
    """Where no side keeps clients there is nothing to link, so no task either; the details go into the note."""
    keepers = draft.state.broken or any(link.capabilities.matches_clients for link in draft.state.links.values())
    return appointment if keepers else become(appointment, match="unmatched")


def _open(
    draft: Draft, appointment: Appointment, outcome: Outcome, candidates: tuple[Likeness, ...]
) -> tuple[Appointment, bool]:
    way = _way(draft.clinic.rules, outcome)
    missing = _missing(draft, appointment) if way == "create_if_complete" else ()
    draft.note(outcome, appointment.id, then=way, candidates=_evidence(candidates), missing=",".join(missing))
    if way.startswith("create") and not missing:
        return become(appointment, match="creating"), True
    waiting = become(appointment, match=outcome)
    ask(draft, waiting, WHY[outcome] + (f" and for a new one it lacks: {', '.join(missing)}" if missing else ""))
    return waiting, way == "book_unlinked"


def still_open(
    draft: Draft, appointment: Appointment, outcome: Outcome, candidates: tuple[Likeness, ...]
) -> Appointment:
    """Asked again it is as uncertain as before, or in another way: then a person is asked that. No record is made."""
    if outcome == appointment.match:
        return appointment
    draft.note(outcome, appointment.id, then="ask", candidates=_evidence(candidates))
    waiting = become(appointment, match=outcome)
    ask(draft, waiting, WHY[outcome])
    return waiting


def _way(rules: Rules, outcome: Outcome) -> str:
    way = rules.on_unmatched if outcome == "unmatched" else rules.on_ambiguous
    return "ask" if rules.client_match == "propose" and way.startswith("create") else way


def _missing(draft: Draft, appointment: Appointment) -> tuple[str, ...]:
    """S1: a new client is made only with her full address and phone, and with her consent to the privacy notice."""
    unasked = bool(draft.clinic.privacy_notice) and appointment.agreed is None
    lacks = lacking(appointment.details, draft.clinic.region) if appointment.details else ()
    return (*lacks, *(("privacy_notice",) if unasked else ()))


def _evidence(candidates: tuple[Likeness, ...]) -> str:
    """Every candidate's key with the codes of the fields that agree: what a person is told, without a name."""
    return "; ".join(f"{each.client}: {', '.join(each.agrees)}" for each in candidates)


# --- later ----------------------------------------------------------------------------------------


def identify_late(draft: Draft) -> None:
    """Bookings made while the PMS could not be asked."""
    for appointment in list(draft.appointments.values()):
        if appointment.details and not appointment.match and not appointment.state.ended:
            identified, certain = identify(draft, appointment, appointment.id)
            if identified != appointment:
                draft.put(identified)
                judge_late(draft, identified, certain=certain)


def judge_late(draft: Draft, appointment: Appointment, *, certain: bool) -> None:
    """What would have been decided, had this been known when it was submitted?"""
    refused = not_admitted(draft, appointment)
    if refused:
        _refuse_late(draft, appointment, refused)
    elif appointment.state is State.REQUESTED and certain and instant(draft, appointment):
        draft.step(appointment, Event.ACCEPT, by="rule")


def _refuse_late(draft: Draft, appointment: Appointment, code: str) -> None:
    """What the client was not told yet is taken back; a promise that she was given is a person's to break."""
    if appointment.state is State.REQUESTED or not counted_on(draft, appointment):
        event = Event.DECLINE if appointment.state is State.REQUESTED else Event.CLINIC_CANCEL
        ended = draft.step(appointment, event, why=code)
        if ended is not None:
            turn_away(draft, ended, code)
        return
    draft.note("not_admitted_late", appointment.id, rule=code)
    draft.task(
        "not_admitted",
        appointment.id,
        f"Clinic {draft.clinic.key}: booking {appointment.id} was confirmed before the PMS could be asked who the "
        f"client is, and service {appointment.service} is not for her ({code}). Phone the client, or let it stand and "
        "dismiss this task.",
        appointment=appointment.id,
    )
