"""Logs: one structured line an event, to standard error. No exception texts: they may hold people's data."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


def logger(level: str = "info", *, as_json: bool = False) -> Any:
    """A logger for the whole process; `as_json` for daemons, where a collector reads it."""
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
