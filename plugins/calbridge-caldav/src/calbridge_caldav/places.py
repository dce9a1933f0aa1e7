"""Where an appointment's event stands, what is there now, and the conditional requests on it.

The place follows from the appointment's id: `<id>.ics` in its resource's calendar, unless staff moved it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx

from calbridge.errors import BridgeError, NeedsHuman, Replan, SkipItem
from calbridge.http import classify
from calbridge.ical.lines import FaultError
from calbridge.provider import Entry
from calbridge_caldav.collection import Collection
from calbridge_caldav.document import Document
from calbridge_caldav.eyes import Eyes
from calbridge_caldav.hrefs import member_path, parts_of, ref_of
from calbridge_caldav.lately import Lately
from calbridge_caldav.multistatus import broken_rule
from calbridge_caldav.own import stamp_of
from calbridge_caldav.quirks import NO, YES
from calbridge_caldav.records import entry_of
from calbridge_caldav.wire import GONE, Body, Wire

CONFLICT = 412
NOT_AS_KNOWN = frozenset({CONFLICT, *GONE})
"""What a write under an ETag is refused with: 412, and by some servers 404 where nothing stands any more."""
_CARRIED = frozenset({201, 204})
_NOT_NOW = frozenset({423, 425, 429, 503})
_ONE_UID = frozenset({"no-uid-conflict", "unique-scheduling-object-resource"})
"""The server takes a UID once in a calendar (RFC 4791, 5.3.2.1), or once in all of an account (RFC 6638, 3.2.4.1)."""

_NO_PLACE = frozenset({404, 409, 410})
_CALENDAR = {"Content-Type": "text/calendar; charset=utf-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One href of one calendar."""

    collection: Collection
    segment: str

    @property
    def ref(self) -> str:
        """As the bridge names it."""
        return ref_of(self.collection.resource, self.segment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What stands at a place. `appointment` is the id in its stamp, "" for a foreign object.

    `document` and `entry` are None where it cannot be read; `why` says so then.
    """

    etag: str
    data: bytes
    appointment: str = ""
    document: Document | None = None
    entry: Entry | None = None
    why: str = ""


class Places:
    """The calendars of one connection, one object at a time."""

    def __init__(self, wire: Wire, collections: Mapping[str, Collection], eyes: Eyes, lately: Lately) -> None:
        self._wire = wire
        self._collections = collections
        self._eyes = eyes
        self._lately = lately

    def of(self, ref: str) -> Place | None:
        """Where a ref points; None when its resource has no calendar here any more."""
        resource, segment = parts_of(ref)
        collection = self._collections.get(resource)
        return Place(collection=collection, segment=segment) if collection and segment else None

    def home(self, resource: str, appointment: str) -> Place | None:
        """Where a new event of this appointment belongs."""
        return self.of(ref_of(resource, f"{appointment}.ics"))

    def homes(self, appointment: str) -> list[Place]:
        """The same in every calendar: an earlier write may have gone to another one."""
        return [Place(collection=one, segment=f"{appointment}.ics") for one in self._collections.values()]

    def by_uid(self, uid: str) -> Iterator[Place]:
        """Wherever a calendar has an event with this UID, as far as the server can search."""
        for collection in self._collections.values():
            for segment in collection.find(uid) or ():
                yield Place(collection=collection, segment=segment)

    def look(self, place: Place) -> Found | None:
        """What stands there now; None for 404 and 410 only."""
        answer = self._wire.get(_path(place))
        if not isinstance(answer, Body):
            if answer.status_code in GONE:
                return None
            raise classify(answer, item=place.ref)
        found = self._found(place, answer.data, answer.etag or place.collection.etag(place.segment))
        self._lately.keep(place.ref, answer.etag if found.entry else "", found.data)
        return found

    def unchanged(self, place: Place, etag: str) -> Found | None:
        """As it stood when it bore this ETag, without asking: for a write under that condition and nothing else.

        None where that is not known any more, or where the server is not known to honour the condition.
        """
        data = self._lately.of(place.ref, etag) if place.collection.quirks.if_match == YES else None
        return None if data is None else self._found(place, data, etag)

    def _found(self, place: Place, data: bytes, etag: str) -> Found:
        appointment, document = "", None
        try:
            document = Document.parse(data)
            stamp = stamp_of(document)
            appointment = stamp.appointment if stamp else ""
            entry = entry_of(document, place.collection.resource, place.segment, etag, self._eyes)
        except FaultError as fault:
            return Found(etag=etag, data=data, appointment=appointment, why=str(fault))
        return Found(etag=etag, data=data, appointment=appointment, document=document, entry=entry)

    def free(self, place: Place) -> bool:
        """Does nothing stand there? Asked only of a server that is known to write over what it was told not to."""
        return place.collection.quirks.if_none_match != NO or self.look(place) is None

    def must_look(self, place: Place) -> bool:
        """Is the server known to delete what changed meanwhile, whatever the condition says?"""
        return place.collection.quirks.if_match_delete == NO

    def create(self, place: Place, data: bytes) -> httpx.Response:
        """PUT where nothing stands. A success, or one of 403, 409 and 412 to look into."""
        return self._send("PUT", place, {"If-None-Match": "*", **_CALENDAR}, data, accept={CONFLICT, 403, 409})

    def update(self, place: Place, data: bytes, etag: str) -> httpx.Response:
        """PUT over what bears this ETag. A success, or one of NOT_AS_KNOWN."""
        return self._send("PUT", place, {"If-Match": etag or "*", **_CALENDAR}, data, accept={*NOT_AS_KNOWN})

    def delete(self, place: Place, etag: str) -> int:
        """DELETE what bears this ETag. The status: a success, 404, 410 or 412."""
        return self._send("DELETE", place, {"If-Match": etag or "*"}, accept={CONFLICT, *GONE}).status_code

    def carry(self, old: Place, home: Place, etag: str) -> bool:
        """MOVE (RFC 4918 9.9), the one way out of a calendar and into another that can't end in neither.

        False where the server did not do it: it knows no MOVE, something stands there, or the event was changed. One
        that has no time for it just now is asked again later: there is no need to take the event apart.
        """
        headers = {"Destination": self._wire.address(_path(home)), "Overwrite": "F", "If-Match": etag or "*"}
        response = self._wire.request("MOVE", _path(old), headers=headers)
        if response.status_code in _NOT_NOW:
            raise classify(response, item=old.ref)
        return response.status_code in _CARRIED or (response.status_code == httpx.codes.OK and self._went(old, home))

    def _went(self, old: Place, home: Place) -> bool:
        """One server answers a MOVE with 200, as a page that stands in between would."""
        return self.look(old) is None and self.look(home) is not None

    def refusal(self, place: Place, response: httpx.Response) -> BridgeError:
        """What a refused write means: no calendar there, no right to write, or a rule against this event."""
        status, resource = response.status_code, place.collection.resource
        if status in _NO_PLACE:
            place.collection.look()
        if status == httpx.codes.FORBIDDEN and b"ns:caldav" not in response.content:
            return NeedsHuman(
                f"The account may not write into calendars.{resource} (403): give it the right to, or use another one."
            )
        rule = broken_rule(response.content)
        if rule in _ONE_UID:
            return SkipItem(
                f"The account has this event already ({status}), in a calendar that no resource uses: "
                f"move it back into calendars.{resource}, or delete it there.",
                item=place.ref,
            )
        named = f", {rule}" if rule else ""
        return SkipItem(
            f"The calendar server does not take this event ({status}{named}): look into its log, "
            f"and at the event in calendars.{resource}.",
            item=place.ref,
        )

    def _send(
        self, method: str, place: Place, headers: Mapping[str, str], data: bytes = b"", *, accept: set[int]
    ) -> httpx.Response:
        response = self._wire.request(method, _path(place), headers=headers, content=data)
        if response.is_success or response.status_code in accept:
            return response
        problem = classify(response, item=place.ref)
        raise self.refusal(place, response) if isinstance(problem, SkipItem | Replan) else problem


def _path(place: Place) -> str:
    return member_path(place.collection.path, place.segment)
