"""Work is stopped after so many calls, each thread for itself, whatever the work does to prevent it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from calbridge.ical.steps import Steps, TooManyStepsError

LIBRARY = """
def endless():
    while True:
        len("x")

def stubborn():
    while True:
        try:
            endless()
        except Exception:
            pass

class Finalized:
    def __del__(self):
        for _ in range(50):
            len("x")

def with_finalizers(made=Finalized):
    while True:
        made()
        len("x")
"""
"""Code of a library: one that never ends, one that catches whatever it can, one with finalizers."""


def of(module: str) -> dict[str, Any]:
    """The functions, as if they stood in that module."""
    found: dict[str, Any] = {"__name__": module}
    exec(LIBRARY, found)
    return found


dateutil = of("dateutil.made_up")
endless = dateutil["endless"]


@pytest.mark.parametrize("work", [endless, dateutil["stubborn"]])
def test_endless_work_ends(work: Callable[[], None]) -> None:
    steps = Steps(10_000, 1_000)
    with pytest.raises(TooManyStepsError):
        steps.run(work)
    assert 8_980 < steps.left <= 9_000


def test_short_work_gives_its_result_and_costs_what_it_did() -> None:
    steps = Steps(10_000, 1_000)
    assert steps.run(lambda: sum(len("ab") for _ in range(10))) == 20
    assert 9_900 < steps.left < 9_990


def test_when_nothing_is_left_nothing_is_done() -> None:
    steps = Steps(5, 1_000)
    with pytest.raises(TooManyStepsError):
        steps.spend(6)
    with pytest.raises(TooManyStepsError):
        steps.run(endless)


def test_a_profiler_that_was_there_is_put_back() -> None:
    seen: list[str] = []

    def profile(_frame: object, event: str, _argument: object) -> None:
        seen.append(event)

    sys.setprofile(profile)
    try:
        with pytest.raises(TooManyStepsError):
            Steps(100, 100).run(endless)
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(None)


def test_threads_are_counted_apart() -> None:
    ended: list[bool] = []

    def bounded() -> None:
        try:
            Steps(200_000, 200_000).run(endless)
        except TooManyStepsError:
            ended.append(True)

    threads = [threading.Thread(target=bounded) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert sum(len("x") for _ in range(300_000)) == 300_000  # this one has no bound
    for thread in threads:
        thread.join(60)
    assert ended == [True] * 4


def test_a_finalizer_of_somebody_else_is_left_alone(recwarn: pytest.WarningsRecorder) -> None:
    """An exception in it would be swallowed, and the work go on without a bound."""
    foreign = of("somebody.else")["Finalized"]
    for allowed in range(1, 120):
        with pytest.raises(TooManyStepsError):
            Steps(allowed, allowed).run(lambda: dateutil["with_finalizers"](foreign))
    assert not recwarn.list
