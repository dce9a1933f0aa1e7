"""The portal's JSON as this bridge reads it: times must have an offset, states must be known, the rest may grow."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Wire(BaseModel):
    """Members that a newer portal adds are ignored; values of another kind than expected are refused."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=False)


class Customer(Wire):
    """The person who books. Personal data."""

    first_name: str
    last_name: str
    email: str | None = None
    phone: str | None = None
    address: str | None = None


class Patient(Wire):
    """The animal. Personal data."""

    name: str
    species: str | None = None


class Consent(Wire):
    """That the client agreed to the privacy notice whose name (the SHA-256 of its text) is `version`."""

    version: str = Field(min_length=1)
    agreed_at: AwareDatetime


class Notice(Wire):
    """A privacy notice, word for word."""

    version: str
    text: str = Field(min_length=1)


class Sync(Wire):
    """What the portal was told of the clinic's own system."""

    state: str


class Booking(Wire):
    """A booking. With an `account` the clinic made it for the account's owner, and `client_ref` is our name for it."""

    id: str = Field(min_length=1)
    account: str | None = None
    status: Literal["requested", "confirmed", "arrived", "fulfilled", "no_show", "declined", "cancelled"]
    revision: int
    type: str | None = None
    calendar: str
    start: AwareDatetime
    end: AwareDatetime
    hold_id: str | None = None
    client_ref: str = ""
    customer: Customer
    patient: Patient | None = None
    other_patients: tuple[Patient, ...] = ()
    note: str | None = None
    consent: Consent | None = None
    language: str | None = None
    manage_url: str | None = None
    decline_reason: str | None = None
    moves_to: Literal["offers", "moves"] = "offers"
    updated_at: AwareDatetime
    last_changed_by: Literal["client", "practice", "system"]
    sync: Sync


class Hold(Wire):
    """A slot reserved for some minutes."""

    id: str = Field(min_length=1)
    status: Literal["held", "consumed", "released", "expired"]
    revision: int
    type: str
    calendar: str
    start: AwareDatetime
    end: AwareDatetime
    expires_at: AwareDatetime
    updated_at: AwareDatetime
    client_ref: str = ""


class Account(Wire):
    """A client who is connected with the clinic; the portal has seen that the e-mail address is hers."""

    id: str = Field(min_length=1)
    revision: int
    customer: Customer
    patient: Patient | None = None
    other_patients: tuple[Patient, ...] = ()
    consent: Consent | None = None
    language: str | None = None


class Event(Wire):
    """One change: what, never how."""

    object: str
    id: str


class Objects(Wire):
    """Records still unread, so that one bad record cannot hide the others."""

    holds: list[dict[str, Any]] = []
    bookings: list[dict[str, Any]] = []
    accounts: list[dict[str, Any]] = []


class Snapshot(Objects):
    """Everything alive, and all bookings that end at `window_from` or later."""

    window_from: AwareDatetime


class Changes(Wire):
    """One page of the feed."""

    events: list[Event]
    next_cursor: str = Field(min_length=1)
    has_more: bool
    snapshot: Snapshot | None = None
    objects: Objects | None = None


class Site(Wire):
    """The portal's own word on the site."""

    name: str
    time_zone: str


class Page(Wire):
    """One page of a list, its records unread."""

    items: list[dict[str, Any]]


class Problem(Wire):
    """A refusal (RFC 9457 with the protocol's own members). Its sentences are not repeated: they are not ours.

    Its code is: so it must be one, in small letters, and nobody's name.
    """

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    retryable: bool = False
    conflict: dict[str, Any] | None = None
