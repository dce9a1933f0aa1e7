"""Who waits for her record is looked up again through the whole engine; what that costs, counted at the sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from small_clinic import HALF, HOUR, NOW, SmallClinic, clinic

from calbridge.errors import RetryLater
from calbridge.hookspecs import hookimpl
from calbridge.interval import Interval
from calbridge.model import Details
from calbridge.provider import ClientQuery, ClientRecord, Feed, PatientRecord, Probe, Unknown
from calbridge.testing.faults import Crash
from calbridge.testing.memory_pms import MemoryPms, Visit
from calbridge.testing.portal_provider import MemoryPortal

NORA = Details(first_name="Nora", last_name="Kiel", email="nora@example.org")
MARAS = ClientRecord(
    id="c1",
    first_name="Mara",
    last_name="Voss",
    emails=("mara@example.org",),
    patients=(PatientRecord(id="p1", name="Bo"),),
)
NORAS = ClientRecord(id="c2", first_name="Nora", last_name="Kiel", emails=("nora@example.org",))
SOMEBODY = ClientRecord(id="c9", first_name="Tom", last_name="Lind", emails=("tom@example.org",))


class ProvesNothing(MemoryPms):
    """A PMS that never says of anything that it is deleted: a read that shows one gone is not kept."""

    asked: Counter[str]
    down = False

    @hookimpl
    def probe(self, ref: str) -> Probe:
        return Unknown(why="nobody knows")

    @hookimpl
    def find_clients(self, query: ClientQuery) -> tuple[ClientRecord, ...]:
        if self.down:
            raise RetryLater("the PMS is down")
        self.asked["searches"] += 1
        return super().find_clients(query)


class ReadInFull(MemoryPortal):
    """A portal whose full reads are counted; once it may be killed for one."""

    asked: Counter[str]
    dies = False

    @hookimpl
    def import_bookings(self, cursor: str, window: Interval, known: Mapping[str, str]) -> Feed[Any]:
        self.asked["full reads"] += not cursor
        if self.dies and not cursor:
            self.dies = False
            raise Crash
        feed: Feed[Any] = super().import_bookings(cursor, window, known)
        return feed


class Desk(SmallClinic):
    """Mara has a booking and Nora an account, and the PMS has a record of neither."""

    after = 1

    def __init__(self) -> None:
        super().__init__(clinic(on_unmatched="book_unlinked"))
        self.asked: Counter[str] = Counter()
        self.sides |= {"pms": ProvesNothing(self.pms), "portal": ReadInFull(self.portal)}
        for name in ("pms", "portal"):
            self.sides[name].asked = self.asked
        self.cycle()
        self.account = self.portal.connect(NORA)
        self.book()
        self.cycle(2)

    def cost(self, cycles: int) -> list[tuple[int, int]]:
        """(Searches, full reads of the portal) of each cycle."""
        found = []
        for _ in range(cycles):
            self.asked.clear()
            self.cycle()
            found.append((self.asked["searches"], self.asked["full reads"]))
        return found

    def held_back(self) -> str:
        """From now on no cursor of the PMS is kept: a visit is gone, and it does not say that it was deleted."""
        ref = self.phone(NOW + 5 * HOUR)
        self.cycle()
        self.pms.delete(ref)
        before = self.cursor()
        self.cycle()
        assert self.cursor() == before
        return before

    def cursor(self) -> str:
        return self.engine().state().links["pms"].cursor


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_while_a_cursor_is_held_back_news_of_clients_costs_its_look_ups_and_full_read_once(desk: Desk) -> None:
    held = desk.held_back()
    assert desk.cost(3) == [(0, 0)] * 3
    for _ in range(2):
        desk.pms.enter(SOMEBODY)
        first, *later = desk.cost(20)
        assert first == (2, 1), "one search for each who waits, in one cycle, and one full read for the account"
        assert later == [(0, 0)] * 19
    assert desk.cursor() == held


def test_new_news_among_what_is_held_back_is_acted_on_at_once(desk: Desk) -> None:
    desk.held_back()
    desk.pms.enter(SOMEBODY)
    desk.cycle()
    assert desk.booking().client == ""
    desk.pms.enter(MARAS)
    desk.pms.enter(NORAS)
    desk.cycle()
    assert (desk.booking().client, desk.booking().patient) == ("pms/c1", "p1")
    start = NOW + 4 * HOUR
    desk.pms.phone(Visit(ref="", resource="anna", start=start, end=start + HALF, client="c2"))
    desk.cycle(2)
    assert [each.start for each in desk.portal.page(desk.account)] == [start]


def test_a_process_that_is_killed_before_it_read_the_portal_again_reads_it_when_it_starts(desk: Desk) -> None:
    """The news itself is known by then, and is not told again."""
    desk.pms.enter(NORAS)
    desk.sides["portal"].dies = True
    with pytest.raises(Crash):
        desk.cycle()
    assert desk.cost(2)[0][1] == 1
    start = NOW + 4 * HOUR
    desk.pms.phone(Visit(ref="", resource="anna", start=start, end=start + HALF, client="c2"))
    desk.cycle(2)
    assert [each.start for each in desk.portal.page(desk.account)] == [start]


def test_news_that_could_not_be_asked_about_is_asked_about_when_the_pms_answers_again(desk: Desk) -> None:
    """The side does not repeat it: its cursor has moved on."""
    desk.sides["pms"].down = True
    desk.pms.enter(MARAS)
    desk.cycle()
    assert desk.booking().client == ""
    desk.sides["pms"].down = False
    desk.engine().cycle(at_once=True)
    assert desk.booking().client == "pms/c1"
