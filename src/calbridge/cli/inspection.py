"""`calbridge inspect`: what the bridge reads from a calendar file, for support and for the doubtful.

It needs no configuration and changes nothing. Titles are shown to people only, and only with `--names`.
"""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo

import click

from calbridge.cli.answers import Inspected, InspectedOccurrence, InspectedRefusal
from calbridge.cli.reporting import FINE, HUMAN, Outcome, reporting
from calbridge.cli.texts import table, visible
from calbridge.errors import ConfigError
from calbridge.ical import Counts, Occurrence, Policy, read
from calbridge.ical.glimpse import behind, extent, titles
from calbridge.interval import Interval
from calbridge.wall import zone

if TYPE_CHECKING:
    from rich.console import Console

MOST = 64 * 1024 * 1024
YEAR = 366 * 86_400
YEARS = range(1900, 2200)

_counts = click.Choice(get_args(Counts))


@click.command(short_help="What the bridge reads from a calendar file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--from", "first", default="", help="Only what starts at this instant or later: RFC 3339, or a date.")
@click.option("--to", "last", default="", help="Only what starts before this instant: RFC 3339, or a date.")
@click.option("--time-zone", "tz", default="UTC", show_default=True, help="For dates and for times without a zone.")
@click.option("--all-day", "all_day", type=_counts, default="busy", show_default=True, help="What an all-day event is.")
@click.option("--tentative", type=_counts, default="busy", show_default=True, help="What a tentative event is.")
@click.option("--names", is_flag=True, help="Show the titles of events.")
@reporting
def inspect(file: Path, first: str, last: str, tz: str, all_day: Counts, tentative: Counts, *, names: bool) -> Outcome:
    """Every occurrence that starts in the window, those that take no time with the reason, and what cannot be read.

    FILE is a path, or - for standard input. Without --from and --to the window goes from the first day in the file to a
    year after the last; with one of them it is 366 days long. Ends with 1 where something cannot be read.
    """
    here = _zone(tz)
    body = _body(file)
    window = _window(first, last, here, body)
    found = read(body, window=window, zone=here, policy=Policy(all_day=all_day, tentative=tentative))
    starting = [one for one in found.occurrences if window.start <= one.span.start < window.end]
    answer = Inspected(
        occurrences=[_line(one, here) for one in starting],
        refused=[
            *(InspectedRefusal(line=one.line, uid=one.uid, why=one.why) for one in found.refused),
            *_behind(body),
        ],
    )
    called = titles(body) if names else {}
    rows = [_row(one, line, called) for one, line in zip(starting, answer.occurrences, strict=True)]
    return Outcome(
        answer=answer, show=lambda console: _show(console, answer, rows), code=HUMAN if answer.refused else FINE
    )


def _behind(body: bytes) -> list[InspectedRefusal]:
    line = behind(body)
    why = 'text behind the end of the calendar: a connection of kind = "ics" refuses the whole file'
    return [InspectedRefusal(line=line, uid="", why=why)] if line else []


def _zone(tz: str) -> ZoneInfo:
    try:
        return zone(tz)
    except ValueError as error:
        raise ConfigError(f"--time-zone: {error}") from None


def _body(file: Path) -> bytes:
    try:
        if str(file) == "-":
            body = sys.stdin.buffer.read(MOST + 1)
        else:
            with file.open("rb") as opened:
                body = opened.read(MOST + 1)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    if len(body) > MOST:
        raise ConfigError(f"{file} is larger than {MOST // 1024 // 1024} MiB: no calendar is")
    return body


def _window(first: str, last: str, here: ZoneInfo, body: bytes) -> Interval:
    start, end = _instant("--from", first, here), _instant("--to", last, here)
    if start is None and end is None:
        return extent(body) or Interval(0, YEAR)
    window = Interval((end or 0) - YEAR if start is None else start, (start or 0) + YEAR if end is None else end)
    if window.end <= window.start:
        raise ConfigError(f"--to {last} is not after --from {first}: exchange them")
    return window


def _instant(option: str, text: str, here: ZoneInfo) -> int | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is not None and at.tzinfo is None and not {"T", " "} & set(text):
        at = at.replace(tzinfo=here)
    if at is None or at.tzinfo is None:
        raise ConfigError(f"{option} is an instant with its offset, such as 2026-11-23T09:00:00+01:00, or a date")
    if at.year not in YEARS:
        raise ConfigError(f"{option} {text} is in no year from {YEARS[0]} to {YEARS[-1]}")
    return int(at.timestamp())


def _line(one: Occurrence, here: ZoneInfo) -> InspectedOccurrence:
    start, end = (_there(at, here) for at in one.span)
    return InspectedOccurrence(
        uid=one.uid,
        start=(start.date() if one.all_day else start).isoformat(),
        end=(end.date() if one.all_day else end).isoformat(),
        all_day=one.all_day,
        floating=one.floating,
        busy=one.busy,
        status=one.status,
        why=one.why,
    )


def _there(at: int, here: ZoneInfo) -> datetime:
    """On the clock there; what lasts till the end of the calendar ends with its last second there too."""
    try:
        return datetime.fromtimestamp(at, here)
    except (OverflowError, ValueError):
        return datetime.max.replace(microsecond=0, tzinfo=here)


def _row(one: Occurrence, line: InspectedOccurrence, called: dict[int, str]) -> tuple[str, ...]:
    takes = "busy" if one.busy else "free"
    shown = called.get(one.line, "") or one.uid
    return _when(line), f"{takes} ({one.why})" if one.why else takes, line.status, str(one.line), shown


def _when(line: InspectedOccurrence) -> str:
    """As short as it can be said: a day, days, hours of a day, or both ends."""
    start, end = (text[:16].replace("T", " ") for text in (line.start, line.end))
    if line.all_day:
        last = (date.fromisoformat(end) - timedelta(days=1)).isoformat()
        return start if last == start else f"{start} - {last}"
    return f"{start}-{end[11:]}" if end[:10] == start[:10] else f"{start} - {end}"


def _show(console: Console, answer: Inspected, rows: list[tuple[str, ...]]) -> None:
    columns = ("when", "time", "status", "line", "event")
    table(console, columns, rows, empty="Nothing in this file starts in the window.")
    for refusal in answer.refused:
        whose = f" ({visible(refusal.uid)})" if refusal.uid else ""
        console.print(f"line {refusal.line}: {refusal.why}{whose}", markup=False)
