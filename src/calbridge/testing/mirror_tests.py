"""What is true of the sides that show every appointment of the clinic: calendars and practice systems."""
# ruff: noqa: S101 - these are tests; the assertions are their purpose

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any

import pytest

from calbridge.errors import BridgeError
from calbridge.interval import Interval
from calbridge.model import State
from calbridge.provider import Busy, Change, ClientQuery, Complete, Entry, Gone, Receipt, change_of
from calbridge.testing.conditional import shows
from calbridge.testing.drivers import CalendarDriver, Driver, PmsDriver
from calbridge.testing.provider_tests import DAY, HALF_HOUR, ProviderTests, entry_of, gone_from, listed
from calbridge.views import CalendarView, PmsView


class MirrorTests(ProviderTests):
    """What is true of the sides that show every appointment of the clinic."""

    @abstractmethod
    def view(self, side: Driver, offset: int = 0, **changes: Any) -> Any:
        """A confirmed appointment of half an hour, `offset` seconds after `side.start`."""

    def change(self, side: Driver, **changes: Any) -> Change:
        """The first write of one appointment."""
        values: dict[str, Any] = {
            "key": "conformance-1",
            "appointment": "conformance",
            "revision": 1,
            "view": self.view(side),
        }
        wanted = {**values, **changes}
        return change_of(wanted.pop("view"), **wanted)

    def write(self, side: Driver, change: Change) -> Entry:
        """Carry out `change`, which must succeed; the entry read back."""
        receipt: Receipt = side.provider.propagate_change(change=change)
        assert receipt.outcome == "written", f"expected written, got {receipt}"
        return entry_of(receipt.entry)

    def next(self, side: Driver, entry: Entry, **changes: Any) -> Change:
        """The second write: another time for what is there."""
        values: dict[str, Any] = {
            "key": "conformance-2",
            "revision": 2,
            "view": self.view(side, 2 * HALF_HOUR),
            "ref": entry.ref,
            "version": entry.version,
            "previous": entry.view,
        }
        return self.change(side, **{**values, **changes})

    def make(self, side: Driver) -> str:
        """An appointment of the bridge."""
        return self.write(side, self.change(side)).ref

    def test_what_is_written_is_read_back_by_view_and_stamp(self, side: Driver) -> None:
        """The echo is the shadow: it must be what the next read shows."""
        change = self.change(side)
        entry = self.write(side, change)
        shown = entry_of(listed(self.read(side))[entry.ref])
        stored = side.provider.capabilities.fields
        assert shows(shown.view, entry.view, stored)
        assert shows(entry.view, change.view, stored & {"state", "resource", "start", "end"})
        assert (shown.version, shown.stamp) == (entry.version, entry.stamp)
        assert entry.stamp is not None
        assert (entry.stamp.appointment, entry.stamp.revision) == ("conformance", 1)

    def test_writing_twice_is_writing_once(self, side: Driver) -> None:
        """A write whose answer was lost is found again, not repeated.

        A server that rewrites bodies may make it look edited: `moved` with the same entry is as good.
        """
        change = self.change(side)
        first = self.write(side, change)
        again = side.provider.propagate_change(change=change)
        assert (again.entry, again.outcome in {"written", "moved"}) == (first, True)
        assert len(listed(self.read(side))) == 1

    def test_a_change_is_made_in_place(self, side: Driver) -> None:
        """Delete and recreate is a storm of notifications; and a repeated change is no second one."""
        entry = self.write(side, self.change(side))
        change = self.next(side, entry)
        moved = self.write(side, change)
        assert (moved.ref, moved.view.start) == (entry.ref, change.view.start)
        assert side.provider.propagate_change(change=change).entry == moved
        assert list(listed(self.read(side))) == [entry.ref]

    def test_a_change_over_a_stale_version_is_answered_moved(self, side: Driver) -> None:
        """Somebody edited since: nothing is written, what it shows now comes back."""
        entry = self.write(side, self.change(side))
        newer = self.write(side, self.next(side, entry))
        stale = self.next(side, entry, key="conformance-3", revision=3, view=self.view(side, 4 * HALF_HOUR))
        receipt = side.provider.propagate_change(change=stale)
        assert (receipt.outcome, receipt.entry) == ("moved", newer)

    def test_removing_twice_is_removing_once(self, side: Driver) -> None:
        """What is gone already is gone; a 404 on a DELETE is success (R24)."""
        entry = self.write(side, self.change(side))
        cursor = self.cursor(side)
        change = self.next(side, entry, remove=True)
        for _ in range(2):
            assert side.provider.propagate_change(change=change).outcome == "written"
        assert gone_from(self.read(side, cursor, {entry.ref: entry.version}), entry.ref)

    def test_removing_what_somebody_edited_is_answered_moved(self, side: Driver) -> None:
        """A removal is guarded as a change is."""
        entry = self.write(side, self.change(side))
        newer = self.write(side, self.next(side, entry))
        receipt = side.provider.propagate_change(change=self.next(side, entry, key="conformance-3", remove=True))
        assert (receipt.outcome, receipt.entry) == ("moved", newer)

    def test_a_write_that_cannot_be_made_is_an_error(self, side: Driver) -> None:
        """Nothing is answered as written that was not."""
        with side.outage(), pytest.raises(BridgeError):
            side.provider.propagate_change(change=self.change(side))
        assert listed(self.read(side)) == {}

    def test_a_hold_becomes_a_booking_in_place(self, side: Driver) -> None:
        """The reserved entry is the one that is confirmed."""
        if not side.provider.capabilities.holds:
            return
        held = self.write(side, self.change(side, view=self.view(side, state=State.HELD)))
        assert held.view.state is State.HELD
        confirmed = self.write(side, self.next(side, held, view=self.view(side)))
        assert (confirmed.ref, confirmed.view.state) == (held.ref, State.CONFIRMED)


class CalendarTests(MirrorTests):
    """What is true of every calendar."""

    view_type = CalendarView

    def view(self, side: Driver, offset: int = 0, **changes: Any) -> CalendarView:
        """A confirmed appointment with a private title."""
        start = side.start + offset
        shown = CalendarView(
            state=State.CONFIRMED,
            resource=side.resources[0],
            start=start,
            end=start + HALF_HOUR,
            title="Check-up - Balu",
            description="limps",
            note="Owner: calls back",
            confidential=True,
        )
        return replace(shown, **changes)

    def test_a_foreign_event_is_busy_time_without_text(self, side: CalendarDriver) -> None:
        """Staff's own events take time and say nothing."""
        ref = side.add(side.resources[1], side.start, side.start + HALF_HOUR)
        record = listed(self.read(side))[ref]
        assert isinstance(record, Busy)
        assert (record.resource, record.spans) == (
            side.resources[1],
            (Interval(side.start, side.start + HALF_HOUR),),
        )

    def test_a_foreign_event_is_never_touched(self, side: CalendarDriver) -> None:
        """Nothing is done to what the bridge did not make."""
        ref = side.add(side.resources[0], side.start, side.start + HALF_HOUR)
        before = side.body(ref)
        entry = self.write(side, self.change(side))
        self.write(side, self.next(side, entry))
        assert side.body(ref) == before

    def test_a_dragged_event_keeps_its_stamp(self, side: CalendarDriver) -> None:
        """Staff moves an appointment in any calendar program: it is still ours."""
        entry = self.write(side, self.change(side))
        cursor = self.cursor(side)
        side.drag(entry.ref, side.start + DAY // 2, side.start + DAY // 2 + 900)
        shown = entry_of(listed(self.read(side, cursor, {entry.ref: entry.version}))[entry.ref])
        assert (shown.view.start, shown.view.end) == (side.start + DAY // 2, side.start + DAY // 2 + 900)
        assert shown.stamp == entry.stamp
        assert shown.version != entry.version

    def test_a_deleted_event_is_reported_and_probed_gone(self, side: CalendarDriver) -> None:
        """A deletion is evidence in two grades."""
        entry = self.write(side, self.change(side))
        cursor = self.cursor(side)
        side.delete(entry.ref)
        assert gone_from(self.read(side, cursor, {entry.ref: entry.version}), entry.ref)
        assert side.provider.probe(ref=entry.ref) == Gone()

    def test_a_write_over_a_drag_is_answered_moved(self, side: CalendarDriver) -> None:
        """If-Match: staff's edit is never overwritten unseen."""
        entry = self.write(side, self.change(side))
        side.drag(entry.ref, side.start + DAY // 2, side.start + DAY // 2 + 900)
        receipt = side.provider.propagate_change(change=self.next(side, entry))
        assert receipt.outcome == "moved"
        assert receipt.entry is not None
        assert receipt.entry.view.start == side.start + DAY // 2

    def test_a_write_over_a_deletion_is_answered_moved(self, side: CalendarDriver) -> None:
        """What staff deleted does not come back by an update."""
        entry = self.write(side, self.change(side))
        side.delete(entry.ref)
        receipt = side.provider.propagate_change(change=self.next(side, entry))
        assert (receipt.outcome, receipt.entry) == ("moved", None)

    def test_an_appointment_can_go_to_another_calendar(self, side: CalendarDriver) -> None:
        """Another practitioner takes over: one event, in the other calendar."""
        entry = self.write(side, self.change(side))
        other = self.view(side, resource=side.resources[1])
        moved = self.write(side, self.next(side, entry, view=other))
        assert moved.view.resource == side.resources[1]
        entries = [record for record in listed(self.read(side)).values() if isinstance(record, Entry)]
        assert [e.ref for e in entries] == [moved.ref]


class PmsTests(MirrorTests):
    """What is true of every practice-management system."""

    view_type = PmsView

    def view(self, side: Driver, offset: int = 0, **changes: Any) -> PmsView:
        """A confirmed visit without a client's record."""
        start = side.start + offset
        shown = PmsView(
            state=State.CONFIRMED,
            resource=side.resources[0],
            start=start,
            end=start + HALF_HOUR,
            title="Check-up - Balu",
            description="limps",
            note="Owner: calls back",
        )
        return replace(shown, **changes)

    def test_a_phone_booking_is_an_appointment_without_stamp(self, side: PmsDriver) -> None:
        """What reception books becomes the clinic's appointment, not mere busy time."""
        ref = side.phone(side.resources[0], side.start, side.start + HALF_HOUR)
        shown = entry_of(listed(self.read(side))[ref])
        assert shown.stamp is None
        assert (shown.view.state, shown.view.start) == (State.CONFIRMED, side.start)

    def test_taken_time_is_a_conflict_and_nothing_is_written(self, side: PmsDriver) -> None:
        """Of the same minute exactly one gets it."""
        ref = side.phone(side.resources[0], side.start, side.start + HALF_HOUR)
        receipt = side.provider.propagate_change(change=self.change(side))
        assert receipt.outcome == "conflict"
        assert list(listed(self.read(side))) == [ref]

    def test_a_move_into_taken_time_is_a_conflict(self, side: PmsDriver) -> None:
        """A refused move leaves the visit where it is."""
        entry = self.write(side, self.change(side))
        side.phone(side.resources[0], side.start + 2 * HALF_HOUR, side.start + 3 * HALF_HOUR)
        assert side.provider.propagate_change(change=self.next(side, entry)).outcome == "conflict"
        assert entry_of(listed(self.read(side))[entry.ref]).view.start == side.start

    def test_staff_may_overbook_on_purpose(self, side: PmsDriver) -> None:
        """Their own day is theirs."""
        side.phone(side.resources[0], side.start, side.start + HALF_HOUR)
        assert self.write(side, self.change(side, overbook=True)).view.start == side.start

    def test_what_reception_moves_and_cancels_is_reported(self, side: PmsDriver) -> None:
        """Both sides of reception's day come through."""
        ref = side.phone(side.resources[0], side.start, side.start + HALF_HOUR)
        first = self.read(side)
        assert isinstance(first, Complete)
        known = {ref: listed(first)[ref].version}
        side.move(ref, side.start + DAY // 2)
        second = self.read(side, first.cursor, known)
        assert entry_of(listed(second)[ref]).view.start == side.start + DAY // 2
        side.cancel(ref)
        assert gone_from(self.read(side, first.cursor, known), ref)

    def test_an_unknown_client_is_not_found(self, side: PmsDriver) -> None:
        """A search that finds nobody finds nobody, not everybody."""
        if side.provider.capabilities.matches_clients:
            assert side.provider.find_clients(query=ClientQuery(email="nobody@example.invalid")) == ()
