"""Two-stage writes: accepted is not written. What an integration wrote settles later, and may fail.

When it settles, a pending write that meets something the diary has taken meanwhile fails: a new
appointment is cancelled, a changed one goes back to what it was. The id and the name stay. Other systems fail
for reasons of their own and say none: the fault `not_written` does so on demand.
"""

import json
import sqlite3

from calbridge_refpms import diary
from calbridge_refpms.changes import announce
from calbridge_refpms.faults import Faults
from calbridge_refpms.occupancy import refuse_overlap
from calbridge_refpms.problems import ProblemError
from calbridge_refpms.records import Records, Transaction

REASONS = {
    "slot_unavailable": "The time was taken before this was written.",
    "not_written": "This could not be written.",
}


def settle_due(records: Records, faults: Faults) -> int:
    """Decide every pending write that is due; how many there were."""
    due = "SELECT * FROM appointments WHERE settles_at <= ? ORDER BY settles_at, id"
    with records.read() as tx:
        if not tx.row(due, tx.now):
            return 0
    with records.write("integration") as tx:
        rows = tx.rows(due, tx.now)
        for row in rows:
            _settle(tx, row, faults)
    return len(rows)


def _settle(tx: Transaction, row: sqlite3.Row, faults: Faults) -> None:
    problem = "" if _fits(tx, row) else "slot_unavailable"
    if faults.take("SETTLE", f"/v1/appointments/{row['id']}") is not None:
        problem = "not_written"
    state = "failed" if problem else "written"
    if problem:
        _take_back(tx, row, REASONS[problem])
    else:
        tx.run("UPDATE appointments SET revision = revision + 1 WHERE id = ?", row["id"])
        announce(tx, "appointment", row["id"], row["revision"] + 1)
    tx.run(
        "UPDATE appointments SET write_state = ?, write_problem = ?, settles_at = NULL, before_write = NULL"
        " WHERE id = ?",
        state,
        problem,
        row["id"],
    )


def _fits(tx: Transaction, row: sqlite3.Row) -> bool:
    if row["overbook"] or row["status"] not in diary.LIVE:
        return True
    now = diary.stored(tx, row)
    try:
        refuse_overlap(tx, [now["resource"], *now["rooms"]], now["start"], now["end"], without=row["id"])
    except ProblemError:
        return False
    return True


def _take_back(tx: Transaction, row: sqlite3.Row, why: str) -> None:
    values = json.loads(row["before_write"]) if row["before_write"] else diary.stored(tx, row)
    if row["before_write"] is None:
        values |= {"status": "cancelled", "cancel_reason": why}
    diary.put(tx, row["id"], row["revision"] + 1, values)
