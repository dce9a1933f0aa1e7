"""The bodies of the practice's protocol, in and out, as frozen records; their field names are the wire's."""

from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from calbridge_portal.site_records import Mode

By = Literal["client", "practice", "system"]
BookingStatus = Literal["requested", "confirmed", "arrived", "fulfilled", "no_show", "declined", "cancelled"]
HoldStatus = Literal["held", "consumed", "released", "expired"]
T = TypeVar("T")
SyncState = Literal["pending", "accepted", "written", "failed", "timed_out"]
MovesTo = Literal["offers", "moves"]
"""Which published starts a confirmed booking may be moved to by its client."""
Match = Literal["matched", "partial", "unmatched", "ambiguous"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeTime:
    """A time the bridge names where the clinic could not give the one a client chose."""

    calendar: str
    start: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRequest:
    """Reserve one slot. The portal may shorten `ttl_s`."""

    type: str
    calendar: str
    start: str
    client_ref: str
    ttl_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A slot reserved for a few minutes; it says nothing about who holds it."""

    id: str
    status: HoldStatus
    type: str
    calendar: str
    start: str
    end: str
    expires_at: str
    client_ref: str
    revision: int
    updated_at: str
    reason: str | None
    alternatives: list[FreeTime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """The person who books, as they wrote it."""

    first_name: str
    last_name: str
    email: str | None = None
    phone: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """The animal, as its owner wrote it."""

    name: str
    species: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRef:
    """Which start is meant."""

    type: str
    calendar: str
    start: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A client agrees to the privacy notice of this version, which she was shown."""

    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent(Agreed):
    """The same, with when she did."""

    agreed_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequest:
    """Book a slot, held before or not; one of `hold_id` and `slot` is needed.

    `language` is the tag (RFC 5646) of the page the client books on.
    """

    customer: Customer
    client_ref: str
    hold_id: str | None = None
    slot: SlotRef | None = None
    patient: Patient | None = None
    other_patients: list[Patient] = field(default_factory=list)
    note: str | None = None
    consent: Agreed | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """What the bridge reports of the clinic's own system."""

    state: SyncState
    match: Match | None = None
    external_ref: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport(Sync):
    """A sync report; it may also say how far the visit is, and which starts its client may move it to."""

    status: Literal["confirmed", "arrived", "fulfilled", "no_show"] | None = None
    moves_to: MovesTo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One booking with all the bridge needs of it.

    `manage_url` is the client's own page of it: whoever has it may change the booking.
    With an `account` the practice made it for the account's owner, and `client_ref` is the bridge's own name for it.
    """

    id: str
    account: str | None
    status: BookingStatus
    revision: int
    mode: Mode
    type: str | None
    calendar: str
    start: str
    end: str
    hold_id: str | None
    client_ref: str
    customer: Customer
    patient: Patient | None
    other_patients: list[Patient]
    note: str | None
    consent: Consent | None
    language: str | None
    manage_url: str
    created_at: str
    updated_at: str
    last_changed_by: By
    cancel_reason: str | None
    decline_reason: str | None
    alternatives: list[FreeTime]
    moves_to: MovesTo
    sync: Sync


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The clinic's answer to a request."""

    decision: Literal["accept", "decline"]
    reason: str | None = None
    reason_visible: bool = False
    alternatives: list[FreeTime] = field(default_factory=list)
    notify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Who gives the time back, and why."""

    by: Literal["client", "practice"]
    reason: str | None = None
    alternatives: list[FreeTime] = field(default_factory=list)
    notify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A new time. Only the practice may give an `end` of its own, and a `reason`: then it puts a client's move back."""

    start: str
    by: Literal["client", "practice"]
    calendar: str | None = None
    end: str | None = None
    hold_id: str | None = None
    reason: str | None = None
    alternatives: list[FreeTime] = field(default_factory=list)
    notify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A client who is connected with the practice, as she told it. Her e-mail address is proved to be hers."""

    id: str
    revision: int
    customer: Customer
    patient: Patient | None
    consent: Consent | None
    language: str | None
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What goes to an address, to prove whose it is."""

    email: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An appointment the practice made by itself, for the owner of an account. `note` is its reason for the visit."""

    account: str
    calendar: str
    start: str
    end: str
    type: str | None = None
    note: str | None = None
    notify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change, thin: it names what changed, never how."""

    seq: int
    type: str
    object: Literal["hold", "booking", "account", "availability", "settings"]
    id: str
    revision: int
    at: str
    by: By
    tombstone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All live holds, all connected accounts, and all bookings that end at `window_from` or later."""

    window_from: str
    holds: list[Hold]
    bookings: list[Booking]
    accounts: list[Account]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """The present state of what a page of changes names."""

    holds: list[Hold]
    bookings: list[Booking]
    accounts: list[Account]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """One page of the change feed."""

    events: list[Event]
    next_cursor: str
    has_more: bool
    snapshot: Snapshot | None = None
    objects: Objects | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """That a message went to the client; never its text."""

    kind: str
    revision: int
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedMessage:
    """What the bridge asks the portal to tell its client, beside what the portal tells by itself."""

    kind: Literal["reminder", "please_phone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """Where to send hints; no `events` means all."""

    url: str
    events: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A registered webhook. `secret` is there only in the answer that made it."""

    id: str
    url: str
    events: list[str]
    status: Literal["active", "disabled"]
    last_status: str | None
    pending: int
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = None
    has_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an operation answers before it is written as HTTP."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
