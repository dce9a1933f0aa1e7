"""Is this one really gone? Only a 404 or 410 on that very object says so, and only when it was not moved away."""

from __future__ import annotations

from collections.abc import Mapping

from calbridge.errors import BridgeError
from calbridge.provider import Gone, Present, Probe, Unknown
from calbridge.uids import appointment_of, uid_of
from calbridge_caldav.collection import Collection
from calbridge_caldav.hrefs import field_of, parts_of


def probe(collections: Mapping[str, Collection], ref: str) -> Probe:
    """Present, Gone or Unknown; never an exception."""
    resource, segment = parts_of(ref)
    collection = collections.get(resource)
    if collection is None or not segment:
        return Unknown(why=f"no calendar is configured for {resource} any more")
    try:
        return _probe(collection, segment, collections)
    except BridgeError as error:
        return Unknown(why=error.hint)


def _probe(collection: Collection, segment: str, collections: Mapping[str, Collection]) -> Probe:
    fetched = collection.fetch(segment)
    if fetched.fault:
        return Unknown(why=fetched.fault)
    if fetched.data is not None:
        return Present() if b"BEGIN:VCALENDAR" in fetched.data.upper() else Unknown(why="it is no calendar entry")
    collection.look()
    elsewhere = _moved_to(segment, collections)
    return Unknown(why=f"it was moved into {field_of(elsewhere)}") if elsewhere else Gone()


def _moved_to(segment: str, collections: Mapping[str, Collection]) -> str:
    """A staff member who drags an event into a colleague's calendar deletes it in the first one."""
    appointment = appointment_of(uid_of(segment.removesuffix(".ics")))
    if not appointment:
        return ""
    for collection in collections.values():
        found = collection.find(uid_of(appointment))
        if found is None:
            found = [] if collection.fetch(segment).data is None else [segment]
        if any(collection.fetch(one).data is not None for one in found):
            return collection.resource
    return ""
