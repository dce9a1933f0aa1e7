"""import_schedule: what changed in each calendar since the cursor, or everything.

The marks are taken before reading, so what changes meanwhile is seen again next time. An unchanged mark saves a
listing; a changed ctag with an empty delta, or a refused token, means a full listing (R5, R6). Every difference is
taken against what the bridge knows; a Delta names as removed only what it knows (R4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from calbridge.interval import Interval
from calbridge.provider import Complete, Delta, Feed, NotModified, Record, Unreadable
from calbridge_caldav import cursor as cursors
from calbridge_caldav.collection import Changes, Collection, Fetched, Marks
from calbridge_caldav.eyes import Eyes
from calbridge_caldav.hrefs import known_in, ref_of, repeats_of
from calbridge_caldav.records import records_of


def read(
    collections: Sequence[Collection], cursor: str, window: Interval, known: Mapping[str, str], eyes: Eyes
) -> Feed[Record]:
    """A Complete for a first read, else a Delta, or NotModified when nothing changed."""
    past = cursors.read(cursor)
    if past is None:
        return _everything(collections, window, eyes)
    return _news(collections, past, known, eyes)


def _everything(collections: Sequence[Collection], window: Interval, eyes: Eyes) -> Complete[Record]:
    seen: dict[str, tuple[str, Marks]] = {}
    items: list[Record] = []
    for collection in collections:
        seen[collection.resource] = (collection.path, collection.look())
        listed = collection.listing()
        items += _records(collection, listed, eyes)
    return Complete(window=window, items=tuple(items), cursor=cursors.write(seen))


def _news(
    collections: Sequence[Collection],
    past: Mapping[str, tuple[str, Marks]],
    known: Mapping[str, str],
    eyes: Eyes,
) -> Delta[Record] | NotModified:
    seen: dict[str, tuple[str, Marks]] = {}
    changed: list[Record] = []
    removed: list[str] = []
    for collection in collections:
        held = known_in(collection.resource, known)
        marks, changes = _since(collection, cursors.marks_of(past, collection), held)
        seen[collection.resource] = (collection.path, marks)
        found = list(_records(collection, changes.changed, eyes))
        changed += found
        removed += _gone(collection.resource, changes, found, known)
    after = cursors.write(seen)
    if not changed and not removed:
        return NotModified(cursor=after)
    return Delta(changed=tuple(changed), removed=tuple(removed), cursor=after)


def _gone(resource: str, changes: Changes, found: Sequence[Record], known: Mapping[str, str]) -> Iterator[str]:
    """What the bridge knows of the objects in question and what they no longer give."""
    present = {record.ref for record in found}
    for segment in sorted(changes.changed.keys() | changes.removed):
        ref = ref_of(resource, segment)
        yield from (one for one in (ref, repeats_of(ref)) if one in known and one not in present)


def _since(collection: Collection, before: Marks | None, held: Mapping[str, str]) -> tuple[Marks, Changes]:
    now = collection.look()
    if before is not None and before == now and (now.token or now.ctag):
        return now, Changes()
    changes = collection.changes(before.token) if before and before.token else None
    if before is None or changes is None:
        return now, _listed(collection, held)
    if not changes.changed and not changes.removed and now.ctag != before.ctag:
        return replace(now, token=changes.token), _listed(collection, held)
    news = {segment: etag for segment, etag in changes.changed.items() if not etag or held.get(segment) != etag}
    return replace(now, token=changes.token), replace(changes, changed=news)


def _listed(collection: Collection, held: Mapping[str, str]) -> Changes:
    listed = collection.listing()
    return Changes(
        changed={segment: etag for segment, etag in listed.items() if not etag or held.get(segment) != etag},
        removed=frozenset(held.keys() - listed.keys()),
    )


def _records(collection: Collection, segments: Mapping[str, str], eyes: Eyes) -> Iterator[Record]:
    """The records of these objects, in order of their names; none for one that is gone meanwhile."""
    for fetched in collection.bodies(sorted(segments)):
        version = fetched.etag or segments.get(fetched.segment, "")
        yield from _of_one(collection.resource, fetched, version, eyes)


def _of_one(resource: str, fetched: Fetched, version: str, eyes: Eyes) -> tuple[Record, ...]:
    if fetched.fault:
        ref = ref_of(resource, fetched.segment)
        return (Unreadable(ref=ref, version="", why=fetched.fault, resource=resource),)
    if fetched.data is None:
        return ()
    return records_of(resource, fetched.segment, version, fetched.data, eyes)
