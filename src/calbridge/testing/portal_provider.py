"""The provider over a `PortalModel`: a change becomes a decision, a move or a cancellation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from calbridge.errors import SkipItem
from calbridge.hookspecs import hookimpl
from calbridge.interval import Interval
from calbridge.model import State
from calbridge.provider import (
    AccountRecord,
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
    Stamp,
)
from calbridge.testing.changelog import read
from calbridge.testing.conditional import settled
from calbridge.testing.memory_portal import Account, Booking, PortalModel
from calbridge.views import PortalView


class MemoryPortal:
    """Holds, bookings and offers, as a portal plugin gives them."""

    def __init__(self, model: PortalModel) -> None:
        self.model = model
        self.capabilities = Capabilities(
            fields=frozenset(
                {"state", "resource", "start", "end", "service", "description", "decline_reason", "account"}
                | {"wide_moves"}
            ),
            takes_offers=True,
            publishes=True,
            tells=frozenset({"confirmed", "declined", "moved", "move_refused", "cancelled"})
            if model.tells
            else frozenset(),
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
    ) -> Feed[Entry | AccountRecord]:
        """Accounts, live holds and all bookings of the window, or what changed since `cursor`, ended holds included."""
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
        """Show what the clinic made; release, decline or cancel; else confirm and move."""
        self.model.received.append(change)
        self.model.tick()
        if not change.ref and not change.view.account:
            raise SkipItem("This portal takes no appointment that it did not bring.", item=change.appointment)
        current = self.model.bookings.get(change.ref or _ref(change))
        answer = settled(change, _entry(current) if current else None, self.capabilities.fields)
        if answer is not None:
            return answer
        if current is None:
            return self._show(change)
        if change.remove and current.account and not change.view.state.gone:
            self.model.withdraw(current.ref)
            return Receipt(outcome="written")
        stored = self.model.settle(_wanted(change, current), hub_revision=change.revision, notify=change.notify)
        return Receipt(outcome="written", entry=None if change.remove else _entry(stored))

    def _show(self, change: PortalChange) -> Receipt:
        view = change.view
        if view.account not in self.model.accounts:
            return Receipt(outcome="moved")  # she has closed it
        booking = Booking(
            ref=_ref(change),
            resource=view.resource,
            service=view.service,
            start=view.start,
            end=view.end,
            state=view.state,
            description=view.description,
            account=view.account,
            appointment=change.appointment,
        )
        shown = self.model.show(booking, hub_revision=change.revision, notify=change.notify)
        return Receipt(outcome="written", entry=_entry(shown))

    def _listing(self, window: Interval) -> Iterable[Entry | AccountRecord]:
        """A snapshot has no tombstones of holds; a delta has."""
        listed = (b for b in self.model.bookings.values() if b.live or b.expires is None)
        accounts = [_account(each) for each in self.model.accounts.values()]
        return [*accounts, *(_entry(booking) for booking in listed if booking.span.overlaps(window))]

    def _look(self, ref: str) -> Entry | AccountRecord | None:
        account = self.model.accounts.get(ref)
        if account is not None:
            return _account(account)
        booking = self.model.bookings.get(ref)
        return _entry(booking) if booking and not booking.consumed else None


def _ref(change: PortalChange) -> str:
    """Derived from the appointment, so that a write whose answer was lost is found again."""
    return f"shown-{change.appointment}"


def _account(account: Account) -> AccountRecord:
    return AccountRecord(
        ref=account.ref, version=str(account.revision), details=account.details, consent=account.consent
    )


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
        account=booking.account,
        wide_moves=booking.wide_moves,
    )
    stamp = Stamp(appointment=booking.appointment, revision=booking.hub_revision) if booking.appointment else None
    return Entry(
        ref=booking.ref,
        version=str(booking.revision),
        view=view,
        stamp=stamp,
        modified=booking.modified,
        replaces=booking.replaces,
        details=booking.details,
        consent=booking.consent,
        expires=booking.expires,
    )
