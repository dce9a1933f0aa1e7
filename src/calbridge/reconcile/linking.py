"""How a booking comes to its client's record and away from it again, with nothing lost on the way (rules.md section 5).

The details stay with the booking for its whole life. What of them stands in the private note follows from how far the
client is known: all of it while nobody is linked, the animal's while only the client is; once both are, what she has
corrected since and the further animals that come along. Only the bridge's own lines are taken out; what staff changed
is theirs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from calbridge.details import CLIENT, PATIENT, detail_lines, with_lines, without_lines
from calbridge.hub import Command, Link
from calbridge.matching import Likeness
from calbridge.model import Appointment, Match
from calbridge.numbers import keeper_of
from calbridge.reconcile.draft import Draft

OPEN = frozenset({"proposed", "ambiguous", "unmatched"})
"""A person must say who it is."""


def waits(appointment: Appointment) -> bool:
    """Does somebody still have to say who the client is, or which animal of hers?"""
    return appointment.match in OPEN or patient_open(appointment)


def patient_open(appointment: Appointment) -> bool:
    """The client is known, the animal that was named is not."""
    named = appointment.details is not None and bool(appointment.details.patient_name.strip())
    return named and appointment.match == "linked" and not appointment.patient


def become(appointment: Appointment, **changes: Any) -> Appointment:
    """The appointment with these changes, and with the note that fits them."""
    return noted(appointment, replace(appointment, **changes))


def noted(before: Appointment, after: Appointment) -> Appointment:
    """`after` with a note that has lost the bridge's lines of `before` and gained its own."""
    return replace(after, note=with_lines(without_lines(after.note, _lines(before)), _lines(after)))


def _lines(appointment: Appointment) -> str:
    if appointment.details is None:
        return ""
    if appointment.match in OPEN:
        return detail_lines(appointment.details)
    open_ = PATIENT if patient_open(appointment) else ()
    shown = {*appointment.corrected, *open_}
    return detail_lines(appointment.details, tuple(name for name in (*CLIENT, *PATIENT) if name in shown))


# --- linking --------------------------------------------------------------------------------------


def link_found(draft: Draft, appointment: Appointment, found: Likeness) -> Appointment:
    """The one record that the clinic's own rule accepts."""
    draft.note(
        "matched",
        appointment.id,
        rule=draft.clinic.rules.client_match,
        client=found.client,
        patient=found.patient,
        agrees=",".join(found.agrees),
        differs=",".join(found.differs),
    )
    linked = become(appointment, client=found.client, patient=found.patient, match="linked")
    ask_for_patient(draft, linked)
    return linked


def link(draft: Draft, appointment: Appointment, command: Command) -> Appointment:
    """A person says whose it is. Whom it was linked to before was wrong, and is not taken again."""
    wanted = replace(appointment, client=command.client, patient=command.patient)
    if _overruled(draft, wanted):
        return appointment
    return _link(draft, appointment, wanted, by="command")


def unlink(draft: Draft, appointment: Appointment) -> Appointment:
    """A person says whose it is not: it waits for the right one, and never comes to this one again by itself."""
    if not appointment.client:
        draft.note("refused", appointment.id, event="unlink", why="not_linked")
        return appointment
    if _overruled(draft, replace(appointment, client="")):
        return appointment
    return _unlink(draft, appointment, appointment, by="command")


def linked_in_pms(draft: Draft, before: Appointment, after: Appointment) -> Appointment:
    """Staff linked, relinked or freed it in the PMS: `after` has the PMS's client and patient and its texts."""
    if (after.client, after.patient) == (before.client, before.patient):
        return after
    return (_link if after.client else _unlink)(draft, before, after, by="pms")


def links_it(draft: Draft, appointment: Appointment, link: Link) -> bool:
    """May this PMS say whose it is? Not while one that comes before it does: its own link is its own then."""
    keeper = draft.state.links.get(keeper_of(appointment.client))
    return keeper is None or (link.rank, link.name) <= (keeper.rank, keeper.name)


def _link(draft: Draft, before: Appointment, after: Appointment, *, by: str) -> Appointment:
    draft.note("linked", after.id, by=by, client=after.client, patient=after.patient)
    linked = replace(after, match="linked", corrected=(), not_clients=_refused(before, now=after.client))
    draft.settled.add(f"details:{after.id}")
    ask_for_patient(draft, linked)
    return noted(before, linked)


def _unlink(draft: Draft, before: Appointment, after: Appointment, *, by: str) -> Appointment:
    draft.note("unlinked", after.id, by=by, client=before.client)
    match: Match = "unmatched" if after.details else ""
    freed = replace(after, client="", patient="", match=match, corrected=(), not_clients=_refused(before, now=""))
    draft.settled.add(f"details:{after.id}")
    if freed.match:
        ask(draft, freed, f"the link to client {before.client} was taken back")
    return noted(before, freed)


def _refused(before: Appointment, *, now: str) -> tuple[str, ...]:
    """Whom it is not linked to any more; without details it is never matched again, so there is nothing to remember."""
    refused = dict.fromkeys((*before.not_clients, before.client) if before.details else ())
    return tuple(key for key in refused if key not in {"", now})


def _overruled(draft: Draft, wanted: Appointment) -> bool:
    """The PMS said otherwise in this very reconciliation: the link is its to say (design.md, "who wins")."""
    before, present = draft.state.appointments.get(wanted.id), draft.appointments[wanted.id]
    if before is None or present.client in {before.client, wanted.client}:
        return False
    draft.note("overruled", wanted.id, field="client", by="pms")
    return True


# --- asking a person ------------------------------------------------------------------------------


def ask(draft: Draft, appointment: Appointment, why: str) -> None:
    """One task a booking: who is this?"""
    key = appointment.id
    draft.task(
        "link",
        key,
        f"Clinic {draft.clinic.key}: booking {key} is not linked to a client, because {why}; the details given are in "
        f"its private note. `calbridge requests show {key}` shows who it may be; link it with "
        f"`calbridge requests link {key} --client ID`, or make a record with `calbridge requests create-client {key}`.",
        appointment=key,
    )


def ask_for_patient(draft: Draft, linked: Appointment) -> None:
    """The client is known: nothing waits any more, or only the animal."""
    key = linked.id
    if not patient_open(linked):
        draft.settled.add(f"link:{key}")
        return
    draft.note("patient_open", key)
    draft.task(
        "link",
        key,
        f"Clinic {draft.clinic.key}: booking {key} is linked to client {linked.client}, but not to an animal, because "
        "not exactly one of the client's has the name that was given. "
        f"`calbridge requests show {key}` shows them; link one with "
        f"`calbridge requests link {key} --client {linked.client} --patient ID`.",
        appointment=key,
    )
