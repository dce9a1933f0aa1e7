"""What a question about time may name: a local date, an instant, another present, something the clinic has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from calbridge.clock import SystemClock
from calbridge.errors import ConfigError
from calbridge.nearest import did_you_mean
from calbridge.settings.values import FIRST_YEAR, LAST_YEAR
from calbridge.wall import instant_of, local, minute_of_day

if TYPE_CHECKING:
    from calbridge.model import Clinic
    from calbridge.provider import Clock

now_option = click.option("--now", default="", help="Answer as of this instant (RFC 3339 with offset) instead of now.")


class LocalDate(click.ParamType[date]):
    """A date as the file writes it; click's own sentence shows a strptime pattern."""

    name = "date"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date, or one sentence."""
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail(f'"{value}" is not a date: write it like 2026-11-23', param, ctx)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fail(f'"{value}" is not between {FIRST_YEAR} and {LAST_YEAR}', param, ctx)
        return day


DATE = LocalDate()


class FixedClock:
    """A present that a person chose."""

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> int:
        """Always the same."""
        return self._now


def clock(now: str) -> Clock:
    """The real present, or the one that `--now` names."""
    if not now:
        return SystemClock()
    moment = _moment(now)
    if moment is None or moment.tzinfo is None or not FIRST_YEAR < moment.year < LAST_YEAR:
        raise ConfigError("--now is an instant with its offset, such as 2026-11-23T09:00:00+01:00")
    return FixedClock(int(moment.timestamp()))


def start(tz: str, at: str) -> int:
    """`--at`: an instant with its offset, or a time on the clinic's wall clock that is there exactly once."""
    moment = _moment(at)
    if moment is None or len(at.strip()) <= len("2026-11-23"):
        raise ConfigError(
            f'--at "{at}" is no time: write it like 2026-11-23T09:00, on the clinic\'s clock, '
            "or with its offset, like 2026-11-23T09:00+01:00"
        )
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ConfigError(f"--at {at} is not between {FIRST_YEAR} and {LAST_YEAR}")
    if moment.tzinfo is not None:
        return int(moment.timestamp())
    minute = moment.hour * 60 + moment.minute
    first, last = (instant_of(tz, moment.date(), minute, last=late) for late in (False, True))
    if first != last:
        texts = (local(tz, each).isoformat(timespec="minutes") for each in (first, last))
        raise ConfigError(f"--at {at} is there twice, the clocks of {tz} go back: write {' or '.join(texts)}")
    if minute_of_day(tz, first) != minute:
        after = local(tz, first).isoformat(timespec="minutes")
        raise ConfigError(f"--at {at} does not exist, the clocks of {tz} go forward: it goes on at {after}")
    return first + moment.second


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def service(clinic: Clinic, name: str) -> str:
    """The key, if the clinic has such a service."""
    return _known(clinic, "service", name, clinic.services)


def resource(clinic: Clinic, name: str) -> str:
    """The key, if the clinic has such a resource."""
    return _known(clinic, "resource", name, clinic.resources)


def _known(clinic: Clinic, noun: str, name: str, names: Iterable[str]) -> str:
    known = list(names)
    if name not in known:
        advice = did_you_mean(name, known) or f"; there are {', '.join(known) or 'none'}"
        raise ConfigError(f'clinic {clinic.key} has no {noun} "{name}"{advice}')
    return name
