"""Every refusal of the portal is one Problem: a code of the protocol's table, answered as problem+json."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What one error code always means."""

    status: int
    title: str
    retryable: bool = False


CODES: Mapping[str, Kind] = MappingProxyType(
    {
        "invalid_request": Kind(status=400, title="The request is not well formed"),
        "idempotency_key_missing": Kind(status=400, title="This call needs an Idempotency-Key"),
        "unauthenticated": Kind(status=401, title="A valid bearer token is needed"),
        "forbidden": Kind(status=403, title="This is not allowed"),
        "outside_cancellation_window": Kind(status=403, title="It is too late to do this online"),
        "reschedule_limit": Kind(status=403, title="The booking was moved as often as allowed"),
        "wrong_code": Kind(status=403, title="The code is wrong"),
        "not_found": Kind(status=404, title="There is no such thing here"),
        "method_not_allowed": Kind(status=405, title="This is not done with this method"),
        "slot_unavailable": Kind(status=409, title="The slot is not available"),
        "stale_availability": Kind(status=409, title="Newer availability is already published"),
        "hold_consumed": Kind(status=409, title="The hold has become a booking"),
        "notice_changed": Kind(status=409, title="The privacy notice is another one"),
        "other_account": Kind(status=409, title="The appointment is shown to somebody else"),
        "not_pending": Kind(status=409, title="The booking is not in a state for this"),
        "already_booked_by_client": Kind(status=409, title="This client reference has a booking"),
        "idempotency_in_progress": Kind(status=409, title="The first call is still running", retryable=True),
        "hold_expired": Kind(status=410, title="The hold has expired"),
        "cursor_expired": Kind(status=410, title="The cursor is too old"),
        "stale_revision": Kind(status=412, title="The revision has changed"),
        "too_large": Kind(status=413, title="The request is too large"),
        "rule_violation": Kind(status=422, title="A booking rule refuses this"),
        "slot_mismatch": Kind(status=422, title="The slot is not the one held"),
        "idempotency_key_reused": Kind(status=422, title="The key was used for another request"),
        "precondition_missing": Kind(status=428, title="This call needs an If-Match"),
        "rate_limited": Kind(status=429, title="Too many requests", retryable=True),
        "internal": Kind(status=500, title="The portal failed", retryable=True),
        "maintenance": Kind(status=503, title="The portal is under maintenance", retryable=True),
    }
)


class Problem(Exception):
    """A refusal: a code of the table, one sentence, and members such as `conflict` or `alternatives`."""

    def __init__(self, code: str, detail: str, *, retry_after: int | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.members = members

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return CODES[self.code].status

    def body(self) -> dict[str, Any]:
        """The RFC 9457 document."""
        kind = CODES[self.code]
        return {
            "type": f"urn:calbridge:portal:problem:{self.code}",
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
            "code": self.code,
            "retryable": kind.retryable,
            **self.members,
        }

    def headers(self) -> dict[str, str]:
        """The headers that belong to it."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return headers | ({"WWW-Authenticate": "Bearer"} if self.code == "unauthenticated" else {})


def not_found(what: str, ref: str) -> Problem:
    """The problem of a reference nothing stands behind."""
    return Problem("not_found", f"There is no {what} {ref!r} here.")
