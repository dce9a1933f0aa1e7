"""Blocks, absences and closures: time taken by the staff itself, a resource that is away, a practice that is closed.

A block excludes appointments; an absence or a closure is information that a booking side must respect.
"""

import sqlite3
from typing import Literal
from zoneinfo import ZoneInfo

from calbridge_refpms.changes import announce
from calbridge_refpms.instants import parse, render
from calbridge_refpms.occupancy import refuse_overlap, require_order, require_resources
from calbridge_refpms.problems import not_found, unprocessable
from calbridge_refpms.records import Transaction, new_id
from calbridge_refpms.wire import Absence, Block, Closure, NewAbsence, NewBlock, NewClosure

Kind = Literal["block", "absence", "closure"]
_TABLES: dict[Kind, tuple[str, str]] = {
    "block": ("blocks", "blk"),
    "absence": ("absences", "abs"),
    "closure": ("closures", "cls"),
}


def add_block(tx: Transaction, new: NewBlock) -> Block:
    """Keep a time free of appointments; 409 when something is there already."""
    start, end = _interval(tx, new)
    refuse_overlap(tx, [new.resource], start, end)
    return _block(tx, _add(tx, "block", start, end, resource=new.resource, title=new.title))


def add_absence(tx: Transaction, new: NewAbsence) -> Absence:
    """Record that a resource is away; appointments it already has stay, for the desk to move."""
    start, end = _interval(tx, new)
    return _absence(tx, _add(tx, "absence", start, end, resource=new.resource, reason=new.reason))


def add_closure(tx: Transaction, new: NewClosure) -> Closure:
    """Record that the practice or a site is closed; appointments it already has stay, for the desk to move."""
    start, end = parse("start", new.start), parse("end", new.end)
    if new.location is not None and tx.row("SELECT 1 FROM locations WHERE id = ?", new.location) is None:
        raise unprocessable("unknown_reference", f"There is no location {new.location!r}.")
    require_order(start, end)
    return _closure(tx, _add(tx, "closure", start, end, location=new.location, reason=new.reason))


def blocks(tx: Transaction, start: int, end: int) -> list[Block]:
    """The blocks that touch the window."""
    return [_block(tx, row) for row in _touching(tx, "block", start, end)]


def absences(tx: Transaction, start: int, end: int) -> list[Absence]:
    """The absences that touch the window."""
    return [_absence(tx, row) for row in _touching(tx, "absence", start, end)]


def closures(tx: Transaction, start: int, end: int) -> list[Closure]:
    """The closures that touch the window."""
    return [_closure(tx, row) for row in _touching(tx, "closure", start, end)]


def get_block(tx: Transaction, ident: str) -> Block:
    """One block; 404 once it is deleted."""
    return _block(tx, _row(tx, "block", ident))


def get_absence(tx: Transaction, ident: str) -> Absence:
    """One absence; 404 once it is deleted."""
    return _absence(tx, _row(tx, "absence", ident))


def get_closure(tx: Transaction, ident: str) -> Closure:
    """One closure; 404 once it is deleted."""
    return _closure(tx, _row(tx, "closure", ident))


def remove(tx: Transaction, kind: Kind, ident: str) -> None:
    """Delete for good; a tombstone stays in the change feed."""
    row = _row(tx, kind, ident)
    tx.run(f"DELETE FROM {_TABLES[kind][0]} WHERE id = ?", ident)  # noqa: S608 - one of three own words
    announce(tx, kind, ident, row["revision"] + 1, tombstone=True)


def _interval(tx: Transaction, new: NewBlock | NewAbsence) -> tuple[int, int]:
    start, end = parse("start", new.start), parse("end", new.end)
    require_resources(tx, [new.resource])
    require_order(start, end)
    return start, end


def _add(tx: Transaction, kind: Kind, start: int, end: int, **fields: str | None) -> sqlite3.Row:
    table, prefix = _TABLES[kind]
    ident = new_id(prefix)
    tx.insert(
        table,
        id=ident,
        revision=1,
        start=start,
        end=end,
        modified_by=tx.by,
        modified=tx.now,
        **fields,
    )
    announce(tx, kind, ident, 1)
    return _row(tx, kind, ident)


def _row(tx: Transaction, kind: Kind, ident: str) -> sqlite3.Row:
    row = tx.row(f"SELECT * FROM {_TABLES[kind][0]} WHERE id = ?", ident)  # noqa: S608 - one of three own words
    if row is None:
        raise not_found(kind, ident)
    return row


def _touching(tx: Transaction, kind: Kind, start: int, end: int) -> list[sqlite3.Row]:
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


def _closure(tx: Transaction, row: sqlite3.Row) -> Closure:
    """In the time of its site, or of the first."""
    sites = tx.rows("SELECT time_zone FROM locations WHERE ? IN (id, '') ORDER BY rowid", row["location"] or "")
    zone = ZoneInfo(sites[0]["time_zone"])
    return Closure(**dict(row) | {name: render(row[name], zone) for name in ("start", "end", "modified")})
