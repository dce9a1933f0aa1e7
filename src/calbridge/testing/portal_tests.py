"""What is true of every booking portal."""
# ruff: noqa: S101 - these are tests; the assertions are their purpose

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from calbridge.errors import Replan
from calbridge.interval import Interval
from calbridge.model import Alternative, State
from calbridge.provider import Change, Entry, Offer, OfferedSlot, OfferWindow, change_of
from calbridge.public import public
from calbridge.testing.drivers import PortalDriver
from calbridge.testing.provider_tests import DAY, HALF_HOUR, ProviderTests, entry_of, gone_from, listed
from calbridge.views import PortalView


def refused(entry: Entry) -> PortalView:
    """What the portal shows of it, with the bridge's reason for a refusal."""
    assert isinstance(entry.view, PortalView)
    return replace(entry.view, decline_reason="slot_unavailable")


class PortalTests(ProviderTests):
    """What is true of every booking portal."""

    view_type = PortalView
    reads = "import_bookings"

    def offer(self, side: PortalDriver, revision: int, *starts: int) -> Offer:
        """`starts` are offered of the first resource, in a day that begins at `side.start`."""
        slots = tuple(OfferedSlot(service=side.service, start=s, end=s + HALF_HOUR) for s in starts)
        day = Interval(side.start, side.start + DAY)
        part = OfferWindow(resource=side.resources[0], window=day, slots=slots)
        return Offer(clinic=public(side.clinic), revision=revision, windows=(part,))

    def open(self, side: PortalDriver) -> None:
        """Three slots are offered."""
        starts = (side.start, side.start + HALF_HOUR, side.start + 2 * HALF_HOUR)
        assert side.provider.export_availability(offer=self.offer(side, 1, *starts)).accepted == 1

    def booked(self, side: PortalDriver) -> Entry:
        """A client selected and submitted; what the portal shows."""
        self.open(side)
        ref = side.confirm(side.select(side.resources[0], side.start))
        return entry_of(listed(self.read(side))[ref])

    def answer(self, entry: Entry, number: int = 1, **changes: Any) -> Change:
        """The clinic's word on a booking: accepted, unless `changes` say otherwise."""
        values: dict[str, Any] = {
            "key": f"conformance-{number}",
            "appointment": "conformance",
            "revision": number,
            "view": replace(entry.view, state=State.CONFIRMED),
            "ref": entry.ref,
            "version": entry.version,
            "previous": entry.view,
        }
        wanted = {**values, **changes}
        return change_of(wanted.pop("view"), **wanted)

    def make(self, side: Any) -> str:
        """A booking of a client."""
        return self.booked(side).ref

    def test_only_what_is_offered_can_be_chosen(self, side: PortalDriver) -> None:
        """And an offer replaces the one before it."""
        self.open(side)
        assert side.refused(side.resources[0], side.start + 6 * HALF_HOUR)
        side.provider.export_availability(offer=self.offer(side, 2, side.start + HALF_HOUR))
        assert side.refused(side.resources[0], side.start)
        assert not side.refused(side.resources[0], side.start + HALF_HOUR)

    def test_an_older_offer_does_not_replace_a_newer_one(self, side: PortalDriver) -> None:
        """A late request must not offer what was taken away."""
        side.provider.export_availability(offer=self.offer(side, 5, side.start + HALF_HOUR))
        with suppress(Replan):
            side.provider.export_availability(offer=self.offer(side, 4, side.start))
        assert side.refused(side.resources[0], side.start)

    def test_a_hold_is_exclusive_expires_and_names_nobody(self, side: PortalDriver) -> None:
        """Reserved for one, without her name."""
        self.open(side)
        ref = side.select(side.resources[0], side.start)
        assert side.refused(side.resources[0], side.start)
        hold = entry_of(listed(self.read(side))[ref])
        assert (hold.view.state, hold.view.start) == (State.HELD, side.start)
        assert hold.expires is not None
        assert hold.details is None

    def test_a_submitted_hold_becomes_a_request_that_replaces_it(self, side: PortalDriver) -> None:
        """Confirmed is the clinic's word; the booking says which hold it was."""
        self.open(side)
        hold = side.select(side.resources[0], side.start)
        ref = side.confirm(hold)
        booking = entry_of(listed(self.read(side))[ref])
        assert booking.view.state is State.REQUESTED
        assert booking.replaces in {hold, ""} if booking.ref == hold else booking.replaces == hold
        assert booking.details is not None

    def test_a_decision_is_read_back_and_told_once(self, side: PortalDriver) -> None:
        """The same decision twice is one decision and one message."""
        entry = self.booked(side)
        change = self.answer(entry)
        receipts = [side.provider.propagate_change(change=change) for _ in range(2)]
        assert [receipt.outcome for receipt in receipts] == ["written", "written"]
        assert entry_of(receipts[0].entry).view.state is State.CONFIRMED
        assert listed(self.read(side))[entry.ref] == receipts[0].entry
        assert side.messages(entry.ref) == 1

    def test_a_decision_over_a_cancellation_is_answered_moved(self, side: PortalDriver) -> None:
        """The client was faster."""
        entry = self.booked(side)
        side.cancel(entry.ref)
        receipt = side.provider.propagate_change(change=self.answer(entry))
        assert receipt.outcome == "moved"
        assert receipt.entry is None or receipt.entry.view.state is State.CANCELLED
        assert side.messages(entry.ref) == 0

    def test_a_declined_request_ends_and_frees_its_time(self, side: PortalDriver) -> None:
        """A removal of a request is a refusal; doing it twice is once."""
        entry = self.booked(side)
        assert isinstance(entry.view, PortalView)
        change = self.answer(entry, view=replace(entry.view, decline_reason="slot_unavailable"), remove=True)
        for _ in range(2):
            assert side.provider.propagate_change(change=change).outcome == "written"
        assert gone_from(self.read(side), entry.ref)
        assert not side.refused(side.resources[0], side.start)

    def test_who_is_refused_is_told_what_is_free_instead(self, side: PortalDriver) -> None:
        """Of two who want one slot the second must not be left standing."""
        entry = self.booked(side)
        free = Alternative(resource=side.resources[0], start=side.start + HALF_HOUR, end=side.start + 2 * HALF_HOUR)
        view = refused(entry)
        change = self.answer(entry, view=view, remove=True, alternatives=(free,))
        assert side.provider.propagate_change(change=change).outcome == "written"
        assert side.alternatives(entry.ref) == (free.start,)
        ref = side.select(side.resources[0], side.start)
        hold = entry_of(listed(self.read(side))[ref])
        view = refused(hold)
        change = self.answer(hold, 2, view=view, remove=True, alternatives=(free,))
        assert side.provider.propagate_change(change=change).outcome == "written"
        assert side.alternatives(hold.ref) == (free.start,)

    def test_a_refused_move_goes_back_and_the_client_is_told_what_is_free(self, side: PortalDriver) -> None:
        """The booking stands at its old time; that is no move by the practice."""
        entry = self.booked(side)
        sure = entry_of(side.provider.propagate_change(change=self.answer(entry)).entry)
        side.move(entry.ref, side.start + HALF_HOUR)
        moved = entry_of(listed(self.read(side))[entry.ref])
        free = Alternative(resource=side.resources[0], start=side.start + 2 * HALF_HOUR, end=side.start + 3 * HALF_HOUR)
        view = refused(sure)
        change = self.answer(moved, 2, view=view, alternatives=(free,))
        back = entry_of(side.provider.propagate_change(change=change).entry)
        assert (back.view.state, back.view.start) == (State.CONFIRMED, side.start)
        assert side.alternatives(entry.ref) == (free.start,)

    def test_a_booking_with_wide_moves_is_moved_to_what_is_offered_for_moves(self, side: PortalDriver) -> None:
        """S4: known clients in all the opening hours; nobody else, and nobody books there."""
        offer = self.offer(side, 1, side.start, side.start + HALF_HOUR)
        target = OfferedSlot(service=side.service, start=side.start + DAY // 4, end=side.start + DAY // 4 + HALF_HOUR)
        windows = (replace(offer.windows[0], moves=(target,)),)
        side.provider.export_availability(offer=replace(offer, windows=windows))
        refs = [side.confirm(side.select(side.resources[0], side.start + n * HALF_HOUR)) for n in range(2)]
        shown = listed(self.read(side))
        for number, ref in enumerate(refs):
            entry = entry_of(shown[ref])
            assert isinstance(entry.view, PortalView)
            wide = replace(entry.view, state=State.CONFIRMED, wide_moves=ref == refs[0])
            side.provider.propagate_change(change=self.answer(entry, number, view=wide))
        assert side.refused(side.resources[0], target.start)
        assert not self.moves(side, refs[1], target.start)
        able = "wide_moves" in side.provider.capabilities.fields
        assert self.moves(side, refs[0], target.start) is able
        moved = entry_of(listed(self.read(side))[refs[0]])
        assert moved.view.start == (target.start if able else side.start)

    def moves(self, side: PortalDriver, ref: str, start: int) -> bool:
        """Whether the portal lets the client move her booking there."""
        try:
            side.move(ref, start)
        except Exception:  # noqa: BLE001 - each side's driver has a refusal of its own
            return False
        return True

    def test_a_quiet_decision_sends_no_message(self, side: PortalDriver) -> None:
        """The clinic declines with or without a message (S2)."""
        entry = self.booked(side)
        receipt = side.provider.propagate_change(change=self.answer(entry, remove=True, notify=False))
        assert receipt.outcome == "written"
        assert side.messages(entry.ref) == 0

    def test_the_practice_moves_and_cancels(self, side: PortalDriver) -> None:
        """The booking keeps its ref through all of it."""
        entry = self.booked(side)
        sure = entry_of(side.provider.propagate_change(change=self.answer(entry)).entry)
        later = replace(sure.view, start=sure.view.start + DAY // 2, end=sure.view.end + DAY // 2)
        moved = entry_of(side.provider.propagate_change(change=self.answer(sure, 2, view=later)).entry)
        assert (moved.ref, moved.view.start) == (entry.ref, later.start)
        receipt = side.provider.propagate_change(change=self.answer(moved, 3, remove=True))
        assert receipt.outcome == "written"
        assert gone_from(self.read(side), entry.ref)

    def test_what_a_client_moves_and_cancels_is_reported_as_hers(self, side: PortalDriver) -> None:
        """Who acted decides who wins."""
        entry = self.booked(side)
        side.provider.propagate_change(change=self.answer(entry))
        cursor = self.cursor(side)
        side.move(entry.ref, side.start + HALF_HOUR)
        moved = entry_of(listed(self.read(side, cursor))[entry.ref])
        assert moved.view.start == side.start + HALF_HOUR
        side.cancel(entry.ref)
        assert gone_from(self.read(side, cursor), entry.ref)

    def test_a_released_hold_frees_its_time(self, side: PortalDriver) -> None:
        """The clinic was first: the hold is taken back, twice is once."""
        self.open(side)
        ref = side.select(side.resources[0], side.start)
        hold = entry_of(listed(self.read(side))[ref])
        change = self.answer(hold, view=hold.view, remove=True)
        for _ in range(2):
            assert side.provider.propagate_change(change=change).outcome == "written"
        assert not side.refused(side.resources[0], side.start)
