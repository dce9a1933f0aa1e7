"""What a provider gives the core: typed feeds of entries, client records, abilities. Plain frozen records.

A failure is an exception of `calbridge.errors`, never an empty feed (R1, R2). Only `Complete` and `Delta` may say
that something is gone, and only inside the window and for the refs they cover.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Literal, TypeVar

from calbridge.interval import Interval
from calbridge.model import Consent, Details, Match, State
from calbridge.views import View

# --- what a read returns --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The bridge's mark on what it wrote: the appointment's id and the hub revision that was written."""

    appointment: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one side shows of one appointment.

    `ref` is unique within the connection (a calendar's is `collection/href`). `version` is the token for If-Match.
    `stamp` is None where the bridge did not make it. `modified` (epoch seconds) is the remote's own word of when it was
    changed last, where it has one. `replaces` is the ref this one took the place of (a booking that
    consumed its hold; "" where it goes on under the hold's own). `details`, `consent` and `expires` come from portals.
    `pending`: accepted, not written yet.
    `failed`: it was accepted and then could not be written, so this is what was there before (cancelled, where there
    was nothing): "slot_unavailable" where the time was taken, else "unknown".
    `manage_url` is the page where the client may change her booking: whoever has it may do so, so it goes to her only.
    """

    ref: str
    version: str
    view: View
    stamp: Stamp | None = None
    modified: int | None = None
    replaces: str = ""
    details: Details | None = None
    consent: Consent | None = None
    expires: int | None = None
    manage_url: str = ""
    pending: bool = False
    failed: Literal["", "slot_unavailable", "unknown"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """Time that something foreign takes, without any text. One remote object, all its occurrences in the window.

    `echo`: the appointment that it says it shows, where it is a copy of the bridge's own event as a feed gives it. Its
    time counts only while the hub knows no such appointment of that resource: no booking is in its own way (lesson 6).
    """

    ref: str
    version: str
    resource: str
    spans: tuple[Interval, ...]
    tentative: bool = False
    echo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRecord:
    """Time of a resource as a PMS or calendar gives it, in instants: where it may be booked online, or when it works.

    One without spans says that the resource has such windows, and none in the time that was read.
    """

    ref: str
    version: str
    resource: str
    spans: tuple[Interval, ...]
    kind: Literal["online", "work"] = "online"


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceRecord:
    """A resource is away (sick, holiday), in instants."""

    ref: str
    version: str
    resource: str
    spans: tuple[Interval, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureRecord:
    """The clinic is closed, in instants; where `resource` is named only its site is, "" is all of the clinic."""

    ref: str
    version: str
    spans: tuple[Interval, ...]
    resource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """One record that cannot be read: it blocks `spans` where its time could be read, and becomes a task.

    `why` names the fault and the line, never the content. `keeps`: where not all of its time could be read, the
    refs of all that was read of it before, its own first: it takes the time that they were last seen to take, too.
    `closes`: it is a closure, of `resource` or, where that is "", of all of the clinic.
    """

    ref: str
    version: str
    why: str
    resource: str = ""
    spans: tuple[Interval, ...] = ()
    keeps: tuple[str, ...] = ()
    closes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """A client's account at a portal, connected with the clinic (S1): where she sees what the clinic makes for her.

    A portal gives only accounts whose e-mail address it has seen to be their owner's. `details` and `consent` are
    personal data: the core keeps them until it is known who she is. `client` and `match` are the core's own, as those
    of an appointment are.
    """

    ref: str
    version: str
    details: Details | None = None
    consent: Consent | None = None
    client: str = ""
    match: Match = ""

    resource: ClassVar[str] = ""
    spans: ClassVar[tuple[Interval, ...]] = ()


Record = Entry | Busy | WindowRecord | AbsenceRecord | ClosureRecord | Unreadable | AccountRecord
RecordT_co = TypeVar("RecordT_co", bound=Record, covariant=True)

# The three generic feeds have no slots: Python 3.11 cannot make a `Delta[Entry](...)` of a frozen slotted class.


@dataclass(frozen=True, kw_only=True)
class Complete(Generic[RecordT_co]):
    """Everything the connection holds in `window`; what is known there and not listed is missing."""

    window: Interval
    items: tuple[RecordT_co, ...]
    cursor: str = ""


@dataclass(frozen=True, kw_only=True)
class Delta(Generic[RecordT_co]):
    """What changed since the cursor: `changed` records and `removed` refs.

    `people`: records of clients or their animals are new or changed too; whoever waits for hers is looked up again. It
    names this news ("": none): the same as long as it is the same, another as soon as there is more, and says nothing
    of whom it is about. A side that cannot tell news apart gives its new cursor.
    """

    changed: tuple[RecordT_co, ...]
    removed: tuple[str, ...] = ()
    cursor: str = ""
    people: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """Nothing changed since the cursor."""

    cursor: str = ""


@dataclass(frozen=True, kw_only=True)
class Partial(Generic[RecordT_co]):
    """Some of what is there; absence from it means nothing. The cursor does not advance."""

    window: Interval
    items: tuple[RecordT_co, ...]


Feed = Complete[RecordT_co] | Delta[RecordT_co] | NotModified | Partial[RecordT_co]


@dataclass(frozen=True, slots=True)
class Present:
    """The probed resource is there."""


@dataclass(frozen=True, slots=True)
class Gone:
    """404 or 410 on that very resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Neither: a 401, a 5xx, a login page, a time-out. Never grounds for a cancellation."""

    why: str = ""


Probe = Present | Gone | Unknown


# --- clients and patients, for matching only ------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientQuery:
    """Ask for everybody who shares one of these, or for the one with this `id`; the core compares, so more may come."""

    id: str = ""
    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRecord:
    """An animal of a client. Personal data."""

    id: str
    name: str
    species: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRecord:
    """A client's record, as little of it as matching needs. Personal data.

    A provider's `id` is its own number; the core knows it by its name, connection and number (`calbridge.numbers`).
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    patients: tuple[PatientRecord, ...] = ()


# --- what a side can do ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What this side can do; the engine picks its strategy from it.

    `fields` are the view fields the side really stores: no other field of an entry is compared or believed.
    `mirrors`: the side wants every appointment of the clinic (a calendar, a PMS), not only those it brought (a portal).
    `resources` are those the side has a place for (None: all): a calendar connection knows only its calendars.
    `max_age`: seconds after which a read of this side is too old to offer time on, whatever the clinic's rules allow.
    `shown_as` maps a state this side cannot tell from another to that other (a PMS's one "tentative").
    `tells` are the kinds of message (`calbridge.messages.Kind`) that a portal itself sends its clients as their
    bookings change: nobody else sends these. `notifies` are those it sends when its hook `notify` asks it to.
    `publishes`: a portal that shows its clients what the clinic made for them by itself, in their accounts.
    `holds`: it can show that a slot is only reserved, or asked for; else it is given a plain appointment whose title
    says so, and which names nobody while it is reserved.
    `adopts`: appointments that staff make there become the clinic's (a PMS), instead of mere busy time (a calendar).
    """

    fields: frozenset[str]
    mirrors: bool = False
    adopts: bool = False
    resources: frozenset[str] | None = None
    shown_as: Mapping[State, State] = field(default_factory=dict)
    holds: bool = True
    two_stage: bool = False
    matches_clients: bool = False
    takes_offers: bool = False
    publishes: bool = False
    max_age: int | None = None
    webhooks: bool = False
    tells: frozenset[str] = frozenset()
    notifies: frozenset[str] = frozenset()
