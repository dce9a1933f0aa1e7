"""The values a configuration is made of, each with the one sentence for a wrong one (rules.md sections 1 and 2)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, PlainValidator

from calbridge.fields import Seconds, seconds
from calbridge.interval import Interval
from calbridge.model import WallWindow
from calbridge.wall import parse_windows, zone

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_HOLD = "PT15M"


def nearest(wrong: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?`, or nothing when none is near."""
    found = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return f'; did you mean "{found[0]}"?' if found else ""


def _windows(texts: Any) -> tuple[WallWindow, ...]:
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError('windows are a list like ["09:00-12:00", "14:00-18:00"]')  # pydantic's way
    return parse_windows(texts)


def known_zone(name: str) -> str:
    """The name, or ValueError."""
    try:
        zone(name)
    except ValueError:
        near = nearest(name, available_timezones()) or '; write an IANA name such as "Europe/Berlin"'
        raise ValueError(f'"{name}" is not a known time zone{near}') from None
    return name


def _hold(text: Any) -> int:
    length = seconds(text)
    if not 0 < length <= seconds(LONGEST_HOLD):
        raise ValueError(f'a hold lasts more than nothing and at most "{LONGEST_HOLD}"')
    return length


def region_code(text: str) -> str:
    """The code or nothing, or ValueError."""
    if text and not (len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()):  # noqa: PLR2004
        raise ValueError('a region is a country code of two capitals, such as "DE"')
    return text


def _moment(value: Any) -> date | datetime:
    """A TOML date or an instant with an offset; from the environment they come as text."""
    if isinstance(value, str):
        value = _from_text(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("an instant needs its offset, such as 2026-12-24T08:00:00+01:00; or write the date only")
    if not isinstance(value, date):
        raise ValueError("a date is written like 2026-12-24, without quotes")  # noqa: TRY004  # pydantic's way
    return value


def _from_text(text: str) -> date | datetime | None:
    for kind in (date, datetime):
        try:
            return kind.fromisoformat(text)
        except ValueError:
            continue
    return None


def _day(value: Any) -> date:
    day = _moment(value)
    if isinstance(day, datetime):
        raise ValueError("only the date counts here: write it like 2026-12-24")  # noqa: TRY004  # pydantic's way
    return day


def ordered(first: date | datetime | None, last: date | datetime | None) -> None:
    """ValueError when both are there and in the wrong order, or of two kinds. Dates are inclusive, instants are not."""
    if first is None or last is None:
        return
    if isinstance(first, datetime) != isinstance(last, datetime):
        raise ValueError("from and until are either both dates or both instants")
    if last < first or (isinstance(last, datetime) and last == first):
        raise ValueError(f"until ({last}) comes before from ({first}): exchange them")


def _turned(given: Any) -> bool | dict[str, Any]:
    if not isinstance(given, bool | dict):
        raise ValueError("a rule is on with true, off with false, or on with a table of its settings")  # noqa: TRY004  # pydantic's way
    return given


def span(first: datetime, last: datetime) -> Interval:
    """Two instants as an interval."""
    return Interval(int(first.timestamp()), int(last.timestamp()))


Windows = Annotated[tuple[WallWindow, ...], PlainValidator(_windows)]
TimeZone = Annotated[str, AfterValidator(known_zone)]
Region = Annotated[str, AfterValidator(region_code)]
HoldTime = Annotated[int, BeforeValidator(_hold)]
Turned = Annotated[bool | dict[str, Any], PlainValidator(_turned)]
Day = Annotated[date, PlainValidator(_day)]
Moment = Annotated[date | datetime, PlainValidator(_moment)]

__all__ = [
    "WEEKDAYS",
    "Day",
    "HoldTime",
    "Moment",
    "Region",
    "Seconds",
    "TimeZone",
    "Turned",
    "Weekday",
    "Windows",
    "known_zone",
    "nearest",
    "ordered",
    "region_code",
    "span",
]
