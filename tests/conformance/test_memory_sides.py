"""The in-memory sides keep the contract that plugins must keep: the kit is tested with itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from calbridge.model import Clinic, Details, Resource, Service, State
from calbridge.provider import NotifierAbilities, Recipient
from calbridge.testing.clock import VirtualClock
from calbridge.testing.conformance import (
    AccountTests,
    CalendarTests,
    Delivered,
    NotifierTests,
    PmsTests,
    PortalTests,
)
from calbridge.testing.faults import Fault, Faulty
from calbridge.testing.memory_calendar import CalendarModel, MemoryCalendar, tidied, unchanged
from calbridge.testing.memory_notifier import Mailbox, MemoryNotifier
from calbridge.testing.memory_pms import MemoryPms, PmsModel, Visit
from calbridge.testing.memory_portal import PortalModel, Refused
from calbridge.testing.portal_provider import MemoryPortal

NOON = 1_795_345_200  # 2026-11-22 11:00 UTC
CLINIC = Clinic(
    key="hafen",
    name="Hafen",
    time_zone="Europe/Berlin",
    resources={key: Resource(key=key, name=key, online=True) for key in ("anna", "ben")},
    services={"checkup": Service(key="checkup", name="Check-up", minutes=30, online=True, resources=("anna",))},
)


class MemoryDriver:
    """What the three drivers share: an outage is a fault of every call."""

    def __init__(self, provider: Any, model: Any) -> None:
        self.clinic = CLINIC
        self.resources = ("anna", "ben")
        self.start = NOON + 7_200
        self.model = model
        self._down = False
        self.provider = Faulty(provider, lambda hook: Fault.UNREACHABLE if self._down else None)

    @contextmanager
    def outage(self) -> Iterator[None]:
        self._down = True
        yield
        self._down = False

    def forget_cursors(self) -> None:
        self.model.log.forget()


class Calendar(MemoryDriver):
    def add(self, resource: str, start: int, end: int) -> str:
        return self.model.add(resource, start, end, "Team meeting")

    def drag(self, ref: str, start: int, end: int) -> None:
        self.model.drag(ref, start, end)

    def delete(self, ref: str) -> None:
        self.model.delete(ref)

    def body(self, ref: str) -> object:
        return self.model.events[ref]


class Pms(MemoryDriver):
    def phone(self, resource: str, start: int, end: int) -> str:
        return self.model.phone(Visit(ref="", resource=resource, start=start, end=end))

    def move(self, ref: str, start: int) -> None:
        self.model.move(ref, start)

    def cancel(self, ref: str) -> None:
        self.model.cancel(ref)


class Portal(MemoryDriver):
    service = "checkup"

    def select(self, resource: str, start: int) -> str:
        return self.model.select(resource, self.service, start)

    def refused(self, resource: str, start: int) -> bool:
        try:
            self.model.abandon(self.select(resource, start))
        except Refused:
            return True
        return False

    def confirm(self, hold: str) -> str:
        return self.model.confirm(hold, Details(first_name="Mia", last_name="Berg"))

    def cancel(self, ref: str) -> None:
        self.model.cancel(ref)

    def move(self, ref: str, start: int) -> None:
        self.model.move(ref, start)

    def alternatives(self, ref: str) -> tuple[int, ...]:
        return tuple(each.start for each in self.model.bookings[ref].alternatives)

    def connect(self) -> str:
        return self.model.connect(Details(first_name="Mia", last_name="Berg", email="mia@example.org"))

    def leave(self, account: str) -> None:
        self.model.disconnect(account)

    def page(self, account: str) -> list[tuple[State, int, str]]:
        return [(each.state, each.start, each.description) for each in self.model.page(account)]

    def messages(self, ref: str) -> int:
        return sum(count for (booking, _, _), count in self.model.messages.items() if booking == ref)


class TestMemoryCalendar(CalendarTests):
    @pytest.fixture(params=[unchanged, tidied])
    def side(self, request: pytest.FixtureRequest) -> Calendar:
        model = CalendarModel(VirtualClock(NOON), rewrite=request.param)
        return Calendar(MemoryCalendar(model), model)


class TestMemoryPms(PmsTests):
    @pytest.fixture
    def side(self) -> Pms:
        model = PmsModel(VirtualClock(NOON))
        return Pms(MemoryPms(model), model)


class TestMemoryPortal(AccountTests, PortalTests):
    @pytest.fixture
    def side(self) -> Portal:
        model = PortalModel(VirtualClock(NOON))
        return Portal(MemoryPortal(model), model)


class Post:
    """A mail box that can be out of reach, or lose its answers."""

    def __init__(self, make: Any = MemoryNotifier, *, repeats_safely: bool = False) -> None:
        self.mailbox = Mailbox()
        self._fault: Fault | None = None
        notifier = make(self.mailbox, NotifierAbilities(repeats_safely=repeats_safely))
        self.notifier = Faulty(notifier, lambda hook: self._fault if hook == "notify" else None)

    def delivered(self) -> list[Delivered]:
        return [
            Delivered(to=getattr(getattr(each, "to", None), "email", each.clinic.email), text=repr(each))
            for each in self.mailbox.delivered
        ]

    @contextmanager
    def outage(self) -> Iterator[None]:
        yield from self._with(Fault.UNREACHABLE)

    @contextmanager
    def lost_answers(self) -> Iterator[None]:
        yield from self._with(Fault.LOST_ANSWER)

    def refuse(self, to: Recipient) -> None:
        self.mailbox.refusing.add(to.email)

    def _with(self, fault: Fault) -> Iterator[None]:
        self._fault = fault
        yield
        self._fault = None


class TestMemoryNotifier(NotifierTests):
    @pytest.fixture(params=[False, True], ids=["once", "repeats-safely"])
    def side(self, request: pytest.FixtureRequest) -> Post:
        return Post(repeats_safely=request.param)
