"""What the answer to one write means for the hub: a new shadow, a promise kept, or a reason to read again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from calbridge.changes import Receipt
from calbridge.feeds import Stamp
from calbridge.hub import Effect, JournalEntry, Link, Shadow, Task
from calbridge.model import Appointment, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The rows that follow from a receipt. `again`: this side must be read again before anything else is decided.

    `done`: it was answered as it was meant, and no `shadow` means that nothing is shown any more; else none means that
    nothing new is known.
    """

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
        case "moved" | "conflict" if receipt.wrote is not None:
            return Outcome(shadow=_half_way(effect, receipt, known, now), journal=(line,), done=False, again=True)
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


def given_up(effect: Effect, known: Shadow | None) -> Shadow:
    """The side will never take it as it is: it holds what it held, and is not asked for just this again."""
    empty = Shadow(connection=effect.connection, appointment=effect.change.appointment, ref="", version="", view=None)
    return replace(known or empty, asked=effect.asked, unwritten=True)


def _half_way(effect: Effect, receipt: Receipt, known: Shadow | None, now: int) -> Shadow | None:
    """Some steps of it were taken, and what they left is the base of whatever is shown now.

    Took the hub all of it for the base, what was never reached would be somebody's edit: an arrival undone. Took it
    nothing, what our own steps did would be one: a visit brought back to life. The rest was not asked for.
    """
    if receipt.entry is None or receipt.wrote is None:
        return None
    left = replace(receipt, entry=replace(receipt.entry, view=receipt.wrote))
    taken = _accepted(effect, left, known, now) if receipt.entry.pending else _shadow(effect, left, now)
    return taken and replace(taken, asked="", revision=known.revision if known is not None else 0)


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
    return replace(_shadow(effect, receipt, now) or _unseen(effect, now), pending=True, before=before)


def _unseen(effect: Effect, now: int) -> Shadow:
    """Accepted without a word of what will stand there: what was asked for, unless it is new or is to go away."""
    change = effect.change
    held = _as_before(effect, now)
    return replace(held, view=change.view) if change.ref and not change.remove else held


def _as_before(effect: Effect, now: int) -> Shadow:
    """The side holds what it held, and is not asked a second time."""
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
    """Written once the system of record has the appointment in the state and at the time it now has.

    An answer to an older write says nothing about another time, nor about another length. What was asked is compared,
    not what is shown: a side may know no other lengths than its own (R16).
    """
    view = effect.change.view
    wrote = view.state is State.CONFIRMED and appointment.state is State.CONFIRMED
    same = (view.start, view.end, view.resource) == (appointment.start, appointment.end, appointment.resource)
    if not (keeper and wrote and same) or appointment.written or effect.change.remove:
        return None
    return replace(appointment, written=True)
