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
    effect: Effect,
    receipt: Receipt,
    appointment: Appointment,
    link: Link,
    *,
    known: Shadow | None,
    keeper: bool,
    now: int,
) -> Outcome:
    """`known` is the shadow so far. `keeper`: this side's word makes the booking written (`places.keeps_record`)."""
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
        case "moved" if receipt.gone:
            # It stood there, and somebody has taken it away since: the next read is told so, and what that means is
            # decided as for anything that is not there any more. Made anew, staff's word would be lost.
            return Outcome(shadow=_taken_away(effect, receipt, now), journal=(line,), again=True)
        case "written":
            return Outcome(
                shadow=_shadow(effect, receipt, now),
                appointment=_promise(appointment, effect, keeper=keeper),
                journal=(line,),
                settled=tuple(f"{kind}:{link.name}/{appointment.id}" for kind in ("failed", "timed_out", "write")),
            )
        case "pending":
            return Outcome(shadow=_accepted(effect, receipt, known, now), journal=(line,))
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


def _taken_away(effect: Effect, receipt: Receipt, now: int) -> Shadow:
    return replace(_as_before(effect, now), ref=receipt.gone, version="", view=effect.change.view)


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
        manage_url=receipt.entry.manage_url,
    )


def _accepted(effect: Effect, receipt: Receipt, known: Shadow | None, now: int) -> Shadow:
    """What was there before stays known, however many writes wait behind each other: it may come back."""
    before = known.before if known is not None and known.pending else effect.change.previous
    return replace(_shadow(effect, receipt, now) or _as_before(effect, now), pending=True, before=before)


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
