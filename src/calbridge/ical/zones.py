"""Which time zone a TZID means in one calendar: an IANA name, a Windows name, or the calendar's own definition.

Each calendar is asked for itself: Exchange calls every one of its zones "Customized Time Zone".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from calbridge.ical.definition import compiled
from calbridge.ical.steps import Steps, TooManyStepsError
from calbridge.ical.text import decoded, unfolded

_TZID = re.compile(rb"^TZID[^:\n]*:([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE | re.IGNORECASE)
_PLACE = re.compile(rb"^X-LIC-LOCATION[^:\n]*:([^\n]*)", re.MULTILINE | re.IGNORECASE)


_LONGEST, _LARGEST = 200, 65_536
"""Characters of a TZID, bytes of a definition: one that tells every change since 1900 has 20,000. What was read of
either is kept for the next time."""


_LOOK = 90
"""Steps that looking for a name costs."""

_PARTS = 3
"""Of a name, as in America/Argentina/Buenos_Aires."""


_WINDOWS = {name.casefold(): place for name, place in WINDOWS_TO_OLSON.items()}


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


@lru_cache(maxsize=1024)
def olson(tzid: str) -> str | None:
    """The IANA name behind a TZID: itself, a Windows name, or the tail of a vendor's path (`/vendor/Europe/Berlin`)."""
    cleaned = _cleaned(tzid)
    parts = cleaned.rsplit("/", _PARTS)[-_PARTS:]
    for tail in ("/".join(parts[start:]) for start in range(len(parts))):
        found = _names().get(tail.casefold())
        if found:
            return found
    return _WINDOWS.get(cleaned.casefold())


class Zones:
    """The zones of one calendar. `blocks` are its VTIMEZONEs, `default` is its X-WR-TIMEZONE.

    The default is for times without a zone, and UTC times count as ones that were written in it: publishers write
    a series in UTC and mean the wall clock of their calendar. `steps` is what reading the file may still cost.
    """

    def __init__(self, steps: Steps, blocks: Iterable[tuple[int, bytes]] = (), default: str = "") -> None:
        self._blocks = blocks
        self.steps = steps
        self._defined: dict[str, bytes] | None = None
        self._found: dict[str, tzinfo | None] = {}
        self.default = self.zone(default) if default else None

    def zone(self, tzid: str) -> tzinfo | None:
        """The zone of that name, None where nothing defines it."""
        if tzid not in self._found:
            self._found[tzid] = self._look_up(tzid) if self.steps.affords(_LOOK) else None
        return self._found[tzid]

    def _look_up(self, tzid: str) -> tzinfo | None:
        """A place (Europe/Berlin) is what the system knows of it; other names are what the calendar says: EST may have
        a summer time there."""
        if len(tzid) > _LONGEST:
            return None
        cleaned = _cleaned(tzid)
        known = olson(tzid)
        if known is None or cleaned.casefold() in _WINDOWS or ("/" not in known and known != "UTC"):
            own = self._own(cleaned)
            if own is not None:
                return own
        if known is None:
            known = self._place(cleaned)
        return _iana(known) if known else None

    def _own(self, cleaned: str) -> tzinfo | None:
        block = self._definition(cleaned)
        if not block or len(block) > _LARGEST:
            return None
        try:
            return self.steps.run(lambda: compiled(block))
        except TooManyStepsError:
            return None

    def _place(self, cleaned: str) -> str | None:
        """Where the definition itself says nothing: the place it is for."""
        place = _PLACE.search(self._definition(cleaned))
        return olson(decoded(place[1])) if place else None

    def _definition(self, cleaned: str) -> bytes:
        """That of exactly this name, else of one that differs in its capitals (RFC 5545, section 2: parameters have
        none); empty where there is neither."""
        if self._defined is None:
            self._defined = {}
            for name, block in self._named():
                self._defined.setdefault(name, block)
            for name, block in list(self._defined.items()):
                self._defined.setdefault(name.casefold(), block)
        return self._defined.get(cleaned) or self._defined.get(cleaned.casefold(), b"")

    def _named(self) -> Iterator[tuple[str, bytes]]:
        for _number, block in self._blocks:
            tzid = _TZID.search(block)
            if tzid:
                yield _cleaned(decoded(unfolded(tzid[1]))), block


def _iana(name: str) -> tzinfo:
    return UTC if name in {"UTC", "Etc/UTC"} else ZoneInfo(name)


def _cleaned(tzid: str) -> str:
    return tzid.replace("\\", "").strip().strip('"').strip("/")
