"""Two calendars with the same events, laid down where a server keeps them: a bench does not time its own preparing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:DAYLIGHT\r\nDTSTART:19810329T020000\r\nTZOFFSETFROM:+0100\r\n"
    "TZOFFSETTO:+0200\r\nTZNAME:CEST\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\n"
    "DTSTART:19961027T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)
RECURRING = 7
"""Every seventh event comes back every week."""


def event(number: int, now: datetime, title: str = "Event") -> str:
    """One object of about 1.2 KB, as calendar programs write them."""
    start = now.replace(minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(hours=number % 1_400)
    until = start + timedelta(minutes=30)
    repeat = "RRULE:FREQ=WEEKLY;COUNT=8\r\n" if number % RECURRING == 0 else ""
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\n{ZONE}BEGIN:VEVENT\r\nUID:{uid(number)}\r\n"
        f"DTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Europe/Berlin:{start:%Y%m%dT%H%M%S}\r\n"
        f"DTEND;TZID=Europe/Berlin:{until:%Y%m%dT%H%M%S}\r\n{repeat}SUMMARY:{title} {number}\r\n"
        f"LOCATION:Raum {number % 9}\r\nDESCRIPTION:{'Text ' * 60}\r\nSTATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\n"
        f"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def uid(number: int) -> str:
    """The UID of an event, the same in both calendars."""
    return f"bench-{number:05d}"


def write(folder: Path, count: int) -> None:
    """`count` objects as files."""
    now = datetime.now(tz=UTC)
    for number in range(count):
        (folder / f"{uid(number)}.ics").write_bytes(event(number, now).encode())


def into_radicale(store: Path, path: str, count: int) -> None:
    """A collection of Radicale's is a folder of files."""
    folder = store / "collection-root" / path.strip("/")
    folder.mkdir(parents=True)
    (folder / ".Radicale.props").write_text(json.dumps({"tag": "VCALENDAR"}))
    write(folder, count)


def into_xandikos(store: Path, path: str, count: int) -> None:
    """A collection of Xandikos's is a git repository; it must have been made by the server."""
    from dulwich import porcelain

    folder = store / path.strip("/")
    write(folder, count)
    porcelain.add(str(folder), [str(folder / f"{uid(number)}.ics") for number in range(count)])
    porcelain.commit(str(folder), message=b"bench", author=b"b <b@example>", committer=b"b <b@example>")
