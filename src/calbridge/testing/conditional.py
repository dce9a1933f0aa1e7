"""A conditional write, as every side must answer it: done already, moved meanwhile, or still to be done."""

from __future__ import annotations

from collections.abc import Collection

from calbridge.provider import Change, Entry, Receipt
from calbridge.views import View, fields_of


def shows(view: View, wanted: View, fields: Collection[str]) -> bool:
    """True when `view` equals `wanted` in every one of `fields`."""
    here, there = fields_of(view), fields_of(wanted)
    return all(here[name] == there[name] for name in fields)


def settled(change: Change, current: Entry | None, fields: Collection[str]) -> Receipt | None:
    """The answer to `change` that needs no write; None when it must be carried out.

    A write whose answer was lost shows the wished view under our revision: it is answered as written.
    Anything else that differs from the version asked about was changed by somebody: it is handed back.
    """
    if current is None:
        return _nothing_there(change)
    if change.remove and current.view.state.gone:
        return Receipt(outcome="written")
    if _done(change, current, fields):
        return Receipt(outcome="written", entry=current)
    if change.version != current.version:
        return Receipt(outcome="moved", entry=current)
    return None


def _nothing_there(change: Change) -> Receipt | None:
    if change.remove:
        return Receipt(outcome="written")
    return Receipt(outcome="moved") if change.ref else None


def _done(change: Change, current: Entry, fields: Collection[str]) -> bool:
    ours = current.stamp is None or current.stamp.revision == change.revision
    return ours and not change.remove and shows(current.view, change.view, fields)
