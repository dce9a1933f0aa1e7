"""The life of a booking (rules.md section 4), as one table that `step` reads and the documentation is made from.

held -> requested -> confirmed -> arrived -> fulfilled, with the ends expired, released, declined, cancelled, no_show.
What the table does not hold is refused and changes nothing. Only the client is bound by a cutoff, never the clinic:
a cell with a cutoff needs `start - now` to be *strictly more* than it (S1: exactly 24 hours before is too late).
A move keeps the booking's id, so an event that leads back to its own state is a change of time, not a new booking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from calbridge.model import Rules, State


class Event(StrEnum):
    """What can happen to a booking; the value is the column's title."""

    EXPIRE = "hold expires"
    RELEASE = "client releases"
    SUBMIT_REQUEST = "submit (request mode)"
    SUBMIT_INSTANT = "submit (instant mode)"
    ACCEPT = "clinic accepts"
    DECLINE = "clinic declines"
    CLIENT_CANCEL = "client cancels"
    CLINIC_CANCEL = "clinic cancels"
    CLIENT_MOVE = "client moves"
    CLINIC_MOVE = "clinic moves"
    ARRIVE = "arrives"
    LEAVE = "leaves"
    ABSENT = "absent"
    UNDO_ARRIVAL = "arrival undone"


CommandKind = Literal["accept", "decline", "link", "unlink", "create", "cancel", "move", "retry", "keep", "take_back"]
"""What a person may ask the bridge to do with a booking (`calbridge.hub.Command`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The event is not possible: `code` for machines, `sentence` for the person who asked."""

    code: str
    sentence: str


TABLE: Mapping[State, Mapping[Event, State]] = {
    State.HELD: {
        Event.EXPIRE: State.EXPIRED,
        Event.RELEASE: State.RELEASED,
        Event.SUBMIT_REQUEST: State.REQUESTED,
        Event.SUBMIT_INSTANT: State.CONFIRMED,
        Event.CLIENT_CANCEL: State.RELEASED,
        Event.CLINIC_CANCEL: State.RELEASED,
    },
    State.REQUESTED: {
        Event.ACCEPT: State.CONFIRMED,
        Event.DECLINE: State.DECLINED,
        Event.CLIENT_CANCEL: State.CANCELLED,
        Event.CLINIC_CANCEL: State.DECLINED,
        Event.CLIENT_MOVE: State.REQUESTED,
        Event.CLINIC_MOVE: State.REQUESTED,
    },
    State.CONFIRMED: {
        Event.CLIENT_CANCEL: State.CANCELLED,
        Event.CLINIC_CANCEL: State.CANCELLED,
        Event.CLIENT_MOVE: State.CONFIRMED,
        Event.CLINIC_MOVE: State.CONFIRMED,
        Event.ARRIVE: State.ARRIVED,
        Event.ABSENT: State.NO_SHOW,
    },
    State.ARRIVED: {
        Event.CLINIC_CANCEL: State.CANCELLED,
        Event.CLINIC_MOVE: State.ARRIVED,
        Event.LEAVE: State.FULFILLED,
        Event.UNDO_ARRIVAL: State.CONFIRMED,
    },
}

CUTOFFS: Mapping[tuple[State, Event], Literal["client_cancel_cutoff", "client_move_cutoff"]] = {
    (State.CONFIRMED, Event.CLIENT_CANCEL): "client_cancel_cutoff",
    (State.CONFIRMED, Event.CLIENT_MOVE): "client_move_cutoff",
}
"""The cells marked * in the table, with the rule that bounds them."""


def step(state: State, event: Event, *, start: int, now: int, rules: Rules) -> State | Refused:
    """The state after `event`, or why it is refused. `start` is the appointment's present start, epoch seconds."""
    after = TABLE.get(state, {}).get(event)
    if after is None:
        return Refused(
            code="not_possible",
            sentence=f'"{event}" is not possible while the booking is {state.replace("_", " ")}; nothing was changed.',
        )
    name = CUTOFFS.get((state, event))
    cutoff: int | None = getattr(rules, name) if name else None
    if cutoff is None or start - now > cutoff:
        return after
    return _too_late(event, cutoff)


TOO_LATE = frozenset({"too_late_to_cancel", "too_late_to_move"})
"""Refusals after which the client must phone."""


def _too_late(event: Event, cutoff: int) -> Refused:
    action, code = ("cancelled", "too_late_to_cancel")
    if event is Event.CLIENT_MOVE:
        action, code = ("moved", "too_late_to_move")
    return Refused(
        code=code,
        sentence=f"An appointment can be {action} online only {_words(cutoff)} it starts; please phone the practice.",
    )


def _words(seconds: int) -> str:
    """ "more than 24 hours before": whole hours where it is whole hours, else minutes."""
    if seconds <= 0:
        return "before"
    amount, unit = (seconds // 3_600, "hour") if seconds % 3_600 == 0 else (seconds // 60, "minute")
    return f"more than {amount} {unit}{'' if amount == 1 else 's'} before"


# --- documentation --------------------------------------------------------------------------------


def as_markdown() -> str:
    """The reference page: a diagram and the table, both from `TABLE`."""
    return "\n".join((*_HEAD, *_diagram(), *_MIDDLE, *_rows(), *_FOOT, ""))


_HEAD = (
    "# The life of a booking",
    "",
    "This page is made from the table in `calbridge.lifecycle`; a test keeps them equal.",
    "",
)
_MIDDLE = (
    "",
    "Each row is the state a booking is in, each column what happens; the cell is the state it is in afterwards.",
    "",
)
_FOOT = (
    "",
    "- `-`: refused with a clear sentence; nothing changes.",
    "- `*`: only while the start is *strictly more* than `client_cancel_cutoff` or `client_move_cutoff` away;",
    "  where the cutoff is not set, always. The clinic is never bound by a cutoff.",
    "- A move keeps the booking's id, its portal link and its history.",
    "- `arrival undone`: staff had marked somebody by mistake and sets the visit back to confirmed, or to not come.",
    "- No event leads out of `expired`, `released`, `declined`, `cancelled`, `fulfilled` and `no_show`.",
)


def _mark(state: State, event: Event) -> str:
    return "*" if (state, event) in CUTOFFS else ""


def _diagram() -> list[str]:
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> held"]
    for state, row in TABLE.items():
        for after in dict.fromkeys(row.values()):
            events = ", ".join(f"{e}{_mark(state, e)}" for e, to in row.items() if to is after)
            lines.append(f"    {state} --> {after}: {events}")
    lines += [f"    {state} --> [*]" for state in State if state.ended]
    return [*lines, "```"]


def _rows() -> list[str]:
    head = "| from \\ event | " + " | ".join(Event) + " |"
    rule = "|---" * (len(Event) + 1) + "|"
    return [head, rule, *(_row(state) for state in TABLE)]


def _row(state: State) -> str:
    cells = (f"{TABLE[state].get(event, '-')}{_mark(state, event)}" for event in Event)
    return f"| {state} | " + " | ".join(cells) + " |"
