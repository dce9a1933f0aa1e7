"""import_schedule: what changed in each calendar since the cursor, or everything.

The marks are taken before reading, so what changes meanwhile is seen again next time (`since` reads them). Every
difference is taken against what the bridge knows; a Delta names as removed only what it knows (R4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from calbridge.interval import Interval
from calbridge.provider import Complete, Delta, Feed, NotModified, Record, Unreadable
from calbridge_caldav import cursor as cursors
from calbridge_caldav.collection import Changes, Collection, Fetched
from calbridge_caldav.cursor import Seen
from calbridge_caldav.eyes import Eyes
from calbridge_caldav.hrefs import known_in, ref_of, refs_of, resource_of
from calbridge_caldav.since import listing, since


def read(
    collections: Sequence[Collection],
    cursor: str,
    window: Interval,
    known: Mapping[str, str],
    eyes: Eyes,
    now: int,
) -> Feed[Record]:
    """A Complete for a first read, else a Delta, or NotModified when nothing changed. `now`: epoch seconds."""
    past = cursors.read(cursor)
    if past is None:
        return _everything(collections, window, known, eyes, now)
    return _news(collections, past, known, eyes, now)


def _everything(
    collections: Sequence[Collection], window: Interval, known: Mapping[str, str], eyes: Eyes, now: int
) -> Complete[Record]:
    seen: dict[str, Seen] = {}
    items: list[Record] = []
    for collection in collections:
        marks = collection.look()
        seen[collection.resource] = Seen(path=collection.path, marks=marks, looked=now, listed=now)
        listed = listing(collection, known_in(collection.resource, known))
        items += _records(collection, Changes(changed=listed), eyes)
        items += _markers(collection.resource, eyes)
    return Complete(window=window, items=tuple(items), cursor=cursors.write(seen))


def _news(
    collections: Sequence[Collection],
    past: Mapping[str, Seen],
    known: Mapping[str, str],
    eyes: Eyes,
    now: int,
) -> Delta[Record] | NotModified:
    seen: dict[str, Seen] = {}
    changed: list[Record] = []
    removed: list[str] = []
    for collection in collections:
        resource = collection.resource
        seen[resource], changes = since(collection, cursors.seen_of(past, collection), known, now)
        found = list(_records(collection, changes, eyes))
        changed += found
        removed += _gone(resource, changes, found, known)
    after = cursors.write(seen)
    if not changed and not removed:
        return NotModified(cursor=after)
    return Delta(changed=tuple(changed), removed=tuple(removed), cursor=after)


def _gone(resource: str, changes: Changes, found: Sequence[Record], known: Mapping[str, str]) -> Iterator[str]:
    """What the bridge knows of the objects in question and what they no longer give."""
    present = {record.ref for record in found}
    for segment in sorted(changes.changed.keys() | changes.removed):
        every = refs_of(ref_of(resource, segment))
        yield from (one for one in every if one in known and one not in present)


def _records(collection: Collection, changes: Changes, eyes: Eyes) -> Iterator[Record]:
    """The records of what changed, in order of their names; none for one that is gone meanwhile."""
    wanted = sorted(changes.changed)
    missing = collection.bodies([segment for segment in wanted if segment not in changes.bodies])
    for segment in wanted:
        fetched = changes.bodies.get(segment) or next(missing)
        yield from _of_one(collection.resource, fetched, fetched.etag or changes.changed[segment], eyes)


def _markers(resource: str, eyes: Eyes) -> tuple[Record, ...]:
    from calbridge_caldav.records import markers

    return tuple(markers(resource, eyes))


def _of_one(resource: str, fetched: Fetched, version: str, eyes: Eyes) -> tuple[Record, ...]:
    if fetched.fault:
        ref = ref_of(resource, fetched.segment)
        keeps = refs_of(ref)
        return (Unreadable(ref=ref, version="", why=fetched.fault, resource=resource_of(resource), keeps=keeps),)
    if fetched.data is None:
        return ()
    from calbridge_caldav.records import records_of

    return records_of(resource, fetched.segment, version, fetched.data, eyes)
