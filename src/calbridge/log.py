"""Logs: one structured line an event, to standard error, of words and numbers only.

An exception's text or a record may hold people's data. Whatever is no word and no number is told by its type, so that
nobody who logs one, a plugin for example, tells more.
"""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Mapping
from datetime import date
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
        number = logging.getLevelName(name.upper().replace("EXCEPTION", "ERROR"))
        if not isinstance(number, int):
            raise AttributeError(name)  # noqa: TRY004  # it has no such method
        if number < logging.getLevelName(self._level.upper()):
            return lambda *_words, **_facts: None
        method = getattr(made(self._level, as_json=self._as_json).bind(**self._bound), name)
        return lambda event, *words, **facts: method(plain(event), *map(plain, words), **facts)


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
            plain_facts,
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


def plain_facts(_logger: Any, _name: str, event: Any) -> Any:
    """Every fact as `plain` gives it."""
    return plain(event)


def plain(fact: Any) -> Any:
    """Words and numbers as they are, and what is made of them; of anything else its type."""
    match fact:
        case None | bool() | int() | float() | date():
            return fact
        case str():
            return str(fact)
        case Mapping():
            return {str(plain(name)): plain(each) for name, each in fact.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(each) for each in fact]
    return type(fact).__name__
