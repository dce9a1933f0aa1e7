"""Reconciling is total and safe: whatever a hub remembers and its sides show, no promise of the core is broken.

Histories are drawn from seeds (`histories`) and judged step by step and at rest (`promises`), as the clinic-days of the
simulation are; but no side is a faithful one, and no rule, command or answer is left out. A failure names its seed:
`History(seed)` plays it again, step by step.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import pytest
from histories import DAY, PRIVATE, REASON, History, Step
from promises import broken, unfinished

from calbridge.feeds import Complete, Delta, Partial
from calbridge.hub import HubState, JournalEntry, Plan
from calbridge.lifecycle import CommandKind
from calbridge.model import Appointment, State
from calbridge.reconcile import reconcile

BLOCKS, BLOCK = 12, 40
LONG = int(os.environ.get("CALBRIDGE_LONG", "0") or 0)
HISTORIES = range(BLOCKS * (10 if LONG else 1))


def lived(seed: int) -> tuple[History, list[str]]:
    """A history of a few steps that has come to rest, and everything that was wrong with it."""
    history, wrong = History(seed), []
    for _ in range(history.chance.randrange(2, 9)):
        step = history.play()
        wrong += broken(history, step) + _seen_again(history, step)
    history.it.now += 3_600
    last = history.calm()
    return history, wrong + unfinished(history, last)


def _seen_again(history: History, step: Step) -> list[str]:
    """What was seen once is no news: the same reads change no booking a second time."""
    silent = any(step.now - (step.before.links[name].last_success or 0) > DAY for name in step.observations)
    if silent or any(line.code == "guarded" for line in step.plan.journal):
        return []  # after a day's silence, and where the guard stopped it, not all of a read was believed yet
    plan = history.again(step)
    known = step.after.appointments
    return [f"again: {a.id}" for a in plan.appointments if a.id not in known or a.revision != known[a.id].revision]


@pytest.mark.parametrize("block", HISTORIES)
def test_any_history_keeps_every_promise_and_comes_to_rest(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        _, wrong = lived(seed)
        assert not wrong, f"seed {seed}: {wrong}"


# --- order ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", HISTORIES[:5])
def test_the_order_of_a_feed_and_of_the_hub_does_not_matter(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        history = History(seed)
        for _ in range(4):
            step = history.play()
            turned = {name: replace(o, feed=_turned(o.feed)) for name, o in reversed(step.observations.items())}
            other = reconcile(_shuffled(step.before), turned, step.answers, history.it.clinic, step.now)
            assert _by_id(step.plan) == _by_id(other), seed
            assert step.plan.effects == other.effects, seed


def _turned(feed: Any) -> Any:
    if isinstance(feed, Complete | Partial):
        return replace(feed, items=feed.items[::-1])
    return replace(feed, changed=feed.changed[::-1]) if isinstance(feed, Delta) else feed


def _shuffled(state: HubState) -> HubState:
    tables = ("appointments", "shadows", "foreign", "links")
    return replace(state, **{name: dict(reversed(list(getattr(state, name).items()))) for name in tables})


def _by_id(plan: Plan) -> dict[str, Appointment]:
    return {each.id: each for each in plan.appointments}


# --- the histories are rich enough, and the promises bite -----------------------------------------


def test_the_histories_leave_nothing_out() -> None:
    codes: Counter[str] = Counter()
    commands: Counter[str] = Counter()
    states: Counter[State] = Counter()
    half_way = 0
    for seed in range(4 * BLOCK):
        history, _ = lived(seed)
        codes.update(line.code for step in history.steps for line in step.plan.journal)
        commands.update(command.kind for step in history.steps for command in step.before.commands)
        states.update(each.state for each in history.state.appointments.values())
        half_way += history.half_way
    assert half_way > 0
    assert set(commands) == set(get_args(CommandKind))
    assert set(states) == set(State) - {State.HELD}, "every end is reached, and no hold is left"
    wanted = {
        "held",
        "adopted",
        "attached",
        "recovered",
        "late_confirmation",
        "move_refused",
        "moved_over",
        "write_failed",
    }
    wanted |= {"write_kept", "write_retried", "write_taken_back", "overruled", "guarded", "client moves"}
    assert wanted <= set(codes), wanted - set(codes)


def _some(history: History) -> tuple[Step, Appointment]:
    """A step that changed a confirmed booking, and the booking as it was before."""
    for step in history.steps:
        for after in step.plan.appointments:
            old = step.before.appointments.get(after.id)
            if old is not None and old.state is State.CONFIRMED and old.reserved and old.exclusive:
                return step, old
    raise AssertionError("no such step")


def _with(step: Step, *appointments: Appointment, journal: bool = True) -> Step:
    """The step, had it decided so."""
    after = replace(step.after, appointments={**step.after.appointments, **{a.id: a for a in appointments}})
    lines = step.plan.journal if journal else ()
    return replace(step, after=after, plan=replace(step.plan, appointments=appointments, journal=lines))


def _twice(step: Step, old: Appointment) -> Step:
    return _with(step, old, replace(old, id="other"))


def _lost(step: Step, old: Appointment) -> Step:
    kept = {key: each for key, each in step.after.appointments.items() if key != old.id}
    return replace(step, after=replace(step.after, appointments=kept))


def _told(mark: str) -> Callable[[Step, Appointment], Step]:
    line = JournalEntry(code="edited", facts={"title": mark})
    return lambda step, old: replace(step, plan=replace(step.plan, journal=(line,)))


def _ended(step: Step, old: Appointment) -> Step:
    quiet = replace(step, observations={}, before=replace(step.before, commands=()))
    return _with(quiet, replace(old, state=State.CANCELLED))


def _another(step: Step, old: Appointment) -> Step:
    shadows = {
        (name, "other" if key == old.id else key): replace(s, appointment="other" if key == old.id else key)
        for (name, key), s in step.before.shadows.items()
    }
    after = replace(_with(step, old).after, shadows=shadows)
    return replace(step, after=after)


WRONG: list[tuple[str, Callable[[Step, Appointment], Step]]] = [
    ("double booked", _twice),
    ("lost", _lost),
    ("private", _told(PRIVATE)),
    ("private", _told(REASON)),
    ("silent end", _ended),
    ("another id", _another),
    ("table", lambda step, old: _with(step, replace(old, state=State.HELD))),
    ("unexplained", lambda step, old: _with(step, replace(old, revision=old.revision + 1), journal=False)),
]


@pytest.mark.parametrize(("sentence", "doctored"), WRONG)
def test_a_broken_promise_is_seen(sentence: str, doctored: Callable[[Step, Appointment], Step]) -> None:
    for seed in range(200):
        history, _ = lived(seed)
        try:
            step, old = _some(history)
        except AssertionError:
            continue
        assert not broken(history, step)
        assert any(each.startswith(sentence) for each in broken(history, doctored(step, old)))
        return
    pytest.fail("no history has such a step")
