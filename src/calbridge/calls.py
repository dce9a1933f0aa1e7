"""One call of one provider: in a thread of its own, with a time limit, never two at a time.

A call over its limit is given up, not ended (Python cannot): while it still runs, every further call of that
connection is `RetryLater` at once, so a hanging plugin holds one thread and stops nobody else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import TypeVar, cast

from calbridge.errors import BridgeError, ConfigError, NeedsHuman, RetryLater, place_of
from calbridge.http import classify

T = TypeVar("T")
STOPPING = (Exception, SystemExit, GeneratorExit)
NETWORK = "httpx", "httpcore"


class Stopped(BaseException):
    """The process ends: no further call is begun. Passes every handler, like the end of a thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a failure happened: the connection, and the plugin with its version."""

    connection: str
    plugin: str


def decide(error: BaseException, place: Place, hook: str) -> BridgeError:
    """What an exception out of a hook means. A foreign one gives only its type: its text may hold data."""
    if isinstance(error, ConfigError):
        decided: BridgeError = NeedsHuman(error.hint, item=error.item)
    elif isinstance(error, BridgeError):
        decided = error
    elif isinstance(error, OSError) or type(error).__module__.partition(".")[0] in NETWORK:
        decided = classify(_as_exception(error))
    else:
        decided = NeedsHuman(f"{place.plugin} failed in {hook} ({place_of(error)}): update it or tell its maker")
    decided.connection = decided.connection or place.connection
    return decided


def _as_exception(error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else RuntimeError()


class Inline:
    """Calls in the caller's own thread: for the simulation, where a thread would break the seed."""

    def run(self, call: Callable[[], T], *, limit: float) -> T:  # noqa: ARG002  # nothing can be given up here
        """Call it."""
        return call()


class OneAtATime:
    """Calls of one connection, each in a daemon thread, so that one that hangs stops no exit."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._given_up: Future[object] | None = None

    def run(self, call: Callable[[], T], *, limit: float) -> T:
        """The call's result or its exception, or RetryLater when it takes more than `limit` seconds."""
        if self._given_up is not None and not self._given_up.done():
            raise RetryLater("an earlier call still hangs: the bridge tries again when it has ended")
        if not self._turn.acquire(timeout=limit):
            raise RetryLater("another call takes long: the bridge tries again by itself")
        outcome: Future[T] = Future()
        try:
            threading.Thread(target=self._work, args=(call, outcome), name="provider", daemon=True).start()
        except RuntimeError:
            self._turn.release()
            raise RetryLater("the machine has no thread left for this call: the bridge tries again by itself") from None
        wait((outcome,), timeout=limit)
        if not outcome.done():
            self._given_up = cast("Future[object]", outcome)
            raise RetryLater(f"the call did not end within {limit:g} seconds: trying again later")
        return outcome.result()

    def _work(self, call: Callable[[], T], outcome: Future[T]) -> None:
        try:
            value = call()
        except BaseException as error:  # noqa: BLE001  # it is raised again, in the caller's thread
            self._turn.release()
            outcome.set_exception(error)
        else:
            self._turn.release()
            outcome.set_result(value)
