"""What a client corrects of herself after she booked: shown to the clinic, and written over nobody's record (S3).

While nobody is linked it is looked for anew with what she says now, as if she had said it at once. Once a record is
linked, what she changed stands in the booking's private note, and a person is asked to compare it with the record.
A field that the portal says no more of is kept: that a portal has forgotten somebody takes nothing from the clinic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from calbridge.feeds import Entry
from calbridge.hub import HubState, Link, Lookup, Observation
from calbridge.model import Appointment, Details, Side
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.identity import identify, judge_late
from calbridge.reconcile.linking import become
from calbridge.reconcile.missing import entries

UNSAID = frozenset({"language"})
"""Nobody has to look at these."""


def correction(appointment: Appointment, entry: Entry) -> Details | None:
    """What she says of herself now, where that is not what is known; None where there is no news."""
    known, said = appointment.details, entry.details
    if known is None or said is None or appointment.state.ended:
        return None
    given: dict[str, Any] = {name: value for name in _NAMES if (value := getattr(said, name))}
    now = replace(known, **given)
    return None if now == known else now


_NAMES = tuple(each.name for each in fields(Details))


def corrected_lookups(state: HubState, observations: Mapping[str, Observation]) -> dict[str, Lookup]:
    """Who may she be, as she says it now? By the booking's id, for what is known of it is asked no more."""
    found: dict[str, Lookup] = {}
    for name, observation in observations.items():
        if state.links[name].side is Side.CLIENT:
            found |= _corrected_at(state, name, entries(observation))
    return found


def _corrected_at(state: HubState, name: str, shown: Iterator[Entry]) -> Iterator[tuple[str, Lookup]]:
    by_ref = {shadow.ref: key for (side, key), shadow in state.shadows.items() if side == name}
    for entry in shown:
        appointment = state.appointments.get(by_ref.get(entry.ref, ""))
        now = correction(appointment, entry) if appointment else None
        if appointment is not None and now is not None and _unknown(appointment):
            yield appointment.id, Lookup(key=f"{name}/{entry.ref}", details=now)


def take_correction(draft: Draft, link: Link, appointment: Appointment, entry: Entry) -> None:
    """Keep it, and show it to whom it concerns."""
    now = correction(appointment, entry)
    if now is None:
        return
    if appointment.match == "creating":  # her record is being made of what she said first; this is met again after it
        draft.reread(link)
        return
    changed = _changed(appointment.details or Details(), now)
    if not changed:
        draft.put(replace(appointment, details=now))
        return
    draft.note("details_corrected", appointment.id, link.name, fields=",".join(changed))
    if _unknown(appointment):
        _look_anew(draft, appointment, now, f"{link.name}/{entry.ref}")
    elif appointment.client:
        _compare(draft, link, appointment, now, changed)
    else:
        draft.put(become(appointment, details=now))


def _changed(before: Details, now: Details) -> tuple[str, ...]:
    names = (name for name in _NAMES if getattr(before, name) != getattr(now, name))
    return tuple(name for name in names if name not in UNSAID)


def _unknown(appointment: Appointment) -> bool:
    """Nobody is linked, and no person has said that the one found was wrong: then the next one is hers to find too."""
    return not appointment.client and appointment.match != "creating" and not appointment.not_clients


def _look_anew(draft: Draft, appointment: Appointment, now: Details, key: str) -> None:
    """As if she had said it when she booked; where the PMS cannot be asked now, the next cycle asks it."""
    asked = become(appointment, details=now, match="")
    identified, certain = identify(draft, asked, key)
    draft.put(identified)
    if identified.match:
        judge_late(draft, identified, certain=certain)


def _compare(draft: Draft, link: Link, appointment: Appointment, now: Details, changed: tuple[str, ...]) -> None:
    every = tuple(name for name in _NAMES if name in {*appointment.corrected, *changed})
    draft.put(become(appointment, details=now, corrected=every))
    key = appointment.id
    draft.task(
        "details",
        key,
        f"Clinic {draft.clinic.key}, connection {link.name}: the client of booking {key} corrected what she gave of "
        f"herself ({', '.join(every)}); record {appointment.client} in the PMS was not changed. Compare both with "
        f"`calbridge requests show {key} --names`, put the record right in the PMS where it should be, and dismiss "
        "this task.",
        appointment=key,
        connection=link.name,
    )
