"""How fast calendar files are read, beside a parser that makes objects of every line. Read ratios, not absolutes."""

from __future__ import annotations

import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

import icalendar

from calbridge.ical import Policy
from calbridge.ical.reading import Reader
from calbridge.ical.scanning import scan
from calbridge.ical.steps import Steps
from calbridge.interval import Interval

BERLIN = ZoneInfo("Europe/Berlin")
WINDOW = Interval(1_772_323_200, 1_772_323_200 + 90 * 86_400)  # 2026-03-01, ninety days
PLENTY = 10**9
SECONDS = 1.0

TEXT = "Besitzerin ruft wegen der Blutwerte vorher noch einmal an.\\nBitte Akte bereitlegen\\, Medikation pruefen.\r\n "
HEAD = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN
BEGIN:VTIMEZONE
TZID:{zone}
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
CREATED:20260101T080000Z
LAST-MODIFIED:20260101T080500Z
DTSTAMP:20260101T080500Z
UID:4f1a5c0e-1111-4a4a-9b9b-000000000001
SUMMARY:Katze Mimi, Impfung und Kontrolle
STATUS:CONFIRMED
DTSTART;TZID={zone}:{day}T090000
DTEND;TZID={zone}:{day}T093000
{rule}LOCATION:Behandlungsraum 2
DESCRIPTION:{text}
CATEGORIES:Termin
TRANSP:OPAQUE
SEQUENCE:1
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT15M
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
{more}END:VCALENDAR
"""
MOVED = """BEGIN:VEVENT
UID:4f1a5c0e-1111-4a4a-9b9b-000000000001
RECURRENCE-ID;TZID=Europe/Berlin:20260310T090000
DTSTART;TZID=Europe/Berlin:20260310T100000
DTEND;TZID=Europe/Berlin:20260310T110000
END:VEVENT
"""


def body(*, zone: str = "Europe/Berlin", day: str = "20260303", rule: str = "", more: str = "") -> bytes:
    """One object of some 1.5 KB, as a calendar program writes it."""
    text = HEAD.format(zone=zone, day=day, rule=f"RRULE:{rule}\n" if rule else "", text=TEXT * 5, more=more)
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


SHAPES = {
    "takes place once": body(),
    "once, in a zone of its own": body(zone="Customized Time Zone"),
    "weekly for three years": body(day="20230307", rule="FREQ=WEEKLY;BYDAY=TU"),
    "weekly, one occurrence moved": body(day="20230307", rule="FREQ=WEEKLY;BYDAY=TU", more=MOVED),
    "every day for three years": body(day="20230307", rule="FREQ=DAILY"),
    "monthly for three years": body(day="20230307", rule="FREQ=MONTHLY;BYDAY=1TU"),
}


def rate(work: Callable[[], object]) -> float:
    """Times a second, in CPU time."""
    work()
    done, started = 0, time.process_time()
    while (took := time.process_time() - started) < SECONDS:
        work()
        done += 1
    return done / took


def reading(text: bytes, *, short: bool) -> Callable[[], object]:
    """Read by one of the two ways."""
    return lambda: Reader(WINDOW, BERLIN, Policy(), Steps(PLENTY, PLENTY), short=short).read(text)


def main() -> None:
    """Print the table."""
    plain = SHAPES["takes place once"]
    print(f"{'objects a second':32}{'short way':>12}{'library':>12}")
    print(f"{'parsed by icalendar':32}{'':12}{rate(lambda: icalendar.Calendar.from_ical(plain)):12,.0f}")
    print(f"{'lines found':32}{rate(lambda: scan(plain)):12,.0f}")
    for name, text in SHAPES.items():
        print(f"{name:32}{rate(reading(text, short=True)):12,.0f}{rate(reading(text, short=False)):12,.0f}")


if __name__ == "__main__":
    main()
