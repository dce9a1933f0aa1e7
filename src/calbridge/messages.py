"""Which message is due, as one table that `due` reads and the documentation is made from (rules.md section 7).

What a client was last told is remembered like a side's shadow, and where the booking now stands decides what she must
be told next. So a crash, a restart or an outage of the mail server changes nothing: while a message was not handed over
it is due again, and two changes that she heard nothing between are one message. "Confirmed" and "moved" wait until the
clinic's system of record has it (lesson 21).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from calbridge.model import Appointment, Rules, State
from calbridge.views import SYSTEM_REASONS, PortalView, notifies, visible_reason

Audience = Literal["client", "clinic"]


class Kind(StrEnum):
    """What is told."""

    REQUEST_RECEIVED = "request_received"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    MOVED = "moved"
    MOVE_REFUSED = "move_refused"
    CANCELLED = "cancelled"
    REMINDER = "reminder"
    PLEASE_PHONE = "please_phone"
    INVITATION = "invitation"


class Heard(StrEnum):
    """What the client has heard so far: the row of the table."""

    NOTHING = "nothing"
    REQUESTED = "requested"
    CONFIRMED = "confirmed"


TABLE: Mapping[Heard, Mapping[State, Kind]] = {
    Heard.NOTHING: {
        State.REQUESTED: Kind.REQUEST_RECEIVED,
        State.CONFIRMED: Kind.CONFIRMED,
        State.DECLINED: Kind.DECLINED,
        State.CANCELLED: Kind.CANCELLED,
    },
    Heard.REQUESTED: {
        State.REQUESTED: Kind.MOVED,
        State.CONFIRMED: Kind.CONFIRMED,
        State.DECLINED: Kind.DECLINED,
        State.CANCELLED: Kind.CANCELLED,
    },
    Heard.CONFIRMED: {
        State.CONFIRMED: Kind.MOVED,
        State.CANCELLED: Kind.CANCELLED,
    },
}
"""Nothing is due in a cell that is not there, nor once the client has heard that it is over."""

AUDIENCES: Mapping[Kind, tuple[Audience, ...]] = {
    **dict.fromkeys(Kind, ("client",)),
    Kind.REQUEST_RECEIVED: ("client", "clinic"),
}
TELLING = frozenset(kind for row in TABLE.values() for kind in row.values())
"""The kinds after which the client knows where her booking stands; the others remind, ask or invite."""
WAITING = frozenset({Kind.CONFIRMED, Kind.MOVED})
"""Told only once the system of record has it: accepted is not written."""
DECIDED = frozenset({Kind.DECLINED, Kind.CANCELLED, Kind.MOVED, Kind.MOVE_REFUSED})
"""What the clinic may decide without a message, because it told her itself (S2)."""
REFUSALS = frozenset({Kind.MOVE_REFUSED, Kind.PLEASE_PHONE})
"""Told of something that happened: that her booking stands where it stood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the client was last told of one booking, and when (epoch seconds)."""

    state: State
    start: int
    end: int
    resource: str
    at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDue:
    """One message, as it was decided; who gets it and in which words is found when it is handed over.

    `key` is its name for ever: two with one key are one message. `at` is when it may go. `previous` is the start the
    client had been told before. `offset` is a reminder's distance from the start, in seconds. `client` is the PMS's
    record an invitation is for; it belongs to no booking. No personal data but the clinic's own `reason`.
    """

    key: str
    kind: Kind
    audience: Audience = "client"
    appointment: str = ""
    revision: int = 0
    at: int = 0
    state: State = State.REQUESTED
    start: int = 0
    end: int = 0
    resource: str = ""
    service: str = ""
    previous: int | None = None
    offset: int = 0
    reason: str = ""
    client: str = ""

    @property
    def confirms(self) -> bool:
        """Does it tell its client that she has an appointment, and when?"""
        return self.kind in WAITING and self.state is State.CONFIRMED

    @property
    def told(self) -> Told:
        """What the client knows once she has it."""
        return Told(state=self.state, start=self.start, end=self.end, resource=self.resource, at=self.at)


# --- what is due -----------------------------------------------------------------------------------


def due(appointment: Appointment, told: Told | None, rules: Rules) -> Kind | None:
    """What the client must be told next, whether or not it may be told yet (`WAITING`) or at all (`notifies`)."""
    heard = _heard(told)
    if heard is None:
        return None
    kind = TABLE[heard].get(_state(appointment, heard))
    if kind is Kind.MOVED and told is not None and not changed(appointment, told, rules):
        return None
    return kind


def _heard(told: Told | None) -> Heard | None:
    if told is None:
        return Heard.NOTHING
    return {State.REQUESTED: Heard.REQUESTED, State.CONFIRMED: Heard.CONFIRMED}.get(told.state)


def _state(appointment: Appointment, heard: Heard) -> State:
    """A booking that lost its time before the client heard of it was never hers: to her it is a refusal."""
    lost = appointment.state is State.CANCELLED and appointment.decline_reason in SYSTEM_REASONS
    return State.DECLINED if lost and heard is not Heard.CONFIRMED else appointment.state


def changed(appointment: Appointment, told: Told, rules: Rules) -> bool:
    """Does she see a difference? Who and how long count only where the clinic shows them."""
    return (
        appointment.start != told.start
        or (rules.show_duration and appointment.end != told.end)
        or (rules.show_resource and appointment.resource != told.resource)
    )


def message(
    kind: Kind, appointment: Appointment, told: Told | None, rules: Rules, *, now: int, audience: Audience = "client"
) -> MessageDue:
    """The record of it. What is over is told with the time she knew, wherever it was moved to before it ended."""
    over = kind in {Kind.DECLINED, Kind.CANCELLED}
    place = told if told is not None and over else appointment
    return MessageDue(
        key=f"{appointment.id}/{kind}/{'clinic' if audience == 'clinic' else appointment.revision}",
        kind=kind,
        audience=audience,
        appointment=appointment.id,
        revision=appointment.revision,
        at=now,
        state=State.DECLINED if kind is Kind.DECLINED else appointment.state,
        start=place.start,
        end=place.end,
        resource=place.resource,
        service=appointment.service,
        previous=told.start if told is not None and told.start != place.start else None,
        reason=visible_reason(appointment, rules) if kind is Kind.DECLINED else "",
    )


def as_shown(view: PortalView, appointment: Appointment, *, now: int) -> MessageDue:
    """What a client already knows from her portal, so that nothing is sent of it (first import, a lost database)."""
    kind = Kind.REQUEST_RECEIVED if view.state is State.REQUESTED else Kind.CONFIRMED
    return MessageDue(
        key=f"{appointment.id}/{kind}/{appointment.revision}",
        kind=kind,
        appointment=appointment.id,
        revision=appointment.revision,
        at=now,
        state=State.REQUESTED if view.state is State.REQUESTED else State.CONFIRMED,
        start=view.start,
        end=view.end,
        resource=view.resource,
        service=view.service,
    )


def reminders(appointment: Appointment, told: Told | None, rules: Rules) -> Iterator[MessageDue]:
    """One for each of `rules.reminders`, of a visit that the client knows to be confirmed at this time.

    Not where she was told later than its instant (S1): then the confirmation itself has just reminded her. A move gives
    the old ones up and makes new ones, because they follow from the start.
    """
    known = told is not None and (told.state, told.start) == (State.CONFIRMED, appointment.start)
    if told is None or not known or appointment.state is not State.CONFIRMED:
        return
    for offset in sorted(set(rules.reminders), reverse=True):
        at = appointment.start - offset
        if at > max(told.at, appointment.created):
            yield MessageDue(
                key=f"{appointment.id}/{Kind.REMINDER}/{appointment.start}/{offset}",
                kind=Kind.REMINDER,
                appointment=appointment.id,
                revision=appointment.revision,
                at=at,
                state=appointment.state,
                start=appointment.start,
                end=appointment.end,
                resource=appointment.resource,
                service=appointment.service,
                offset=offset,
            )


def may_be_told(kind: Kind, appointment: Appointment) -> bool:
    """False where the clinic declines, cancels or moves it without a message."""
    return kind not in DECIDED or notifies(appointment)


def worth_sending(message: MessageDue, now: int) -> bool:
    """Is it still of use? Nothing of a visit that has begun; a reminder only while half of its time is left.

    A reminder of 25 hours that could not be sent in time goes until 12.5 hours before; later it would be absurd.
    """
    if message.kind is Kind.INVITATION:
        return True
    known = message.start if message.previous is None else max(message.start, message.previous)
    if now >= known:
        return False
    return message.kind is not Kind.REMINDER or now - message.at <= message.offset // 2


def superseded(message: MessageDue, others: tuple[MessageDue, ...]) -> bool:
    """Of two reminders of one visit that are due at once (the bridge was down) only the later one goes."""
    return message.kind is Kind.REMINDER and any(
        other.kind is Kind.REMINDER and other.appointment == message.appointment and other.offset < message.offset
        for other in others
    )


def untrue(message: MessageDue, appointment: Appointment | None, rules: Rules) -> bool:
    """A refusal that had to wait says where the booking stood: said after it moved or ended, she would believe it."""
    if message.kind not in REFUSALS:
        return False
    return appointment is None or appointment.state.gone or changed(appointment, message.told, rules)


# --- documentation --------------------------------------------------------------------------------

WHEN: Mapping[Kind, str] = {
    Kind.REQUEST_RECEIVED: "at once; the clinic is told once for a booking",
    Kind.CONFIRMED: "once the system of record has it and nobody had come first (accepted is not written)",
    Kind.DECLINED: "at once, unless `decline_notifies` is false or the clinic declined without a message; "
    "with the clinic's reason only where `decline_reason_visible`",
    Kind.MOVED: "once the system of record has the new time and nobody had come first, where she sees a difference: "
    "the start, the end where `show_duration`, who where `show_resource`; not where the clinic moved it without a "
    "message",
    Kind.MOVE_REFUSED: "at once, where the time she moved it to is not given to her and nothing else says so, while "
    "the visit is still to come",
    Kind.CANCELLED: "at once, whoever cancelled, unless the clinic did so without a message",
    Kind.REMINDER: "at each of `reminders` before the start, where she was told earlier than that that it is confirmed",
    Kind.PLEASE_PHONE: "where her move or cancellation is refused because of `client_move_cutoff` or "
    "`client_cancel_cutoff`",
    Kind.INVITATION: "when somebody says `calbridge client invite`",
}


def as_markdown() -> str:
    """The reference page, from the tables above."""
    states = [state for state in State if any(state in row for row in TABLE.values())]
    head = ["| she has heard \\ it is | " + " | ".join(states) + " |", "|---" * (len(states) + 1) + "|"]
    rows = [f"| {heard} | " + " | ".join(TABLE[heard].get(state, "-") for state in states) + " |" for heard in Heard]
    kinds = ["| message | to | when |", "|---|---|---|"]
    kinds += [f"| `{kind}` | {', '.join(AUDIENCES[kind])} | {WHEN[kind]} |" for kind in Kind]
    return "\n".join((*_HEAD, *head, *rows, *_MIDDLE, *kinds, *_FOOT, ""))


_HEAD = (
    "# Messages",
    "",
    "This page is made from the tables in `calbridge.messages`; a test keeps them equal.",
    "",
    "What a client is told follows from what she has heard last and where her booking stands. A cell with `moved` is",
    "empty while she would see no difference. Once she has heard that it is over she hears no more of it.",
    "",
)
_MIDDLE = (
    "",
    "A booking that lost its time before she heard of it was never hers: to her it is `declined`, not `cancelled`.",
    "",
)
_FOOT = (
    "",
    "* Clients are told of what they booked, and of what the clinic made for them by itself where they see it in their",
    "  account at a portal (`publish`): once, when it was made or marked while they were connected. What was there",
    "  before is shown without a message; its changes are told. All else that staff makes is told to nobody.",
    "* Two changes that she heard nothing between are one message. Each message has a key (booking, kind, revision, or",
    "  the instant of a reminder) and is sent once, also across crashes and restarts.",
    "* A portal that sends a kind by itself is not repeated. Else the booking's own portal is asked, where it can, and",
    "  then the clinic's notifiers in the order of the configuration; the first that can reach her takes it.",
    "* Nothing is sent of what a portal shows when it is read for the first time, nor of what it shows as confirmed",
    "  and the bridge had lost: she knows it.",
    "* Nothing is sent of a visit that has begun. A reminder that is late (the bridge was down) goes only while half",
    "  of its time is left, 12.5 hours for one of 25 hours; of two that are due at once only the later one goes.",
    "* Nothing is sent of a refusal that had to wait while the booking moved or ended: it says where it stands.",
    "* Messages hold the link to the booking's page where she may still cancel or move there. Opening it changes",
    "  nothing.",
)
