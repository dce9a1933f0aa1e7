"""What the answer to one write means for the hub: a new shadow, a promise kept, or a reason to read again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from calbridge.changes import Receipt
from calbridge.feeds import Stamp
from calbridge.hub import Effect, JournalEntry, Link, Shadow, Task
from calbridge.model import Appointment, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The rows that follow from a receipt. `again`: this side must be read again before anything else is decided."""

    shadow: Shadow | None = None
    appointment: Appointment | None = None
    journal: tuple[JournalEntry, ...] = ()
    tasks: tuple[Task, ...] = ()
    settled: tuple[str, ...] = ()
    done: bool = True
    again: bool = False


def outcome(
    effect: Effect, receipt: Receipt, appointment: Appointment, link: Link, *, keeper: bool, now: int
) -> Outcome:
    """`keeper`: this side's word makes the booking written (`places.keeps_record`)."""
    line = JournalEntry(
        code=f"write_{receipt.outcome}",
        appointment=appointment.id,
        connection=link.name,
        facts={"revision": str(effect.change.revision), "removed": str(effect.change.remove).lower()},
    )
    match receipt.outcome:
        case "moved" if _landed(effect, receipt):
            # The answer was lost, and somebody edited what we wrote before we asked again: the base of their edit is
            # what we wrote. Without it the edit is overwritten, or the entry is nobody's when the booking ends.
            return Outcome(
                shadow=_asked(effect, receipt, now),
                appointment=_promise(appointment, effect, keeper=keeper),
                journal=(line,),
                again=True,
            )
        case "written":
            return Outcome(
                shadow=_shadow(effect, receipt, now),
                appointment=_promise(appointment, effect, keeper=keeper),
                journal=(line,),
                settled=(f"pending:{link.name}/{appointment.id}", f"write:{link.name}/{appointment.id}"),
            )
        case "pending":
            accepted = _shadow(effect, receipt, now) or _as_before(effect, now)
            return Outcome(shadow=replace(accepted, revision=0), journal=(line,), tasks=(_pending(effect, link),))
        case "moved" | "conflict":
            return Outcome(journal=(line,), done=False, again=True)


def _landed(effect: Effect, receipt: Receipt) -> bool:
    """True when what the side shows grew out of this very write."""
    stamp = receipt.entry.stamp if receipt.entry else None
    return bool(stamp) and stamp == Stamp(appointment=effect.change.appointment, revision=effect.change.revision)


def _asked(effect: Effect, receipt: Receipt, now: int) -> Shadow | None:
    if receipt.entry is None:
        return None
    return _shadow(effect, replace(receipt, entry=replace(receipt.entry, view=effect.change.view)), now)


def _shadow(effect: Effect, receipt: Receipt, now: int) -> Shadow | None:
    if receipt.entry is None:
        return None
    return Shadow(
        connection=effect.connection,
        appointment=effect.change.appointment,
        ref=receipt.entry.ref,
        version=receipt.entry.version,
        view=receipt.entry.view,
        asked=effect.asked,
        revision=effect.change.revision,
        confirmed=now,
    )


def _as_before(effect: Effect, now: int) -> Shadow:
    """Accepted, and nothing to show for it yet: the side holds what it held, and is not asked a second time."""
    change = effect.change
    return Shadow(
        connection=effect.connection,
        appointment=change.appointment,
        ref=change.ref,
        version=change.version,
        view=change.previous,
        asked=effect.asked,
        revision=change.revision,
        confirmed=now,
    )


def _promise(appointment: Appointment, effect: Effect, *, keeper: bool) -> Appointment | None:
    """Written once the system of record has the appointment in the state and at the time it now has."""
    view = effect.change.view
    wrote = view.state is State.CONFIRMED and appointment.state is State.CONFIRMED
    same = (view.start, view.resource) == (appointment.start, appointment.resource)
    if not (keeper and wrote and same) or appointment.written or effect.change.remove:
        return None
    return replace(appointment, written=True)


def _pending(effect: Effect, link: Link) -> Task:
    key = effect.change.appointment
    return Task(
        key=f"pending:{link.name}/{key}",
        kind="pending",
        sentence=f"Connection {link.name} accepted booking {key} but has not written it yet; "
        "wait, and look there if this stays.",
        appointment=key,
        connection=link.name,
    )
