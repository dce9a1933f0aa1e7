"""The nouns of a clinic's time, as frozen records. Instants are epoch seconds (UTC); local time is text or dates.

Records are validated where they enter (settings, providers); inside they are trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from calbridge.interval import Interval

# --- what a clinic is (configuration; rules.md section 2) ---------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class WallWindow:
    """A window of one day on the wall clock, in minutes since local midnight; `end` may be 1440 (24:00)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyPlan:
    """One line of a resource's week; `first` and `last` are local dates, both inclusive (S4)."""

    days: frozenset[int]
    windows: tuple[WallWindow, ...]
    kind: Literal["online", "work"] = "online"
    weeks: Literal["all", "odd", "even"] = "all"
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A resource is away: local dates (inclusive) when `first`/`last` are set, else the instants of `span`."""

    resource: str
    first: date | None = None
    last: date | None = None
    span: Interval | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """The clinic is closed from `first` to `last`, local dates, both inclusive (S1 Betriebsurlaub)."""

    first: date
    last: date
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A negative window; an empty scope means every service, resource or species."""

    days: frozenset[int]
    windows: tuple[WallWindow, ...]
    services: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    species: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A practitioner, a room or a piece of equipment."""

    key: str
    name: str
    kind: str = "practitioner"
    online: bool = False
    week: tuple[WeeklyPlan, ...] = ()
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is booked. Durations and buffers in minutes. `requires` is one tuple of resource keys per group."""

    key: str
    name: str
    minutes: int
    group: str = ""
    buffer_before: int = 0
    buffer_after: int = 0
    online: bool = False
    resources: tuple[str, ...] = ()
    requires: tuple[tuple[str, ...], ...] = ()
    species: frozenset[str] = frozenset()
    excluded_species: frozenset[str] = frozenset()
    clients: Literal["all", "new", "known"] = "all"
    instructions: str = ""
    booking_mode: Literal["instant", "request"] | None = None
    max_per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Whose word counts where two sides say different things (design.md section 3, "who wins").

    `time`: where it is and with whom. "clinic": the last edit among the clinic's sides, before the client's;
    "last_edit": the last edit, the client's too; "pms", "calendar": only sides of that role move. `cancel`: which of
    the clinic's sides may end an appointment. `service`, `description`: of what came from a portal. `text`: the
    private title and note. A role that the clinic has no side of counts as "clinic".
    """

    time: Literal["clinic", "last_edit", "pms", "calendar"] = "clinic"
    cancel: Literal["clinic", "pms", "calendar"] = "clinic"
    service: Literal["portal", "clinic", "last_edit"] = "portal"
    description: Literal["portal", "clinic", "last_edit"] = "portal"
    text: Literal["clinic", "pms", "calendar"] = "clinic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The values of a clinic's rules after preset and overrides (rules.md sections 3 to 8). Durations in seconds."""

    availability: Literal["windows", "opening_hours"] = "windows"
    without_windows: Literal["closed", "opening_hours"] = "closed"
    lead_time: int = 0
    lead_days: int = 0
    horizon_days: int = 60
    grid_minutes: int = 15
    slots_per_hour: int | None = None
    reserved_per_day: int = 0
    max_source_age: int | None = None
    booking_mode: Literal["instant", "request"] = "instant"
    hold_ttl: int = 300
    late_confirm: Literal["retry", "refuse"] = "retry"
    client_cancel_cutoff: int | None = None
    client_move_cutoff: int | None = None
    auto_confirm_known_only: bool = False
    decline_reason_visible: bool = False
    decline_notifies: bool = True
    late_change_policy: Literal["apply", "task"] = "apply"
    client_match: Literal["unique", "strict", "propose", "email"] = "unique"
    name_case: Literal["fold", "exact"] = "fold"
    patient_match: Literal["name", "name_species"] = "name"
    on_ambiguous: Literal["book_unlinked", "ask", "create", "create_if_complete"] = "book_unlinked"
    on_unmatched: Literal["book_unlinked", "ask", "create", "create_if_complete"] = "book_unlinked"
    one_patient_per_booking: bool = False
    reschedule_scope: Literal["online", "opening_hours"] = "online"
    calendar_names: Literal["full", "pseudonym", "none"] = "full"
    show_resource: bool = True
    show_duration: bool = True
    reminders: tuple[int, ...] = ()
    publish: Literal["all", "marked"] = "all"
    publish_categories: tuple[str, ...] = ()
    max_cancellations: int = 3
    write_timeout: int = 900
    recreated_within: int = 120
    authority: Authority = Authority()


Reach = Literal["fixed", "visit", "clinic"]
"""What the answer of a plugin's rule may depend on; `ExtraRule` says what each promises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraRule:
    """A rule of a plugin as one clinic turned it on; it stands between rules 12 and 13 of the catalogue.

    `answer(case, options)` takes a `calbridge.rules.Case` and these `options` and gives a `calbridge.rules.Answer`;
    the types lie above this module. `words` puts the facts of a refusal into one sentence, `{fact}` by `{fact}`.
    `reach` bounds what the answer may depend on. `fixed`: not on the start. `visit`: on the configuration, the
    candidate and what is known of the visit's local dates. `clinic`: on anything, the present too; such a rule is
    asked again for every start in every computation.
    """

    code: str
    answer: Callable[[Any, Any], Any]
    options: Any = None
    words: str = ""
    reach: Reach = "clinic"
    source: str = ""


Language = Literal["de", "en", "fi"]
_SPOKEN: Mapping[str, Language] = {"DE": "de", "AT": "de", "CH": "de", "LI": "de", "FI": "fi"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """One clinic with everything the rules need. `opening_hours` maps a weekday (0 Monday) to its windows.

    `extra` are the rules of plugins that it turned on, in the order of its configuration. `phone`, `email` and
    `booking_url` are for its clients; `language` is "" where the region decides (`spoken`). `privacy_notice` is what a
    new client must agree to, word for word; "" where the clinic has none (S1).
    """

    key: str
    name: str
    time_zone: str
    region: str = ""
    language: Language | Literal[""] = ""
    phone: str = ""
    email: str = ""
    booking_url: str = ""
    online: bool = False
    privacy_notice: str = ""
    opening_hours: Mapping[int, tuple[WallWindow, ...]] = field(default_factory=dict)
    closures: tuple[Closure, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    resources: Mapping[str, Resource] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    extra: tuple[ExtraRule, ...] = ()

    @property
    def spoken(self) -> Language:
        """The language of its calendar entries and, where a client says nothing else, of its messages."""
        return self.language or _SPOKEN.get(self.region, "en")


# --- what happens to a booking (rules.md section 4) ---------------------------------------------


class State(StrEnum):
    """Where a booking stands."""

    HELD = "held"
    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    EXPIRED = "expired"
    RELEASED = "released"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"

    @property
    def ended(self) -> bool:
        """No event leads out of it."""
        return self in ENDED

    @property
    def gone(self) -> bool:
        """Its time is free again and no calendar shows it."""
        return self in GONE


ENDED = frozenset({State.FULFILLED, State.EXPIRED, State.RELEASED, State.DECLINED, State.CANCELLED, State.NO_SHOW})
GONE = frozenset({State.EXPIRED, State.RELEASED, State.DECLINED, State.CANCELLED})


class Side(StrEnum):
    """Who wants a change. The role of the connection it was seen on decides: a portal speaks for the client."""

    CLIENT = "client"
    CLINIC = "clinic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Animal:
    """One that a client brings, as she wrote it. Personal data."""

    name: str
    species: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What a client typed about herself and her animals. Never written back over a record (S3). Personal data.

    The visit is linked to the animal named first; `others` come along, where the clinic takes several in one booking
    (`one_patient_per_booking`). `language` is the tag (RFC 5646) of the page she booked on, where the portal knows it.
    """

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    patient_name: str = ""
    species: str = ""
    others: tuple[Animal, ...] = ()
    language: str = ""

    @property
    def animals(self) -> tuple[Animal, ...]:
        """All of them, the one that the visit is linked to first."""
        first = (Animal(name=self.patient_name, species=self.species),) if self.patient_name else ()
        return (*first, *self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A slot that is free where the one a client wanted was not. Epoch seconds."""

    resource: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The privacy notice a client agreed to, word for word, and when (epoch seconds)."""

    notice: str
    agreed_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """Where a client sees what the clinic made for her by itself: her account at one portal (S1).

    `quietly`: it is not told to her as something new, because it was there before she was, or before the bridge.
    """

    portal: str
    account: str
    quietly: bool = False


Match = Literal["", "linked", "proposed", "ambiguous", "unmatched", "creating"]
"""How far a booking's client is known. `creating`: a new record of her own is on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an appointment stood, and as what. Epoch seconds; buffers in seconds."""

    resource: str
    start: int
    end: int
    service: str = ""
    co_resources: tuple[str, ...] = ()
    buffer_before: int = 0
    buffer_after: int = 0

    @property
    def footprint(self) -> Interval:
        """The visit with its buffers."""
        return Interval(self.start - self.buffer_before, self.end + self.buffer_after)

    @property
    def resources(self) -> tuple[str, ...]:
        """Every resource it occupied, the booked one first."""
        return (self.resource, *self.co_resources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """The canonical appointment: the hub that every side is compared with, through its own shadow.

    `id` is the booking's identity for life. `buffer_before`/`buffer_after` (seconds) widen the footprint.
    `exclusive` says that the database guards its footprint; staff may overbook their own day without it.
    `written_over`: a side says that its time is taken; it stands there all the same, without a claim, until it moves.
    `written` says that the system of record has it as confirmed (accepted is not written).
    `reserved` says that its time stood on the clinic's own sides, was read again, and nobody had come first.
    `moved_from` is where it goes back to while its client's move is not reserved: until then it is kept for her.
    `quiet`: the clinic wants no message of what it decided last (S2).
    `moved` is when the clinic last moved it, by the clock of the side where that was done.
    `client` names a PMS's record (`calbridge.numbers`), `patient` is the number of her animal there, `match` is how
    they were found ("": nobody was asked yet), and `not_clients` the records that a person said are somebody else's.
    `corrected` are the fields of `details` that she changed after a record was linked. `agreed` is when she agreed to
    the privacy notice; its text is kept apart.
    `marked`: the clinic put it into the portal's calendar or category, so that its client sees it (S1). `showing` is
    where she does, for what the clinic made itself; what she booked she sees where she booked it (`source`).
    `decline_reason` is why the client's last wish was refused (a code of `views.SYSTEM_REASONS` or the clinic's own
    words), `alternatives` what she is offered instead; they are near to `wished`, the time that she did not get.
    """

    id: str
    clinic: str
    state: State
    origin: Side
    resource: str
    start: int
    end: int
    service: str = ""
    co_resources: tuple[str, ...] = ()
    buffer_before: int = 0
    buffer_after: int = 0
    title: str = ""
    note: str = ""
    description: str = ""
    details: Details | None = None
    client: str = ""
    patient: str = ""
    match: Match = ""
    not_clients: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    agreed: int | None = None
    marked: bool = False
    showing: Showing | None = None
    hold_expires: int | None = None
    decline_reason: str = ""
    alternatives: tuple[Alternative, ...] = ()
    wished: Place | None = None
    quiet: bool = False
    revision: int = 1
    exclusive: bool = True
    written_over: bool = False
    written: bool = False
    reserved: bool = False
    moved_from: Place | None = None
    source: str = ""
    moved: int = 0
    created: int = 0
    changed: int = 0

    @property
    def portal(self) -> str:
        """The connection through which its client knows it; of what the clinic keeps to itself, where it came from."""
        return self.showing.portal if self.showing else self.source

    @property
    def span(self) -> Interval:
        """The visit itself."""
        return Interval(self.start, self.end)

    @property
    def minutes(self) -> int:
        """How long the visit is; staff may have made it longer or shorter than its service is."""
        return -(-(self.end - self.start) // 60)

    @property
    def footprint(self) -> Interval:
        """The visit with its buffers: what no other footprint on the same resource may overlap."""
        return Interval(self.start - self.buffer_before, self.end + self.buffer_after)

    @property
    def resources(self) -> tuple[str, ...]:
        """Every resource it occupies, the booked one first."""
        return (self.resource, *self.co_resources)

    @property
    def place(self) -> Place:
        """Where it stands, to be gone back to."""
        return Place(**{each.name: getattr(self, each.name) for each in fields(Place)})

    @property
    def places(self) -> tuple[Appointment | Place, ...]:
        """Where it stands, and what is kept for it besides."""
        return (self,) if self.moved_from is None else (self, self.moved_from)
