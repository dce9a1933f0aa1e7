"""Logs: one structured line an event, to standard error. No exception texts: they may hold people's data."""

from __future__ import annotations

import functools
import logging
import sys
from typing import Any


class LateLogger:
    """A logger that is made when it first has something to say: most commands have nothing, and start sooner.

    What is below `level` is dropped here; `bind` gives the same with more on every line.
    """

    def __init__(self, level: str = "info", *, as_json: bool = False, **bound: Any) -> None:
        self._level = level
        self._as_json = as_json
        self._bound = bound

    def bind(self, **more: Any) -> LateLogger:
        """The same, with more on every line."""
        return LateLogger(self._level, as_json=self._as_json, **{**self._bound, **more})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        number = logging.getLevelName(name.upper().replace("EXCEPTION", "ERROR"))
        if isinstance(number, int) and number < logging.getLevelName(self._level.upper()):
            return lambda *_words, **_facts: None
        return getattr(made(self._level, as_json=self._as_json).bind(**self._bound), name)


def logger(level: str = "info", *, as_json: bool = False) -> LateLogger:
    """A logger for the whole process; `as_json` for daemons, where a collector reads it."""
    return LateLogger(level, as_json=as_json)


@functools.cache
def made(level: str, *, as_json: bool) -> Any:
    """The logger itself."""
    import structlog

    last = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_exceptions,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
    )


def without_exceptions(_logger: Any, _name: str, event: Any) -> Any:
    """An exception is told by its type only."""
    error = event.pop("exc_info", None)
    if error:
        kind = type(error) if isinstance(error, BaseException) else (sys.exc_info()[0] or type(None))
        event["error"] = kind.__name__
    return event
