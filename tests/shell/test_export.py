"""What of a clinic's availability is sent to a portal, and when."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from calbridge.engine import Engine
from calbridge.hookspecs import hookimpl
from calbridge.host import ClinicHost
from calbridge.log import logger
from calbridge.model import Clinic, ExtraRule, Resource, Rules, Service, WallWindow
from calbridge.provider import ExportReceipt, Offer
from calbridge.rules import Answer, Case
from calbridge.store import Store
from calbridge.testing.clock import VirtualClock
from calbridge.testing.memory_portal import PortalModel
from calbridge.testing.portal_provider import MemoryPortal

NOW = 1_795_413_600  # 2026-11-23 07:00 in Berlin, a Monday
CLINIC = Clinic(
    key="hafen",
    name="Hafen",
    time_zone="Europe/Berlin",
    online=True,
    opening_hours={day: (WallWindow(start=480, end=720),) for day in range(7)},
    resources={"anna": Resource(key="anna", name="Anna", online=True)},
    services={"checkup": Service(key="checkup", name="Check-up", minutes=30, online=True, resources=("anna",))},
    rules=Rules(availability="opening_hours", horizon_days=2),
)


class Watched(MemoryPortal):
    """A portal that keeps every offer it was sent."""

    def __init__(self, model: PortalModel) -> None:
        super().__init__(model)
        self.sent: list[Offer] = []

    @hookimpl
    def export_availability(self, offer: Offer) -> ExportReceipt:
        self.sent.append(offer)
        return super().export_availability(offer)


class Place:
    """A clinic with one portal."""

    def __init__(self) -> None:
        self.clock = VirtualClock(NOW)
        self.portal = Watched(PortalModel(self.clock))
        self.store = Store.open(":memory:", clock=self.clock)

    def engine(self, clinic: Clinic = CLINIC) -> Engine:
        sides: Mapping[str, Any] = {"portal": ("portal", self.portal)}
        return Engine(
            store=self.store,
            clinic=clinic,
            host=ClinicHost.of(clinic, sides, threads=False),
            clock=self.clock,
            random=random.Random(1),
            log=logger("error"),
            first_run={"portal": "apply"},
        )

    def cycle(self, clinic: Clinic = CLINIC) -> list[Offer]:
        """The offers that a freshly started engine sends."""
        before = len(self.portal.sent)
        self.engine(clinic).cycle()
        return self.portal.sent[before:]


# --- a portal is told what the rules of plugins leave, and nothing of the rules ------------------------


class Hours(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    hour: int
    days: frozenset[date] = frozenset()


def with_rule(options: Hours) -> Clinic:
    """The function is a new object every time, as after a restart."""

    def before_hour(case: Case, options: Hours) -> Answer:
        return case.start % 86_400 // 3600 < options.hour, {"hour": options.hour}

    return replace(CLINIC, extra=(ExtraRule(code="early", answer=before_hour, options=options, reach="visit"),))


def test_a_rule_of_a_plugin_thins_what_is_offered_and_is_not_sent_again_after_a_restart() -> None:
    place = Place()
    few = frozenset({date(2026, 11, 23), date(2026, 12, 24), date(2027, 1, 6)})
    (offer,) = place.cycle(with_rule(Hours(hour=8, days=few)))  # 08:00 in UTC is 09:00 in Berlin
    assert [len(window.slots) for window in offer.windows] == [4, 4, 4]
    assert place.cycle(with_rule(Hours(hour=8, days=frozenset(sorted(few, reverse=True))))) == []


def test_other_options_of_a_rule_change_what_is_offered_and_nothing_else() -> None:
    place = Place()
    place.cycle(with_rule(Hours(hour=8)))
    (offer,) = place.cycle(with_rule(Hours(hour=9)))
    assert [len(window.slots) for window in offer.windows] == [8, 8, 8]
    (offer,) = place.cycle(with_rule(Hours(hour=23)))
    assert [len(window.slots) for window in offer.windows] == [15, 15, 15]
    assert place.cycle(with_rule(Hours(hour=22))) == []  # the same slots: no portal need know why
