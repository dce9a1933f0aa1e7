"""What must be true of a clinic-day, whatever happened in it. Each broken promise is one sentence with its evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from clinic_day.clinic import APPLICANTS, PRIVATE
from clinic_day.world import Edit, World

from calbridge.hub import HubState, Shadow
from calbridge.messages import TELLING
from calbridge.model import Appointment, State
from calbridge.provider import Busy
from calbridge.testing.memory_pms import Visit
from calbridge.views import View, project

PLACED_BY_STAFF = frozenset(
    {"staff drags", "staff resizes", "staff hands over", "reception moves", "reception overbooks"}
)
ENDED_BY_PEOPLE = frozenset({"client cancels", "staff deletes", "reception cancels", "clinic declines"})
TIME = ("state", "resource", "start", "end")


def watch(world: World) -> None:
    """What must hold at every moment: called after each cycle."""
    world.told |= {b.ref for b in world.portal.live() if b.expires is None and b.state is State.CONFIRMED}
    world.refs |= {(s.connection, s.ref): s.appointment for s in world.hub().shadows.values() if s.ref}
    world.wrong.extend(_double_booked(world))


def judge(world: World) -> list[str]:
    """All that is wrong at the end of a day whose faults have stopped."""
    hub = world.hub()
    return [
        *_quiet(world),
        *_shown_everywhere(world, hub),
        *_nothing_extra(world, hub),
        *_exclusive(hub),
        *_foreign_untouched(world),
        *_nothing_lost(world),
        *_people_obeyed(world, hub),
        *_holds_end(world, hub),
        *_offers_free(world, hub),
        *_told_once(world),
        *_told_the_truth(world, hub),
        *_private(world),
    ]


# --- the sides agree ------------------------------------------------------------------------------


def _quiet(world: World) -> Iterator[str]:
    """A further cycle writes nothing."""
    before = (world.calendar.writes, world.pms.writes, world.portal.writes)
    report = world.cycle()
    after = (world.calendar.writes, world.pms.writes, world.portal.writes)
    if report is None or any(report.writes.values()) or after != before or report.failures:
        yield f"not quiet: a further cycle did {report}; writes before {before}, after {after}"


def _shown(world: World) -> dict[tuple[str, str], tuple[str, str, int, int]]:
    """(connection, ref) -> (state, resource, start, end) of all that takes time at a side as an appointment."""
    events = {("calendar", e.ref): (e.state, e.collection, e.start, e.end) for e in world.calendar.stamped()}
    visits = {("pms", v.ref): (v.status, v.resource, v.start, v.end) for v in world.pms.live()}
    bookings = {("portal", b.ref): (b.state, b.resource, b.start, b.end) for b in world.portal.live()}
    return {**events, **visits, **bookings}


def _shown_everywhere(world: World, hub: HubState) -> Iterator[str]:
    """Every live appointment stands on each side that should show it, as it should."""
    shown = _shown(world)
    for appointment in _live(hub):
        for link in hub.links.values():
            shadow = hub.shadows.get((link.name, appointment.id))
            if shadow is None or not shadow.ref:
                if link.capabilities.mirrors and _due(world, hub, appointment, link.name):
                    yield f"missing: {link.name} does not show {_name(appointment)}"
                continue
            wanted = _time(project(link.role, appointment, world.clinic))
            if shown.get((link.name, shadow.ref)) != wanted:
                yield f"differs: {link.name} shows {shown.get((link.name, shadow.ref))} for {_name(appointment)}"


def _nothing_extra(world: World, hub: HubState) -> Iterator[str]:
    """What a side shows is a live appointment, once. (A visit that was over before the bridge saw it is history.)"""
    live = {a.id for a in _live(hub)}
    owned = {(s.connection, s.ref) for s in hub.shadows.values() if s.appointment in live}
    for place, values in _shown(world).items():
        if place not in owned and not State(values[0]).ended:
            yield f"extra: {place} shows {values} and no live appointment does"


def _due(world: World, hub: HubState, appointment: Appointment, name: str) -> bool:
    """It is still to come, and staff does not keep it there by hand already."""
    by_hand = any(
        connection == name and isinstance(record, Busy) and appointment.span in record.spans
        for (connection, _), record in hub.foreign.items()
    )
    return not appointment.state.ended and appointment.end > world.clock.now() and not by_hand


def _live(hub: HubState) -> list[Appointment]:
    return [a for a in hub.appointments.values() if not a.state.gone]


def _time(view: View) -> tuple[str, str, int, int]:
    return (view.state, view.resource, view.start, view.end)


def _clock(instant: int) -> int:
    return instant % 86_400 // 60


def _name(a: Appointment) -> str:
    return f"{a.id} ({a.state} {a.resource} @{_clock(a.start)} revision {a.revision})"


# --- nobody is double booked ----------------------------------------------------------------------


def _exclusive(hub: HubState) -> Iterator[str]:
    """No two exclusive footprints overlap on a resource."""
    claims = [a for a in _live(hub) if a.exclusive]
    for one, other in combinations(claims, 2):
        if set(one.resources) & set(other.resources) and one.footprint.overlaps(other.footprint):
            yield f"overlap: {_name(one)} and {_name(other)} both claim their time"


def _double_booked(world: World) -> Iterator[str]:
    """In the PMS, two visits overlap only where staff put one of them there."""
    edits = _by_appointment(world)
    for one, other in combinations(world.pms.live(), 2):
        if one.clashes(other) and not any(_by_hand(world, visit, edits) for visit in (one, other)):
            yield f"double booked: {one.ref} and {other.ref} at @{_clock(one.start)}, and nobody meant it"


def _by_hand(world: World, visit: Visit, edits: dict[str, list[Edit]]) -> bool:
    key = visit.client_ref or world.key(("pms", visit.ref))
    done = [*edits.get(key, []), *_at(world, ("pms", visit.ref))]
    return any(edit.kind in PLACED_BY_STAFF for edit in done)


# --- people's work --------------------------------------------------------------------------------


def _foreign_untouched(world: World) -> Iterator[str]:
    """Staff's own events are exactly what staff wrote."""
    for ref, event in world.calendar.foreign.items():
        if world.calendar.events.get(ref) != event:
            yield f"foreign: {ref} is not what staff wrote"


def _nothing_lost(world: World) -> Iterator[str]:
    """What a client was told, and what reception booked, stands until a person ends it."""
    edits = _by_appointment(world)
    for booking in (world.portal.bookings[ref] for ref in world.told):
        key = world.key(("portal", booking.ref))
        if booking.state.gone and not _ended(world, edits, key, ("portal", booking.ref)):
            yield f"lost: {booking.ref} was confirmed to the client and is {booking.state}, and no person did it"
    for visit in world.pms.visits.values():
        key = world.key(("pms", visit.ref))
        if visit.status.gone and not visit.client_ref and not _ended(world, edits, key, ("pms", visit.ref)):
            yield f"lost: {visit.ref} was booked by phone and is {visit.status}, and no person did it"


def _ended(world: World, edits: dict[str, list[Edit]], key: str, place: tuple[str, str]) -> bool:
    done = [*edits.get(key, []), *_at(world, place)]
    return any(edit.kind in ENDED_BY_PEOPLE for edit in done)


def _people_obeyed(world: World, hub: HubState) -> Iterator[str]:
    """Cancelled is cancelled, whoever did what else; the clinic's last move stands, once all before it were met."""
    for key, edits in _by_appointment(world).items():
        appointment = hub.appointments.get(key)
        if appointment is None or appointment.state.gone:
            continue
        here = any(edit.kind == "reception marks" for edit in edits)
        for edit in edits:
            if edit.kind in ENDED_BY_PEOPLE and edit.settled and not here:
                yield f"disobeyed: {edit.kind} {edit.where}, and {_name(appointment)} stands"
        moves = [edit for edit in edits if edit.start is not None]
        last = moves[-1] if moves and not here else None
        if last is None or not (last.kind in PLACED_BY_STAFF and last.settled and last.fresh):
            continue
        if last.start != appointment.start or last.resource not in {"", appointment.resource}:
            yield f"disobeyed: {last.kind} {last.where} to @{_clock(last.start or 0)}, and {_name(appointment)} stands"


def _at(world: World, place: tuple[str, str]) -> list[Edit]:
    return [edit for edit in world.edits if edit.where == place]


def _by_appointment(world: World) -> dict[str, list[Edit]]:
    """What people did to each appointment, in the order they did it."""
    found: dict[str, list[Edit]] = {}
    for edit in world.edits:
        key = edit.appointment or world.key(edit.where)
        if key:
            found.setdefault(key, []).append(edit)
    return found


# --- holds, offers, messages, privacy -------------------------------------------------------------


def _holds_end(world: World, hub: HubState) -> Iterator[str]:
    """No hold outlives its expiry, on any side."""
    now = world.clock.now()
    for appointment in _live(hub):
        if appointment.state is State.HELD and (appointment.hold_expires or 0) <= now:
            yield f"hold: {_name(appointment)} has expired and stands"
    for place, values in _shown(world).items():
        if values[0] == State.HELD and not any(_holds(shadow, place, hub) for shadow in hub.shadows.values()):
            yield f"hold: {place} is reserved for nobody"


def _holds(shadow: Shadow, place: tuple[str, str], hub: HubState) -> bool:
    appointment = hub.appointments.get(shadow.appointment)
    return (shadow.connection, shadow.ref) == place and bool(appointment and appointment.state is State.HELD)


def _offers_free(world: World, hub: HubState) -> Iterator[str]:
    """What the portal offers is free everywhere."""
    taken = [(r, a.footprint, a.id) for a in _live(hub) for r in a.resources]
    taken += [(e.collection, e.span, e.ref) for e in world.calendar.foreign.values()]
    taken += [(r.resource, span, r.ref) for r in world.pms.absences.values() for span in r.spans]
    for resource, slots in world.portal.offers.items():
        for (service, start), end in slots.items():
            for where, span, what in taken:
                if where == resource and start >= world.clock.now() and span.start < end and start < span.end:
                    yield f"offer: {service} of {resource} @{_clock(start)} is offered over {what}"


def _told_once(world: World) -> Iterator[str]:
    """Each message at most once per booking, kind and revision; by the bridge, once per key."""
    for message, count in world.portal.messages.items():
        if count > 1:
            yield f"message: {message} was sent {count} times"
    for key, count in Counter(world.mailbox.keys()).items():
        if count > 1:
            yield f"message: {key} was sent {count} times"


def _told_the_truth(world: World, hub: HubState) -> Iterator[str]:
    """What she heard last is what is so; or the message waits, or a person was asked to call her."""
    if world.portal.tells:
        return
    excused = _asked_or_waiting(world)
    for appointment in hub.appointments.values():
        if appointment.details and appointment.details.email and appointment.id not in excused:
            yield from _untold(world, appointment)


def _untold(world: World, appointment: Appointment) -> Iterator[str]:
    now = world.clock.now()
    letters = [each.visit for each in world.mailbox.of(appointment.id) if each.kind in TELLING and each.visit]
    heard = letters[-1] if letters else None
    if appointment.state is State.CONFIRMED and appointment.start > now:
        if heard is None or (heard.state, heard.start) != (State.CONFIRMED, appointment.start):
            yield f"untold: {_name(appointment)} stands, and its client heard {heard}"
    elif heard is not None and appointment.state.gone and not heard.state.gone and heard.start > now:
        yield f"untold: {_name(appointment)} is over, and its client heard {heard}"


def _asked_or_waiting(world: World) -> set[str]:
    key = world.clinic.key
    tasks = {task.appointment for task in world.store.tasks(key, open_only=False) if task.kind == "message"}
    return tasks | {row.message.appointment for row in world.store.messages(key, limit=10_000) if row.state == "due"}


def _private(world: World) -> Iterator[str]:
    """A private field never reaches a portal, a name never a log."""
    for handed in world.portal.received:
        if PRIVATE in repr(handed):
            yield f"private: the portal was handed {handed}"
    names = [given.last_name for given in APPLICANTS] + [PRIVATE]
    for line in world.log.lines:
        if any(name in line for name in names):
            yield f"private: the log says {line}"
