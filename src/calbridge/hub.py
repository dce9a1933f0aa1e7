"""The pipeline's own records: shadows, what a cycle observed, what it decided, and the outside writes that follow.

All plain data: the store saves and loads them, `reconcile` turns observations into a plan, the engine carries it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from calbridge.changes import Change
from calbridge.feeds import (
    AbsenceRecord,
    AccountRecord,
    Busy,
    Capabilities,
    ClientRecord,
    ClosureRecord,
    Feed,
    Probe,
    Record,
    Unreadable,
    WindowRecord,
)
from calbridge.interval import Interval
from calbridge.lifecycle import CommandKind
from calbridge.messages import MessageDue, Told
from calbridge.model import Appointment, Consent, Details, Side
from calbridge.views import Role, View

Foreign = Busy | WindowRecord | AbsenceRecord | ClosureRecord | Unreadable | AccountRecord
"""What a side holds that is no appointment of ours. Stored by (connection, ref)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """What one connection last held of one appointment: the base that its next sighting is compared with.

    `view` is the normalised echo (None: the side shows nothing). `asked` is the digest of the view the bridge last
    asked for: a server that rewrites what it is given differs from it without anybody having edited (R16).
    `revision` is the hub revision that was written (0: none); `confirmed` the instant the answer came. `pending`: it
    was accepted and is not written yet; then `view` is what will stand there and `before` what stands there now.
    `unwritten`: what was `asked` was given up, or failed after it was accepted; nobody asks for just that again before
    somebody decides.
    `awaited`: its entry is proved gone, and until this instant the same visit may be entered anew (decision 0044).
    """

    connection: str
    appointment: str
    ref: str
    version: str
    view: View | None
    asked: str = ""
    revision: int = 0
    confirmed: int = 0
    pending: bool = False
    before: View | None = None
    unwritten: bool = False
    awaited: int | None = None
    manage_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What was made of a side's word on its clients' records.

    `news` is the last that was heard (`calbridge.feeds.Delta.people`). `asked` is the start of the read with which
    those whose turn it was were last looked up there; None: it is everybody's turn.
    """

    news: str = ""
    asked: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One connection as the core sees it. `rank` orders authority: 0 is the system of record.

    `approved` is False until the first cycle's plan was applied. `last_success` is the start of the last good read,
    `last_full` that of the last full one, which went as far as `reach` (epoch seconds).
    `released` says that a person released the guard for the next cycle. `fingerprint` is of URL, account and filter.
    `full_due`: the next read is to be a full one, because what was told before, and not kept, may count now.
    """

    name: str
    role: Role
    capabilities: Capabilities
    rank: int = 1
    cursor: str = ""
    fingerprint: str = ""
    approved: bool = True
    released: bool = False
    last_success: int | None = None
    last_full: int | None = None
    reach: int | None = None
    full_due: bool = False
    people: People = field(default_factory=People)

    @property
    def side(self) -> Side:
        """For whom this connection speaks."""
        return Side.CLIENT if self.role == "portal" else Side.CLINIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a person asked the bridge to do with one booking; consumed by the next cycle.

    `id` is 0 until it is stored. `notify` is None where the clinic's rules say whether a message goes out. A move names
    the whole new place. `client` and `patient` are for "link", and for an "accept" that links in the same step (S2).
    "retry", "keep" and "take_back" are about what `connection` did not write.
    """

    kind: CommandKind
    appointment: str
    id: int = 0
    reason: str = ""
    notify: bool | None = None
    client: str = ""
    patient: str = ""
    resource: str = ""
    start: int = 0
    end: int = 0
    connection: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubState:
    """Everything `reconcile` needs of the past. Keys: appointment id; (connection, appointment); (connection, ref)."""

    appointments: Mapping[str, Appointment] = field(default_factory=dict)
    shadows: Mapping[tuple[str, str], Shadow] = field(default_factory=dict)
    foreign: Mapping[tuple[str, str], Foreign] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    commands: tuple[Command, ...] = ()
    unresolved: frozenset[tuple[str, str]] = frozenset()
    """(connection, appointment) with a write sent whose outcome is not known: their sightings are not judged."""
    told: Mapping[str, Told] = field(default_factory=dict)
    """By appointment: what its client was last told."""
    broken: frozenset[str] = frozenset()
    """Connections whose plugin does not load: nobody knows what they hold, so nothing is offered or promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One successful read of one connection, started at `started`.

    `silent_since`: the last good read before the cycle that made this one, where that is not the link's own.
    """

    feed: Feed[Record]
    started: int
    silent_since: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Who may this be? `key` names what asks: `connection/ref` of a portal's entry, or an appointment's id.

    With `client` only that record is wanted: the client is known, and what else the record says may have changed.
    """

    key: str
    details: Details
    client: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A client's consent, as it came with this booking; kept apart from it, because its text is long and is proof.

    `appointment` is `connection/ref` where it came with an account.
    """

    appointment: str
    consent: Consent


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A client's record that is to be made. `key` is the idempotency key: the same for as long as it is meant.

    `appointment` is the booking it is for, or `connection/ref` of an account.
    """

    appointment: str
    details: Details
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What the core must know before it can decide, and the records it wants made."""

    probes: tuple[tuple[str, str], ...] = ()
    lookups: tuple[Lookup, ...] = ()
    creations: tuple[Creation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Probes by (connection, ref); client records by lookup key (absent: the PMS could not be asked).

    `created` are new records by what they are for, or the sentence why the PMS makes none (absent: not answered yet).
    `conflicts` are what a remote refused because the time is taken, by (connection, appointment).
    """

    probes: Mapping[tuple[str, str], Probe] = field(default_factory=dict)
    clients: Mapping[str, tuple[ClientRecord, ...]] = field(default_factory=dict)
    created: Mapping[str, ClientRecord | str] = field(default_factory=dict)
    conflicts: Mapping[tuple[str, str], View] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One decision with its reason code. `facts` hold no personal data: codes, instants, field names, keys."""

    code: str
    appointment: str = ""
    connection: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something a person must look at. One open task per `key`. `sentence` says what, why and what to do."""

    key: str
    kind: str
    sentence: str
    appointment: str = ""
    connection: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One outside write that is due: `change` for `connection`; `asked` is the digest of its view."""

    connection: str
    change: Change
    asked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """What the client knows without a message of the bridge, and why: a code."""

    message: MessageDue
    why: Literal["first_import", "portal", "quiet", "shown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """What there is to tell.

    `due` is all that follows from how things stand: what was due before, is not among it and was not sent is not told
    any more. `notices` are about something that happened; each is kept until it is sent.
    """

    due: tuple[MessageDue, ...] = ()
    notices: tuple[MessageDue, ...] = ()
    silent: tuple[Silent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one cycle decided. Committed in one transaction; its effects become outbox rows in the same one."""

    appointments: tuple[Appointment, ...] = ()
    shadows: tuple[Shadow, ...] = ()
    forgotten: tuple[tuple[str, str], ...] = ()
    foreign: tuple[tuple[str, Foreign], ...] = ()
    foreign_gone: tuple[tuple[str, str], ...] = ()
    reads: Mapping[str, Observation] = field(default_factory=dict)
    journal: tuple[JournalEntry, ...] = ()
    tasks: tuple[Task, ...] = ()
    settled: tuple[str, ...] = ()
    """Keys of tasks whose cause is gone."""
    commands: tuple[int, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    effects: tuple[Effect, ...] = ()
    letters: Letters = field(default_factory=Letters)
    people: Mapping[str, People] = field(default_factory=dict)
    """By connection, where it may be other than before."""
    full_due: frozenset[str] = frozenset()
    """Connections that are to be read in full next."""


def horizon(now: int, days: int) -> Interval:
    """The window the bridge looks at: from two days ago to `days` and a month ahead, which daily re-reads keep full."""
    day = 86_400
    return Interval(now - 2 * day, now + (days + 35) * day)
