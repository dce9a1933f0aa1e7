"""Blocks and absences: time taken by the staff itself, or time a resource is away.

A block excludes appointments; an absence is information that a booking side must respect.
"""

import sqlite3
from typing import Literal

from calbridge_refpms.changes import announce
from calbridge_refpms.instants import parse, render
from calbridge_refpms.occupancy import refuse_overlap, require_order, require_resources
from calbridge_refpms.problems import not_found
from calbridge_refpms.records import Transaction, new_id
from calbridge_refpms.wire import Absence, Block, NewAbsence, NewBlock

_TABLES: dict[Literal["block", "absence"], tuple[str, str]] = {
    "block": ("blocks", "blk"),
    "absence": ("absences", "abs"),
}


def add_block(tx: Transaction, new: NewBlock) -> Block:
    """Keep a time free of appointments; 409 when something is there already."""
    start, end = _interval(tx, new)
    refuse_overlap(tx, [new.resource], start, end)
    return _block(tx, _add(tx, "block", new.resource, start, end, title=new.title))


def add_absence(tx: Transaction, new: NewAbsence) -> Absence:
    """Record that a resource is away; appointments it already has stay, for the desk to move."""
    start, end = _interval(tx, new)
    return _absence(tx, _add(tx, "absence", new.resource, start, end, reason=new.reason))


def blocks(tx: Transaction, start: int, end: int) -> list[Block]:
    """The blocks that touch the window."""
    return [_block(tx, row) for row in _touching(tx, "block", start, end)]


def absences(tx: Transaction, start: int, end: int) -> list[Absence]:
    """The absences that touch the window."""
    return [_absence(tx, row) for row in _touching(tx, "absence", start, end)]


def get_block(tx: Transaction, ident: str) -> Block:
    """One block; 404 once it is deleted."""
    return _block(tx, _row(tx, "block", ident))


def get_absence(tx: Transaction, ident: str) -> Absence:
    """One absence; 404 once it is deleted."""
    return _absence(tx, _row(tx, "absence", ident))


def remove(tx: Transaction, kind: Literal["block", "absence"], ident: str) -> None:
    """Delete for good; a tombstone stays in the change feed."""
    row = _row(tx, kind, ident)
    tx.run(f"DELETE FROM {_TABLES[kind][0]} WHERE id = ?", ident)  # noqa: S608 - one of two own words
    announce(tx, kind, ident, row["revision"] + 1, tombstone=True)


def _interval(tx: Transaction, new: NewBlock | NewAbsence) -> tuple[int, int]:
    start, end = parse("start", new.start), parse("end", new.end)
    require_resources(tx, [new.resource])
    require_order(start, end)
    return start, end


def _add(
    tx: Transaction, kind: Literal["block", "absence"], resource: str, start: int, end: int, **text: str
) -> sqlite3.Row:
    table, prefix = _TABLES[kind]
    ident = new_id(prefix)
    tx.insert(
        table,
        id=ident,
        revision=1,
        resource=resource,
        start=start,
        end=end,
        modified_by=tx.by,
        modified=tx.now,
        **text,
    )
    announce(tx, kind, ident, 1)
    return _row(tx, kind, ident)


def _row(tx: Transaction, kind: Literal["block", "absence"], ident: str) -> sqlite3.Row:
    row = tx.row(f"SELECT * FROM {_TABLES[kind][0]} WHERE id = ?", ident)  # noqa: S608 - one of two own words
    if row is None:
        raise not_found(kind, ident)
    return row


def _touching(tx: Transaction, kind: Literal["block", "absence"], start: int, end: int) -> list[sqlite3.Row]:
    return tx.rows(
        f'SELECT * FROM {_TABLES[kind][0]} WHERE start < ? AND "end" > ? ORDER BY start, id',  # noqa: S608 - as above
        end,
        start,
    )


def _block(tx: Transaction, row: sqlite3.Row) -> Block:
    zone = tx.zones[row["resource"]]
    return Block(**dict(row) | {name: render(row[name], zone) for name in ("start", "end", "modified")})


def _absence(tx: Transaction, row: sqlite3.Row) -> Absence:
    zone = tx.zones[row["resource"]]
    return Absence(**dict(row) | {name: render(row[name], zone) for name in ("start", "end", "modified")})
