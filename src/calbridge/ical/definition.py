"""A calendar's own VTIMEZONE as a time zone: its onsets, by dateutil, in the system's own format for zones.

So a custom zone answers as fast and as exactly as any other, in the gap and in the overlap too (RFC 8536), and the
process-wide cache of the iCalendar library, where the first definition of a name wins for ever, is never touched.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rruleset, rrulestr  # type: ignore[import-untyped]  # it ships no types

from calbridge.ical.lines import Line, parted
from calbridge.ical.text import decoded, unfolded_all

_SINCE, _UNTIL = 1970, 2060
"""The years whose onsets are worked out. Exchange's definitions begin in 1601."""

_MOST = 20_000
"""Onsets of one definition: 90 years of two a year are 180."""

_DAY = 86_400
_OBSERVANCE = re.compile(rb"^BEGIN:(STANDARD|DAYLIGHT)[^\n]*\n(.*?)^END:\1", re.MULTILINE | re.IGNORECASE | re.DOTALL)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d):?(\d\d)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # a wall clock's
_UTC_UNTIL = re.compile(r"UNTIL=(\d{8}T\d{6})Z", re.ASCII | re.IGNORECASE)
_EVERY_YEAR = re.compile(r"FREQ=YEARLY(;((BYMONTH|BYDAY|BYMONTHDAY|WKST)=[^;]*|INTERVAL=1))*;?", re.IGNORECASE)


class _Change(NamedTuple):
    """From an instant on, so many seconds east of Greenwich; before it, so many."""

    at: int
    before: int
    after: int
    summer: bool


@lru_cache(maxsize=512)
def compiled(block: bytes) -> ZoneInfo | None:
    """The zone that a VTIMEZONE defines, None where it says nothing that can be read. Its lines end with LF."""
    if b"\n " in block or b"\n\t" in block:
        block = unfolded_all(block)
    try:
        changes = sorted(change for found in _OBSERVANCE.findall(block) for change in _changes(*found))
        return _zone(changes) if changes else None
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError):  # dateutil raises all of these
        return None


def _changes(kind: bytes, text: bytes) -> Iterator[_Change]:
    lines = [line for raw in text.split(b"\n") if (line := _line(raw))]
    values = {line.name: line.value for line in reversed(lines)}
    before, after = _offset(values["TZOFFSETFROM"]), _offset(values["TZOFFSETTO"])
    for onset in _onsets(values["DTSTART"], lines, before):
        at = int((onset - _EPOCH).total_seconds()) - before
        yield _Change(at, before, after, kind.upper() == b"DAYLIGHT")


def _line(raw: bytes) -> Line | None:
    parts = parted(decoded(raw))
    return Line(parts[0].partition(";")[0].strip().upper(), parts[0], parts[1].strip(), 0) if parts else None


def _offset(text: str) -> int:
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise ValueError(text)
    sign, hours, minutes, seconds = match.groups()
    east = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
    if east >= _DAY:
        raise ValueError(text)
    return -east if sign == "-" else east


def _onsets(first: str, lines: list[Line], before: int) -> Iterator[datetime]:
    """When the observance begins, on the wall clock before it, which is `before` seconds east of Greenwich."""
    start = _wall(first)
    onsets = rruleset()
    onsets.rdate(start)
    for line in lines:
        if line.name == "RRULE":
            onsets.rrule(_rule(line.value, start, before))
        elif line.name == "RDATE":
            for text in line.value.split(","):
                onsets.rdate(_wall(text.partition("/")[0]))
    for count, onset in enumerate(onsets):
        if onset.year > _UNTIL or count > _MOST:
            return
        yield onset


def _rule(text: str, start: datetime, before: int) -> rrule:
    """On the wall clock, UNTIL too. A rule for every year may as well begin later than 1601."""
    text = _UTC_UNTIL.sub(lambda found: f"UNTIL={_last(_wall(found[1]), before):%Y%m%dT%H%M%S}", text)
    if start.year < _SINCE and _EVERY_YEAR.fullmatch(text) and (start.month, start.day) != (2, 29):
        start = start.replace(year=_SINCE)
    rule = rrulestr(text, dtstart=start, ignoretz=True)
    if not isinstance(rule, rrule):
        raise ValueError(text)  # noqa: TRY004  # the text is wrong, not our use of it
    return rule


def _last(until: datetime, before: int) -> datetime:
    """UNTIL is in UTC (RFC 5545 3.6.5), but some write the wall clock's digits: the later of the two ends neither."""
    return max(until, until + timedelta(seconds=before))


def _wall(text: str) -> datetime:
    return datetime.fromisoformat(text.strip().removesuffix("Z")).replace(tzinfo=None)


def _zone(changes: list[_Change]) -> ZoneInfo:
    """RFC 8536, version 2: an empty first part, then the changes with 64 bits each."""
    kinds: dict[tuple[int, bool], int] = {(changes[0].before, False): 0}
    indexes = [kinds.setdefault((change.after, change.summer), len(kinds)) for change in changes]
    data = struct.pack(f">{len(changes)}q", *(change.at for change in changes)) + bytes(indexes)
    data += b"".join(struct.pack(">lbb", offset, summer, 0) for offset, summer in kinds)
    head = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 1)
    body = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, len(changes), len(kinds), 4)
    return ZoneInfo.from_file(BytesIO(head + bytes(6 + 1) + body + data + b"own\0\n\n"), key="calbridge-own")
