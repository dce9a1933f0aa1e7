"""Whose word counts for what, where design.md lets a clinic say so (`[clinics.<c>.rules.authority]`).

What one side may not decide is overruled: journalled, and written back to it.
"""

from __future__ import annotations

from typing import Literal

from calbridge.hub import Link
from calbridge.model import Appointment, Side
from calbridge.reconcile.draft import Draft


def may(draft: Draft, link: Link, what: Literal["time", "cancel", "text"]) -> bool:
    """May this side of the clinic decide it? "pms" and "calendar" leave it to such sides, where there are any."""
    role = getattr(draft.clinic.rules.authority, what)
    roles = {each.role for each in draft.state.links.values()}
    return role not in roles or role == link.role


def clinic_may(draft: Draft, appointment: Appointment, field: Literal["service", "description"]) -> bool:
    """What came from a portal the portal says; what the clinic made itself is the clinic's to say."""
    return appointment.origin is Side.CLINIC or getattr(draft.clinic.rules.authority, field) != "portal"


def client_may(
    draft: Draft, appointment: Appointment, field: Literal["service", "description"], modified: int | None
) -> bool:
    """`modified` is when the client said so; with "last_edit" an edit of the clinic in the same round may be newer.

    What the clinic made itself it describes itself, wherever it is shown.
    """
    if appointment.origin is Side.CLINIC:
        return False
    match getattr(draft.clinic.rules.authority, field):
        case "clinic":
            return False
        case "last_edit":
            when = draft.now if modified is None else modified
            return when >= draft.edited.get((appointment.id, field), when)
        case _:
            return True


def last_edit_wins(draft: Draft, appointment: Appointment, modified: int | None) -> bool:
    """Client and clinic both moved it: only where the clinic says so may the later of the two be the client's."""
    later = modified is not None and modified > appointment.moved
    return draft.clinic.rules.authority.time == "last_edit" and later
