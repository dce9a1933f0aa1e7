"""The contract's shapes, as they travel: what a peer reads here is all that there is.

Every time carries an offset, unknown fields are refused, and a change names only the fields it changes.
"""

from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

# Text on the way in: a framework that reads times leniently would take a bare number for an instant.
Instant = Annotated[
    str,
    Meta(max_length=40, description="RFC 3339 with an offset", extra_json_schema={"format": "date-time"}),
]
Line = Annotated[str, Meta(max_length=300)]
Text = Annotated[str, Meta(max_length=5000)]
Ref = Annotated[str, Meta(min_length=1, max_length=200)]

Categories = Annotated[list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=20)]

T = TypeVar("T")

Role = Literal["integration", "desk"]
Status = Literal["tentative", "confirmed", "arrived", "fulfilled", "cancelled", "no_show"]
WriteState = Literal["pending", "written", "failed"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WindowKind = Literal["online", "work"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Location(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One site of the practice; all its times are shown in its zone."""

    id: Ref
    name: Line
    time_zone: Line


class Resource(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A practitioner, a room or a piece of equipment."""

    id: Ref
    name: Line
    kind: Literal["practitioner", "room", "equipment"]
    location: Ref
    slot_size_min: Annotated[int, Meta(ge=1, le=240)] = 15
    online: bool = False


class TypeResource(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A resource that offers an appointment type, with its own duration where it differs."""

    resource: Ref
    minutes: Annotated[int, Meta(ge=1, le=1440)] | None = None


class AppointmentType(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What can be booked."""

    id: Ref
    name: Line
    minutes: Annotated[int, Meta(ge=1, le=1440)]
    resources: list[TypeResource] = []
    species: list[Line] = []
    online: bool = False
    instructions: Text = ""


class WeeklyPlan(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Windows that repeat weekly; `from` and `until` are local dates, both inclusive."""

    days: list[Day]
    windows: list[str]
    kind: WindowKind = "online"
    weeks: Literal["all", "odd", "even"] = "all"
    from_: str | None = None
    until: str | None = None


class WeeklyPlans(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """All weekly plans of one resource."""

    plans: list[WeeklyPlan]


class Window(Struct, kw_only=True, frozen=True):
    """One window of a weekly plan, on one day."""

    start: datetime
    end: datetime
    kind: WindowKind


class WindowPage(Struct, kw_only=True, frozen=True):
    """The windows of a resource in a range. `planned`: the kinds it has any plan for, also one that has run out."""

    items: list[Window]
    planned: list[WindowKind]
    next_cursor: str | None = None
    has_more: bool = False


class Busy(Struct, kw_only=True, frozen=True):
    """A time that is taken, without any text. `id` names the appointment or block behind it."""

    start: datetime
    end: datetime
    kind: Literal["appointment", "block", "hold"]
    id: str


class FreeBusy(Struct, kw_only=True, frozen=True):
    """Free lies inside the windows, busy is what is taken; outside the windows a time is neither."""

    free: list[Window]
    busy: list[Busy]


class NewBlock(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Time the staff keeps for itself: lunch, surgery, a meeting."""

    resource: Ref
    start: Instant
    end: Instant
    title: Line = ""


class Block(Struct, kw_only=True, frozen=True):
    """A block as it stands. Its title is private."""

    id: str
    revision: int
    resource: str
    start: datetime
    end: datetime
    title: str
    modified_by: Role
    modified: datetime


class NewAbsence(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A resource is away: sick, holiday, out for repair."""

    resource: Ref
    start: Instant
    end: Instant
    reason: Line = ""


class Absence(Struct, kw_only=True, frozen=True):
    """An absence as it stands. Its reason is private."""

    id: str
    revision: int
    resource: str
    start: datetime
    end: datetime
    reason: str
    modified_by: Role
    modified: datetime


class NewClosure(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The practice is closed, or one of its sites: holidays, a refit, a training day."""

    start: Instant
    end: Instant
    location: Ref | None = None
    reason: Line = ""


class Closure(Struct, kw_only=True, frozen=True):
    """A closure as it stands; without a location it is of the whole practice. Its reason is private."""

    id: str
    revision: int
    location: str | None
    start: datetime
    end: datetime
    reason: str
    modified_by: Role
    modified: datetime


class NewAppointment(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An appointment to be made; `client_ref` is the caller's own name for it and is unique."""

    resource: Ref
    start: Instant
    end: Instant
    status: Literal["tentative", "confirmed"] = "confirmed"
    rooms: list[Ref] = []
    type: Ref | None = None
    title: Line = ""
    description: Text = ""
    note: Text = ""
    client_id: Ref | None = None
    patient_id: Ref | None = None
    booking_info: Text = ""
    categories: Categories = []
    client_ref: Ref | None = None
    client_revision: int | None = None
    allow_double_booking: bool = False


class AppointmentChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A change of one appointment: only what is named changes."""

    resource: Ref | UnsetType = UNSET
    start: Instant | UnsetType = UNSET
    end: Instant | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    rooms: list[Ref] | UnsetType = UNSET
    type: Ref | UnsetType | None = UNSET
    title: Line | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    note: Text | UnsetType = UNSET
    client_id: Ref | UnsetType | None = UNSET
    patient_id: Ref | UnsetType | None = UNSET
    booking_info: Text | UnsetType = UNSET
    categories: Categories | UnsetType = UNSET
    client_revision: int | UnsetType | None = UNSET
    allow_double_booking: bool = False


class Cancellation(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Why an appointment is cancelled; the body may be left out."""

    reason: Line = ""
    client_revision: int | None = None


class Appointment(Struct, kw_only=True, frozen=True):
    """An appointment as it stands. `title` and `note` are private, `description` is for the client too."""

    id: str
    revision: int
    status: Status
    resource: str
    rooms: list[str]
    type: str | None
    start: datetime
    end: datetime
    title: str
    description: str
    note: str
    client_id: str | None
    patient_id: str | None
    booking_info: str
    categories: list[str]
    client_ref: str | None
    client_revision: int | None
    cancel_reason: str
    created_by: Role
    modified_by: Role
    modified: datetime
    write_state: WriteState
    write_problem: str


class NewClient(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A pet owner to be recorded. A `number` left out is given by the practice."""

    last_name: Annotated[str, Meta(min_length=1, max_length=300)]
    first_name: Line = ""
    email: Line = ""
    phone: Line = ""
    address: Line = ""
    number: Ref | None = None


class Client(Struct, kw_only=True, frozen=True):
    """What matching needs of a pet owner, and no more."""

    id: str
    number: str
    first_name: str
    last_name: str
    email: str
    phone: str
    address: str


class NewPatient(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An animal to be recorded under a client."""

    name: Annotated[str, Meta(min_length=1, max_length=300)]
    species: Line = ""


class Patient(Struct, kw_only=True, frozen=True):
    """An animal of one client."""

    id: str
    client_id: str
    name: str
    species: str


class NewDocument(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Something to be filed under a client; `dated` is when it happened, not when it came."""

    kind: Literal["consent"]
    text: Annotated[str, Meta(min_length=1, max_length=100_000)]
    dated: Instant


class Document(Struct, kw_only=True, frozen=True):
    """What is filed under a client. A consent's text is what the client agreed to, word for word."""

    id: str
    client_id: str
    kind: str
    text: str
    dated: datetime
    created_by: Role


class Event(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Something changed; read it again. A tombstone: it is deleted for good. The id of `windows` is a resource.

    A `client` is new, or has another animal; its revision is the event's own number.
    """

    seq: int
    object: Literal["appointment", "block", "absence", "closure", "windows", "client"]
    id: str
    revision: int
    at: datetime
    tombstone: bool = False


class Changes(Struct, kw_only=True, frozen=True):
    """Events in order of `seq`, at least once each."""

    events: list[Event]
    next_cursor: str
    has_more: bool


class Snapshot(Struct, kw_only=True, frozen=True):
    """All that touches a window, and the cursor that continues from exactly there."""

    appointments: list[Appointment]
    blocks: list[Block]
    absences: list[Absence]
    closures: list[Closure]
    next_cursor: str
    has_more: bool = False


class Page(Struct, Generic[T], kw_only=True, frozen=True):
    """One page of a list; follow `next_cursor` while `has_more`."""

    items: list[T]
    next_cursor: str | None = None
    has_more: bool = False


class NewHook(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Where thin notices shall go."""

    url: Annotated[str, Meta(pattern=r"^https?://", max_length=500)]


class Hook(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A registered hook. Its secret is shown once, in the answer to its registration."""

    id: str
    url: str
    failed: int
    header: str
    secret: str | None = None


class Health(Struct, kw_only=True, frozen=True):
    """Whether the records can be read and written, and how fresh they are."""

    read_ok: bool
    write_ok: bool
    last_source_sync: datetime


class FaultRule(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One fault: `match` is a method and a path prefix, as in `POST /v1/appointments`."""

    match: Annotated[str, Meta(pattern=r"^([A-Z]+|\*) /\S*$")]
    action: Literal["500_before", "500_after_commit", "drop_after_commit", "429", "html_200", "delay", "not_written"]
    times: Annotated[int, Meta(ge=1)] = 1
    seconds: Annotated[float, Meta(ge=0, le=60)] = 1.0


class FaultRules(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The faults that are armed; an empty list disarms."""

    rules: list[FaultRule]
