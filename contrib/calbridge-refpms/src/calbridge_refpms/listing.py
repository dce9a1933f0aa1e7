"""Lists come in pages, ordered by a key that a cursor continues from, so a page never drifts.

Page numbers would repeat or skip rows when something is booked between two requests.
"""

import base64
import binascii
import json

from calbridge_refpms import diary
from calbridge_refpms.problems import invalid
from calbridge_refpms.records import Transaction
from calbridge_refpms.wire import Appointment, Client, Page


def appointments(
    tx: Transaction,
    *,
    window: tuple[int, int] | None,
    updated_since: int | None,
    cursor: str | None,
    limit: int,
) -> Page[Appointment]:
    """Appointments in any state that touch the window and changed at or after an instant."""
    low, high = window or (-(1 << 60), 1 << 60)
    order = "start" if updated_since is None else "modified"
    after, ident = _after(cursor)
    rows = tx.rows(
        f"""SELECT id, {order} AS position FROM appointments
             WHERE start < ? AND "end" > ? AND modified >= ? AND ({order}, id) > (?, ?)
             ORDER BY {order}, id LIMIT ?""",  # noqa: S608 - one of two own words
        high,
        low,
        -(1 << 60) if updated_since is None else updated_since,
        after,
        ident,
        limit + 1,
    )
    more = len(rows) > limit
    shown = rows[:limit]
    return Page(
        items=[diary.get(tx, row["id"]) for row in shown],
        next_cursor=_cursor(shown[-1]["position"], shown[-1]["id"]) if more else None,
        has_more=more,
    )


def clients(found: list[Client], *, cursor: str | None, limit: int) -> Page[Client]:
    """A page of a search, in order of id."""
    _, ident = _after(cursor)
    rest = sorted((client for client in found if client.id > ident), key=lambda client: client.id)
    more = len(rest) > limit
    return Page(items=rest[:limit], next_cursor=_cursor(0, rest[limit - 1].id) if more else None, has_more=more)


def _cursor(position: int, ident: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([position, ident]).encode()).decode().rstrip("=")


def _after(cursor: str | None) -> tuple[int, str]:
    if cursor is None:
        return -(1 << 60), ""
    try:
        position, ident = json.loads(base64.urlsafe_b64decode(cursor + "=="))
        return int(position), str(ident)
    except (binascii.Error, ValueError, TypeError) as error:
        raise invalid("'cursor' is not one of this list; begin again without it.") from error
