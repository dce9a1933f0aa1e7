"""The judge bites: a side or a provider that breaks one promise is caught within a few days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from clinic_day.clinic import PRIVATE
from clinic_day.database import empty
from clinic_day.day import play
from clinic_day.judge import judge
from clinic_day.people import People
from clinic_day.world import World

from calbridge.feeds import Feed, Record
from calbridge.hookspecs import hookimpl
from calbridge.interval import Interval
from calbridge.provider import Change, ExportReceipt, Offer, OfferedSlot, PortalChange, Receipt
from calbridge.store import Store
from calbridge.store.database import Database
from calbridge.testing.memory_calendar import MemoryCalendar
from calbridge.testing.memory_pms import MemoryPms
from calbridge.testing.portal_provider import MemoryPortal

DAYS, RATE = 60, 0.5


class DroppingCalendar(MemoryCalendar):
    """It says written and keeps nothing."""

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        receipt = super().propagate_change(change)
        if receipt.entry is not None and not change.ref:
            del self.model.events[receipt.entry.ref]
        return receipt


class DeafCalendar(MemoryCalendar):
    """It says removed and removes nothing."""

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        return Receipt(outcome="written") if change.remove else super().propagate_change(change)


class CarelessCalendar(MemoryCalendar):
    """It writes without If-Match, over what staff did meanwhile."""

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        current = self.model.events.get(change.ref)
        return super().propagate_change(replace(change, version=current.version) if current else change)


class DraggedMeanwhile:
    """Any calendar, but the first event the bridge writes over is dragged by staff just before: a rare moment."""

    def __init__(self, calendar: MemoryCalendar) -> None:
        self.capabilities, self.calendar = calendar.capabilities, calendar
        self.import_schedule, self.probe = calendar.import_schedule, calendar.probe
        self.drag: Callable[[str], object] | None = None

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        if self.drag is not None and change.ref in self.calendar.model.events:
            self.drag(change.ref)
            self.drag = None
        return self.calendar.propagate_change(change)


class MeddlingCalendar(MemoryCalendar):
    """It touches what it did not make."""

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        for event in self.model.foreign.values():
            self.model.store(replace(event, title="tidied up"))
        return super().propagate_change(change)


class RestlessCalendar(MemoryCalendar):
    """Its server changes every text at every look."""

    @hookimpl
    def import_schedule(self, cursor: str, window: Interval, known: Any) -> Feed[Record]:
        for event in list(self.model.stamped()):
            self.model.store(replace(event, title=f"{event.title}."))
        return super().import_schedule(cursor, window, known)


class DoublingPms(MemoryPms):
    """It books twice what it is asked to book."""

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        receipt = super().propagate_change(change)
        if receipt.entry is not None and not change.ref:
            self.model.store(replace(self.model.visits[receipt.entry.ref], ref=self.model.new_ref()))
        return receipt


class ForgettingPms(MemoryPms):
    """It cancels a visit of reception's whenever it is asked to write another."""

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        phoned = [visit for visit in self.model.live() if not visit.client_ref and visit.ref != change.ref]
        for visit in phoned[:1]:
            self.model.cancel(visit.ref)
        return super().propagate_change(change)


class ChattyPortal(MemoryPortal):
    """It sends every message again with every answer."""

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        receipt = super().propagate_change(change)
        self.model.messages.update(list(self.model.messages))
        return receipt


class LeakyPortal(MemoryPortal):
    """The plugin hands the portal what it was never to see."""

    @hookimpl
    def propagate_change(self, change: PortalChange) -> Receipt:
        return super().propagate_change(replace(change, view=replace(change.view, description=f"{PRIVATE} bites")))


class GenerousPortal(MemoryPortal):
    """It offers every quarter of an hour."""

    @hookimpl
    def export_availability(self, offer: Offer) -> ExportReceipt:
        parts = []
        for part in offer.windows:
            starts = range(part.window.start, part.window.end, 900)
            slots = tuple(OfferedSlot(service="checkup", start=start, end=start + 1_800) for start in starts)
            parts.append(replace(part, slots=slots))
        return super().export_availability(replace(offer, windows=tuple(parts)))


@pytest.mark.parametrize(
    ("name", "broken", "verdicts"),
    [
        ("calendar", DroppingCalendar, {"differs", "lost", "missing", "disobeyed"}),
        ("calendar", DeafCalendar, {"extra", "hold"}),
        ("calendar", MeddlingCalendar, {"foreign"}),
        ("calendar", RestlessCalendar, {"not quiet"}),
        ("pms", DoublingPms, {"extra", "double booked"}),
        ("pms", ForgettingPms, {"lost"}),
        ("portal", ChattyPortal, {"message"}),
        ("portal", LeakyPortal, {"private"}),
        ("portal", GenerousPortal, {"offer"}),
    ],
)
def test_a_broken_promise_is_caught(
    name: str, broken: Callable[[Any], Any], verdicts: set[str], memory: Database
) -> None:
    def wrap(side: str, provider: Any) -> Any:
        return broken(provider.model) if side == name else provider

    found: set[str] = set()
    for seed in range(DAYS):
        empty(memory)
        day = play(seed, lambda clock: Store(memory, clock), wrap=wrap, rate=RATE)
        found |= {sentence.partition(":")[0] for sentence in day.wrong}
        if found & verdicts:
            return
    pytest.fail(f"{broken.__name__} was not caught in {DAYS} days; found {found or 'nothing'}")


@pytest.mark.parametrize(("calendar", "verdicts"), [(MemoryCalendar, set()), (CarelessCalendar, {"disobeyed"})])
def test_a_write_over_what_staff_did_at_that_moment_is_caught(
    calendar: type[MemoryCalendar], verdicts: set[str], memory: Database
) -> None:
    """A day in which nothing else goes wrong: reception moves a visit, and staff drags its event as it is written."""
    empty(memory)
    dragged: list[DraggedMeanwhile] = []

    def wrap(side: str, provider: Any) -> Any:
        if side == "calendar":
            dragged.append(DraggedMeanwhile(calendar(provider.model)))
            return dragged[-1]
        return provider

    world = World(1, lambda clock: Store(memory, clock), rate=0.0, wrap=wrap)
    people = People(world)
    people.reception_books()
    world.cycle()
    people.reception_moves()
    dragged[-1].drag = people.staff_drags
    for _ in range(3):
        world.cycle()
    assert dragged[-1].drag is None
    assert {sentence.partition(":")[0] for sentence in judge(world)} == verdicts


def test_the_same_seed_is_the_same_day(memory: Database) -> None:
    traces = []
    for _ in range(2):
        empty(memory)
        traces.append(play(3, lambda clock: Store(memory, clock)).trace)
    assert traces[0] == traces[1]
