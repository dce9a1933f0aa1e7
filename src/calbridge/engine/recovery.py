"""What an error means for the engine: one pure table from recovery to what happens next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from calbridge.errors import BridgeError, RetryLater
from calbridge.hub import Task
from calbridge.model import Clinic
from calbridge.wall import local

LONGEST = 3600
HUMAN_RETRY = 900
"""A connection that waits for a person is tried again after this, so that a mended password needs no second command."""


TRIES, LASTING, RARELY = 5, 2 * LONGEST, 12 * LONGEST
"""What should pass by itself has not, after so many tries in a row and so many seconds: a person must know of it.

RARELY: seconds after which two tries are enough.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`wait`: seconds until the next try. `keep`: the write stays due. `stop`: no more calls to it now."""

    wait: int = 0
    keep: bool = False
    stop: bool = False
    again: bool = False
    task: bool = False


_TABLE: dict[str, Verdict] = {
    "retry": Verdict(keep=True, stop=True),
    "replan": Verdict(again=True),
    "skip": Verdict(task=True),
    "human": Verdict(keep=True, stop=True, task=True, wait=HUMAN_RETRY),
    "config": Verdict(keep=True, stop=True, task=True, wait=HUMAN_RETRY),
}


def verdict(error: BridgeError) -> Verdict:
    """What to do after `error`."""
    return _TABLE[error.recovery]


def backoff(error: BridgeError, attempts: int, jitter: float) -> int:
    """Seconds to wait: the server's Retry-After, else 15 s doubled per attempt, up to an hour; `jitter` in [0, 1)."""
    fixed = verdict(error).wait
    if fixed:
        return fixed
    if isinstance(error, RetryLater) and error.after is not None:
        return max(1, min(int(error.after) + 1, 24 * LONGEST))
    delay: float = min(LONGEST, 15 * 2 ** min(attempts, 10))
    return max(1, int(delay * (0.5 + jitter)))


def lasts(tries: int, since: int, now: int) -> bool:
    """Has a failure that is only tried again gone on for so long that somebody must be asked?

    Both count: a server that is restarted is tried five times in five minutes, and one that a sleeping computer did not
    ask for a night has not failed in it. One that wants to be asked only once in hours is not waited for five times.
    """
    lasted = now - since
    return lasted >= LASTING and (tries >= TRIES or (tries > 1 and lasted >= RARELY))


def lasting_task(clinic: Clinic, error: BridgeError, name: str, since: int) -> Task:
    """A connection that is tried again and again."""
    told = f"It has been so since {local(clinic.time_zone, since):%Y-%m-%d %H:%M}, and the bridge goes on trying."
    return Task(
        key=f"connection:{name}",
        kind="connection",
        sentence=f"Clinic {clinic.key}, connection {name}: {_sentence(error.hint)} {told} See what is wrong there.",
        connection=name,
    )


def waiting_task(clinic: Clinic, why: str, name: str, appointment: str, since: int) -> Task:
    """One write that is put off again and again, while others may go through."""
    told = f"waits to be written since {local(clinic.time_zone, since):%Y-%m-%d %H:%M}"
    return Task(
        key=f"waiting:{name}/{appointment}",
        kind="waiting",
        sentence=f"Clinic {clinic.key}, connection {name}: booking {appointment} {told}: {_sentence(why)} "
        "The bridge goes on trying. See what is wrong there.",
        appointment=appointment,
        connection=name,
    )


def _sentence(text: str) -> str:
    return f"{text.rstrip('.')}."


def connection_task(clinic: str, error: BridgeError, kind: Literal["connection", "plugin"], name: str) -> Task:
    """A connection that cannot go on without a person."""
    return Task(
        key=f"connection:{name}",
        kind=kind,
        sentence=f"Clinic {clinic}, connection {name}: {error.hint}",
        connection=name,
    )


def write_task(clinic: str, error: BridgeError, name: str, appointment: str) -> Task:
    """One write that will never be accepted as it is."""
    return Task(
        key=f"write:{name}/{appointment}",
        kind="write",
        sentence=f"Clinic {clinic}, connection {name}: booking {appointment} could not be written: {error.hint}",
        appointment=appointment,
        connection=name,
    )
