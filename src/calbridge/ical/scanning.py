"""A calendar file as the few lines that say when something takes place, whatever else stands in it.

Most of a file is text of people, alarms and definitions of well-known time zones: a regular expression steps over
those. Nothing here raises: a component without its end carries a fault, and faults of the file itself are listed.
What is kept of a file is counted, whatever its size: ten megabytes of BEGIN or END would else fill a gigabyte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from sys import intern

from calbridge.ical.lines import Component, FaultError, Line, parted
from calbridge.ical.text import decoded, normalised, unfolded, unfolded_all

DEPTH = 20
"""Components deeper in one another than this are not looked into."""

MOST = 200_000
"""What is read of one file: a line that is kept counts once, a component or a fault `_OBJECT` times. An event as
calendar programs write it comes to sixteen, so that is 12,000 of them; what follows is not read."""

PHYSICAL = 1_000_000
"""Physical lines that are stepped over at most: 32 MiB of text have half as many."""

LONGEST, LONGEST_HEAD = 1_000_000, 1_000
"""Bytes of a line, characters of what stands before its colon. A list of 20,000 dates has 340,000."""

_OBJECT = 8
_TOO_MUCH = "the file holds more than anybody's calendar: nothing after this line is read, export a shorter time"

_NAMES = (
    rb"B(?:EGIN|USYTYPE)|END|UID|D(?:T(?:START|END)|URATION)|R(?:RULE|DATE|ECURRENCE-ID)|EX(?:DATE|RULE)"
    rb"|S(?:TATUS|EQUENCE)|TRANSP|CATEGORIES|FREEBUSY|PRIORITY"
    rb"|X-(?:WR-TIMEZONE|MICROSOFT-(?:CDO-(?:BUSY|INTENDED)STATUS|MSNCALENDAR-BUSYSTATUS))"
)
_NAMED = {name.encode(): name for name in ("BEGIN", "END", "UID", "DTSTART", "DTEND", "STATUS", "TRANSP", "SEQUENCE")}
"""The names that nearly every event has."""

# possessive (`*+`): a search that goes back over lines keeps 250 bytes for each, which a hostile file has millions of
_ZONE = rb"BEGIN:VTIMEZONE[^\n]*+\n(?:(?:[^BE\n]|B(?!EGIN:V)|E(?!ND:V))[^\n]*+\n|\n)*+END:VTIMEZONE"
_ALARM = rb"BEGIN:VALARM[^\n]*+\n(?:(?:[^BE\n]|B(?!EGIN:)|E(?!ND:))[^\n]*+\n|\n)*+END:VALARM"
_LINE = rb"(" + _NAMES + rb")[ \t]*+([;:][^\n]*+(?:\n[ \t][^\n]*+)*+)"
_TOKENS = rb"\n(?:(" + _ZONE + rb")|" + _ALARM + rb"|" + _LINE + rb")"

_STRICT = re.compile(_TOKENS)
_ANY_CASE = re.compile(_TOKENS, re.IGNORECASE)
_SMALL = re.compile(rb"\n(?!X-)[A-Z-]*+[a-z][A-Za-z-]*+[ \t]*+[;:]|\nBEGIN:[A-Z]*+[a-z]")
"""A name that is not in upper case. Rare, and the search that allows for it takes twice the time."""

_TIME_LAST = re.compile(r"(.*):(\d{8}[^:]*)")
"""A time behind a colon: what stands before that belongs to a parameter, such as TZID=(UTC+01:00) Berlin."""

_TIMES = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"})

_FOLDED_NAME = re.compile(rb"\n[A-Za-z-]+\n[ \t]")

_OUTER = frozenset({"VCALENDAR", "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY", "VTIMEZONE"})
"""What stands in none of the others but a calendar: where one begins, those that are open have lost their end."""


@dataclass(slots=True)
class Scan:
    """The calendars of a file, the first of them without name and for what stands outside any; faults of the file.

    Their children are their events, tasks and so on, whatever unknown component these stand in. `whole` is False
    where the file holds more than was read.
    """

    calendars: list[Component]
    faults: list[FaultError] = field(default_factory=list)
    whole: bool = True

    def all(self, name: str) -> list[Component]:
        """Every component of that name, in order."""
        return [found for calendar in self.calendars for found in calendar.children if found.name == name]


def scan(body: bytes, most: int = MOST, physical: int = PHYSICAL) -> Scan:
    """The components of a file, as many VCALENDARs as it has; of a boundless file what its first lines hold."""
    body, cut = _first(physical, normalised(body))
    if _FOLDED_NAME.search(body):
        body = unfolded_all(body)
    tokens = _ANY_CASE if _SMALL.search(body) else _STRICT
    tree = _Tree(most)
    at, number = 0, 0
    for found in tokens.finditer(body):
        start = found.start() + 1
        number += body.count(b"\n", at, start)
        at = start
        zone, name, rest = found.groups()
        if tree.left < 0:
            break
        if name:
            tree.keep(name, rest, number)
        elif zone:
            tree.define(number, zone)
    if tree.left < 0 or cut:
        tree.stop(number if tree.left < 0 else physical)
    return tree.done()


def _first(lines: int, body: bytes) -> tuple[bytes, bool]:
    """So many lines of a normalised file, and whether that is less than all; most files have fewer."""
    if body.count(b"\n") <= lines + 1:
        return body, False
    at = 1
    for _line in range(lines):
        at = body.index(b"\n", at) + 1
    return body[:at], True


def _line(name: bytes, rest: bytes, number: int) -> Line:
    """FaultError for a line that is longer than anybody's."""
    known = _NAMED.get(name) or name.decode().upper()
    if len(rest) > LONGEST:
        raise FaultError(f"{known} is longer than {LONGEST:,} bytes", number)
    if b"\n" in rest:
        rest = unfolded(rest)
    text = decoded(rest)
    if text[0] == ":":
        return Line(known, known, text[1:].strip(), number)
    head, value = parted(text) or (text, "")
    if ":" in value and known in _TIMES and (time := _TIME_LAST.fullmatch(value)):
        head, value = _quoted(head, time[1]), time[2]
    if len(head) > LONGEST_HEAD:
        raise FaultError(f"the parameters of {known} are longer than {LONGEST_HEAD:,} characters", number)
    return Line(known, intern(known + head), value.strip(), number)


def _quoted(head: str, more: str) -> str:
    """The same with what its last parameter has behind an unquoted colon."""
    before, equals, text = head.rpartition("=")
    plain = f"{text}:{more}".replace('"', "")
    return f'{before}{equals}"{plain}"' if equals else head


class _Tree:
    """The components as they open and close. `left` is what may still be kept; less than nothing: there is more."""

    def __init__(self, most: int) -> None:
        self.left = most
        self._outside = Component("", Line("", "", "", 0))
        self._stack = [self._outside]
        self._beyond = 0
        self._scan = Scan([self._outside])

    @property
    def _calendar(self) -> Component:
        """What a time zone's definition belongs to."""
        return next((one for one in self._stack if one.name == "VCALENDAR"), self._outside)

    def define(self, number: int, zone: bytes) -> None:
        """The definition of a time zone."""
        self.left -= _OBJECT
        self._calendar.zones.append((number, zone))

    def keep(self, name: bytes, rest: bytes, number: int) -> None:
        """One line of interest."""
        self.left -= 1
        try:
            line = _line(name, rest, number)
        except FaultError as fault:
            self._spoil(self._stack[-1], fault)
            return
        if line.name == "BEGIN":
            self._begin(line)
        elif line.name == "END":
            self._end(line)
        elif not self._beyond:
            self._stack[-1].lines.append(line)

    def stop(self, number: int) -> None:
        """What follows that line is not read; what is open there is torn."""
        fault = FaultError(_TOO_MUCH, number)
        self._scan.whole = False
        self._scan.faults.append(fault)
        for component in self._stack[1:]:
            component.fault = fault
        del self._stack[1:]

    def _fault(self, fault: FaultError) -> None:
        self.left -= _OBJECT
        self._scan.faults.append(fault)

    def _spoil(self, component: Component, fault: FaultError) -> None:
        """The fault of a component is told with its UID, by whoever reads it."""
        self.left -= _OBJECT
        if component.name in {"", "VCALENDAR"}:
            self._scan.faults.append(fault)
        component.fault = component.fault or fault

    def _begin(self, line: Line) -> None:
        name = intern(line.value.upper())
        parent = self._stack[-1]
        if name in _OUTER and parent.name != "VCALENDAR":
            self._beyond = 0
            self._tear(self._unfinished(name))
            parent = self._calendar
        if len(self._stack) > DEPTH:
            if not self._beyond:
                self._fault(FaultError("components stand in one another without end", line.number))
            self._beyond += 1
            return
        opened = Component(name, line if line.value == name else line._replace(value=name))
        self.left -= _OBJECT
        if name == "VCALENDAR":
            self._scan.calendars.append(opened)
        else:
            parent.children.append(opened)
        self._stack.append(opened)

    def _unfinished(self, name: str) -> int:
        """Up to where the stack may stay open when one of the outer components begins."""
        closing = _OUTER if name == "VCALENDAR" else _OUTER - {"VCALENDAR"}
        return next((at for at, one in enumerate(self._stack) if one.name in closing), len(self._stack)) - 1

    def _end(self, line: Line) -> None:
        name = line.value.upper()
        if self._beyond:
            self._beyond -= 1
            return
        if self._stack[-1].name == name:
            self._stack.pop()
            return
        index = next((at for at in range(len(self._stack) - 1, 0, -1) if self._stack[at].name == name), 0)
        if not index:
            self._fault(FaultError("an END that closes nothing", line.number))
            return
        self._tear(index)
        self._stack.pop()

    def _tear(self, index: int) -> None:
        """Close what is open above `index` without an END of its own: from there on, what belongs where is a guess."""
        if len(self._stack) == index + 1:
            return
        torn = self._stack[index + 1 :]
        del self._stack[index + 1 :]
        for component in torn:
            fault = FaultError(f"the {component.name} that begins here has no end", component.begin.number)
            self._spoil(component, fault)
        if torn and self._stack[index].name not in {"", "VCALENDAR"}:
            self._stack[index].fault = torn[0].fault

    def done(self) -> Scan:
        """The end of the file."""
        self._tear(0)
        if self._outside.children:
            self._scan.faults.append(
                FaultError("what begins here is in no VCALENDAR", self._outside.children[0].begin.number)
            )
        elif len(self._scan.calendars) == 1:
            self._scan.faults.append(FaultError("this is no iCalendar object", 1))
        return self._scan
