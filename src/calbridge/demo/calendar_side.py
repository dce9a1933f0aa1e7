"""The staff's calendar app: plain CalDAV over httpx, knowing nothing of the bridge but what it sees in the calendar."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import httpx

from calbridge.demo.days import BERLIN
from calbridge.demo.shown import Shown

STAFF = "@praxis.example.org"
"""Every entry that staff made bears it in its UID; all others came from the bridge."""
MULTISTATUS = 207
CHANGED = 412
ATTEMPTS = 5
TAGS = {"d": "DAV:", "c": "urn:ietf:params:xml:ns:caldav"}
QUERY = """<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
<d:prop><d:getetag/><c:calendar-data/></d:prop>
<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">
<c:time-range start="{first:%Y%m%dT%H%M%SZ}" end="{last:%Y%m%dT%H%M%SZ}"/>
</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"""
XML = {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"}
TAGS_QUERY = '<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/><d:sync-token/></d:prop></d:propfind>'


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSide:
    """The calendars under `home`, one for each key of `vets`."""

    client: httpx.Client
    home: str
    vets: tuple[str, ...]

    def make(self, vet: str) -> None:
        """A new calendar."""
        self._do("MKCALENDAR", self._collection(vet))

    def keep(self, vet: str, name: str, text: bytes, *, version: str = "") -> None:
        """Store an entry; with `version` only if nobody changed it since."""
        headers = {"Content-Type": "text/calendar; charset=utf-8"} | ({"If-Match": version} if version else {})
        self._do("PUT", self._collection(vet) + name, content=text, headers=headers)

    def shows(self, span: tuple[datetime, datetime]) -> tuple[Shown, ...]:
        """Every entry that touches the span, repeated ones as often as they take place."""
        return tuple(sorted(entry for found in self._objects(span) for entry in found.occurrences(span)))

    def drag(self, ref: str, start: datetime) -> None:
        """Give an entry another start, as an app does: the same text with two other times."""
        self._edit(ref, lambda text: moved(text, start))

    def accept(self, ref: str) -> None:
        """Turn a tentative entry into a firm one."""
        self._edit(ref, lambda text: text.replace("STATUS:TENTATIVE", "STATUS:CONFIRMED"))

    def remove(self, ref: str) -> None:
        """Delete an entry."""
        self._do("DELETE", ref)

    def text(self, ref: str) -> str:
        """The whole stored object."""
        return self._do("GET", ref).text

    def fingerprint(self) -> dict[str, str]:
        """Each object's ETag and each calendar's sync token: equal before and after means nothing was written."""
        found: dict[str, str] = {}
        for vet in self.vets:
            answer = self._do("PROPFIND", self._collection(vet), content=TAGS_QUERY, headers=XML)
            for response in _responses(answer):
                found[_text(response, "d:href")] = _text(response, ".//d:getetag") + _text(response, ".//d:sync-token")
        return found

    def _edit(self, ref: str, change: Callable[[str], str]) -> None:
        """Store another text over the one that is there, as an app does: only if nobody changed it meanwhile; else it
        fetches what is new and does the same to it."""
        for _ in range(ATTEMPTS):
            got = self._do("GET", ref)
            headers = {"Content-Type": "text/calendar; charset=utf-8", "If-Match": got.headers["ETag"]}
            done = self.client.request("PUT", ref, content=change(got.text).encode(), headers=headers)
            if done.status_code != CHANGED:
                break
        done.raise_for_status()

    def _objects(self, span: tuple[datetime, datetime]) -> Iterator[_Object]:
        first, last = (edge.astimezone(UTC) for edge in span)
        for vet in self.vets:
            body = QUERY.format(first=first, last=last)
            for response in _responses(self._do("REPORT", self._collection(vet), content=body, headers=XML)):
                yield _Object(
                    vet=vet,
                    ref=unquote(_text(response, "d:href")),
                    version=_text(response, ".//d:getetag"),
                    data=_text(response, ".//c:calendar-data"),
                )

    def _collection(self, vet: str) -> str:
        return f"{self.home}{vet}/"

    def _do(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.client.request(method, path, **options).raise_for_status()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    vet: str
    ref: str
    version: str
    data: str = field(repr=False)

    def occurrences(self, span: tuple[datetime, datetime]) -> Iterator[Shown]:
        """What of it takes place in the span."""
        import icalendar
        import recurring_ical_events  # type: ignore[import-untyped]  # it ships no types

        for event in recurring_ical_events.of(icalendar.Calendar.from_ical(self.data)).between(*span):
            staff = str(event["UID"]).endswith(STAFF)
            free = str(event.get("TRANSP", "")) == "TRANSPARENT"
            yield Shown(
                start=_instant(event.start),
                end=_instant(event.end),
                resource=self.vet,
                state="free" if free else "staff" if staff else str(event.get("STATUS", "")),
                text=str(event.get("SUMMARY", "")),
                ref=self.ref,
                version=self.version,
            )


def moved(text: str, start: datetime) -> str:
    """The object with DTSTART at `start` and the same length, in the zone it is written in."""
    event = text.index("BEGIN:VEVENT")
    head, body = text[:event], text[event:]
    old = {name: _written(body, name) for name in ("DTSTART", "DTEND")}
    length = old["DTEND"] - old["DTSTART"]
    for name, at in (("DTSTART", start), ("DTEND", start + length)):
        local = f"{at.astimezone(BERLIN):%Y%m%dT%H%M%S}"
        body = re.sub(rf"(?m)^{name}[;:][^\r\n]*", f"{name};TZID={BERLIN.key}:{local}", body, count=1)
    return head + body


def _written(body: str, name: str) -> datetime:
    found = re.search(rf"(?m)^{name}[^:\r\n]*:(\d{{8}}T\d{{6}})(Z?)", body)
    if found is None:
        raise ValueError(f"The event has no {name} with a time.")
    return datetime.strptime(found.group(1), "%Y%m%dT%H%M%S").replace(tzinfo=UTC if found.group(2) else BERLIN)


def _instant(value: date | datetime) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=BERLIN)
    return datetime(value.year, value.month, value.day, tzinfo=BERLIN)


def _responses(answer: httpx.Response) -> list[ET.Element]:
    if answer.status_code != MULTISTATUS:
        raise ValueError(f"The calendar server answered {answer.status_code} to {answer.request.method}.")
    return ET.fromstring(answer.content).findall("d:response", TAGS)  # noqa: S314 - our own server, started by us


def _text(element: ET.Element, path: str) -> str:
    return (element.findtext(path, "", TAGS) or "").strip()
