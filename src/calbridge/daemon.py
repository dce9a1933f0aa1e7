"""The daemon: every clinic in turn, one cycle of a clinic at a time, in one process.

A tick starts what is due: the poll interval with jitter, a hold that ends, a reminder, a write or message whose
back-off is over, a webhook's hint. Nothing is remembered here: what is due is read from the store, so a restart forgets
nothing. SIGTERM lets the effect under way finish and starts no other.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from calbridge.calls import Stopped
from calbridge.errors import BridgeError, place_of
from calbridge.model import State
from calbridge.notify import Notifiers

if TYPE_CHECKING:
    from calbridge.host import ClinicHost
    from calbridge.provider import Clock
    from calbridge.store import Store

WORKERS = 4
GRACE = 30.0
"""Seconds that running cycles get after SIGTERM; a crash is safe at any point, waiting is politeness."""


class Cycles(Protocol):
    """What the daemon needs of an engine."""

    def cycle(self) -> Any:
        """Bring all sides together once."""
        ...

    def state(self) -> Any:
        """What is known right now."""
        ...


@dataclass(slots=True, kw_only=True)
class Lane:
    """One clinic. `due` is on the monotonic clock; `again` says that a hint came while a cycle ran."""

    clinic: str
    engine: Cycles
    host: ClinicHost
    notifiers: Notifiers = field(default_factory=lambda: Notifiers({}))
    due: float = 0.0
    running: bool = False
    again: bool = False
    finished: float | None = None


class Daemon:
    """Runs the lanes until it is stopped."""

    def __init__(
        self,
        lanes: Iterable[Lane],
        *,
        store: Store,
        clock: Clock,
        every: int,
        log: Any,
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = lambda: random.uniform(0.9, 1.1),  # noqa: S311  # spreads load, no secret
    ) -> None:
        self.lanes = {lane.clinic: lane for lane in lanes}
        self._store = store
        self._clock = clock
        self._every = every
        self._log = log
        self._monotonic = monotonic
        self._jitter = jitter
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=max(1, min(WORKERS, len(self.lanes))), thread_name_prefix="cycle")

    # --- from other threads ---

    def wake(self, clinic: str) -> None:
        """Read this clinic again soon; several hints are one."""
        with self._lock:
            lane = self.lanes[clinic]
            lane.due, lane.again = self._monotonic(), lane.running
        self._woken.set()

    def stop(self, *_: object) -> None:
        """Start nothing more; calls to providers that have not begun are refused from now on."""
        self._stopping.set()
        for lane in self.lanes.values():
            lane.host.stop()
            lane.notifiers.stop()
        self._woken.set()

    @property
    def stopping(self) -> bool:
        """True once it was told to stop."""
        return self._stopping.is_set()

    # --- the loop ---

    def run(self) -> None:
        """Tick until stopped, then wait for what runs."""
        before = {number: signal.signal(number, self.stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            while not self.stopping:
                self.tick()
                self._woken.wait(self._pause())
                self._woken.clear()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self.finish()

    def tick(self) -> None:
        """Start every lane that is due and does not run."""
        with self._lock:
            ready = [lane for lane in self.lanes.values() if not lane.running and lane.due <= self._monotonic()]
            for lane in ready:
                lane.running = True
        for lane in ready:
            self._pool.submit(self._cycle, lane)

    def finish(self) -> None:
        """Wait for running cycles, for a while."""
        self.stop()
        ends = self._monotonic() + GRACE
        while any(lane.running for lane in self.lanes.values()) and self._monotonic() < ends:
            time.sleep(0.02)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _pause(self) -> float:
        with self._lock:
            waiting = [lane.due for lane in self.lanes.values() if not lane.running]
        nearest = min(waiting, default=self._monotonic() + 1.0)
        return max(0.0, min(nearest - self._monotonic(), 1.0))

    def _cycle(self, lane: Lane) -> None:
        began = self._clock.now()
        try:
            if not self.stopping:
                lane.engine.cycle()
        except Stopped:
            self._log.info("stopped between two effects", clinic=lane.clinic)
        except BridgeError as error:
            self._log.warning("cycle failed", clinic=lane.clinic, recovery=error.recovery, why=error.hint)
        except Exception as error:  # noqa: BLE001  # one clinic's fault must not end the others' daemon
            self._log.error("cycle failed", clinic=lane.clinic, error=place_of(error))
        finally:
            self._settle(lane, began)

    def _settle(self, lane: Lane, began: int) -> None:
        wait = self._wait(lane, began)
        with self._lock:
            lane.finished = self._monotonic()
            lane.due = lane.finished if lane.again else lane.finished + wait
            lane.running = lane.again = False
        self._woken.set()

    def _wait(self, lane: Lane, began: int) -> float:
        now = self._clock.now()
        try:
            due = next_due(self._store, lane.clinic, now, began=began)
        except Exception as error:  # noqa: BLE001  # a store that cannot be read now is asked again later
            self._log.error("state cannot be read", clinic=lane.clinic, error=place_of(error))
            due = None
        poll = self._every * self._jitter()
        return poll if due is None else max(1.0, min(poll, due - now))


def next_due(store: Store, clinic: str, now: int, *, began: int | None = None) -> int | None:
    """The next instant after `now` at which something is due by itself: a hold's end, a reminder, a next attempt,
    or a deleted entry that is waited for no longer.

    What is overdue has just been tried: it waits for the poll, else a failing side would be asked every second.
    What came due while the cycle ran, since `began`, has not been looked at: it is due now.
    """
    held = store.appointments(clinic, states={State.HELD})
    since = now if began is None else began
    ends = [each.hold_expires for each in held if each.hold_expires is not None and each.hold_expires > since]
    writes = [row.not_before for row in store.waiting(clinic)]
    reads = [state.retry_at for state in store.connections(clinic) if state.retry_at is not None]
    letter = store.next_message(clinic, after=since)
    awaited = store.next_awaited(clinic, after=since)
    timers = [each for each in (letter, awaited) if each is not None]
    return min((*ends, *timers, *(instant for instant in writes + reads if instant > now)), default=None)
