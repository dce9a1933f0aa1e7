"""Clinic-days under a seed: the real engine and store between in-memory sides, with people and faults.

Theory of operation. A `World` holds clock, sides, store and engine. `People` act on the sides; `play` interleaves them
with cycles, passing time, faults and kills, then lets the faults stop; `judge` says what is wrong in the end. All is
drawn from one seed, so a day can be played again exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clinic_day.judge import judge, watch
from clinic_day.people import People
from clinic_day.world import World

from calbridge.engine import Report
from calbridge.provider import Clock
from calbridge.store import Store

STEPS = 25
SETTLING = 4
"""Cycles that the sides may take to agree once the faults have stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A played day: its verdict (empty is good) and everything that happened."""

    wrong: tuple[str, ...]
    trace: tuple[str, ...]


def play(
    seed: int,
    store: Callable[[Clock], Store],
    *,
    steps: int = STEPS,
    rate: float = 0.15,
    wrap: Callable[[str, Any], Any] = lambda name, provider: provider,
) -> Day:
    """Play the day of `seed`; `store` opens the same database again and again, as a restarted process does."""
    world = World(seed, store, rate=rate, wrap=wrap)
    _live(world, steps)
    _settle(world)
    return Day(wrong=tuple(dict.fromkeys([*world.wrong, *judge(world)])), trace=tuple(world.trace))


def _live(world: World, steps: int) -> None:
    people = People(world)
    world.meanwhile = people.interfere
    _cycle(world)
    people.arrive(3)
    _cycle(world)
    for _ in range(steps):
        draw = world.chance.random()
        if draw < 0.65:
            people.act()
        elif draw < 0.92:
            _cycle(world)
        else:
            seconds = world.chance.choice((5, 60, 200, 400, 900))
            world.clock.advance(seconds)
            world.say(f"-- {seconds} s later")


def _settle(world: World) -> None:
    """Nobody acts any more; back-offs run out while the last cycles are made."""
    world.calm()
    world.say("== calm")
    for _ in range(SETTLING):
        world.clock.advance(600)
        report = _cycle(world)
        if report is not None and not report.writes and not report.failures:
            return


def _cycle(world: World) -> Report | None:
    report = world.cycle()
    watch(world)
    return report
