"""What reaches standard error by itself is told by kind and place: tracebacks, warnings, the logs of other libraries.

Their texts repeat what they are about, and that may be somebody's name: a pydantic error the whole record, a warning of
a parser the line it met. Nobody has read them before, so none of them is printed.
"""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from calbridge.errors import place_of, way_of

if TYPE_CHECKING:
    from sys import UnraisableHookArgs
    from threading import ExceptHookArgs

Say = Callable[..., None]
"""`say(event, **facts)`, as a logger's methods are called."""


def install(say: Say | None = None) -> None:
    """Take over for this process; once more with another `say` replaces it (a daemon's log)."""
    told = say or _printed
    sys.excepthook = _of_process(told)
    threading.excepthook = lambda given: _of_thread(told, given)
    sys.unraisablehook = lambda given: _of_nobody(told, given)
    warnings.showwarning = lambda _text, kind, file, line, *_: told("warning", kind=kind.__name__, at=_at(file, line))
    logging.raiseExceptions = False
    logging.getLogger().handlers[:] = [_Others(told)]


def _printed(event: str, **facts: str) -> None:
    said = "; ".join(f"{name}: {fact}" for name, fact in facts.items() if fact)
    print(f"calbridge: {event} ({said})", file=sys.stderr)  # noqa: T201  # a program's last words


def _of_process(say: Say) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            say("this is a mistake of the program: tell its makers", error=place_of(error), way=way_of(error))

    return hook


def _of_thread(say: Say, given: ExceptHookArgs) -> None:
    if given.exc_value is not None and not isinstance(given.exc_value, SystemExit):
        say("a thread ended", error=place_of(given.exc_value), way=way_of(given.exc_value))


def _of_nobody(say: Say, given: UnraisableHookArgs) -> None:
    """Out of a `__del__` or a callback: nobody could catch it."""
    error = given.exc_value
    say("an error that nobody could catch", error=given.exc_type.__name__ if error is None else place_of(error))


def _at(file: str, line: int) -> str:
    return f"{Path(file).stem}:{line}"


class _Others(logging.Handler):
    """Every library that logs to Python's own loggers, from their level on."""

    def __init__(self, say: Say) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        """Who said something and where, and not what."""
        facts: dict[str, Any] = {"logger": record.name, "level": record.levelname.lower()}
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        facts["error"] = place_of(error) if error is not None else ""
        self._say("another library", at=_at(record.pathname, record.lineno), **facts)
