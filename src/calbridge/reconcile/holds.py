"""What time decides: holds end by themselves, and until it is reserved a booking gives way to whoever came first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from calbridge.feeds import Partial
from calbridge.hub import Link, Observation, Shadow
from calbridge.lifecycle import Event
from calbridge.model import Appointment, Side, State
from calbridge.reconcile.asking import TAKEN
from calbridge.reconcile.compare import fingerprint, pending
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.facts import takes_time
from calbridge.reconcile.missing import entries
from calbridge.reconcile.moves import keeps_old, send_back
from calbridge.reconcile.overlaps import first_comer
from calbridge.reconcile.places import keeps_itself, places
from calbridge.views import project

PLACE = frozenset({"start", "end", "resource"})


def expire_holds(draft: Draft, portals: Iterable[tuple[Link, Observation]]) -> None:
    """A hold always ends by itself, also when its portal is silent; one that was just confirmed has not ended."""
    consumed = {
        draft.by_ref.get((link.name, entry.replaces or entry.ref))
        for link, observation in portals
        for entry in entries(observation)
        if entry.replaces or entry.view.state is State.REQUESTED
    }
    for appointment in list(draft.appointments.values()):
        held = appointment.state is State.HELD and appointment.id not in consumed
        if held and not takes_time(appointment, draft.now):
            draft.step(appointment, Event.EXPIRE)


def check_reservations(draft: Draft, reads: Mapping[str, Observation]) -> None:
    """Until its time has stood on the clinic's sides and was read again, a booking gives way to whoever came first.

    A move of it gives way by going back to where it was. Who is reserved now has come before those that still wait.
    """
    waiting, before = _waiting(draft), 0
    while len(waiting) != before:
        before = len(waiting)
        waiting = [key for key in waiting if not _decided(draft, draft.appointments[key], reads)]


def _waiting(draft: Draft) -> list[str]:
    return [
        each.id
        for each in draft.appointments.values()
        if not each.reserved and not each.state.ended
        if each.origin is Side.CLIENT or each.moved_from is not None
    ]


def _decided(draft: Draft, appointment: Appointment, reads: Mapping[str, Observation]) -> bool:
    """False where it still waits. Who is here already gives way to nobody."""
    if appointment.state is State.ARRIVED and appointment.moved_from is None:
        _reserve(draft, appointment)
        return True
    if not first_comer(draft, appointment):
        seen = _seen_again(draft, appointment, reads)
        if seen:
            _reserve(draft, appointment)
        return seen
    if appointment.moved_from is not None:
        send_back(draft, appointment, appointment.moved_from)
    else:
        give_way(draft, appointment)
    return True


def _reserve(draft: Draft, appointment: Appointment) -> None:
    """Where the clinic has no side at all, the hub itself is the record."""
    alone = keeps_itself(draft.state) and appointment.state is State.CONFIRMED
    if appointment.moved_from is not None:  # its client may not move it to where nobody is
        draft.settled.add(f"outside_hours:{appointment.id}")
    draft.put(replace(appointment, reserved=True, moved_from=None, written=appointment.written or alone))


def _seen_again(draft: Draft, appointment: Appointment, reads: Mapping[str, Observation]) -> bool:
    """While a connection does not load nobody has looked at it, so nothing counts as reserved."""
    return not draft.state.broken and all(
        _confirmed_before_read(draft, link, appointment, reads) for link in places(draft.state, appointment)
    )


def _confirmed_before_read(
    draft: Draft, link: Link, appointment: Appointment, reads: Mapping[str, Observation]
) -> bool:
    """What is only accepted stands nowhere yet, so nobody could have seen it."""
    shadow = draft.shadows.get((link.name, appointment.id))
    observation = reads.get(link.name)
    return (
        shadow is not None
        and not shadow.pending
        and shadow.awaited is None
        and _stands(draft, link, shadow, appointment)
        and observation is not None
        and not isinstance(observation.feed, Partial)
        and shadow.confirmed <= observation.started
    )


def _stands(draft: Draft, link: Link, shadow: Shadow, appointment: Appointment) -> bool:
    """A write that was given up counts as answered: its task is a person's, and the client need not wait for it.

    Not so of a move: its client is promised the old place until this side has let go of it, or somebody decides.
    """
    wanted = project(link.role, appointment, draft.clinic)
    if not pending(link, shadow, wanted) & PLACE:
        return True
    return shadow.asked == fingerprint(link, wanted) and not keeps_old(shadow.view, appointment)


def give_way(draft: Draft, appointment: Appointment, connection: str = "") -> None:
    """The time belongs to somebody else: end it with a reason the client is told."""
    event = Event.DECLINE if appointment.state is State.REQUESTED else Event.CLINIC_CANCEL
    ended = draft.step(appointment, event, connection=connection, why=TAKEN)
    if ended is not None:
        draft.refuse(ended, TAKEN, ended.place)
