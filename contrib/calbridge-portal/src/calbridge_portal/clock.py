"""The only place that knows the time: everything else is given `now` as whole epoch seconds."""

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """What the portal asks for the time."""

    def now(self) -> int:
        """Return the current instant in epoch seconds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Return the machine's time."""
        return int(time.time())


@dataclass(frozen=True, slots=True, kw_only=True)
class FileClock:
    """A clock read from a file holding one RFC 3339 instant, so that a demo or a test drives the day."""

    path: Path

    def now(self) -> int:
        """Return the instant the file holds now."""
        text = self.path.read_text(encoding="utf-8").strip()
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise ValueError(
                f"{self.path}: the clock file must hold one RFC 3339 instant with an offset, "
                "such as 2026-11-23T08:00:00+01:00; write it to a temporary file and rename that"
            )
        return int(moment.timestamp())
