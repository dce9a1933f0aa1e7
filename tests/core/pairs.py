"""Clinic and client change one booking between two looks of the bridge: what each does, and what must come of it.

Two plays read it: the core's alone (`simultaneous`), and the whole engine's with its store and all sides
(`tests/shell/test_simultaneous_sides.py`). The expectations are data (`simultaneous.toml`), which a page of the
documentation is made from as well. A cell names the state the booking is in afterwards, whose time it has, what the
portal is told, the codes that explain it, what its client hears, and what a person is asked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from stories import HALF, HOUR, TEN

from calbridge.lifecycle import CommandKind, Event
from calbridge.model import Appointment, State
from calbridge.provider import Change

DATA = Path(__file__).with_name("simultaneous.toml")
CLINICS, CLIENTS = TEN + HOUR, TEN + 2 * HOUR
"""Where the clinic moves it, and where the client does."""
PLAIN = {*Event, "edited", "written", "attached", "alternatives", "matched", "linked", "held", "late_change"}
"""Codes that say no more than the state and the time do."""

# --- what must come of it -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What came of it. `time` is whose it has, "old" or, for what is over, "-"; `told` are the writes to the portal.

    `because` are journal codes, `hears` the kinds of the messages to its client, `asks` the kinds of the new tasks.
    """

    state: str
    time: str
    told: frozenset[str] = frozenset()
    because: frozenset[str] = frozenset()
    hears: frozenset[str] = frozenset()
    asks: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Cell:
        """`<state> <time> [told <words>] [because <codes>] [hears <kinds>] [asks <kinds>]`."""
        state, time, *words = text.split()
        parts: dict[str, set[str]] = {}
        for word in words:
            if word in PARTS:
                current = parts[word] = set()
            else:
                current.add(word)
        return cls(state=state, time=time, **{name: frozenset(found) for name, found in parts.items()})

    def __str__(self) -> str:
        parts = [(name, sorted(getattr(self, name))) for name in PARTS]
        return " ".join([self.state, self.time, *(f"{name} {' '.join(found)}" for name, found in parts if found)])


PARTS = tuple(each.name for each in fields(Cell) if each.name not in {"state", "time"})


def expected() -> dict[tuple[str, str, str], Cell]:
    """(state, clinic, client) -> what must come of it."""
    tables = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return {
        (state, row, column): Cell.parse(text)
        for state, table in tables.items()
        for row, cells in table["cells"].items()
        for column, text in zip(table["client"], cells, strict=True)
    }


def whose(booking: Appointment) -> str:
    """Whose change its time shows; a client's other service makes it longer, the clinic shortens it."""
    if booking.state.gone:
        return "-"
    if (booking.start, booking.end, booking.resource) == (TEN, TEN + HALF, "anna"):
        return "old"
    theirs = booking.start == CLIENTS or booking.end == TEN + HOUR
    return "client" if theirs else "clinic"


def words(change: Change) -> list[str]:
    """What a write to the portal tells it."""
    view, shown = change.view, change.previous
    if change.remove or shown is None:
        return [str(view.state)]
    place = (view.start, view.end, view.resource) != (shown.start, shown.end, shown.resource)
    texts = [name for name in ("service", "description") if getattr(view, name) != getattr(shown, name)]
    return [*(["time"] if place else []), *([str(view.state)] if view.state is not shown.state else []), *texts]


# --- what each does -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Somebody changes these fields of what this side shows."""

    side: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Staff deletes the event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Somebody gives a command."""

    kind: CommandKind
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """The client submits what she holds."""


Deed = Edit | Delete | Say | Confirm | None
"""None: nothing."""


def _both(**fields: Any) -> dict[str, Deed]:
    return {side: Edit(side=side, fields=fields) for side in ("calendar", "pms")}


def _pms(**fields: Any) -> dict[str, Deed]:
    return {"pms": Edit(side="pms", fields=fields)}


def _command(kind: CommandKind, **fields: Any) -> dict[str, Deed]:
    return {"command": Say(kind=kind, fields=fields)}


CLINIC: Mapping[str, Mapping[str, Deed]] = {
    "nothing": {"nowhere": None},
    "moves": _both(start=CLINICS, end=CLINICS + HALF),
    "moves by command": _command("move", resource="anna", start=CLINICS, end=CLINICS + HALF),
    "shortens": _both(end=TEN + HALF // 2),
    "hands over": _both(resource="bernd"),
    "deletes the event": {"deleted": Delete(), "STATUS": Edit(side="calendar", fields={"state": State.CANCELLED})},
    "cancels in the PMS": _pms(state=State.CANCELLED),
    "cancels by command": _command("cancel"),
    "accepts": _both(state=State.CONFIRMED),
    "accepts by command": _command("accept"),
    "declines by command": _command("decline"),
    "marks arrived": _both(state=State.ARRIVED),
    "marks gone home": _both(state=State.FULFILLED),
    "marks not come": _both(state=State.NO_SHOW),
    "retitles": _both(title="bites"),
    "notes": _both(note="pays late"),
    "describes": _both(description="the clinic's words"),
    "changes the service": _pms(service="long"),
    "links another client": _pms(client="c9", patient=""),
}
"""What the clinic does, and where; all ways lead to the same."""


def _asks(**fields: Any) -> Deed:
    return Edit(side="portal", fields=fields)


CLIENT: Mapping[str, Deed] = {
    "nothing": None,
    "releases": _asks(state=State.RELEASED),
    "confirms": Confirm(),
    "moves": _asks(start=CLIENTS, end=CLIENTS + HALF),
    "cancels": _asks(state=State.CANCELLED),
    "describes": _asks(description="the client's words"),
    "changes the service": _asks(service="long", end=TEN + HOUR),
}


def every_way(cells: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str, str]]:
    """(state, clinic, via, client): each cell in each way the clinic has."""
    return [(state, clinic, via, client) for state, clinic, client in cells for via in CLINIC[clinic]]
