"""Every failure is one of four recoveries; the class says what the bridge does next, the sentence what a person can do.

Raised by providers and the shell. The core returns values and raises only for a caller's mistake.
"""

from __future__ import annotations


class BridgeError(Exception):
    """A failure with a place (`connection`, `item`) and one sentence a clinic can act on (`hint`).

    The sentence never holds personal data or a secret. `connection` is filled in by the hook host.
    """

    recovery = "human"

    def __init__(self, hint: str, *, connection: str = "", item: str = "") -> None:
        super().__init__(hint)
        self.hint = hint
        self.connection = connection
        self.item = item

    def __str__(self) -> str:
        place = " ".join(part for part in (self.connection, self.item) if part)
        return f"{place}: {self.hint}" if place else self.hint


class RetryLater(BridgeError):
    """Transient (network, 5xx, 429): back off with jitter; `after` is the server's Retry-After in seconds, if any."""

    recovery = "retry"

    def __init__(self, hint: str, *, after: float | None = None, connection: str = "", item: str = "") -> None:
        super().__init__(hint, connection=connection, item=item)
        self.after = after


class Replan(BridgeError):
    """The other side moved (409, 412, an expired cursor): nothing was written, read again and decide again."""

    recovery = "replan"


class SkipItem(BridgeError):
    """One record cannot be read or will never be accepted: quarantine it, say so, go on with the others."""

    recovery = "skip"


class NeedsHuman(BridgeError):
    """This connection stops until a person acts (401, wrong server, broken plugin, contract violated)."""

    recovery = "human"


class ConfigError(BridgeError):
    """The configuration is wrong or missing; the command exits with 2. One sentence names clinic, key and fix."""

    recovery = "config"


# --- telling of a foreign one -----------------------------------------------------------------------


def place_of(error: BaseException) -> str:
    """`KeyError at calbridge_pms.reading:41`: its type and where it was raised. Not its text: that may hold data."""
    way = _frames(error)
    return f"{type(error).__name__} at {way[-1]}" if way else type(error).__name__


def way_of(error: BaseException) -> str:
    """The modules and lines that led there, the outermost first."""
    return " ".join(_frames(error))


def _frames(error: BaseException) -> list[str]:
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames
