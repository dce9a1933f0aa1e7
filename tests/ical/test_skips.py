"""SKIP (RFC 7529) against a plain count of months and days, and what of it is not known here."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.ical import read
from calbridge.interval import Interval

FIRST, LAST = date(2023, 1, 1), date(2029, 1, 1)
WINDOW = Interval(*(int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) for day in (FIRST, LAST)))


def seen(start: date, rule: str) -> tuple[list[date], list[str]]:
    """The days of an all-day series, and what is refused of it."""
    lines = ("BEGIN:VCALENDAR", "BEGIN:VEVENT", f"DTSTART;VALUE=DATE:{start:%Y%m%d}", rule, "END:VEVENT")
    found = read("\r\n".join([*lines, "END:VCALENDAR", ""]).encode(), window=WINDOW, zone=ZoneInfo("UTC"))
    days = [datetime.fromtimestamp(one.span.start, UTC).date() for one in found.occurrences]
    return days, [one.why for one in found.refused]


def counted(start: date, freq: str, interval: int, skip: str) -> Iterator[date]:
    """The day of DTSTART in every so many months; where one has no such day, the one before or after it (or none)."""
    step = interval * (1 if freq == "MONTHLY" else 12)
    for months in range(0, 12 * 12, step):
        year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
        length = monthrange(year, month + 1)[1]
        day = date(year, month + 1, min(start.day, length))
        if start.day > length:
            if skip == "OMIT":
                continue
            day += timedelta(days=skip == "FORWARD")
        if FIRST <= day < LAST:
            yield day


@given(
    st.dates(date(2023, 1, 1), date(2025, 1, 1)) | st.sampled_from([date(2024, 2, 29), date(2023, 1, 31)]),
    st.sampled_from(["MONTHLY", "YEARLY"]),
    st.integers(1, 13),
    st.sampled_from(["OMIT", "BACKWARD", "FORWARD"]),
    st.booleans(),
)
def test_the_day_of_the_start(start: date, freq: str, interval: int, skip: str, said: bool) -> None:
    """`said`: BYMONTHDAY names the day. A monthly rule that goes on to the next month has no words in RFC 5545."""
    named = f";BYMONTH={start.month}" if freq == "YEARLY" else ""
    by = f"{named};BYMONTHDAY={start.day}" if said else ""
    days, refused = seen(start, f"RRULE:RSCALE=GREGORIAN;FREQ={freq};INTERVAL={interval};SKIP={skip}{by}")
    if skip == "FORWARD" and freq == "MONTHLY" and start.day > 28:
        assert refused == ["RRULE moves dates that a month does not have (SKIP) in a way not known here"]
        assert days == [start]
        return
    assert (days, refused) == (list(counted(start, freq, interval, skip)), [])


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("FREQ=DAILY;COUNT=2;SKIP=FORWARD", ["2023-01-30", "2023-01-31"]),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=-1MO;SKIP=BACKWARD", ["2023-01-30", "2023-02-27", "2023-03-27"]),
        ("FREQ=YEARLY;COUNT=2;BYYEARDAY=30;SKIP=FORWARD", ["2023-01-30", "2024-01-30"]),
        ("FREQ=YEARLY;COUNT=2;BYMONTH=1;BYMONTHDAY=-2;SKIP=FORWARD", ["2023-01-30", "2024-01-30"]),
        ("FREQ=YEARLY;COUNT=2;BYMONTH=4;BYMONTHDAY=31;SKIP=BACKWARD", ["2023-01-30", "2023-04-30", "2024-04-30"]),
        ("FREQ=MONTHLY;COUNT=4;SKIP=BACKWARD", ["2023-01-30", "2023-02-28", "2023-03-30", "2023-04-30"]),
        ("FREQ=MONTHLY;COUNT=4;INTERVAL=2;SKIP=BACKWARD", ["2023-01-30", "2023-03-30", "2023-05-30", "2023-07-30"]),
        ("RSCALE=gregorian;FREQ=DAILY;COUNT=1;SKIP=omit", ["2023-01-30"]),
    ],
)
def test_rules_with_other_words(rule: str, wanted: list[str]) -> None:
    days, refused = seen(date(2023, 1, 30), f"RRULE:{rule}")
    assert ([day.isoformat() for day in days], refused) == (wanted, [])


NOT_KNOWN = "RRULE moves dates that a month does not have (SKIP) in a way not known here"


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("FREQ=YEARLY;BYYEARDAY=366;SKIP=BACKWARD", NOT_KNOWN),
        ("FREQ=MONTHLY;BYMONTHDAY=30,31;SKIP=BACKWARD", NOT_KNOWN),
        ("FREQ=MONTHLY;BYMONTHDAY=-30;SKIP=BACKWARD", NOT_KNOWN),
        ("FREQ=YEARLY;BYMONTHDAY=31;SKIP=BACKWARD", NOT_KNOWN),
        ("FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=MO;SKIP=BACKWARD", NOT_KNOWN),
        ("FREQ=MONTHLY;SKIP=SIDEWAYS", "SKIP of RRULE cannot be read"),
        ("RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L", "RRULE counts by another calendar than the common one (RSCALE)"),
    ],
)
def test_what_is_not_known_is_said_and_its_start_is_kept(rule: str, why: str) -> None:
    assert seen(date(2023, 1, 30), f"RRULE:{rule}") == ([date(2023, 1, 30)], [why])
