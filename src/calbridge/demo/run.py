"""Living the day: act, read the sides until they show what is expected or patience ends, say what was seen."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import httpx

from calbridge.demo.bridge import BridgeSaid
from calbridge.demo.shown import Refused
from calbridge.demo.steps import STEPS, Check, Step, Story, Unmet
from calbridge.testing.processes import ProgramError

POLLS_S = (0.1, 0.8)
"""The first pause between two looks, and the longest: looking costs the bridge time on a small machine."""
SIDES = ("calendar", "portal", "pms")
FAULTS = (Unmet, Refused, BridgeSaid, ProgramError, httpx.HTTPError, LookupError, ValueError, OSError)
"""What can go wrong in a step: it failed then, and the day goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a step. `why` is one sentence when it failed."""

    step: Step
    ok: bool
    seconds: float
    sides: dict[str, list[str]] = field(default_factory=dict)
    why: str = ""

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        return {
            "step": self.step.number,
            "ok": self.ok,
            "seconds": round(self.seconds, 2),
            **{side: self.sides.get(side, []) for side in SIDES},
        }


def live(story: Story, show: Callable[[Outcome], None], steps: Iterable[Step] = STEPS) -> bool:
    """All steps in order; True when every one went as it should."""
    outcomes = [_shown(_outcome(story, step), show) for step in steps]
    return all(outcome.ok for outcome in outcomes)


def _shown(outcome: Outcome, show: Callable[[Outcome], None]) -> Outcome:
    show(outcome)
    return outcome


def _outcome(story: Story, step: Step) -> Outcome:
    started = time.monotonic()
    try:
        why = _attempt(story, step)
    except (*FAULTS, subprocess.TimeoutExpired) as fault:
        why = f"{fault}" or type(fault).__name__
    seconds = time.monotonic() - started
    return Outcome(step=step, ok=not why, seconds=seconds, sides=_sides(story), why=why)


def _attempt(story: Story, step: Step) -> str:
    """ "" as soon as the sides show what the step expects, else the last complaint."""
    check = step.act(story)
    deadline = time.monotonic() + step.patience
    pause, longest = POLLS_S
    while why := _complaint(story, check):
        if time.monotonic() > deadline:
            return why
        time.sleep(pause)
        pause = min(longest, pause * 1.5)
    return ""


def _complaint(story: Story, check: Check) -> str:
    """A side that cannot answer yet is one more thing that is not yet as it should be."""
    try:
        return check(story.world.picture())
    except (httpx.HTTPError, ValueError) as fault:
        return f"{fault}" or type(fault).__name__


def _sides(story: Story) -> dict[str, list[str]]:
    try:
        shown = story.world.picture().as_lines()
        return shown | {"portal": [*shown["portal"], *story.world.offers()]}
    except (httpx.HTTPError, ValueError):
        return {}
