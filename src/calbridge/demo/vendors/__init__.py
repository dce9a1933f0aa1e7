"""Five vendors' articles as stories: the practice each one sets up, and what its people do there, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from calbridge.demo.clinic import DAY, Practice
from calbridge.demo.steps import STEPS, Step
from calbridge.demo.vendors import animana_vetstoria, debevet_aroundpet, provet, smarttherapy, smartvo_praxxme


@dataclass(frozen=True, slots=True, kw_only=True)
class Tale:
    """What a demo lives: a practice, and the steps there."""

    practice: Callable[[date], Practice]
    steps: tuple[Step, ...]


def _day(today: date) -> Practice:
    del today
    return DAY


PLAIN = Tale(practice=_day, steps=STEPS)
"""The day without a vendor."""
TALES = {
    "animana-vetstoria": Tale(practice=animana_vetstoria.practice, steps=animana_vetstoria.STEPS),
    "debevet-aroundpet": Tale(practice=debevet_aroundpet.practice, steps=debevet_aroundpet.STEPS),
    "smarttherapy": Tale(practice=smarttherapy.practice, steps=smarttherapy.STEPS),
    "provet": Tale(practice=provet.practice, steps=provet.STEPS),
    "smartvo-praxxme": Tale(practice=smartvo_praxxme.practice, steps=smartvo_praxxme.STEPS),
}
"""By preset."""
