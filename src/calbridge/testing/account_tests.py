"""What is true of every portal that shows clients what the clinic made for them by itself (`publishes`)."""
# ruff: noqa: S101 - these are tests; the assertions are their purpose

from __future__ import annotations

from dataclasses import replace
from typing import Any

from calbridge.interval import Interval
from calbridge.model import State
from calbridge.provider import AccountRecord, Entry, Offer, OfferWindow, PortalChange
from calbridge.public import public
from calbridge.testing.drivers import AccountDriver
from calbridge.testing.provider_tests import DAY, HALF_HOUR, entry_of, gone_from, listed, window_of
from calbridge.views import PortalView


class AccountTests:
    """Subclass it beside `PortalTests`; its `side` fixture yields an `AccountDriver`."""

    def look(self, side: AccountDriver, cursor: str = "") -> Any:
        """One read of the tests' days."""
        return side.provider.import_bookings(cursor=cursor, window=window_of(side), known={})

    def connected(self, side: AccountDriver) -> str:
        """The portal knows its clinic and one client who is connected."""
        part = OfferWindow(resource=side.resources[0], window=Interval(side.start, side.start + DAY), slots=())
        side.provider.export_availability(offer=Offer(clinic=public(side.clinic), revision=1, windows=(part,)))
        return side.connect()

    def wish(self, side: AccountDriver, account: str, number: int = 1, shown: Entry | None = None, **more: Any) -> Any:
        """What the clinic made, as a change; `shown` is what the portal shows of it."""
        view = PortalView(
            state=State.CONFIRMED,
            resource=side.resources[0],
            start=side.start,
            end=side.start + HALF_HOUR,
            service=side.service,
            description="vaccination",
            account=account,
        )
        asked = {name: more.pop(name) for name in ("remove", "notify") if name in more}
        before: Any = shown.view if shown else None
        return PortalChange(
            key=f"account-{number}",
            appointment="b1",
            revision=number,
            view=replace(view, **more),
            ref=shown.ref if shown else "",
            version=shown.version if shown else "",
            previous=before,
            **asked,
        )

    def shown(self, side: AccountDriver, account: str, **more: Any) -> Entry:
        """It stands in her account."""
        receipt = side.provider.propagate_change(change=self.wish(side, account, **more))
        assert receipt.outcome == "written"
        return entry_of(receipt.entry)

    def test_an_account_is_read_with_who_has_it(self, side: AccountDriver) -> None:
        """Her details are there for matching; whose record it is the core says."""
        account = self.connected(side)
        record = listed(self.look(side))[account]
        assert isinstance(record, AccountRecord)
        assert record.details is not None
        assert record.details.email
        assert (record.client, record.match) == ("", "")

    def test_what_the_clinic_made_is_shown_and_told_once(self, side: AccountDriver) -> None:
        """Also where the answer was lost and it is written again."""
        account = self.connected(side)
        entries = [self.shown(side, account) for _ in range(2)]
        assert entries[0].view == self.wish(side, account).view
        assert entries[0].stamp is not None
        assert entries[0].stamp.appointment == "b1"
        assert entries[1] == entries[0] == listed(self.look(side))[entries[0].ref]
        assert side.page(account) == [(State.CONFIRMED, side.start, "vaccination")]
        assert side.messages(entries[0].ref) == 1

    def test_what_was_there_before_is_shown_without_a_message(self, side: AccountDriver) -> None:
        """A first import is quiet."""
        account = self.connected(side)
        entry = self.shown(side, account, notify=False)
        assert side.messages(entry.ref) == 0
        assert len(side.page(account)) == 1

    def test_a_change_keeps_its_ref(self, side: AccountDriver) -> None:
        """Moved and described anew."""
        account = self.connected(side)
        entry = self.shown(side, account)
        later = {"start": side.start + HALF_HOUR, "end": side.start + DAY // 12, "description": "claws"}
        moved = self.shown(side, account, number=2, shown=entry, **later)
        assert moved.ref == entry.ref
        assert side.page(account) == [(State.CONFIRMED, side.start + HALF_HOUR, "claws")]

    def test_withdrawn_is_not_called_off(self, side: AccountDriver) -> None:
        """It is not shown any more, and nobody is told anything; twice is once."""
        account = self.connected(side)
        entry = self.shown(side, account)
        cursor = self.look(side).cursor
        for _ in range(2):
            change = self.wish(side, "", 2, entry, remove=True)
            assert side.provider.propagate_change(change=change).outcome == "written"
        assert side.page(account) == []
        assert gone_from(self.look(side, cursor), entry.ref)

    def test_called_off_she_sees_that_it_is(self, side: AccountDriver) -> None:
        """The clinic cancelled it."""
        account = self.connected(side)
        entry = self.shown(side, account)
        for _ in range(2):
            change = self.wish(side, account, 2, entry, remove=True, state=State.CANCELLED)
            assert side.provider.propagate_change(change=change).outcome == "written"
        assert [state for state, _, _ in side.page(account)] == [State.CANCELLED]

    def test_a_closed_account_shows_nothing_and_is_said_to_be_gone(self, side: AccountDriver) -> None:
        """What was in it goes with it; a write that comes too late is no fault."""
        account = self.connected(side)
        entry = self.shown(side, account)
        cursor = self.look(side).cursor
        side.leave(account)
        feed = self.look(side, cursor)
        assert gone_from(feed, account)
        assert gone_from(feed, entry.ref)
        assert side.provider.propagate_change(change=self.wish(side, account, 2)).outcome == "moved"
