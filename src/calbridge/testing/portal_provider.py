"""The provider over a `PortalModel`: a change becomes a decision, a move or a cancellation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from calbridge.errors import SkipItem
from calbridge.hookspecs import hookimpl
from calbridge.interval import Interval
from calbridge.model import State
from calbridge.provider import (
    Capabilities,
    Entry,
    ExportReceipt,
    Feed,
    Finding,
    Gone,
    Offer,
    PortalChange,
    Present,
    Probe,
    Receipt,
)
from calbridge.testing.changelog import read
from calbridge.testing.conditional import settled
from calbridge.testing.memory_portal import Booking, PortalModel
from calbridge.views import PortalView


class MemoryPortal:
    """Holds, bookings and offers, as a portal plugin gives them."""

    def __init__(self, model: PortalModel) -> None:
        self.model = model
        self.capabilities = Capabilities(
            fields=frozenset(
                {"state", "resource", "start", "end", "service", "description", "decline_reason", "wide_moves"}
            ),
            takes_offers=True,
            tells=frozenset({"confirmed", "declined", "moved", "cancelled"}) if model.tells else frozenset(),
        )

    @hookimpl
    def check(self) -> tuple[Finding, ...]:
        """Nothing can be wrong with it."""
        return (Finding(level="ok", message="The portal answers."),)

    @hookimpl
    def export_availability(self, offer: Offer) -> ExportReceipt:
        """Replace the offered slots."""
        return self.model.publish(offer)

    @hookimpl
    def import_bookings(
        self,
        cursor: str,
        window: Interval,
        known: Mapping[str, str],  # noqa: ARG002 - the hook's signature; this side has a change log
    ) -> Feed[Entry]:
        """Live holds and all bookings of the window, or what changed since `cursor`, ended holds included."""
        self.model.tick()
        return read(self.model.log, cursor, window, listing=lambda: self._listing(window), look=self._look)

    @hookimpl
    def probe(self, ref: str) -> Probe:
        """An ended hold is gone; a booking stays, whatever became of it."""
        self.model.tick()
        booking = self.model.bookings.get(ref)
        if booking is None or (booking.expires is not None and not booking.live):
            return Gone()
        return Present()

    @hookimpl
    def propagate_change(self, change: PortalChange) -> Receipt:
        """Release, decline or cancel; else confirm and move."""
        self.model.received.append(change)
        self.model.tick()
        current = self.model.bookings.get(change.ref)
        entry = self._look(change.ref)
        if not change.ref:
            raise SkipItem("This portal takes no appointment that it did not bring.", item=change.appointment)
        answer = settled(change, entry, self.capabilities.fields)
        if answer is not None or current is None:
            return answer or Receipt(outcome="moved")
        stored = self.model.settle(_wanted(change, current), hub_revision=change.revision, notify=change.notify)
        return Receipt(outcome="written", entry=None if change.remove else _entry(stored))

    def _listing(self, window: Interval) -> Iterable[Entry]:
        """A snapshot has no tombstones of holds; a delta has."""
        listed = (b for b in self.model.bookings.values() if b.live or b.expires is None)
        return [_entry(booking) for booking in listed if booking.span.overlaps(window)]

    def _look(self, ref: str) -> Entry | None:
        booking = self.model.bookings.get(ref)
        return _entry(booking) if booking and not booking.consumed else None


_REMOVED = {State.HELD: State.RELEASED, State.REQUESTED: State.DECLINED}


def _wanted(change: PortalChange, current: Booking) -> Booking:
    if change.remove:
        ended = _REMOVED.get(current.state, State.CANCELLED)
        return replace(current, state=ended, reason=change.view.decline_reason, alternatives=change.alternatives)
    view = change.view
    return replace(
        current,
        state=view.state,
        resource=view.resource,
        start=view.start,
        end=view.end,
        service=view.service,
        description=view.description,
        reason=view.decline_reason,
        alternatives=change.alternatives,
        wide_moves=view.wide_moves,
    )


def _entry(booking: Booking) -> Entry:
    view = PortalView(
        state=booking.state,
        resource=booking.resource,
        start=booking.start,
        end=booking.end,
        service=booking.service,
        description=booking.description,
        decline_reason=booking.reason,
        wide_moves=booking.wide_moves,
    )
    return Entry(
        ref=booking.ref,
        version=str(booking.revision),
        view=view,
        by=booking.by,
        modified=booking.modified,
        replaces=booking.replaces,
        details=booking.details,
        consent=booking.consent,
        expires=booking.expires,
    )
