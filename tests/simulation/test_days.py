"""200 clinic-days with people, faults and kills: after each, all sides agree and every promise was kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from clinic_day.day import play

from calbridge.provider import Clock
from calbridge.store import Store


def test_a_clinic_day_ends_well(seed: int, store: Callable[[Clock], Store], tell: bool) -> None:
    day = play(seed, store)
    if tell:
        print("\n".join(day.trace))
    if day.wrong:
        again = f"replay: pytest tests/simulation/test_days.py --seed {seed}"
        pytest.fail("\n".join([f"seed {seed}", *day.trace, "", *day.wrong, again]), pytrace=False)
