"""What a client would be shown, as people read it: for the tests of presets, rules and vendor packs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from calbridge.facts import Facts
from calbridge.model import Clinic
from calbridge.slots import offers
from calbridge.wall import local


def at(clinic: Clinic, text: str) -> int:
    """Epoch seconds of a wall-clock time of the clinic, such as "2026-11-23 08:30"."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(clinic.time_zone)).timestamp())


def shown(clinic: Clinic, facts: Facts, service: str, day: date, **who: Any) -> list[str]:
    """The offered starts of one local date, each as "10:15 anna"; `who` as for `calbridge.slots.offers`."""
    slots = offers(clinic, facts, service, day, day, **who)
    return [f"{local(clinic.time_zone, slot.start):%H:%M} {slot.resource}" for slot in slots]
