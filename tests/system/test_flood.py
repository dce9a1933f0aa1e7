"""Real programs are flooded with marked values, and all that left the bridge is searched (rules.md section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from flood import Flood, flooded
from flooding import MARKS, table

from calbridge.demo.days import BERLIN
from calbridge.testing.marked import found

MODES = (("full", True), ("pseudonym", False), ("none", False))
PLACES = tuple(table("full", reasons=True))


@pytest.fixture(scope="module", params=MODES, ids=[names for names, _ in MODES])
def flood(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flood, Any]]:
    names, reasons = request.param
    today = datetime.now(BERLIN).date()
    with flooded(tmp_path_factory.mktemp(f"flood-{names}"), today, names=names, reasons=reasons) as running:
        running.live()
        yield running, table(names, reasons=reasons)


@pytest.mark.parametrize("place", PLACES)
def test_a_place_holds_what_it_must_and_nothing_it_must_not(flood: tuple[Flood, Any], place: str) -> None:
    running, cells = flood
    left = running.left[place]
    seen = frozenset[str]().union(*(found(each, MARKS.values()) for each in left))
    assert cells[place].faults(seen) == {}, [each for each in left if found(each, MARKS.values())][:3]
