"""What the sides say, as the rules see it: windows add up, whatever takes time away always does."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from calbridge.facts import Facts
from calbridge.hub import Foreign, HubState
from calbridge.interval import Interval
from calbridge.model import Clinic
from calbridge.provider import AbsenceRecord, Busy, ClosureRecord, Unreadable, WindowRecord
from calbridge.reconcile import facts
from calbridge.testing.pure import links

NOW = 1_795_420_800
CLINIC = Clinic(key="hafen", name="Hafen", time_zone="Europe/Berlin")


def known(*records: tuple[str, Foreign], **options: Any) -> Facts:
    state = HubState(links=links(NOW), foreign={(name, record.ref): record for name, record in records})
    return facts(state, CLINIC, NOW, **options)


def span(*hours: int) -> tuple[Interval, ...]:
    return tuple(Interval(NOW + a * 3600, NOW + b * 3600) for a, b in zip(hours[::2], hours[1::2], strict=True))


def window(ref: str, *hours: int, kind: Any = "online", resource: str = "anna") -> WindowRecord:
    return WindowRecord(ref=ref, version="1", resource=resource, spans=span(*hours), kind=kind)


def test_online_windows_of_all_sides_are_one_set() -> None:
    found = known(("pms", window("a", 1, 3)), ("calendar", window("b", 2, 5, 8, 9)))
    assert found.windows == {"anna": span(1, 5, 8, 9)}


SHIFTS = [
    ([("pms", (1, 3)), ("pms", (5, 6))], span(1, 3, 5, 6)),
    ([("pms", (1, 4)), ("calendar", (2, 6))], span(2, 4)),
    ([("pms", (1, 4)), ("pms", (5, 9)), ("calendar", (2, 6))], span(2, 4, 5, 6)),
    ([("pms", (1, 2)), ("calendar", (3, 4))], ()),
    ([("pms", (1, 2)), ("calendar", ())], ()),
]


@pytest.mark.parametrize(("shifts", "agreed"), SHIFTS)
def test_working_time_is_where_all_that_know_any_agree(
    shifts: list[tuple[str, tuple[int, ...]]], agreed: tuple[Interval, ...]
) -> None:
    records = [(name, window(str(n), *hours, kind="work")) for n, (name, hours) in enumerate(shifts)]
    for order in permutations(records):
        assert known(*order).work == {"anna": agreed}


def test_a_side_that_knows_nobodys_shifts_limits_nobody() -> None:
    assert known(("pms", window("a", 1, 3, kind="work")), ("calendar", window("b", 5, 6))).work == {"anna": span(1, 3)}


def test_whatever_takes_time_away_adds_up() -> None:
    found = known(
        ("pms", AbsenceRecord(ref="a", version="1", resource="anna", spans=span(1, 2))),
        ("calendar", AbsenceRecord(ref="a", version="1", resource="anna", spans=span(2, 3))),
        ("pms", ClosureRecord(ref="c", version="1", spans=span(4, 5))),
        ("calendar", ClosureRecord(ref="c", version="1", spans=span(5, 6))),
        ("pms", ClosureRecord(ref="d", version="1", spans=span(7, 8), resource="anna")),
        ("pms", Busy(ref="b", version="1", resource="anna", spans=span(9, 10))),
        ("calendar", Unreadable(ref="u", version="1", why="line 3", resource="anna", spans=span(10, 11))),
        ("pms", Unreadable(ref="e", version="1", why="no id", spans=span(12, 13), closes=True)),
        ("pms", Unreadable(ref="f", version="1", why="no id", spans=span(14, 15))),
    )
    assert found.absences == {"anna": span(1, 3)}
    assert found.closures == {"": span(4, 6, 12, 13), "anna": span(7, 8)}
    assert found.taken == {"anna": span(9, 11)}


def test_a_resource_whose_windows_all_lie_elsewhere_still_has_windows() -> None:
    records = (("pms", window("a", 1, 3)), ("pms", window("b", 1, 3, kind="work")))
    found = known(*records, around=Interval(NOW + 90_000, NOW + 99_000))
    assert (found.windows, found.work) == ({"anna": ()}, {"anna": ()})
    assert known(("pms", replace(records[0][1], spans=()))).windows == {"anna": ()}
