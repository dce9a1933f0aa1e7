"""Reading the portal: the changes since a cursor, or a snapshot with a fresh one.

The snapshot and its cursor are of one moment, so nothing falls between them. A refused cursor (410) is never an
empty answer: it is a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable

from calbridge.errors import Replan
from calbridge.interval import Interval
from calbridge.provider import AccountRecord, Complete, Delta, Entry, Feed, NotModified, Unreadable
from calbridge_vetstoria.client import PortalClient
from calbridge_vetstoria.records import ACCOUNT, HOLD, VISIT, Reader
from calbridge_vetstoria.wire import Changes, Objects

PAGE = 500
PAGES = 100
Item = Entry | AccountRecord | Unreadable


def read(client: PortalClient, reader: Reader, cursor: str, window: Interval) -> Feed[Item]:
    """The hook `import_bookings`."""
    changed = _changes(client, reader, cursor) if cursor else None
    return changed or _snapshot(client, reader, window)


def _snapshot(client: PortalClient, reader: Reader, window: Interval) -> Complete[Item]:
    answer = client.send("GET", client.site("changes"), params={"snapshot": "true"})
    page = client.parse(Changes, answer.document)
    if page.snapshot is None:
        raise Replan("the portal gave no snapshot although one was asked for: the bridge asks again")
    # What ended before the snapshot begins is not in it: that must not look like a disappearance (R26).
    known_from = int(page.snapshot.window_from.timestamp())
    covered = Interval(max(window.start, known_from), window.end)
    items = _items(reader, page.snapshot)
    return Complete(
        window=covered, items=tuple(item for item in items if _inside(item, covered)), cursor=page.next_cursor
    )


def _inside(item: Item, window: Interval) -> bool:
    """A record that cannot be read stays: its time is not known. An account has none."""
    return not isinstance(item, Entry) or (item.view.start < window.end and item.view.end > window.start)


def _changes(client: PortalClient, reader: Reader, cursor: str) -> Delta[Item] | NotModified | None:
    """None when the portal does not know the cursor any more."""
    seen: dict[str, Item | None] = {}
    for _ in range(PAGES):
        params = {"cursor": cursor, "include": "true", "limit": str(PAGE)}
        answer = client.send("GET", client.site("changes"), params=params, expects={"cursor_expired"})
        if answer.code:
            return None
        page = client.parse(Changes, answer.document)
        seen |= _named(client, reader, page)
        cursor = page.next_cursor
        if not page.has_more:
            return _delta(seen, cursor)
    return None


def _delta(seen: dict[str, Item | None], cursor: str) -> Delta[Item] | NotModified:
    changed = tuple(item for item in seen.values() if item is not None)
    removed = tuple(ref for ref, item in seen.items() if item is None)
    return Delta(changed=changed, removed=removed, cursor=cursor) if seen else NotModified(cursor=cursor)


def _named(client: PortalClient, reader: Reader, page: Changes) -> dict[str, Item | None]:
    """What a page names, as it is now; None for a record that the portal itself says it has erased."""
    prefixes = {"hold": HOLD, "booking": VISIT, "account": ACCOUNT}
    refs = dict.fromkeys(prefixes[event.object] + event.id for event in page.events if event.object in prefixes)
    objects = _with_missing(client, refs, page.objects or Objects())
    found = {item.ref: item for item in _items(reader, objects)}
    consumed = {HOLD + str(hold.get("id")) for hold in objects.holds if hold.get("status") == "consumed"}
    return {ref: found.get(ref) for ref in refs if ref not in consumed}


def _with_missing(client: PortalClient, refs: Iterable[str], objects: Objects) -> Objects:
    """A portal that does not know `include` must not look as if it had erased what it names: each is asked for."""
    records = {
        HOLD: ("holds", list(objects.holds)),
        VISIT: ("bookings", list(objects.bookings)),
        ACCOUNT: ("accounts", list(objects.accounts)),
    }
    shown = {prefix + str(each.get("id")) for prefix, (_, found) in records.items() for each in found}
    for ref in refs:
        if ref in shown:
            continue
        kind, found = records[ref[: ref.index("/") + 1]]
        answer = client.send("GET", client.path(kind, ref.partition("/")[2]), item=ref, expects={"not_found"})
        found += [] if answer.code else [answer.document]
    return client.parse(Objects, dict(records.values()))


def _items(reader: Reader, objects: Objects) -> Iterable[Item]:
    """Entries by ref: should the portal list one twice, the later stands."""
    items = [
        *(reader.hold(each) for each in objects.holds),
        *(reader.booking(each) for each in objects.bookings),
        *(reader.account(each) for each in objects.accounts),
    ]
    return {item.ref: item for item in items if item is not None}.values()
