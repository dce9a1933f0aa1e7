"""The values a configuration is made of, each with the one sentence for a wrong one (rules.md sections 1 and 2)."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from calbridge.fields import Seconds, seconds
from calbridge.interval import Interval
from calbridge.model import WallWindow
from calbridge.nearest import did_you_mean
from calbridge.wall import merge_windows, parse_window, zone

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_HOLD = "PT15M"
FIRST_YEAR, LAST_YEAR = 1970, 9998
"""The day after, and any offset from UTC, must be in the calendar too."""


def _listed(texts: Any) -> Any:
    if isinstance(texts, list) and all(isinstance(text, str) for text in texts):
        return texts
    raise ValueError('windows are a list like ["09:00-12:00", "14:00-18:00"]')


def distinct(values: list[Any]) -> list[Any]:
    """The list, or ValueError: what is named twice was meant to be something else."""
    for index, value in enumerate(values):
        if (first := values.index(value)) < index:
            raise ValueError(f"entries {first + 1} and {index + 1} are the same: take one out")
    return values


def _one_by_one(days: Any) -> Any:
    for day in days if isinstance(days, list) else ():
        if isinstance(day, str) and re.fullmatch(r"\w+\s*[-–]\s*\w+", day):
            raise ValueError('weekdays are named one by one, like ["mon", "tue", "wed"]')
    return days


def _species(text: str) -> str:
    """Keys of species are compared without regard to case."""
    folded = text.strip().casefold()
    if not folded:
        raise ValueError('a species is a word such as "dog"')
    return folded


def _category(text: str) -> str:
    if not text.strip() or "," in text:
        raise ValueError('a category is a word or a phrase such as "around.pet", without a comma')
    return text.strip()


def _whole(value: Any) -> Any:
    """TOML's true is no number, Python's is."""
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "a whole number")
    return value


def _digits(value: Any) -> Any:
    """From the environment a number comes as text, which a Literal does not take."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


def known_zone(name: str) -> str:
    """The name, or ValueError."""
    try:
        zone(name)
    except ValueError:
        places = (each for each in available_timezones() if "/" in each)
        near = did_you_mean(name, places) or '; write an IANA name such as "Europe/Berlin"'
        raise ValueError(f'"{name}" is not a known time zone{near}') from None
    return name


def _hold(text: Any) -> int:
    length = seconds(text)
    if not 0 < length <= seconds(LONGEST_HOLD):
        raise ValueError(f'a hold lasts more than nothing and at most "{LONGEST_HOLD}"')
    return length


def _brief(text: Any) -> int:
    length = seconds(text)
    if length > seconds(LONGEST_HOLD):
        raise ValueError(f'a time is given away or kept meanwhile: at most "{LONGEST_HOLD}"')
    return length


def _lasting(text: Any) -> int:
    length = seconds(text)
    if not length:
        raise ValueError('it must be longer than nothing, such as "PT1M"')
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
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"a date lies in the years {FIRST_YEAR} to {LAST_YEAR}")
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


def in_order(last: date | datetime | None, info: ValidationInfo) -> date | datetime | None:
    """For `until`, after `from`: of one kind and not before it. Dates are inclusive, instants are not."""
    first = info.data.get("first")
    if first is None or last is None:
        return last
    if isinstance(first, datetime) != isinstance(last, datetime):
        raise ValueError("from and until are either both dates or both instants")
    if last < first:
        raise ValueError(f"it ({last}) comes before from ({first}): exchange them")
    if isinstance(last, datetime) and last == first:
        raise ValueError(f"it is the same instant as from ({first}): nothing lies between")
    return last


def _turned(given: Any) -> bool | dict[str, Any]:
    if not isinstance(given, bool | dict):
        raise ValueError("a rule is on with true, off with false, or on with a table of its settings")  # noqa: TRY004  # pydantic's way
    return given


def span(first: datetime, last: datetime) -> Interval:
    """Two instants as an interval."""
    return Interval(int(first.timestamp()), int(last.timestamp()))


Window = Annotated[WallWindow, PlainValidator(parse_window)]
Windows = Annotated[tuple[Window, ...], BeforeValidator(_listed), AfterValidator(merge_windows)]
Weekdays = Annotated[list[Weekday], BeforeValidator(_one_by_one), Field(min_length=1), AfterValidator(distinct)]
Keys = Annotated[list[str], AfterValidator(distinct)]
SpeciesKeys = Annotated[list[Annotated[str, AfterValidator(_species)]], AfterValidator(distinct)]
Whole = Annotated[int, BeforeValidator(_whole)]
Grid = Annotated[Literal[5, 10, 15, 20, 30, 60], BeforeValidator(_digits)]
Lasting = Annotated[int, BeforeValidator(_lasting)]
TimeZone = Annotated[str, AfterValidator(known_zone)]
Region = Annotated[str, AfterValidator(region_code)]
HoldTime = Annotated[int, BeforeValidator(_hold)]
Brief = Annotated[int, BeforeValidator(_brief)]
Turned = Annotated[bool | dict[str, Any], PlainValidator(_turned)]
Category = Annotated[str, AfterValidator(_category)]
Day = Annotated[date, PlainValidator(_day)]
Moment = Annotated[date | datetime, PlainValidator(_moment)]

__all__ = [
    "WEEKDAYS",
    "Brief",
    "Category",
    "Day",
    "Grid",
    "HoldTime",
    "Keys",
    "Lasting",
    "Moment",
    "Region",
    "Seconds",
    "SpeciesKeys",
    "TimeZone",
    "Turned",
    "Weekday",
    "Weekdays",
    "Whole",
    "Windows",
    "distinct",
    "in_order",
    "known_zone",
    "region_code",
    "span",
]
