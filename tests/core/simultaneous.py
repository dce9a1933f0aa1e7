"""Clinic and client change one booking between two looks of the bridge: how each does it, and what came of it.

The expectations are data (`simultaneous.toml`), which the tests and a page of the documentation read. A cell names the
state the booking is in afterwards, whose time it has, what the portal is told, and the codes that explain it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stories import HALF, HOUR, MARA, NOW, RECORD, TEN, booked, client, edited, held, hub, portal, shadow

from calbridge.hub import Answers, Command, Effect
from calbridge.lifecycle import Event
from calbridge.model import Appointment, Side, State
from calbridge.provider import Entry, Gone
from calbridge.testing.pure import PureHub, changed

DATA = Path(__file__).with_name("simultaneous.toml")
CLINICS, CLIENTS = TEN + HOUR, TEN + 2 * HOUR
"""Where the clinic moves it, and where the client does."""
PLAIN = {*Event, "edited", "written", "attached", "alternatives", "matched", "linked", "held", "late_change"}
"""Codes that say no more than the state and the time do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What came of it. `time` is whose it has, "old" or, for what is over, "-"; `told` are the writes to the portal."""

    state: str
    time: str
    told: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Cell:
        """`<state> <time> [told <words>] [because <codes>]`."""
        place, _, codes = text.partition(" because ")
        place, _, told = place.partition(" told ")
        state, time = place.split()
        return cls(state=state, time=time, told=frozenset(told.split()), codes=frozenset(codes.split()))

    def __str__(self) -> str:
        told = f" told {' '.join(sorted(self.told))}" if self.told else ""
        codes = f" because {' '.join(sorted(self.codes))}" if self.codes else ""
        return f"{self.state} {self.time}{told}{codes}"


# --- how a booking got where it is ----------------------------------------------------------------------


def arrived(**rules: Any) -> PureHub:
    """The patient is here."""
    it = booked(**rules)
    it.see(pms=changed(edited(it, "pms", state=State.ARRIVED)))
    it.settle()
    return it


BEFORE: Mapping[str, Callable[[], PureHub]] = {
    "held": lambda: held(hub()),
    "requested": lambda: booked(booking_mode="request"),
    "confirmed": booked,
    "arrived": arrived,
}

# --- what the clinic does, and where --------------------------------------------------------------------

Deed = tuple[dict[str, Any], Answers, tuple[Command, ...]]
"""Feeds by side, what a probe says, and commands."""


def _edit(side: str, **fields: Any) -> Callable[[PureHub], Deed]:
    return lambda it: ({side: changed(edited(it, side, **fields))}, Answers(), ())


def _both(**fields: Any) -> dict[str, Callable[[PureHub], Deed]]:
    return {side: _edit(side, **fields) for side in ("calendar", "pms")}


def _deletes(it: PureHub) -> Deed:
    ref = shadow(it, "calendar").ref
    return {"calendar": changed(removed=(ref,))}, Answers(probes={("calendar", ref): Gone()}), ()


def _says(kind: Any, **more: Any) -> Callable[[PureHub], Deed]:
    return lambda it: ({}, Answers(), (Command(id=1, kind=kind, appointment=client(it).id, **more),))


CLINIC: Mapping[str, Mapping[str, Callable[[PureHub], Deed]]] = {
    "nothing": {"nowhere": lambda it: ({}, Answers(), ())},
    "moves": _both(start=CLINICS, end=CLINICS + HALF),
    "moves by command": {"command": _says("move", resource="anna", start=CLINICS, end=CLINICS + HALF)},
    "shortens": _both(end=TEN + HALF // 2),
    "hands over": _both(resource="bernd"),
    "deletes the event": {"deleted": _deletes, "STATUS": _edit("calendar", state=State.CANCELLED)},
    "cancels in the PMS": {"pms": _edit("pms", state=State.CANCELLED)},
    "cancels by command": {"command": _says("cancel")},
    "accepts": _both(state=State.CONFIRMED),
    "accepts by command": {"command": _says("accept")},
    "declines by command": {"command": _says("decline")},
    "marks arrived": _both(state=State.ARRIVED),
    "marks gone home": _both(state=State.FULFILLED),
    "marks not come": _both(state=State.NO_SHOW),
    "retitles": _both(title="bites"),
    "notes": _both(note="pays late"),
    "describes": _both(description="the clinic's words"),
    "changes the service": {"pms": _edit("pms", service="long")},
    "links another client": {"pms": _edit("pms", client="c9", patient="")},
}

# --- what the client does -------------------------------------------------------------------------------


def _asks(**fields: Any) -> Callable[[PureHub], Entry]:
    return lambda it: edited(it, "portal", modified=NOW, **fields)


CLIENT: Mapping[str, Callable[[PureHub], Entry | None]] = {
    "nothing": lambda it: None,
    "releases": _asks(state=State.RELEASED),
    "confirms": lambda it: portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA, modified=it.now),
    "moves": _asks(start=CLIENTS, end=CLIENTS + HALF),
    "cancels": _asks(state=State.CANCELLED),
    "describes": _asks(description="the client's words"),
    "changes the service": _asks(service="long", end=TEN + HOUR),
}

# --- both at once ---------------------------------------------------------------------------------------


def played(state: str, clinic: str, via: str, client_does: str) -> tuple[PureHub, Cell]:
    """The hub after it, and what came of it."""
    it = BEFORE[state]()
    first = client(it).id
    it.plans.clear()
    feeds, answers, commands = CLINIC[clinic][via](it)
    wish = CLIENT[client_does](it)
    if wish is not None:
        feeds = {**feeds, "portal": changed(wish)}
    clients = {"portal/booking/1": (RECORD,)}
    answers = Answers(probes=answers.probes, clients=clients)
    it.state = it.state.__class__(**{**_fields(it), "commands": commands})
    it.see(answers, **feeds)
    written = it.settle()
    return it, _cell(it, written, first)


def _fields(it: PureHub) -> dict[str, Any]:
    return {name: getattr(it.state, name) for name in it.state.__dataclass_fields__}


def _cell(it: PureHub, written: list[Effect], first: str) -> Cell:
    """A hold that ended first leaves its confirmation to a booking of its own: then that is what came of it."""
    booking = max((a for a in it.state.appointments.values() if a.origin is Side.CLIENT), key=lambda a: a.id != first)
    return Cell(
        state=booking.state,
        time="-" if booking.state.gone else _whose(booking),
        told=frozenset(word for effect in written if effect.connection == "portal" for word in _told(effect)),
        codes=frozenset(line.code for plan in it.plans for line in plan.journal) - PLAIN,
    )


def _whose(booking: Appointment) -> str:
    """Whose change its time shows; a client's other service makes it longer, the clinic shortens it."""
    place = (booking.start, booking.end, booking.resource)
    if place == (TEN, TEN + HALF, "anna"):
        return "old"
    theirs = booking.start == CLIENTS or booking.end == TEN + HOUR
    return "client" if theirs else "clinic"


def _told(effect: Effect) -> list[str]:
    view, shown = effect.change.view, effect.change.previous
    if effect.change.remove or shown is None:
        return [str(view.state)]
    place = (view.start, view.end, view.resource) != (shown.start, shown.end, shown.resource)
    texts = [name for name in ("service", "description") if getattr(view, name) != getattr(shown, name)]
    return [*(["time"] if place else []), *([str(view.state)] if view.state is not shown.state else []), *texts]


def expected() -> dict[tuple[str, str, str], Cell]:
    """(state, clinic, client) -> what must come of it."""
    tables = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return {
        (state, row, column): Cell.parse(text)
        for state, table in tables.items()
        for row, cells in table["cells"].items()
        for column, text in zip(table["client"], cells, strict=True)
    }
