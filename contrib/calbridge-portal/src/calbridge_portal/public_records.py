"""What clients send and see, on the pages and in the public JSON; frozen records whose field names are the wire's."""

from dataclasses import dataclass
from typing import Literal

from calbridge_portal.records import Agreed, BookingStatus, Customer, Message, Patient, SyncState
from calbridge_portal.site_records import Mode, Notice, Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSite:
    """The site as a client sees it, with the privacy notice that is in force, where there is one."""

    name: str
    time_zone: str
    privacy_notice: Notice | None


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
    may_correct: bool
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
class OwnContact:
    """How a client can be reached, as it is right; what is not given stays as it was."""

    email: str | None = None
    phone: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMove:
    """A client's new time."""

    start: str
    calendar: str | None = None
    hold_id: str | None = None
