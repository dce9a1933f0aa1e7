"""Between a PMS, which knows its own record numbers, and the bridge, which knows several PMSs (`calbridge.numbers`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from calbridge.changes import Change, PmsChange, Receipt
from calbridge.feeds import ClientQuery, ClientRecord, Complete, Delta, Entry, Feed, Partial, Record
from calbridge.numbers import elsewhere, name_of, number_of
from calbridge.views import PmsView, View

# --- what a PMS says --------------------------------------------------------------------------------


def feed_from(connection: str, feed: Feed[Record]) -> Feed[Record]:
    """A read, with every client under the name of her record."""
    match feed:
        case Complete() | Partial():
            return _with(feed, items=tuple(_record_from(connection, each) for each in feed.items))
        case Delta():
            return _with(feed, changed=tuple(_record_from(connection, each) for each in feed.changed))
        case _:
            return feed


def _with(feed: Any, **fields: Any) -> Feed[Record]:
    found: Feed[Record] = replace(feed, **fields)  # `replace` takes no union
    return found


def _record_from(connection: str, record: Record) -> Record:
    return entry_from(connection, record) if isinstance(record, Entry) else record


def entry_from(connection: str, entry: Entry) -> Entry:
    """One appointment."""
    return replace(entry, view=view_from(connection, entry.view))


def view_from(connection: str, view: View) -> View:
    """What is shown of one."""
    if not isinstance(view, PmsView) or not view.client:
        return view
    return replace(view, client=name_of(connection, view.client))


def receipt_from(connection: str, receipt: Receipt) -> Receipt:
    """The answer to a write."""
    entry, wrote = receipt.entry, receipt.wrote
    return replace(receipt, entry=entry and entry_from(connection, entry), wrote=wrote and view_from(connection, wrote))


def client_from(connection: str, record: ClientRecord) -> ClientRecord:
    """A client's record under its name."""
    return replace(record, id=name_of(connection, record.id))


# --- what it is told --------------------------------------------------------------------------------


def change_for(connection: str, change: Change) -> Change:
    """A write in the PMS's own numbers. Whom another PMS keeps is nobody here: the link that it has itself stays."""
    if not isinstance(change, PmsChange):
        return change
    previous = change.previous and _numbered(change.previous)
    view = _numbered(change.view)
    if elsewhere(change.view.client, connection):
        client, patient = (previous.client, previous.patient) if previous else ("", "")
        view = replace(view, client=client, patient=patient)
    return replace(change, view=view, previous=previous)


def _numbered(view: PmsView) -> PmsView:
    return replace(view, client=number_of(view.client))


def query_for(connection: str, query: ClientQuery) -> ClientQuery | None:
    """The question in the PMS's own numbers; None where nothing of it is for this one."""
    asked = replace(query, id="" if elsewhere(query.id, connection) else number_of(query.id))
    return None if asked == ClientQuery() else asked
