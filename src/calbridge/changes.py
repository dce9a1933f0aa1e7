"""What the core gives a provider to write: one appointment's state, or the times that are free. Plain frozen records.

One record for each kind of side, each with that side's view (rules.md section 6): a portal's change has no field for a
private text or for what a client told the clinic, so none can go there by mistake. Carrying a change out twice must
be the same as once.

`key` is the idempotency key, stable over retries and restarts. `ref` is "" when the side has no entry yet; then the ref
must be derived from `appointment`, so that a write whose answer was lost is found again. `version` is what the shadow
holds; a remote that moved on answers `Receipt(outcome="moved")`. `previous` is what the side last showed. `remove`
asks that the entry no longer takes time (a calendar deletes it, a PMS cancels it, a portal declines, cancels or
releases). `overbook`: staff wants this although the time is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from calbridge.feeds import Entry
from calbridge.interval import Interval
from calbridge.model import Alternative, Details
from calbridge.public import PublicClinic
from calbridge.views import ALTERNATIVES, CalendarView, PmsView, PortalView, Role, View


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChange:
    """One appointment state for a calendar."""

    key: str
    appointment: str
    revision: int
    view: CalendarView
    remove: bool = False
    ref: str = ""
    version: str = ""
    previous: CalendarView | None = None
    overbook: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PmsChange:
    """One appointment state for a PMS. `reason` is why it ended: a code or the clinic's own sentence.

    `details` are what the client told about herself, for a booking that is linked to no record.
    """

    key: str
    appointment: str
    revision: int
    view: PmsView
    remove: bool = False
    ref: str = ""
    version: str = ""
    previous: PmsView | None = None
    overbook: bool = False
    reason: str = ""
    details: Details | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalChange:
    """One appointment state for a portal. `notify`: a portal that tells its client may do so now.

    `alternatives` are what a client who was refused (`view.decline_reason` says why) may have instead.
    """

    key: str
    appointment: str
    revision: int
    view: PortalView
    remove: bool = False
    ref: str = ""
    version: str = ""
    previous: PortalView | None = None
    overbook: bool = False
    notify: bool = True
    alternatives: tuple[Alternative, ...] = ()


Change = CalendarChange | PmsChange | PortalChange
CHANGES: Mapping[Role, type[CalendarChange] | type[PmsChange] | type[PortalChange]] = {
    "calendar": CalendarChange,
    "pms": PmsChange,
    "portal": PortalChange,
}
"""Which change a side in each role is given; `calbridge.host` hands it no other."""


def change_of(view: View, **fields: Any) -> Change:
    """The change that carries this kind of view; a field it does not have is a TypeError."""
    match view:
        case CalendarView():
            return CalendarChange(view=view, **fields)
        case PmsView():
            return PmsChange(view=view, **fields)
        case PortalView():
            return PortalChange(view=view, **fields)


def change_as(change: Change, seen: Callable[[View], View]) -> Change:
    """The same change with its views as a side is able to show them."""
    fields: Any = {"view": seen(change.view), "previous": change.previous and seen(change.previous)}
    return replace(change, **fields)


def names_times(change: Change) -> bool:
    """Is it a refusal that names other times? By the time it is asked once more, somebody may have them."""
    return isinstance(change, PortalChange) and change.view.decline_reason in ALTERNATIVES


def reworded(old: Change, new: Change) -> bool:
    """Is `new` the same refusal as `old`, with other times that are free by now?"""
    if not isinstance(old, PortalChange) or not isinstance(new, PortalChange):
        return False
    same = replace(old, key=new.key, revision=new.revision, alternatives=new.alternatives)
    return same == new and names_times(new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a change.

    written: `entry` is read back from the remote (None after a removal). pending: accepted, not yet written.
    moved: the remote changed since `version`; nothing was written; `entry` is what it shows now, None when it is gone.
    conflict: the remote says the time is taken; nothing was written. `gone`, with moved: the ref under which a new one
    was written that somebody took away again before it could be read back.

    An `entry` that bears the stamp of this change says that all of it was carried out, whatever it shows since. Where
    a side takes a change step by step, some were taken and then no more, moved or conflict has `wrote`: what stood
    there after the last of them, before anybody else's edit. The rest is then due over that.
    """

    outcome: Literal["written", "pending", "moved", "conflict"]
    entry: Entry | None = None
    gone: str = ""
    wrote: View | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedSlot:
    """One start a client may choose."""

    service: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWindow:
    """All that is offered of `resource` in `window`: the portal replaces what it had there.

    `moves` is what a booking with `wide_moves` may be moved to; there is none where the clinic lets nobody do that.
    """

    resource: str
    window: Interval
    slots: tuple[OfferedSlot, ...]
    moves: tuple[OfferedSlot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Availability for a portal: changed windows only. `revision` only grows. `clinic` is for names and services."""

    clinic: PublicClinic
    revision: int
    windows: tuple[OfferWindow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReceipt:
    """How many windows the portal took; `rejected` are those it would not take, each with a sentence."""

    accepted: int
    rejected: tuple[str, ...] = ()
