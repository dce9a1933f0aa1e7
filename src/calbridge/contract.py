"""What a provider gives back is checked against the hook's contract before the core sees it.

A feed that is not one, or says more than it may, would let one plugin cancel another connection's bookings.
Each check gives a sentence about the shape of the answer, never about its content.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from calbridge.interval import Interval
from calbridge.provider import (
    AbsenceRecord,
    AccountRecord,
    Busy,
    Capabilities,
    Change,
    ClientRecord,
    ClosureRecord,
    Complete,
    Delta,
    Entry,
    ExportReceipt,
    Finding,
    Gone,
    Hint,
    Learned,
    NotifierAbilities,
    NotifyReceipt,
    NotModified,
    Partial,
    Present,
    Receipt,
    Record,
    Role,
    Unknown,
    Unreadable,
    WindowRecord,
)
from calbridge.shapes import wrong_part
from calbridge.views import CalendarView, PmsView, PortalView

_VIEWS: dict[Role, type] = {"calendar": CalendarView, "pms": PmsView, "portal": PortalView}
_FEEDS = (Complete, Delta, NotModified, Partial)
_OUTCOMES = ("written", "pending", "moved", "conflict")
_NOT_ALL = ("moved", "conflict")
_ITEMS: dict[str, tuple[type, ...]] = {
    "import_bookings": (Entry, AccountRecord, Unreadable),
    "import_schedule": (Entry, Busy, WindowRecord, AbsenceRecord, ClosureRecord, Unreadable),
}


def violation(hook: str, role: Role | None, result: object, arguments: Mapping[str, Any]) -> str:
    """What is wrong with `result` of `hook`, or ""."""
    if inspect.isawaitable(result):
        getattr(result, "close", lambda: None)()  # an abandoned coroutine would warn about itself
        return "gave a coroutine back; hooks are plain functions"
    try:
        return next(iter(_CHECKS[hook](hook, role, result, arguments)), "")
    except Exception as error:  # noqa: BLE001  # a part of the wrong type may fail anywhere; only its type is told
        return f"gave an answer with parts of the wrong type ({type(error).__name__})"


def wrong_abilities(notifier: object) -> str:
    """What is wrong with a notifier's `abilities`, or ""."""
    given = getattr(notifier, "abilities", None)
    if not isinstance(given, NotifierAbilities):
        return f"has {_kind(given)} as its abilities"
    part = wrong_part(given)
    return f"has abilities whose {part} is not of its type" if part else ""


def wrong_capabilities(provider: object) -> str:
    """What is wrong with a provider's `capabilities`, or ""."""
    given = getattr(provider, "capabilities", None)
    return "" if isinstance(given, Capabilities) else f"has {_kind(given)} as its capabilities"


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _is_a(*kinds: type) -> Callable[..., Iterator[str]]:
    def check(_hook: str, _role: Role, result: object, _arguments: Mapping[str, Any]) -> Iterator[str]:
        if not isinstance(result, kinds):
            yield f"gave {_kind(result)} back, not {' or '.join(kind.__name__ for kind in kinds)}"
        else:
            yield from _parts(result)

    return check


def _tuple_of(kind: type) -> Callable[..., Iterator[str]]:
    def check(_hook: str, _role: Role, result: object, _arguments: Mapping[str, Any]) -> Iterator[str]:
        if not isinstance(result, tuple):
            yield f"gave {_kind(result)} back, not a tuple of {kind.__name__}"
        else:
            yield from (f"gave a tuple with {_kind(each)} in it" for each in result if not isinstance(each, kind))
            yield from (fault for each in result for fault in _parts(each))

    return check


def _parts(record: object) -> Iterator[str]:
    """The fields of a record: a half character or a year 12000 in one would stop the whole clinic's commit."""
    part = wrong_part(record)
    if part:
        yield f"gave {_kind(record)} whose {part} is not of its type, or cannot be stored"


def _feed(hook: str, role: Role, feed: object, arguments: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(feed, _FEEDS):
        yield f"gave {_kind(feed)} back, not a feed"
        return
    if not isinstance(getattr(feed, "cursor", ""), str):
        yield "gave a cursor that is not text"
    if isinstance(feed, NotModified | Delta) and not arguments["cursor"]:
        yield f"answered {type(feed).__name__} to a first read, which has no cursor"
    if isinstance(feed, Complete | Partial):
        if not isinstance(feed.window, Interval):
            yield f"gave {_kind(feed.window)} as its window, not an Interval"
        yield from _interval("a window", feed.window)
        yield from _items(hook, role, feed.items)
    if isinstance(feed, Delta):
        yield from _items(hook, role, feed.changed)
        yield from _removed(feed)


def _removed(feed: Delta[Any]) -> Iterator[str]:
    if not (isinstance(feed.removed, tuple) and all(isinstance(ref, str) and ref for ref in feed.removed)):
        yield "gave removed refs that are not a tuple of texts"
    elif not isinstance(feed.people, str):
        yield "gave a people that is not text"
    elif not {item.ref for item in feed.changed}.isdisjoint(feed.removed):
        yield "says of one ref that it changed and that it was removed"


def _items(hook: str, role: Role, items: Any) -> Iterator[str]:
    if not isinstance(items, tuple):
        yield f"gave {_kind(items)} as the items of a feed, not a tuple"
        return
    seen: set[str] = set()
    for item in items:
        if type(item) not in _ITEMS[hook]:
            yield f"gave {_kind(item)} in a feed of {hook}"
            return
        yield from _item(role, item)
        if item.ref in seen:
            yield "gave two items with the same ref in one feed"
        seen.add(item.ref)


def _item(role: Role, item: Record) -> Iterator[str]:
    if not (isinstance(item.ref, str) and item.ref and isinstance(item.version, str)):
        yield f"gave {_kind(item)} without a ref or with a version that is not text"
    if isinstance(item, Entry):
        yield from _entry(role, item)
    else:
        for span in item.spans:
            yield from _interval(f"a span of {_kind(item)}", span, empty=True)
    yield from _parts(item)


def _entry(role: Role, entry: object) -> Iterator[str]:
    if not isinstance(entry, Entry):
        yield f"gave {_kind(entry)} where an Entry belongs"
    elif not isinstance(entry.view, _VIEWS[role]):
        yield f"gave an entry with {_kind(entry.view)}, not a {_VIEWS[role].__name__}"
    else:
        yield from _interval("an entry's time", (entry.view.start, entry.view.end))


def _interval(what: str, span: object, *, empty: bool = False) -> Iterator[str]:
    """Foreign time may be empty (zero-length events exist, R15), an appointment may not."""
    match span:
        case (int() as start, int() as end) if start < end or (empty and start == end):
            return
        case (int(), int()):
            yield f"gave {what} that ends before it begins, or has no length"
        case _:
            yield f"gave {what} that is not two whole numbers of seconds"


def _receipt(_hook: str, role: Role, receipt: object, arguments: Mapping[str, Any]) -> Iterator[str]:
    change: Change = arguments["change"]
    if not isinstance(receipt, Receipt):
        yield f"gave {_kind(receipt)} back, not a Receipt"
    elif receipt.outcome not in _OUTCOMES:
        yield f"gave an outcome that does not exist; there are {', '.join(_OUTCOMES)}"
    elif receipt.gone and (receipt.outcome != "moved" or receipt.entry is not None or change.ref):
        yield "names as gone what was not new, or is still shown"
    elif receipt.wrote is not None and (receipt.entry is None or receipt.outcome not in _NOT_ALL):
        yield "says what it wrote of a change that it carried out, or of what is not there"
    elif receipt.entry is not None:
        yield from _entry(role, receipt.entry)
        yield from _wrote(role, receipt.wrote)
        yield from _parts(receipt)
    elif receipt.outcome == "written" and not change.remove:
        yield "says it wrote an appointment but gave no entry read back"


def _wrote(role: Role, view: Any) -> Iterator[str]:
    kind: Any = _VIEWS[role]
    if isinstance(view, kind):
        yield from _interval("a time that it wrote", (view.start, view.end))
    elif view is not None:
        yield f"says that it wrote {_kind(view)}, not a {kind.__name__}"


_CHECKS: dict[str, Callable[..., Iterator[str]]] = {
    "import_bookings": _feed,
    "import_schedule": _feed,
    "propagate_change": _receipt,
    "export_availability": _is_a(ExportReceipt),
    "find_clients": _tuple_of(ClientRecord),
    "create_client": _is_a(ClientRecord),
    "probe": _is_a(Present, Gone, Unknown),
    "check": _tuple_of(Finding),
    "learn": _is_a(Learned),
    "receive": _tuple_of(Hint),
    "notify": _is_a(NotifyReceipt),
}
