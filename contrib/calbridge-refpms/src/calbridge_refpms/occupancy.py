"""A resource has one thing at a time: live appointments, holds and blocks exclude each other.

Only an explicit `allow_double_booking` passes this by. A pending two-stage write is not yet in the
diary, so it stops nobody; it is judged when it settles.
"""

from calbridge_refpms.instants import render
from calbridge_refpms.problems import ProblemError, unprocessable
from calbridge_refpms.records import Transaction


def refuse_overlap(tx: Transaction, resources: list[str], start: int, end: int, *, without: str | None = None) -> None:
    """409 with the interval in the way, if something live overlaps on one of these resources."""
    for resource in resources:
        row = tx.row(
            """SELECT start, "end" FROM occupancy
                WHERE resource = ? AND start < ? AND "end" > ? AND id IS NOT ? AND write_state <> 'pending'
                ORDER BY start LIMIT 1""",
            resource,
            end,
            start,
            without,
        )
        if row:
            raise _taken(tx, resource, row["start"], row["end"])


def require_resources(tx: Transaction, resources: list[str]) -> None:
    """422 for a resource that does not exist or is named twice."""
    if len(set(resources)) < len(resources):
        raise unprocessable("invalid_rooms", "The resource and its rooms must all be different.")
    for resource in resources:
        if resource not in tx.zones:
            raise unprocessable("unknown_reference", f"There is no resource {resource!r}.")


def require_order(start: int, end: int) -> None:
    """422 for an interval that is empty or runs backwards."""
    if end <= start:
        raise unprocessable("invalid_interval", "The end must lie after the start.")


def _taken(tx: Transaction, resource: str, start: int, end: int) -> ProblemError:
    zone = tx.zones[resource]
    conflict = {"start": render(start, zone).isoformat(), "end": render(end, zone).isoformat()}
    return ProblemError(
        409,
        "slot_unavailable",
        f"{resource} is taken from {conflict['start']} to {conflict['end']}.",
        conflict=conflict,
    )
