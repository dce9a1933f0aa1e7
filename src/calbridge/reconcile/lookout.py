"""Where anything changed that takes time, somebody may have come to stand in somebody else's: then a person is asked.

Of all that overlaps a client's booking, whichever came later (decision 0053); what changed nothing is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from calbridge.hub import Foreign, JournalEntry
from calbridge.model import Appointment, Side
from calbridge.reconcile.afterwards import ask_about_closure, closed_by_settings
from calbridge.reconcile.copies import Copies
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.facts import in_the_way, overlapping
from calbridge.reconcile.overlaps import LIVE, NOUNS, Overlap, ask_about, away_by_settings, in_its_way


def look_for_overlaps(draft: Draft) -> None:
    """Wherever something that takes time came, went or moved: ask about what overlaps now, settle what does not."""
    changed = [key for key, appointment in draft.appointments.items() if _has_changed(draft, appointment)]
    before, known, freed = _before(draft, changed), Copies(draft), set(_freed(draft))
    for key in sorted(_concerned(draft, changed) | freed):
        appointment = draft.appointments[key]
        found = _asked(draft, appointment, known)
        if found is None:
            continue
        left = overlapping(before, appointment, draft.now)
        someone_left = bool(left) or key in freed
        if appointment.written_over:
            _still_over(draft, appointment, found, someone_left=someone_left)
        elif not found or (someone_left and not found.away and _of_clients(appointment, *left, *found.others)):
            draft.settled.add(f"overbooked:{key}")
            for other in found.others:  # what is left of a question about several is theirs to ask
                _asked(draft, other, known)
    for closed in _in_closures(draft):
        ask_about_closure(draft, closed)


def _asked(draft: Draft, appointment: Appointment, known: Copies) -> Overlap | None:
    """Ask about what overlaps it, where that is its business; else what there is. None where nothing is left to say."""
    if appointment.state not in LIVE or appointment.end <= draft.now or f"overbooked:{appointment.id}" in draft.tasks:
        return None
    found = in_its_way(draft, appointment, known)
    _note_copies(draft, appointment, found)
    if not _is_its_business(appointment, found):
        return found
    ask_about(draft, appointment, found)
    return None


def _still_over(draft: Draft, appointment: Appointment, found: Overlap, *, someone_left: bool) -> None:
    """A side's word that the time is taken holds until it moves: asked anew, without whom the question named."""
    if someone_left:
        ask_about(draft, appointment, found)


def _of_clients(*concerned: Appointment) -> bool:
    return any(each.origin is Side.CLIENT for each in concerned)


def _note_copies(draft: Draft, appointment: Appointment, found: Overlap) -> None:
    """What counts as a copy of a client's booking is in its history, once: nobody is asked about it."""
    for key in found.copies if appointment.origin is Side.CLIENT else ():
        line = JournalEntry(code="copied", appointment=appointment.id, connection=key[0])
        news = draft.state.foreign.get(key) != draft.foreign[key] or _has_changed(draft, appointment)
        if news and line not in draft.journal:
            draft.journal.append(line)


def _is_its_business(appointment: Appointment, found: Overlap) -> bool:
    """A client is concerned. Of two appointments only one asks: the one that holds no claim, because it came later."""
    hers = appointment.origin is Side.CLIENT
    others = [other for other in found.others if hers or other.origin is Side.CLIENT]
    return (hers and bool(found.entries or found.away)) or any(_rank(appointment) < _rank(other) for other in others)


def _before(draft: Draft, changed: Iterable[str]) -> list[Appointment]:
    """Who ended or moved, as they stood: a question in which they were is asked anew by whoever is left in it."""
    known = (draft.state.appointments.get(key) for key in changed)
    return [each for each in known if each is not None and each.state in LIVE]


def _rank(appointment: Appointment) -> tuple[bool, bool, str]:
    return appointment.exclusive, appointment.origin is Side.CLINIC, appointment.id


# --- where anything changed -------------------------------------------------------------------------


def _concerned(draft: Draft, changed: Iterable[str]) -> set[str]:
    """Appointments that came or moved, and those beside what came, moved or went."""
    return {*changed, *_beside_appointments(draft, changed), *_beside_entries(draft), *_under_absences(draft)}


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


def _freed(draft: Draft) -> Iterator[str]:
    """Whom a stretch of foreign time that is gone was in the way of."""
    for old, new in _changed_entries(draft):
        yield from _under(draft, old, but=new)


def _beside_entries(draft: Draft) -> Iterator[str]:
    """Whom a stretch of foreign time that is new is in the way of."""
    for old, new in _changed_entries(draft):
        yield from _under(draft, new, but=old)


def _changed_entries(draft: Draft) -> Iterator[tuple[Foreign | None, Foreign | None]]:
    """As it was, and as it is now."""
    for key in draft.foreign.touched:
        old, new = draft.state.foreign.get(key), draft.foreign.get(key)
        if old is not new and old != new:
            yield old, new


def _under_absences(draft: Draft) -> Iterator[str]:
    """Bookings over which somebody wrote an absence: nothing tells when the settings were changed.

    Asked once more in the same words, a question that was put away stays away.
    """
    if any(each.absences for each in draft.clinic.resources.values()):
        yield from (each.id for each in _waited_for(draft) if away_by_settings(draft, each))


def _in_closures(draft: Draft) -> list[Appointment]:
    """Likewise those over which somebody wrote a closure."""
    return [each for each in _waited_for(draft) if closed_by_settings(draft, each)] if draft.clinic.closures else []


def _waited_for(draft: Draft) -> Iterator[Appointment]:
    """What clients booked and is not over."""
    return (
        each
        for each in draft.appointments.values()
        if each.origin is Side.CLIENT and each.state in LIVE and each.end > draft.now
    )


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
