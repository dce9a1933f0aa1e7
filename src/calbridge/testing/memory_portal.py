"""A booking portal in memory: published offers, exclusive holds, bookings, accounts, cutoffs, messages.

A client books only what is offered and not taken in the portal itself. A booking is a request until it is
decided. All that was handed to the portal is kept in `received`; each message to a client is in `messages`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from calbridge.errors import Replan
from calbridge.interval import Interval
from calbridge.model import Alternative, Consent, Details, State
from calbridge.provider import Clock, ExportReceipt, Offer, PortalChange
from calbridge.testing.changelog import ChangeLog

Message = Literal["confirmed", "declined", "moved", "move_refused", "cancelled"]


class Refused(Exception):
    """The portal does not let the client do this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A hold or a booking. Only holds have `expires`; `owed`: a message is due once the clinic has it.

    `reason` and `alternatives` are what a client who was refused is told. `account` is whose page shows it, of what the
    clinic made itself, `appointment` the bridge's name of it and `hub_revision` what the bridge wrote last.
    """

    ref: str
    resource: str
    service: str
    start: int
    end: int
    state: State
    details: Details | None = None
    description: str = ""
    consent: Consent | None = None
    expires: int | None = None
    replaces: str = ""
    consumed: bool = False
    reason: str = ""
    alternatives: tuple[Alternative, ...] = ()
    owed: bool = False
    account: str = ""
    appointment: str = ""
    hub_revision: int = 0
    wide_moves: bool = False
    revision: int = 1
    modified: int = 0

    @property
    def span(self) -> Interval:
        """When it is."""
        return Interval(self.start, self.end)

    @property
    def live(self) -> bool:
        """It takes time in the portal."""
        return not self.state.gone and not self.consumed


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A client who connected with the clinic; her e-mail address was seen to be hers."""

    ref: str
    details: Details
    consent: Consent | None = None
    revision: int = 1


class PortalModel:
    """The portal's own state, what clients do to it, and what the clinic's side may do to it."""

    def __init__(
        self,
        clock: Clock,
        *,
        hold_ttl: int = 300,
        cancel_cutoff: int | None = None,
        move_cutoff: int | None = None,
        tells: bool = True,
    ) -> None:
        self.clock = clock
        self.hold_ttl = hold_ttl
        self.cancel_cutoff = cancel_cutoff
        self.move_cutoff = move_cutoff
        self.tells = tells
        self.log = ChangeLog()
        self.bookings: dict[str, Booking] = {}
        self.accounts: dict[str, Account] = {}
        self.offers: dict[str, dict[tuple[str, int], int]] = {}
        self.moves: dict[str, dict[tuple[str, int], int]] = {}
        self.offer_revision = 0
        self.received: list[PortalChange | Offer] = []
        self.messages: Counter[tuple[str, Message, int]] = Counter()
        self.writes = 0
        self._count = 0

    # clients

    def select(self, resource: str, service: str, start: int) -> str:
        """A client chooses a slot: it is hers for `hold_ttl` seconds. Returns the hold's ref."""
        end = self._offered(resource, service, start)
        hold = Booking(
            ref=f"hold-{self._next()}",
            resource=resource,
            service=service,
            start=start,
            end=end,
            state=State.HELD,
            expires=self.clock.now() + self.hold_ttl,
        )
        return self._client(hold).ref

    def confirm(self, hold_ref: str, details: Details, description: str = "", consent: Consent | None = None) -> str:
        """The client submits her hold; after its expiry, only if the time is still free."""
        hold = self.get(hold_ref)
        if hold.state is State.EXPIRED:
            self._offered(hold.resource, hold.service, hold.start)
        elif not hold.live:
            raise Refused(f"{hold_ref} is {hold.state}")
        self._put(replace(hold, consumed=True))
        booking = replace(
            hold,
            ref=f"booking-{self._next()}",
            state=State.REQUESTED,
            details=details,
            description=description,
            consent=consent,
            expires=None,
            replaces=hold_ref,
            consumed=False,
        )
        return self._client(booking).ref

    def abandon(self, hold_ref: str) -> None:
        """The client goes back: the hold is released."""
        hold = self.get(hold_ref)
        if hold.state is State.HELD and hold.live:
            self._client(replace(hold, state=State.RELEASED))

    def cancel(self, ref: str) -> None:
        """The client cancels her booking, inside her window."""
        booking = self._open(ref, self.cancel_cutoff)
        self._client(replace(booking, state=State.CANCELLED, owed=False))

    def move(self, ref: str, start: int) -> None:
        """The client moves her booking to another offered start; she is told once the clinic has it.

        Where the clinic says so (`wide_moves`) it is one of those that are offered for moves.
        """
        booking = self._open(ref, self.move_cutoff)
        wide = booking.wide_moves and booking.state is State.CONFIRMED
        end = self._offered(booking.resource, booking.service, start, own=ref, wide=wide)
        self._client(replace(booking, start=start, end=end, owed=booking.state is State.CONFIRMED))

    def correct(self, ref: str, **given: Any) -> None:
        """The client corrects what she gave of herself, on the booking's page."""
        booking = self._open(ref, None)
        self._client(replace(booking, details=replace(booking.details or Details(), **given)))

    def connect(self, details: Details, consent: Consent | None = None) -> str:
        """A client makes an account and connects with the clinic; returns its ref."""
        account = Account(ref=f"account-{self._next()}", details=details, consent=consent)
        self.accounts[account.ref] = account
        self.log.note(account.ref)
        return account.ref

    def disconnect(self, ref: str) -> None:
        """She closes it: what the clinic put there goes with it."""
        del self.accounts[ref]
        self.log.note(ref)
        for booking in [each for each in self.bookings.values() if each.account == ref]:
            self.withdraw(booking.ref)

    def page(self, account: str) -> list[Booking]:
        """What the clinic made for her, as she sees it."""
        return [each for each in self.bookings.values() if each.account == account]

    # the clinic's side, through the bridge

    def show(self, booking: Booking, *, hub_revision: int, notify: bool) -> Booking:
        """The clinic made an appointment: its client sees it in her account."""
        self.writes += 1
        if notify and self.tells:
            self.messages[booking.ref, "confirmed", hub_revision] += 1
        return self._put(replace(booking, hub_revision=hub_revision))

    def withdraw(self, ref: str) -> None:
        """It is not shown any more; nobody is told, because it takes place all the same."""
        self.writes += 1
        del self.bookings[ref]
        self.log.note(ref)

    def publish(self, offer: Offer) -> ExportReceipt:
        """Replace what is offered, window by window; an older revision is refused."""
        self.received.append(offer)
        if offer.revision < self.offer_revision:
            raise Replan(f"The portal has availability of revision {self.offer_revision} already.")
        self.offer_revision = offer.revision
        self.writes += 1
        for part in offer.windows:
            for offers, slots in ((self.offers, part.slots), (self.moves, part.moves)):
                kept = offers.setdefault(part.resource, {})
                for key in [key for key in kept if part.window.start <= key[1] < part.window.end]:
                    del kept[key]
                kept.update({(slot.service, slot.start): slot.end for slot in slots})
        return ExportReceipt(accepted=len(offer.windows))

    def settle(self, booking: Booking, *, hub_revision: int, notify: bool = True) -> Booking:
        """The clinic's word: decided, moved or cancelled. The client is told what changed for her."""
        self.writes += 1
        for kind in _messages(self.bookings[booking.ref], booking) if notify and self.tells else ():
            self.messages[booking.ref, kind, hub_revision] += 1
        told = replace(booking, owed=booking.owed and booking.state is not State.CONFIRMED)
        kept = replace(told, hub_revision=hub_revision, revision=booking.revision + 1)
        return self._put(kept)

    # the portal

    def get(self, ref: str) -> Booking:
        """One hold or booking as it is now."""
        self.tick()
        return self.bookings[ref]

    def live(self) -> Iterator[Booking]:
        """Every hold and booking that takes time."""
        self.tick()
        return iter([booking for booking in self.bookings.values() if booking.live])

    def tick(self) -> None:
        """End what has run out; the portal does so whenever anybody looks."""
        now = self.clock.now()
        for hold in [b for b in self.bookings.values() if b.live and (b.expires or now + 1) <= now]:
            self._put(replace(hold, state=State.EXPIRED, revision=hold.revision + 1))

    def _offered(self, resource: str, service: str, start: int, *, own: str = "", wide: bool = False) -> int:
        end = (self.moves if wide else self.offers).get(resource, {}).get((service, start))
        if end is None or start < self.clock.now():
            raise Refused(f"{service} at {start} is not offered")
        wanted = Interval(start, end)
        if any(b.resource == resource and b.span.overlaps(wanted) for b in self.live() if b.ref != own):
            raise Refused(f"{resource} is taken at {start}")
        return end

    def _open(self, ref: str, cutoff: int | None) -> Booking:
        booking = self.get(ref)
        if booking.state not in {State.REQUESTED, State.CONFIRMED}:
            raise Refused(f"{ref} is {booking.state}")
        if cutoff is not None and booking.start - self.clock.now() <= cutoff:
            raise Refused("it is too late to do this online; please phone the practice")
        return booking

    def _client(self, booking: Booking) -> Booking:
        return self._put(replace(booking, revision=booking.revision + 1))

    def _put(self, booking: Booking) -> Booking:
        kept = replace(booking, modified=self.clock.now())
        self.bookings[kept.ref] = kept
        self.log.note(kept.ref)
        return kept

    def _next(self) -> int:
        self._count += 1
        return self._count


def _messages(old: Booking, new: Booking) -> Iterator[Message]:
    if old.expires is not None:
        return
    match new.state:
        case State.CONFIRMED if old.state is State.REQUESTED and not old.owed:
            yield "confirmed"
        case State.DECLINED | State.CANCELLED if not old.state.gone:
            yield "declined" if new.state is State.DECLINED else "cancelled"
    if not new.state.gone and ((old.resource, old.span) != (new.resource, new.span) or _paid(old, new)):
        yield "move_refused" if new.reason else "moved"


def _paid(old: Booking, new: Booking) -> bool:
    """The move the client asked for has reached the clinic."""
    return old.owed and new.state is State.CONFIRMED
