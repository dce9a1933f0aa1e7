"""What of a clinic's availability is sent to a portal, and when."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from calbridge.engine import Engine
from calbridge.engine.export import MOST
from calbridge.errors import RetryLater
from calbridge.hookspecs import hookimpl
from calbridge.host import ClinicHost
from calbridge.log import logger
from calbridge.model import Clinic, ExtraRule, Resource, Rules, Service, WallWindow
from calbridge.provider import ExportReceipt, Offer
from calbridge.rules import Answer, Case
from calbridge.store import Store
from calbridge.testing.clock import VirtualClock
from calbridge.testing.memory_pms import MemoryPms, PmsModel, Visit
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
        self.fails_after = 10**6

    @hookimpl
    def export_availability(self, offer: Offer) -> ExportReceipt:
        if len(self.sent) >= self.fails_after:
            raise RetryLater("the portal is away")
        self.sent.append(offer)
        return super().export_availability(offer)


class Place:
    """A clinic with one portal and a PMS in which people book by phone."""

    def __init__(self) -> None:
        self.clock = VirtualClock(NOW)
        self.portal = Watched(PortalModel(self.clock))
        self.pms = PmsModel(self.clock)
        self.store = Store.open(":memory:", clock=self.clock)

    def engine(self, clinic: Clinic = CLINIC) -> Engine:
        sides: Mapping[str, Any] = {"portal": ("portal", self.portal), "pms": ("pms", MemoryPms(self.pms))}
        return Engine(
            store=self.store,
            clinic=clinic,
            host=ClinicHost.of(clinic, sides, threads=False),
            clock=self.clock,
            random=random.Random(1),
            log=logger("error"),
            first_run=dict.fromkeys(sides, "apply"),
        )

    def cycle(self, clinic: Clinic = CLINIC) -> list[Offer]:
        """The offers that a freshly started engine sends."""
        return self.sends(self.engine(clinic))

    def sends(self, engine: Engine) -> list[Offer]:
        """The offers of one cycle of an engine that runs."""
        before = len(self.portal.sent)
        self.report = engine.cycle()
        return self.portal.sent[before:]

    def phone(self, start: int, resource: str = "anna") -> str:
        return self.pms.phone(Visit(ref="", resource=resource, start=start, end=start + 1_800))


# --- only what changed ----------------------------------------------------------------------------

DAY, EIGHT = 86_400, NOW + 3_600
TWO = replace(
    CLINIC,
    resources={key: Resource(key=key, name=key, online=True) for key in ("anna", "ben")},
    services={"checkup": replace(CLINIC.services["checkup"], resources=("anna", "ben"))},
)


def days(offer: Offer) -> list[tuple[str, int]]:
    return [(window.resource, (window.window.start - NOW) // DAY + 1) for window in offer.windows]


def test_only_the_day_and_the_resource_of_a_change_are_worked_out_anew_and_sent() -> None:
    place = Place()
    engine = place.engine(TWO)
    (offer,) = place.sends(engine)
    assert days(offer) == [(key, day) for key in ("anna", "ben") for day in (0, 1, 2)]
    assert place.report.renewed == 6
    assert place.sends(engine) == []
    assert place.report.renewed == 0
    place.phone(EIGHT + DAY)
    (offer,) = place.sends(engine)
    assert days(offer) == [("anna", 1)]
    assert [slot.start for slot in offer.windows[0].slots][:1] == [EIGHT + DAY + 1_800]
    assert place.report.renewed == 1


def test_a_change_outside_of_the_hours_is_worked_out_and_not_sent() -> None:
    place = Place()
    engine = place.engine(TWO)
    place.phone(EIGHT + DAY)
    place.sends(engine)
    place.phone(EIGHT + DAY - 7_200)
    assert (place.sends(engine), place.report.renewed) == ([], 1)


def test_after_a_restart_everything_is_worked_out_and_nothing_sent() -> None:
    place = Place()
    place.cycle(TWO)
    assert (place.cycle(TWO), place.report.renewed) == ([], 6)


def test_as_time_passes_only_todays_starts_go_and_a_new_day_comes() -> None:
    place = Place()
    engine = place.engine(TWO)
    place.sends(engine)
    place.clock.advance(3_600 + 60)  # 08:01
    (offer,) = place.sends(engine)
    assert (days(offer), place.report.renewed) == ([("anna", 0), ("ben", 0)], 2)
    place.clock.advance(60)
    assert (place.sends(engine), place.report.renewed) == ([], 0)
    place.clock.advance(DAY)
    (offer,) = place.sends(engine)
    assert days(offer) == [(key, day) for key in ("anna", "ben") for day in (1, 3)]


def test_a_resource_that_goes_offline_is_taken_back() -> None:
    place = Place()
    place.cycle(TWO)
    anna = replace(TWO, resources={**TWO.resources, "ben": Resource(key="ben", name="ben")})
    (offer,) = place.cycle(anna)
    assert {(window.resource, len(window.slots)) for window in offer.windows} == {("ben", 0)}
    assert place.cycle(anna) == []


def test_where_nobody_is_online_any_more_only_days_to_come_are_taken_back() -> None:
    place = Place()
    place.cycle(TWO)
    place.clock.advance(DAY)
    nobody = replace(TWO, resources={key: Resource(key=key, name=key) for key in ("anna", "ben")})
    (offer,) = place.cycle(nobody)
    assert days(offer) == [(key, day) for key in ("anna", "ben") for day in (1, 2)]
    assert place.cycle(nobody) == []


# --- in parts -------------------------------------------------------------------------------------

BIG = replace(
    TWO,
    opening_hours={day: (WallWindow(start=0, end=1440),) for day in range(7)},
    rules=Rules(availability="opening_hours", horizon_days=60, grid_minutes=5),
)


def test_a_big_first_offer_goes_in_parts_that_hold_every_day_once() -> None:
    place = Place()
    offers = place.cycle(BIG)
    assert len(offers) > 1
    assert all(sum(len(window.slots) for window in offer.windows) <= MOST for offer in offers)
    sent = [(window.resource, window.window.start) for offer in offers for window in offer.windows]
    assert len(sent) == len(set(sent)) == 2 * 61
    assert [offer.revision for offer in offers] == sorted({offer.revision for offer in offers})
    assert place.cycle(BIG) == []


def test_where_a_portal_goes_away_between_two_parts_only_the_rest_is_sent_again() -> None:
    place = Place()
    place.portal.fails_after = 1
    (first,) = place.cycle(BIG)
    place.portal.fails_after = 10**6
    place.clock.advance(7_200)
    rest = place.cycle(BIG)
    before = {(window.resource, window.window.start) for window in first.windows}
    later = {(window.resource, window.window.start) for offer in rest for window in offer.windows}
    assert len(before | later) == 2 * 61
    assert {start for _, start in before & later} == {min(start for _, start in before)}  # two hours of it have passed


# --- a rule of a plugin that fails ------------------------------------------------------------------


def failing(case: Case, options: None) -> Answer:
    raise ZeroDivisionError


def test_a_rule_that_fails_closes_and_asks_a_person_until_it_is_mended_or_gone() -> None:
    place = Place()
    rule = ExtraRule(code="moon", answer=failing, reach="visit", source="plugin moon 1.0")
    (offer,) = place.cycle(replace(CLINIC, extra=(rule,)))
    assert not any(window.slots for window in offer.windows)
    (task,) = place.store.tasks("hafen")
    assert (task.key, task.kind) == ("rule:moon", "rule")
    assert task.sentence == (
        'Clinic hafen: the slot rule "moon" of plugin moon 1.0 fails (ZeroDivisionError), so nothing that it should '
        "judge is offered or booked online. Update the plugin, or take [clinics.hafen.rules.extra.moon] out."
    )
    place.cycle(replace(CLINIC, extra=(replace(rule, answer=lambda case, options: (True, {})),)))
    assert place.store.tasks("hafen") == []
    place.cycle(replace(CLINIC, extra=(rule,)))
    assert len(place.store.tasks("hafen")) == 1
    place.cycle(CLINIC)
    assert place.store.tasks("hafen") == []


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
