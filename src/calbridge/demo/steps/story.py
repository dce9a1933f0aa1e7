"""What the day has brought so far, and how a step and its expectation are put."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from calbridge.demo.shown import Shown
from calbridge.demo.world import Picture, World


class Unmet(Exception):
    """Something that must hold at once does not; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A client's booking: its id and its link at the portal, and the slot it was made for."""

    id: str
    token: str
    slot: Shown


Check = Callable[[Picture], str]
"""What the sides should show: "" when they do, else one sentence."""
PAUSE_S = 0.4
BESIDE = timedelta(minutes=20)
"""As long as any two buffers of the made-up clinic."""


@dataclass(slots=True, kw_only=True)
class Story:
    """Carried from step to step. `accounts` are the links of clients' accounts at the portal."""

    world: World
    slot: Shown | None = None
    hold: str = ""
    bookings: dict[str, Booked] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)

    def settle(self, check: Check, patience: float = 60.0) -> None:
        """Wait in the middle of a step until the sides show it; Unmet when they do not in time."""
        deadline = time.monotonic() + patience
        while why := check(self.world.picture()):
            if time.monotonic() > deadline:
                raise Unmet(why)
            time.sleep(PAUSE_S)

    def pick(self, service: str, resource: str, *, last: bool = False) -> Shown:
        """A slot that the portal offers on the day: the first one, or the last. None just beside another booking: for a
        moment the portal offers the buffers of what was booked there, and whoever takes one of them is refused.
        """
        booked = [each.slot for each in self.bookings.values()]
        free = [
            slot
            for slot in self.world.free(service)
            if slot.resource == resource and not any(_beside(slot, other) for other in booked)
        ]
        if not free:
            raise Unmet(f"The portal offers no {service} with {resource} on {self.world.day:%d.%m.%Y}.")
        return free[-1 if last else 0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; `patience` is how many seconds the sides may take to show what it expects."""

    number: int
    title: str
    act: Callable[[Story], Check]
    patience: float = 10.0


def _beside(slot: Shown, other: Shown) -> bool:
    return slot.resource == other.resource and slot.start < other.end + BESIDE and other.start < slot.end + BESIDE


def first_of(*checks: str) -> str:
    """The first complaint of several."""
    return next((check for check in checks if check), "")


def expect(holds: object, otherwise: str) -> str:
    """ "" when it holds, else the sentence."""
    return "" if holds else otherwise
