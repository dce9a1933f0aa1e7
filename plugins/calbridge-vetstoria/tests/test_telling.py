"""Who tells the client: the portal itself, or the clinic's notifiers; each message once, whoever was restarted.

The bridge's own engine, with a new process for each cycle, between the real portal and a PMS and a calendar in memory.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from calbridge.engine import Engine
from calbridge.host import ClinicHost
from calbridge.hub import Command
from calbridge.log import logger
from calbridge.model import WallWindow
from calbridge.notify import Notifiers
from calbridge.provider import ClientNotice, ClientRecord, NotifyReceipt
from calbridge.store import Store
from calbridge.testing.clock import VirtualClock
from calbridge.testing.memory_calendar import CalendarModel, MemoryCalendar
from calbridge.testing.memory_notifier import Mailbox, MemoryNotifier
from calbridge.testing.memory_pms import MemoryPms, PmsModel, Visit
from calbridge_vetstoria.provider import TELLS

HOUR, DAY = 3_600, 86_400
MIA = ClientRecord(id="c1", first_name="Mia", last_name="Albers", emails=("mia@example.org",))


class Bridge:
    """Store and sides; a cycle is a process that was just started."""

    def __init__(self, connect: Callable[..., Any], clinic: Any, database: Path, **settings: Any) -> None:
        self.connect, self.clinic, self.settings = connect, clinic, settings
        self.side = connect(clinic, **settings)
        self.clock = VirtualClock(self.side.clock.now())
        self.store = Store.open(database, clock=self.clock)
        self.calendar, self.pms = CalendarModel(self.clock), PmsModel(self.clock, clients=(MIA,))
        self.mailbox = Mailbox()
        self.cycle()

    def cycle(self, after: int = 0) -> Any:
        """Time goes on for everybody; then one cycle."""
        self.clock.advance(after)
        self.side.clock.advance(seconds=after)
        sides: dict[str, Any] = {
            "pms": MemoryPms(self.pms),
            "calendar": MemoryCalendar(self.calendar),
            "portal": self.connect(self.clinic, **self.settings).provider,
        }
        engine = Engine(
            store=self.store,
            clinic=self.clinic,
            host=ClinicHost.of(self.clinic, {name: (name, side) for name, side in sides.items()}),
            clock=self.clock,
            random=random.Random(1),
            log=logger("error"),
            first_run=dict.fromkeys(sides, "apply"),
            notifiers=Notifiers.of({"mail": MemoryNotifier(self.mailbox)}),
        )
        return engine.cycle()

    def book(self, start: int, **more: Any) -> str:
        """A client books on the page."""
        ref: str = self.side.confirm(self.side.select("anna", start), **more)
        return ref

    @property
    def mailed(self) -> list[str]:
        """What the notifier was given for clients."""
        return [each.kind for each in self.mailbox.delivered if isinstance(each, ClientNotice)]


@pytest.fixture
def bridge(connect: Callable[..., Any], clinic: Callable[..., Any], tmp_path: Path) -> Iterator[Callable[..., Bridge]]:
    made: list[Bridge] = []

    def starting(*, tells: bool, **rules: Any) -> Bridge:
        wanted = clinic(availability="opening_hours", reminders=(25 * HOUR, HOUR), **rules)
        hours = {day: (WallWindow(start=0, end=1_440),) for day in range(7)}
        made.append(Bridge(connect, replace(wanted, opening_hours=hours), tmp_path / "hub.sqlite3", tells=tells))
        return made[-1]

    yield starting
    for each in made:
        each.store.close()


WHO = [(True, "portal"), (False, "mail")]


@pytest.mark.parametrize(("tells", "who"), WHO)
def test_a_booking_is_told_from_confirmation_to_cancellation_by_one_of_them(
    bridge: Callable[..., Bridge], tells: bool, who: str
) -> None:
    """The portal's page lists what happened in either case: it is her own; but only one of them writes to her."""
    it = bridge(tells=tells)
    start = it.side.start
    ref = it.book(start)
    it.cycle(5)
    it.side.move(ref, start + HOUR)
    it.cycle(5)
    it.cycle(start - DAY - it.clock.now())  # the first reminder is due at 25 hours before the new start
    it.side.cancel(ref)
    it.cycle(5)
    it.cycle(5)
    told = ["confirmed", "moved", "reminder", "cancelled"]
    assert it.mailed == ([] if who == "portal" else told)
    assert it.side.kinds(ref) == [kind for kind in told if who == "portal" or kind != "reminder"]


def test_all_that_a_portal_says_it_tells_it_tells_by_itself(bridge: Callable[..., Bridge]) -> None:
    """`tells` silences the notifiers, so what it names must really be told by the portal, each once."""
    it = bridge(tells=True, booking_mode="request")
    refs = [it.book(it.side.start + n * HOUR) for n in range(3)]
    it.cycle(5)
    accepted, declined, moved = (row.id for row in sorted(it.store.appointments("hafen"), key=lambda row: row.start))
    for kind, key in (("accept", accepted), ("decline", declined), ("accept", moved)):
        command(it, kind, key)
    it.cycle(5)
    it.cycle(5)
    it.side.move(refs[2], it.side.start + 5 * HOUR)
    it.cycle(5)
    at_the_same_time = it.side.start + 6 * HOUR
    it.pms.phone(Visit(ref="", resource="anna", start=at_the_same_time, end=at_the_same_time + HOUR))
    it.side.move(refs[2], at_the_same_time)
    it.cycle(5)
    it.side.cancel(refs[2])
    it.cycle(5)
    assert it.side.kinds(refs[0]) == ["request_received", "confirmed"]
    assert it.side.kinds(refs[1]) == ["request_received", "declined"]
    assert it.side.kinds(refs[2]) == ["request_received", "confirmed", "moved", "move_refused", "cancelled"]
    assert {kind for ref in refs for kind in it.side.kinds(ref)} == TELLS
    assert it.mailed == []


def command(it: Bridge, kind: Any, key: str) -> None:
    it.store.add_command("hafen", Command(kind=kind, appointment=key))


def test_a_reminder_through_the_portal_is_one_also_when_its_answer_was_lost_and_the_bridge_restarted(
    bridge: Callable[..., Bridge],
) -> None:
    it = bridge(tells=True)
    ref = it.book(it.side.start)
    it.cycle(5)
    it.side.fail("500_after_commit", match="PUT /v1/bookings")
    it.cycle(it.side.start - 25 * HOUR - it.clock.now())
    assert it.side.kinds(ref) == ["confirmed", "reminder"], "it was told, only nobody heard"
    for _ in range(3):
        it.cycle(600)
    assert it.side.kinds(ref) == ["confirmed", "reminder"]
    assert [row.state for row in it.store.messages("hafen") if row.message.kind == "reminder"] == ["sent", "due"]
    it.cycle(it.side.start - HOUR - it.clock.now())
    assert it.side.kinds(ref) == ["confirmed", "reminder", "reminder"], "25 hours and 1 hour before (S1)"


def test_a_portal_that_is_down_is_asked_again_and_nobody_else_reminds_her(bridge: Callable[..., Bridge]) -> None:
    it = bridge(tells=True)
    ref = it.book(it.side.start)
    it.cycle(5)
    with it.side.outage():
        it.cycle(it.side.start - 25 * HOUR - it.clock.now())
    assert (it.side.kinds(ref), it.mailed) == (["confirmed"], [])
    for _ in range(3):
        it.cycle(900)
    assert (it.side.kinds(ref), it.mailed) == (["confirmed", "reminder"], [])


def test_who_is_mailed_is_mailed_in_her_language_with_the_link_to_her_page(
    bridge: Callable[..., Bridge], url: str
) -> None:
    """S0: with the confirmation comes a link, where she changes or cancels it."""
    it = bridge(tells=False)
    ref = it.book(it.side.start, language="fi")
    it.cycle(5)
    (notice,) = it.mailbox.delivered
    assert isinstance(notice, ClientNotice)
    assert notice.to.language == "fi"
    assert notice.manage_url == f"{url}/manage/{it.side.tokens[ref]}"
    assert notice.ref == ""


def test_a_booking_the_portal_lost_is_not_told_through_it(side: Any) -> None:
    notice = ClientNotice(key="a/reminder/1", kind="reminder", clinic=side.provider._context.clinic, to=None, ref="x")  # type: ignore[arg-type]
    receipts = [
        side.provider.notify(notice=replace(notice, ref=ref), hand_over=lambda: None)
        for ref in ("visit/bk_none", "hold/hd_1", "")
    ]
    assert [receipt.outcome for receipt in receipts] == ["refused"] * 3
    assert all(isinstance(receipt, NotifyReceipt) and receipt.why for receipt in receipts)
