"""Outside calls that fail: before, after, in part or slowly. Which call fails how is the schedule's decision.

`Crash` stands for SIGKILL: it is no `Exception`, so nothing that handles errors can survive it by mistake.
"""

from __future__ import annotations

import functools
import inspect
import random
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Protocol, assert_never

from calbridge.errors import Replan, RetryLater
from calbridge.hookspecs import ProviderSpec
from calbridge.interval import Interval
from calbridge.provider import Complete, Delta, Feed, NotModified, Partial, Record


class Crash(BaseException):
    """The process was killed here."""


class Fault(StrEnum):
    """What happens to one outside call."""

    UNREACHABLE = "unreachable"  # 5xx or no network: nothing was done
    THROTTLED = "throttled"  # 429 with Retry-After
    STALE = "stale"  # 409 or 412 out of the blue: read again
    LOST_ANSWER = "lost answer"  # done, but the answer never came
    PARTIAL = "partial"  # a listing with holes; a write is not touched
    CURSOR_LOST = "cursor lost"  # 410: the side starts over with a full listing
    SLOW = "slow"  # the answer takes a minute
    MEANWHILE = "meanwhile"  # people act between our decision and our call
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"


class Schedule(Protocol):
    """Decides the fate of each call."""

    def __call__(self, hook: str) -> Fault | None:
        """The fault of this call of `hook`, if any."""
        ...


class Scripted:
    """Faults in the given order, one a call; None lets a call pass. Afterwards all goes well."""

    def __init__(self, faults: Iterable[Fault | None]) -> None:
        self._faults = iter(faults)

    def __call__(self, hook: str) -> Fault | None:  # noqa: ARG002 - a script counts calls, whatever they are
        """The next of the script."""
        return next(self._faults, None)


class Seeded:
    """Each call meets a fault with probability `rate`; equal seeds, equal runs. `active` switches it off."""

    def __init__(self, chance: random.Random, rate: float, kinds: Iterable[Fault] = tuple(Fault)) -> None:
        self.active = True
        self._chance = chance
        self._rate = rate
        self._kinds = tuple(kinds)

    def __call__(self, hook: str) -> Fault | None:  # noqa: ARG002 - every call is equally at risk
        """Draw."""
        if not self.active or self._chance.random() >= self._rate:
            return None
        return self._chance.choice(self._kinds)


HALF = 0.5
HINTS = {
    Fault.UNREACHABLE: "The server cannot be reached; it is tried again by itself.",
    Fault.THROTTLED: "The server asks for a pause; it is tried again by itself.",
    Fault.STALE: "The other side moved; it is read again by itself.",
    Fault.LOST_ANSWER: "The connection broke before the answer came; it is tried again by itself.",
}
"""What the errors of a fault say: whoever sees another sentence has found a real one."""
HOOKS = tuple(name for name in vars(ProviderSpec) if not name.startswith("_"))


class Faulty:
    """Any provider or notifier, with faults. It implements exactly the hooks that the other implements.

    `passing` is told the seconds a slow answer takes, `meanwhile` lets people act and is told the hook's arguments,
    `tell` is told each fault.
    """

    def __init__(
        self,
        provider: Any,
        schedule: Schedule,
        *,
        seed: int = 0,
        passing: Callable[[int], object] = lambda seconds: seconds,
        meanwhile: Callable[[Mapping[str, Any]], object] = lambda asked: None,  # noqa: ARG005 - nobody acts
        tell: Callable[[str], object] = lambda text: text,
    ) -> None:
        for name in ("capabilities", "abilities"):
            if hasattr(provider, name):
                setattr(self, name, getattr(provider, name))
        self._schedule = schedule
        self._chance = random.Random(seed)  # noqa: S311 - it only chooses which items a partial listing lacks
        self._passing, self._meanwhile, self._tell = passing, meanwhile, tell
        for name in HOOKS:
            if hasattr(provider, name):
                setattr(self, name, self._wrapped(name, getattr(provider, name)))

    def _wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(call)

        @functools.wraps(call)
        def faulty(*args: Any, **kwargs: Any) -> Any:
            asked = signature.bind(*args, **kwargs).arguments
            fault = self._schedule(name)
            if fault is None:
                return call(**asked)
            self._tell(f"{name}: {fault}")
            self._before(fault, asked)
            if fault is Fault.CURSOR_LOST and "cursor" in asked:
                asked["cursor"] = ""
            return self._after(fault, call(**asked), asked)

        return faulty

    def _before(self, fault: Fault, asked: Mapping[str, Any]) -> None:
        match fault:
            case Fault.UNREACHABLE:
                raise RetryLater(HINTS[fault])
            case Fault.THROTTLED:
                raise RetryLater(HINTS[fault], after=30)
            case Fault.STALE:
                raise Replan(HINTS[fault])
            case Fault.CRASH_BEFORE:
                raise Crash
            case Fault.MEANWHILE:
                self._meanwhile(asked)
            case Fault.SLOW:
                self._passing(60)
            case Fault.LOST_ANSWER | Fault.PARTIAL | Fault.CURSOR_LOST | Fault.CRASH_AFTER:
                return
            case _:
                assert_never(fault)

    def _after(self, fault: Fault, answer: Any, asked: Mapping[str, Any]) -> Any:
        if fault is Fault.LOST_ANSWER:
            raise RetryLater(HINTS[fault])
        if fault is Fault.CRASH_AFTER:
            raise Crash
        if fault is Fault.PARTIAL and isinstance(answer, Complete | Delta | NotModified):
            return self._holes(answer, asked["window"])
        return answer

    def _holes(self, feed: Feed[Record], window: Interval) -> Partial[Record]:
        items = feed.items if isinstance(feed, Complete) else feed.changed if isinstance(feed, Delta) else ()
        return Partial(window=window, items=tuple(item for item in items if self._chance.random() < HALF))


class Fragile:
    """Any object whose methods may be the last thing the process did: `Crash` before or after a call.

    Wrapped round a store it kills the process at every place where state is written. `schedule` is asked with
    the method's name; only its two crashes are obeyed.
    """

    def __init__(self, target: Any, schedule: Schedule) -> None:
        self._target = target
        self._schedule = schedule

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if not callable(value):
            return value

        @functools.wraps(value)
        def fragile(*args: Any, **kwargs: Any) -> Any:
            fault = self._schedule(name)
            if fault is Fault.CRASH_BEFORE:
                raise Crash
            answer = value(*args, **kwargs)
            if fault is Fault.CRASH_AFTER:
                raise Crash
            return answer

        return fragile
