"""What changed in one calendar since it was read last: the cheapest question that is sure to tell.

The calendar's date where the server was seen to move it, else its token, or token and ctag; the delta only where that
has moved, and in doubt a full listing.
A refused token, a changed mark with nothing in the delta, and a delta that names what is not new are no answer: the
listing is the truth (R5, R6). It is asked for now and then even where all is well, oftener of a server that answers
tokens it never gave out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from calbridge.errors import RetryLater
from calbridge_caldav.collection import Changes, Collection, Marks
from calbridge_caldav.cursor import Seen
from calbridge_caldav.hrefs import field_of, known_in
from calbridge_caldav.quirks import NO, YES

LOOK_AGAIN = 900
"""Seconds after which the date alone is not believed any more."""
LIST_AGAIN = 900
"""Seconds after which a server with doubtful deltas is listed, whatever its marks say."""

FEW = 3
"""So many entries may go at once without a question."""


def since(collection: Collection, before: Seen | None, known: Mapping[str, str], now: int) -> tuple[Seen, Changes]:
    """What is seen now, and what changed: only what the bridge does not know in that version."""
    if before is None:
        return _listed(collection, collection.look(), known, now)
    if _may_glance(collection, before, now):
        return _glanced(collection, before, known, now)
    return _looked(collection, before, known, now)


def _glanced(collection: Collection, before: Seen, known: Mapping[str, str], now: int) -> tuple[Seen, Changes]:
    marks = collection.glance()
    if marks.date == before.marks.date:
        return before, Changes()
    return _delta(collection, before, marks, known, now)


def _looked(collection: Collection, before: Seen, known: Mapping[str, str], now: int) -> tuple[Seen, Changes]:
    marks = collection.look()
    if _doubtful(collection) and now - before.listed >= LIST_AGAIN:
        return _listed(collection, marks, known, now)
    if _same(before.marks, marks):
        return replace(before, marks=marks, looked=now), Changes()
    return _delta(collection, before, marks, known, now)


def _may_glance(collection: Collection, before: Seen, now: int) -> bool:
    fresh = 0 <= now - before.looked < LOOK_AGAIN and not _doubtful(collection)
    return collection.quirks.glances and before.marks.settled and fresh


def _doubtful(collection: Collection) -> bool:
    return NO in {collection.quirks.complete_delta, collection.quirks.refuses_strange_token}


def _same(before: Marks, now: Marks) -> bool:
    """Every mark that both looks have is the same, and there is one at least."""
    pairs = [(before.token, now.token), (before.ctag, now.ctag)]
    both = [old == new for old, new in pairs if old and new]
    return bool(both) and all(both)


def _delta(
    collection: Collection, before: Seen, marks: Marks, known: Mapping[str, str], now: int
) -> tuple[Seen, Changes]:
    """What the server's delta says; `marks` is what was seen just now."""
    token = before.marks.token if collection.quirks.trusts_delta else ""
    changes = collection.changes(token, bodies=collection.quirks.delta_bodies == YES) if token else None
    held = known_in(collection.resource, known) if changes is None or changes.changed else {}
    if changes is None or _empty(changes, before.marks, marks) or _replayed(changes, held):
        whole = marks if marks.token or marks.ctag else collection.look()
        return _listed(collection, whole, known, now)
    news = {segment: etag for segment, etag in changes.changed.items() if not etag or held.get(segment) != etag}
    seen = replace(before, marks=replace(marks, token=changes.token), looked=now)
    return seen, replace(changes, changed=news)


def _empty(changes: Changes, before: Marks, now: Marks) -> bool:
    """Nothing is named, although the surest mark that both looks have says that something changed (BlueMind, sabre)."""
    if changes.changed or changes.removed:
        return False
    pairs = [(before.ctag, now.ctag), (before.date, now.date), (before.token, now.token)]
    return next((old != new for old, new in pairs if old and new), True)


def _replayed(changes: Changes, held: Mapping[str, str]) -> bool:
    """It names mostly what is known already: the server has forgotten the token and tells of all that is left."""
    stale = sum(1 for segment, etag in changes.changed.items() if etag and held.get(segment) == etag)
    return stale > 1 and stale * 2 > len(held)


def listing(collection: Collection, held: Mapping[str, str]) -> dict[str, str]:
    """The listing. One that leaves out most of what is known, as of a server that is just being restored or shows a
    part only, is asked about one of these: is that really gone?
    """
    listed = collection.listing()
    lost = sorted(held.keys() - listed.keys())
    if len(lost) > max(FEW, len(held) // 2):
        asked = collection.fetch(lost[0])
        if asked.data is not None or asked.fault:
            raise RetryLater(
                f"The listing of {field_of(collection.resource)} leaves out most of its entries, and nobody says that "
                "they are gone: nothing of it is believed, the bridge tries again by itself."
            )
    return listed


def _listed(collection: Collection, marks: Marks, known: Mapping[str, str], now: int) -> tuple[Seen, Changes]:
    held = known_in(collection.resource, known)
    listed = listing(collection, held)
    changes = Changes(
        changed={segment: etag for segment, etag in listed.items() if not etag or held.get(segment) != etag},
        removed=frozenset(held.keys() - listed.keys()),
    )
    return Seen(path=collection.path, marks=marks, looked=now, listed=now), changes
