"""The daemon starts what is due, one cycle of a clinic at a time, and ends between two effects."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from calbridge.calls import Stopped
from calbridge.daemon import Daemon, Lane, next_due
from calbridge.errors import RetryLater
from calbridge.host import ClinicHost
from calbridge.hub import Effect, Plan
from calbridge.log import logger
from calbridge.model import Appointment, Clinic, Side, State
from calbridge.provider import CalendarChange
from calbridge.store import Store
from calbridge.testing.clock import VirtualClock
from calbridge.views import CalendarView

LIMIT = 10.0


def until(fits: Callable[[], bool]) -> None:
    ends = time.monotonic() + LIMIT
    while not fits():
        assert time.monotonic() < ends, "it took too long"
        time.sleep(0.005)


class Engine:
    """Counts its cycles and does what the test says in each."""

    def __init__(self, act: Callable[[], Any] = lambda: None) -> None:
        self.act = act
        self.cycles = 0

    def cycle(self) -> None:
        self.cycles += 1
        self.act()


def daemon(*engines: Engine, every: int = 60, clock: Any = None) -> Daemon:
    clinics = [Clinic(key=f"c{index}", name="C", time_zone="UTC") for index in range(len(engines))]
    lanes = [
        Lane(clinic=clinic.key, engine=engine, host=ClinicHost.of(clinic, {}))
        for clinic, engine in zip(clinics, engines, strict=True)
    ]
    clock = clock or VirtualClock(0)
    store = Store.open(":memory:", clock=clock)
    return Daemon(lanes, store=store, clock=clock, every=every, log=logger("error"), jitter=lambda: 1.0)


def running(service: Daemon) -> bool:
    return any(lane.running for lane in service.lanes.values())


def settled(service: Daemon) -> None:
    service.tick()
    until(lambda: not running(service))


def test_every_clinic_is_read_at_once_and_then_after_the_interval() -> None:
    one, two = Engine(), Engine()
    service = daemon(one, two)
    settled(service)
    settled(service)
    assert (one.cycles, two.cycles) == (1, 1)
    waits = [lane.due - (lane.finished or 0.0) for lane in service.lanes.values()]
    assert waits == pytest.approx([60.0, 60.0])
    service.finish()


def test_a_hint_brings_the_next_cycle_forward() -> None:
    engine = Engine()
    service = daemon(engine)
    settled(service)
    service.wake("c0")
    settled(service)
    assert engine.cycles == 2
    service.finish()


def test_hints_during_a_cycle_are_one_more_cycle_never_two_at_a_time() -> None:
    gate = threading.Event()
    engine = Engine(lambda: gate.wait(LIMIT))
    service = daemon(engine)
    service.tick()
    until(lambda: engine.cycles == 1)
    for _ in range(5):
        service.wake("c0")
        service.tick()
    assert engine.cycles == 1
    gate.set()
    until(lambda: not running(service))
    settled(service)
    settled(service)
    assert engine.cycles == 2
    service.finish()


@pytest.mark.parametrize("error", [RetryLater("x"), ValueError("Rex"), Stopped()], ids=lambda each: type(each).__name__)
def test_a_failing_cycle_ends_nobody_elses(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise error

    bad, good = Engine(fail), Engine()
    service = daemon(bad, good)
    settled(service)
    assert (bad.cycles, good.cycles) == (1, 1)
    service.wake("c0")
    settled(service)
    assert bad.cycles == 2
    service.finish()
    assert "Rex" not in capsys.readouterr().err


def test_stopping_refuses_the_next_call_and_lets_the_one_under_way_end() -> None:
    done: list[str] = []
    begun = threading.Event()
    service: Daemon

    def effects() -> None:
        begun.set()
        until(lambda: service.stopping)
        done.append("effect under way")
        service.lanes["c0"].host.probe("calendar", "x")
        done.append("next effect")

    engine = Engine(effects)
    service = daemon(engine)
    service.tick()
    assert begun.wait(LIMIT)
    service.finish()
    assert done == ["effect under way"]
    service.tick()
    assert engine.cycles == 1


VIEW = CalendarView(state=State.HELD, resource="anna", start=5_000, end=6_000)


def held(expires: int) -> Appointment:
    return Appointment(
        id=f"a{expires}", clinic="c0", state=State.HELD, origin=Side.CLIENT, resource=f"r{expires}",
        start=5_000, end=6_000, hold_expires=expires,
    )  # fmt: skip


def test_a_holds_end_and_a_writes_next_attempt_are_due_by_themselves() -> None:
    clock = VirtualClock(1_000)
    store = Store.open(":memory:", clock=clock)
    assert next_due(store, "c0", 1_000) is None
    epoch = store.begin_cycle("c0")
    change = CalendarChange(key="k", appointment="a1300", revision=1, view=VIEW)
    effect = Effect(connection="calendar", change=change, asked="d")
    plan = Plan(appointments=(held(1_300), held(1_200)), effects=(effect,))
    store.commit("c0", epoch, plan, now=1_000, run="r")
    assert next_due(store, "c0", 1_000) == 1_200
    (row,) = store.waiting("c0")
    store.defer("c0", epoch, row, until=1_100, why="x")
    assert next_due(store, "c0", 1_050) == 1_100
    store.connection_failed("c0", "calendar", now=1_000, until=1_090, why="x", recovery="retry")
    assert next_due(store, "c0", 1_050) == 1_090
    assert next_due(store, "c0", 1_200) == 1_300
    assert next_due(store, "c0", 1_300) is None
    assert next_due(store, "c0", 1_300, began=1_250) == 1_300, "it ended while the cycle ran"
    store.close()


def test_the_daemon_wakes_for_a_hold_before_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    service = daemon(Engine(), clock=VirtualClock(1_000))
    monkeypatch.setattr("calbridge.daemon.next_due", lambda store, clinic, now, began: now + 20)
    settled(service)
    lane = service.lanes["c0"]
    assert lane.due - (lane.finished or 0.0) == pytest.approx(20.0)
    service.finish()


def test_run_serves_until_sigterm_and_then_ends_with_0(practice: Any) -> None:
    """The real process: polls, answers, takes a webhook, ends."""
    text = practice.path.read_text()
    practice.path.write_text(text[: text.index("[clinics.hafen.connections.calendar]")])
    process = subprocess.Popen(
        [sys.executable, "-c", "from calbridge.cli import main; main()", "run", "--json"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        line = next(line for line in process.stderr if "listening" in line)
        address = line.partition('"address": "')[2].partition('"')[0]
        health = httpx.get(f"{address}/health", timeout=LIMIT).json()
        assert (health["status"], list(health["clinics"])) == ("ok", ["hafen"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) == 0
    finally:
        process.kill()
        process.stderr.close()
        process.wait()
