"""Two in one time: who was there first, and which overlaps a person must know of.

What staff puts over a client's booking stands (the clinic is never bound), but never in silence: whichever of the two
came later, and on whichever side, a task names both (decision 0053). What the clinic keeps double of its own alone is
its own business, and its PMS shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from calbridge import bookable
from calbridge.facts import Facts
from calbridge.feeds import AbsenceRecord, Busy, ClosureRecord, Unreadable
from calbridge.hub import Foreign
from calbridge.interval import Interval, first_overlap
from calbridge.model import Appointment, Side, State
from calbridge.reconcile.copies import Copies
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.facts import in_the_way
from calbridge.wall import local

LIVE = frozenset({State.REQUESTED, State.CONFIRMED, State.ARRIVED})
"""What somebody is waited for, or is here. A hold is over in minutes, and looked at again when it is a booking."""
NOUNS: dict[type[Foreign], str] = {
    Busy: "entry",
    Unreadable: "the unreadable entry",
    AbsenceRecord: "the absence",
    ClosureRecord: "the closure",
}
UNSURE = " An entry of exactly its time may be your own copy of it: then nothing needs to be done."


def first_comer(draft: Draft, appointment: Appointment) -> bool:
    """Is somebody there whom a booking that is not reserved gives way to?"""
    if any(other.origin is Side.CLINIC or other.reserved for other in draft.overlapping(appointment)):
        return True
    near = draft.foreign.around(appointment.footprint).values()
    return any(in_the_way(record, appointment, draft.state) for record in near)


# --- what a person must know of ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Everything that takes some of an appointment's time: others, (connection, ref) of what is not ours, an absence.

    `away`: the settings say so; what a side says of an absence is among the entries. `copies` count as the clinic's own
    of this very appointment and take nothing; `unsure`: one of the entries may be one too.
    """

    others: tuple[Appointment, ...] = ()
    entries: tuple[tuple[str, str], ...] = ()
    away: bool = False
    copies: tuple[tuple[str, str], ...] = ()
    unsure: bool = False

    def __bool__(self) -> bool:
        return bool(self.others or self.entries or self.away)


def in_its_way(draft: Draft, appointment: Appointment, known: Copies | None = None) -> Overlap:
    """What overlaps it, as things stand in the draft. `known`: where many are asked about of the same draft."""
    near, known = draft.foreign.around(appointment.footprint), known or Copies(draft)
    entries = [key for key in sorted(near) if in_the_way(near[key], appointment, draft.state)]
    alike = known.alike(appointment, entries)
    copies = tuple(key for key in alike if known.kept(key, appointment))
    return Overlap(
        others=tuple(other for other in draft.overlapping(appointment) if other.state in LIVE),
        entries=tuple(key for key in entries if key not in copies),
        away=away_by_settings(draft, appointment),
        copies=copies,
        unsure=alike != copies,
    )


def away_by_settings(draft: Draft, appointment: Appointment) -> bool:
    """Does the configuration say that somebody it needs is away? What a side says is among the entries."""
    spans = (bookable.absences(draft.clinic, Facts(now=draft.now), each) for each in appointment.resources)
    return any(first_overlap(each, appointment.span) is not None for each in spans)


def ask_about(draft: Draft, appointment: Appointment, found: Overlap) -> None:
    """One open task for everything that overlaps it; of what is written over, also where only a side's word says so."""
    key, zone = appointment.id, draft.clinic.time_zone
    start, end = local(zone, appointment.start), local(zone, appointment.end)
    others = " and ".join(_names(draft, appointment, found))
    draft.task(
        "overbooked",
        key,
        f"Clinic {draft.clinic.key}: {_name(appointment)} stands on {appointment.resource} on {start:%Y-%m-%d} from "
        f"{start:%H:%M} to {end:%H:%M}, and so does {others}. Move or cancel one of them if that was not meant."
        f"{UNSURE if found.unsure else ''}",
        appointment=key,
    )


def _names(draft: Draft, appointment: Appointment, found: Overlap) -> Iterator[str]:
    """What a person finds each by. An entry's ref may be the name of a file, and that somebody's name."""
    yield from (_name(other) for other in found.others)
    for key in found.entries:
        record: Any = draft.foreign[key]  # every kind that takes time has spans
        span = next((each for each in record.spans if each.overlaps(appointment.footprint)), record.spans[0])
        yield f"{NOUNS[type(record)]} of {key[0]} {_when(draft.clinic.time_zone, span, appointment)}"
    if found.away:
        yield "an absence in the settings"
    if appointment.written_over and not found:
        yield "what one side refused it for"


def _when(zone: str, span: Interval, beside: Appointment) -> str:
    """With the date where that is another than the appointment's."""
    start, end, day = (local(zone, instant) for instant in (span.start, span.end, beside.start))
    form = "%H:%M" if start.date() == end.date() == day.date() else "%Y-%m-%d %H:%M"
    return f"from {start:{form}} to {end:{form}}"


def _name(appointment: Appointment) -> str:
    return f"{'booking' if appointment.origin is Side.CLIENT else 'appointment'} {appointment.id}"
