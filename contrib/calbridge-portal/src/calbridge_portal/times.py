"""Instants are whole epoch seconds inside and RFC 3339 with an offset outside; a naive time is refused."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from calbridge_portal.problems import Problem

EARLIEST, LATEST = 0, 253_000_000_000
"""1970, and early in 9987: a day more or a time zone's offset must not leave the calendar."""


def parse_instant(text: str, field: str) -> int:
    """Read an RFC 3339 instant; `field` is named in the refusal."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        # An unencoded "+" arrives as a space: the commonest way to get here.
        raise Problem(
            "invalid_request",
            f"{field} is not an RFC 3339 instant such as 2026-11-23T09:00:00+01:00; in a URL write + as %2B.",
        ) from None
    if moment.tzinfo is None:
        raise Problem("invalid_request", f"{field} has no offset; add one, such as +01:00 or Z.")
    instant = int(moment.timestamp())
    if not EARLIEST < instant < LATEST:
        raise Problem("invalid_request", f"{field} is not of a year that every time zone can show.")
    return instant


def wire(instant: int, zone: ZoneInfo) -> str:
    """Write an instant in the site's own offset."""
    return datetime.fromtimestamp(instant, zone).isoformat()


def utc(instant: int) -> str:
    """Write an instant in UTC."""
    return datetime.fromtimestamp(instant, UTC).isoformat()


def day_bounds(instant: int, zone: ZoneInfo, days: int = 0) -> tuple[int, int]:
    """Return the local day `days` after the one `instant` falls in, as `[start, end)`."""
    day = datetime.fromtimestamp(instant, zone).date() + timedelta(days=days)
    first = datetime(day.year, day.month, day.day, tzinfo=zone)
    after = day + timedelta(days=1)
    return int(first.timestamp()), int(datetime(after.year, after.month, after.day, tzinfo=zone).timestamp())
