"""Two in one time: who was there first, and which overlaps a person must know of.

What staff puts over a client's booking stands (the clinic is never bound), but never in silence: whichever of the two
came later, and on whichever side, a task names both (decision 0053). What the clinic keeps double of its own alone is
its own business, and its PMS shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from calbridge import bookable
from calbridge.facts import Facts
from calbridge.feeds import AbsenceRecord, Busy, ClosureRecord, Unreadable
from calbridge.hub import Foreign
from calbridge.interval import Interval, first_overlap
from calbridge.model import Appointment, Side, State
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.facts import in_the_way, overlapping
from calbridge.wall import local

LIVE = frozenset({State.REQUESTED, State.CONFIRMED, State.ARRIVED})
"""What somebody is waited for, or is here. A hold is over in minutes, and looked at again when it is a booking."""
NOUNS: dict[type[Foreign], str] = {
    Busy: "entry",
    Unreadable: "the unreadable entry",
    AbsenceRecord: "the absence",
    ClosureRecord: "the closure",
}


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

    `away`: the settings say so; what a side says of an absence is among the entries.
    """

    others: tuple[Appointment, ...] = ()
    entries: tuple[tuple[str, str], ...] = ()
    away: bool = False

    def __bool__(self) -> bool:
        return bool(self.others or self.entries or self.away)


def in_its_way(draft: Draft, appointment: Appointment) -> Overlap:
    """What overlaps it, as things stand in the draft."""
    near = draft.foreign.around(appointment.footprint)
    away = bookable.absences(draft.clinic, Facts(now=draft.now), appointment.resource)
    return Overlap(
        others=tuple(other for other in draft.overlapping(appointment) if other.state in LIVE),
        entries=tuple(key for key in sorted(near) if _blocks(draft, near[key], key[0], appointment)),
        away=first_overlap(away, appointment.span) is not None,
    )


def _blocks(draft: Draft, record: Foreign, connection: str, appointment: Appointment) -> bool:
    """Not the entry that staff keeps of this same appointment by hand; the bridge's own would stand there else."""
    if not in_the_way(record, appointment, draft.state):
        return False
    shadow = draft.shadows.get((connection, appointment.id))
    shown = shadow is not None and shadow.view is not None and shadow.view.start == appointment.start
    return shown or not (isinstance(record, Busy) and record.spans == (appointment.span,))


def look_for_overlaps(draft: Draft) -> None:
    """Wherever something that takes time came, went or moved: ask about what overlaps now, settle what does not."""
    changed = [key for key, appointment in draft.appointments.items() if _has_changed(draft, appointment)]
    before = _clients_before(draft, changed)
    for key in sorted(_concerned(draft, changed)):
        appointment = draft.appointments[key]
        if appointment.state not in LIVE or appointment.end <= draft.now or f"overbooked:{key}" in draft.tasks:
            continue
        found = in_its_way(draft, appointment)
        if _is_its_business(appointment, found):
            ask_about(draft, appointment, found)
        elif not found or (_is_the_clinics_own(appointment, found) and overlapping(before, appointment, draft.now)):
            draft.settled.add(f"overbooked:{key}")


def _is_its_business(appointment: Appointment, found: Overlap) -> bool:
    """A client is concerned. Of two appointments only one asks: the one that holds no claim, because it came later."""
    hers = appointment.origin is Side.CLIENT
    others = [other for other in found.others if hers or other.origin is Side.CLIENT]
    return (hers and bool(found.entries)) or any(_rank(appointment) < _rank(other) for other in others)


def _is_the_clinics_own(appointment: Appointment, found: Overlap) -> bool:
    return not any(each.origin is Side.CLIENT for each in (appointment, *found.others))


def _clients_before(draft: Draft, changed: Iterable[str]) -> list[Appointment]:
    """Bookings that ended or moved: the question was about them, and is over where no client is left in it."""
    known = (draft.state.appointments.get(key) for key in changed)
    return [each for each in known if each is not None and each.origin is Side.CLIENT and each.state in LIVE]


def _rank(appointment: Appointment) -> tuple[bool, bool, str]:
    return appointment.exclusive, appointment.origin is Side.CLINIC, appointment.id


def ask_about(draft: Draft, appointment: Appointment, found: Overlap) -> None:
    """One open task for everything that overlaps it."""
    key, zone = appointment.id, draft.clinic.time_zone
    start, end = local(zone, appointment.start), local(zone, appointment.end)
    others = " and ".join(_names(draft, appointment, found))
    draft.task(
        "overbooked",
        key,
        f"Clinic {draft.clinic.key}: {_name(appointment)} stands on {appointment.resource} on {start:%Y-%m-%d} from "
        f"{start:%H:%M} to {end:%H:%M}, and so does {others}. Move or cancel one of them if that was not meant.",
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


def _when(zone: str, span: Interval, beside: Appointment) -> str:
    """With the date where that is another than the appointment's."""
    start, end, day = (local(zone, instant) for instant in (span.start, span.end, beside.start))
    form = "%H:%M" if start.date() == end.date() == day.date() else "%Y-%m-%d %H:%M"
    return f"from {start:{form}} to {end:{form}}"


def _name(appointment: Appointment) -> str:
    return f"{'booking' if appointment.origin is Side.CLIENT else 'appointment'} {appointment.id}"


# --- where anything changed -------------------------------------------------------------------------


def _concerned(draft: Draft, changed: Iterable[str]) -> set[str]:
    """Appointments that came or moved, and those beside what came, moved or went."""
    return {*changed, *_beside_appointments(draft, changed), *_beside_entries(draft)}


def _has_changed(draft: Draft, appointment: Appointment) -> bool:
    before = draft.state.appointments.get(appointment.id)
    return before is not appointment and (before is None or _stand(before) != _stand(appointment))


def _stand(appointment: Appointment) -> tuple[object, ...]:
    return (appointment.state in LIVE, appointment.resources, appointment.footprint, appointment.reserved)


def _beside_appointments(draft: Draft, changed: Iterable[str]) -> Iterator[str]:
    for key in changed:
        for version in (draft.state.appointments.get(key), draft.appointments[key]):
            if version is not None and version.state in LIVE:
                yield from (other.id for other in draft.overlapping(version))


def _beside_entries(draft: Draft) -> Iterator[str]:
    """Whom a stretch of foreign time that is new or gone is in the way of."""
    for key in draft.foreign.touched:
        old, new = draft.state.foreign.get(key), draft.foreign.get(key)
        if old is not new and old != new:
            yield from _under(draft, old, but=new)
            yield from _under(draft, new, but=old)


def _under(draft: Draft, record: Foreign | None, *, but: Foreign | None) -> Iterator[str]:
    if record is None or type(record) not in NOUNS:
        return
    known = but.spans if but is not None and (type(but), but.resource) == (type(record), record.resource) else ()
    for span in set(record.spans).difference(known):
        part: Any = record  # every kind that takes time has spans; `replace` takes no union
        part = replace(part, spans=(span,))
        for key in draft.diary.on(record.resource, span):
            if in_the_way(part, draft.appointments[key], draft.state):
                yield key
