"""Every pair of simultaneous changes, played through the core alone: the sides do whatever they are asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pairs import CLIENT, CLINIC, PLAIN, Cell, Confirm, Deed, Delete, Edit, Say, whose, words
from stories import MARA, NOW, RECORD, booked, client, edited, held, hub, portal, shadow

from calbridge.hub import Answers, Command, Effect, Plan
from calbridge.model import Side, State
from calbridge.provider import Delta, Gone, Record
from calbridge.testing.pure import PureHub, changed

# --- how a booking got where it is ----------------------------------------------------------------------


def arrived(**rules: Any) -> PureHub:
    """The patient is here; its client has heard of the booking."""
    it = booked(**rules)
    it.deliver()
    it.see(pms=changed(edited(it, "pms", state=State.ARRIVED)))
    it.settle()
    return it


BEFORE: Mapping[str, Callable[[], PureHub]] = {
    "held": lambda: held(hub()),
    "requested": lambda: booked(booking_mode="request"),
    "confirmed": booked,
    "arrived": arrived,
}

# --- both at once ---------------------------------------------------------------------------------------


def played(state: str, clinic: str, via: str, client_does: str) -> tuple[PureHub, Cell]:
    """The hub after it, and what came of it."""
    it = BEFORE[state]()
    it.deliver()
    first = client(it).id
    it.plans.clear()
    deeds = (CLINIC[clinic][via], CLIENT[client_does])
    feeds = {side: feed for deed in deeds for side, feed in _feeds(it, deed).items()}
    probes = {("calendar", shadow(it, "calendar").ref): Gone()} if Delete() in deeds else {}
    commands = tuple(
        Command(id=1, kind=each.kind, appointment=first, **each.fields) for each in deeds if isinstance(each, Say)
    )
    it.state = replace(it.state, commands=commands)
    it.see(Answers(probes=probes, clients={"portal/booking/1": (RECORD,)}), **feeds)
    written = it.settle()
    return it, _cell(it, written, first)


def _feeds(it: PureHub, deed: Deed) -> dict[str, Delta[Record]]:
    """What the side shows after it."""
    match deed:
        case Edit(side="portal"):
            return {"portal": changed(edited(it, "portal", modified=NOW, **deed.fields))}
        case Edit():
            return {deed.side: changed(edited(it, deed.side, **deed.fields))}
        case Delete():
            return {"calendar": changed(removed=(shadow(it, "calendar").ref,))}
        case Confirm():
            entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA, modified=it.now)
            return {"portal": changed(entry)}
        case _:
            return {}


def _cell(it: PureHub, written: list[Effect], first: str) -> Cell:
    """A hold that ended first leaves its confirmation to a booking of its own: then that is what came of it."""
    booking = max((a for a in it.state.appointments.values() if a.origin is Side.CLIENT), key=lambda a: a.id != first)
    return Cell(
        state=booking.state,
        time=whose(booking),
        told=frozenset(word for effect in written if effect.connection == "portal" for word in words(effect.change)),
        because=frozenset(line.code for plan in it.plans for line in plan.journal) - PLAIN,
        hears=_hears(it),
        asks=_asks(it.plans),
    )


def _hears(it: PureHub) -> frozenset[str]:
    """All that follows from where it stands in the end, and what was about something that happened on the way."""
    happened = (letter for plan in it.plans[:-1] for letter in plan.letters.notices)
    return frozenset(letter.kind for letter in (*happened, *it.deliver()) if letter.audience == "client")


def _asks(plans: list[Plan]) -> frozenset[str]:
    """The kinds of the tasks that were opened and whose cause still stands."""
    tasks: dict[str, str] = {}
    for plan in plans:
        for key in plan.settled:
            tasks.pop(key, None)
        tasks |= {task.key: task.kind for task in plan.tasks}
    return frozenset(tasks.values())
