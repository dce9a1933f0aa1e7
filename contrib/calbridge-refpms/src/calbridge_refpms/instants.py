"""Instants are whole epoch seconds inside and RFC 3339 with an offset outside; a naive time is refused.

Wall-clock windows follow daylight saving: a start is the first occurrence of its wall time, an end the
last, and an edge inside the gap moves to the gap's end.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from calbridge_refpms.problems import ProblemError, invalid

Clock = Callable[[], int]
EARLIEST, LATEST = 0, 253_000_000_000
"""1970, and early in 9987: a day more or a time zone's offset must not leave the calendar."""


def system_clock() -> int:
    """The machine's clock."""
    return int(datetime.now(UTC).timestamp())


def file_clock(path: Path) -> Clock:
    """A clock that is whatever the file says, read anew each time: demos and tests turn it by hand.

    While somebody writes the file it may be empty for a moment: then the time before still holds.
    """
    shown: list[int] = []

    def now() -> int:
        try:
            shown[:] = [parse("clock file", path.read_text().strip())]
        except (OSError, ProblemError) as error:
            if not shown:
                raise ProblemError(503, "maintenance", f"The clock file {path} holds no RFC 3339 time.") from error
        return shown[0]

    return now


def parse(field: str, text: str) -> int:
    """Epoch seconds of one RFC 3339 instant; the refusal names the field."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(
            f"'{field}' is not an RFC 3339 time: {text!r} (in a query write the '+' of an offset as %2B)."
        ) from error
    if moment.tzinfo is None:
        raise invalid(f"'{field}' has no offset: {text!r}; write for example 2026-11-23T09:00:00+01:00.")
    instant = int(moment.timestamp())
    if not EARLIEST <= instant < LATEST:
        raise invalid(f"'{field}' is not of a year that every time zone can show: {text!r}.")
    return instant


def render(epoch: int, zone: ZoneInfo) -> datetime:
    """The instant with the offset of a location."""
    return datetime.fromtimestamp(epoch, zone)


def opens(day: date, minute: int, zone: ZoneInfo) -> int:
    """When a window that starts at this minute of the wall clock opens."""
    return _edge(day, minute, zone, fold=0)


def closes(day: date, minute: int, zone: ZoneInfo) -> int:
    """When a window that ends at this minute of the wall clock (1440 is the day's end) closes."""
    return _edge(day, minute, zone, fold=1)


def _edge(day: date, minute: int, zone: ZoneInfo, *, fold: int) -> int:
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    while not _exists(wall, zone):
        wall += timedelta(minutes=1)
    return int(wall.replace(tzinfo=zone, fold=fold).timestamp())


def _exists(wall: datetime, zone: ZoneInfo) -> bool:
    aware = wall.replace(tzinfo=zone)
    return aware.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall
