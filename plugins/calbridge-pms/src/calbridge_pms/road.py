"""From state to state: a PMS takes a state only from the one before it, so what lies between is written too.

The steps between bring nothing but their state. The last one brings everything else, and our mark with it: what bears
the mark of a change was carried out whole, and what stands half way differs from before in its state alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from calbridge.views import PmsView
from calbridge_pms.convert import STATES
from calbridge_pms.wire import Status

ROADS: Mapping[tuple[Status, Status], tuple[Status, ...]] = {
    ("tentative", "arrived"): ("confirmed", "arrived"),
    ("tentative", "fulfilled"): ("confirmed", "arrived", "fulfilled"),
    ("tentative", "no_show"): ("confirmed", "no_show"),
    ("confirmed", "fulfilled"): ("arrived", "fulfilled"),
    ("arrived", "no_show"): ("confirmed", "no_show"),
}


def steps(was: Status, will: Status) -> tuple[Status, ...]:
    """The states to write one after the other; the last one is `will`."""
    return ROADS.get((was, will), (will,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """What is left to do. `each` goes with every step, `last` with the last one.

    `before` is what stood there when it began, None where that is not known; `left` what stood there after the last
    step that was taken, None where none was.
    """

    states: tuple[Status, ...]
    last: Mapping[str, Any]
    each: Mapping[str, Any]
    before: PmsView | None = None
    left: PmsView | None = None

    @property
    def is_last(self) -> bool:
        """Is the next step the last one?"""
        return len(self.states) == 1

    def body(self) -> dict[str, Any]:
        """The next step as a request."""
        return {"status": self.states[0], **self.each, **(self.last if self.is_last else {})}

    def after(self, shown: PmsView) -> Road:
        """What is left once the next step is taken."""
        return replace(self, states=self.states[1:], left=shown)

    def half_way(self, status: Status) -> PmsView | None:
        """What our own steps up to this state have left there; None where they do not lead to it, or all are done."""
        base = self.left or self.before
        return replace(base, state=STATES[status]) if base is not None and status in self.states[:-1] else self.left

    def beyond(self, status: Status, shown: PmsView) -> Road | None:
        """What is left where `shown` stands there; None where that is not what our steps left and nothing else."""
        if status not in self.states[:-1] or shown != self.half_way(status):
            return None
        return replace(self, states=self.states[self.states.index(status) + 1 :], left=shown)
