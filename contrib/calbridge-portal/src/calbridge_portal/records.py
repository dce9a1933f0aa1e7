"""The bodies of the protocol, in and out, as frozen records; their field names are the wire's."""

from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

By = Literal["client", "practice", "system"]
BookingStatus = Literal["requested", "confirmed", "arrived", "fulfilled", "no_show", "declined", "cancelled"]
HoldStatus = Literal["held", "consumed", "released", "expired"]
Mode = Literal["instant", "request"]
T = TypeVar("T")
SyncState = Literal["pending", "accepted", "written", "failed", "timed_out"]
MovesTo = Literal["offers", "moves"]
"""Which published starts a confirmed booking may be moved to by its client."""
Match = Literal["matched", "partial", "unmatched", "ambiguous"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """What the clinic lets its clients do. Seconds; None means no limit."""

    client_cancel_cutoff_s: int | None = None
    client_move_cutoff_s: int | None = None
    client_move_limit: int | None = None
    hold_ttl_s: int = 300
    show_resource: bool = True
    show_duration: bool = True
    late_confirm: Literal["retry", "refuse"] = "retry"
    one_patient: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One clinic's booking site. `privacy_notice` is what a new client agrees to, word for word."""

    name: str
    time_zone: str
    settings: SiteSettings = field(default_factory=SiteSettings)
    privacy_notice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState(Site):
    """A site as read back."""

    id: str
    revision: int
    maintenance: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A privacy notice. `version` is the SHA-256 of its text, so it names the same words for ever."""

    version: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSite:
    """The site as a client sees it, with the privacy notice that is in force, where there is one."""

    name: str
    time_zone: str
    privacy_notice: Notice | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """One resource that is booked; `name` is None where clients may not know it.

    `external_ref` is the bridge's own name for it.
    """

    name: str | None
    online: bool
    external_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarState(Calendar):
    """A calendar as read back."""

    id: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentType:
    """One service a client can book. `mode` instant still waits for the bridge's decision."""

    display_name: str
    duration_min: int
    calendars: list[str]
    mode: Mode
    group: str | None = None
    instructions: str | None = None
    client_type: Literal["new", "existing", "both"] = "both"
    species: list[str] = field(default_factory=list)
    excluded_species: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentTypeState(AppointmentType):
    """An appointment type as read back."""

    id: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedStarts:
    """The starts one appointment type is offered at."""

    type: str
    starts: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The whole offer of one calendar and window; it replaces what was there.

    `moves` is what bookings with `moves_to` "moves" may be moved to.
    """

    source_revision: int
    offers: list[OfferedStarts]
    moves: list[OfferedStarts] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A start a client can take."""

    type: str
    calendar: str
    start: str
    end: str | None
    resource_name: str | None = None


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

    status: Literal["arrived", "fulfilled", "no_show"] | None = None
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
class PublicType:
    """An appointment type as a client sees it; `calendars` maps ids to names, where names are shown."""

    id: str
    display_name: str
    group: str | None
    instructions: str | None
    client_type: Literal["new", "existing", "both"]
    mode: Mode
    duration_min: int | None
    species: list[str]
    excluded_species: list[str]
    calendars: dict[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBooking:
    """A client's own booking, as far as the clinic shows it."""

    id: str
    status: BookingStatus
    mode: Mode
    sync_state: SyncState
    change_pending: bool
    type: str | None
    type_name: str
    calendar: str
    resource_name: str | None
    start: str
    end: str | None
    customer: Customer
    patient: Patient | None
    other_patients: list[Patient]
    note: str | None
    decline_reason: str | None
    alternatives: list[Slot]
    may_cancel: bool
    may_move: bool
    messages: list[Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRequest:
    """A client wants to be connected with the practice. `language` is the tag (RFC 5646) of the page she does so on."""

    customer: Customer
    patient: Patient | None = None
    consent: Agreed | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The link that an account is kept by."""

    account_token: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The code that went to her address."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAppointment:
    """What the practice made for a client, and the link to its page."""

    manage_token: str
    booking: OwnBooking


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """One's own account."""

    status: Literal["unproved", "connected"]
    email: str
    appointments: list[OwnAppointment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A booking just made, and the link its client keeps it by."""

    manage_token: str
    booking: OwnBooking


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCancellation:
    """A client's cancellation."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMove:
    """A client's new time."""

    start: str
    calendar: str | None = None
    hold_id: str | None = None


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
