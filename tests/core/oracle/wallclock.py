"""The clock on the wall, minute by minute, with the standard library and nothing of the code under test."""

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo


@cache
def wall(tz, t):
    """What the wall shows at an instant."""
    return datetime.fromtimestamp(t, ZoneInfo(tz))


@cache
def minutes_of(tz, day):
    """Every minute of a local date, as (instant, minutes that the wall shows); none where the date was skipped."""
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(tz)).timestamp())
    shown = ((t, wall(tz, t)) for t in range(noon - 2 * 50_400, noon + 2 * 50_400, 60))
    return [(t, here.hour * 60 + here.minute) for t, here in shown if here.date() == day]


@cache
def window(tz, day, start, end):
    """From the first time the wall shows the start to the last time it shows the end, or to where the gap ends."""
    shown = minutes_of(tz, day)
    if not shown:
        return None
    late = shown[-1][0] + 60
    first = next((t for t, minute in shown if minute >= start), late)
    ends = [t for t, minute in shown if minute == end]
    last = ends[-1] if ends else next((t for t, minute in shown if minute > end), late)
    return (first, last) if first < last else None
