"""The marks that the bridge leaves in iCalendar: an appointment's UID, for ever, and who published a feed."""

from __future__ import annotations

import re

DOMAIN = "@calbridge"
_ID = re.compile(r"[a-z0-9]+")


def uid_of(appointment: str) -> str:
    """The UID of an appointment's event."""
    return f"{appointment}{DOMAIN}"


def appointment_of(uid: str) -> str:
    """The appointment's id in such a UID, "" for a foreign one."""
    head = uid.removesuffix(DOMAIN)
    return head if head != uid and _ID.fullmatch(head) else ""


def product_of(clinic: str) -> str:
    """The PRODID of what the bridge publishes of a clinic (RFC 5545 3.7.3)."""
    return f"-//calbridge//free-busy of {clinic}//EN"
