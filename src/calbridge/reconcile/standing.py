"""Why one booking stands where it stands: what its client may count on, and what is still missing for more.

The answers are those that decide: `promised`, `keeper` and `places` are asked here as they are in a cycle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from calbridge.hub import HubState
from calbridge.model import Appointment, Side, State
from calbridge.reconcile.effects import promised
from calbridge.reconcile.linking import OPEN, patient_open
from calbridge.reconcile.places import keeper, places

SENTENCES: Mapping[str, str] = {
    "held": "It is reserved for a client who has not sent it yet; it ends by itself.",
    "waits": "It is a request: it takes its time, and waits until the clinic accepts or declines it.",
    "promised": "It is confirmed, and its client may count on it.",
    "not_reserved": "Its client is not told yet: its time must stand in {connection} and be read again.",
    "moving": "Its client moved it; until that time was read again and nobody had come first, its old one is kept too.",
    "not_written": "Its client is not told yet: {connection}, which keeps the record, does not have it yet.",
    "no_record": "Its client is not told yet: no connection that is approved and loads can keep the record of it.",
    "broken": "Its client is not told yet: {connection} does not load, so nobody knows what stands there.",
    "over": "It is over: {state}.",
    "identity_open": "It is not linked to a client; a person must say who it is.",
    "patient_open": "It is linked to a client, but not to an animal; a person must say which.",
    "creating": "A new record of its client is on its way to the PMS.",
    "unasked": "The PMS could not be asked yet who its client is; it is asked again by itself.",
    "staff": "The clinic made it itself; nobody has to be told.",
    "shown": "The clinic made it itself, and its client sees it at {connection}.",
    "shown_later": "The clinic made it itself; its client will see it at {connection} once it is certain.",
}
"""What each code says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One thing that is so. `facts` fill its sentence."""

    code: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """In words."""
        return SENTENCES[self.code].format(**self.facts)


def standing(state: HubState, appointment: Appointment) -> tuple[Standing, ...]:
    """Everything that is so, the most important first."""
    moving = (Standing(code="moving"),) if appointment.moved_from is not None else ()
    return (*_promise(state, appointment), *moving, *_identity(appointment))


def _promise(state: HubState, appointment: Appointment) -> Iterator[Standing]:
    match appointment.state:
        case State.HELD:
            yield Standing(code="held")
        case State.REQUESTED:
            yield Standing(code="waits")
        case State.CONFIRMED if appointment.origin is not Side.CLIENT:
            yield _shown(state, appointment)
        case State.CONFIRMED if promised(appointment):
            yield Standing(code="promised")
        case State.CONFIRMED:
            yield from _missing(state, appointment)
        case _:
            yield Standing(code="over", facts={"state": appointment.state.replace("_", " ")})


def _shown(state: HubState, appointment: Appointment) -> Standing:
    if appointment.showing is None:
        return Standing(code="staff")
    shadow = state.shadows.get((appointment.showing.portal, appointment.id))
    stands = shadow is not None and shadow.view is not None
    return Standing(code="shown" if stands else "shown_later", facts={"connection": appointment.showing.portal})


def _missing(state: HubState, appointment: Appointment) -> Iterator[Standing]:
    if state.broken:
        yield Standing(code="broken", facts={"connection": ", ".join(sorted(state.broken))})
    if not appointment.reserved:
        names = ", ".join(link.name for link in places(state, appointment)) or "the clinic's sides"
        yield Standing(code="not_reserved", facts={"connection": names})
    if not appointment.written:
        record = keeper(state, appointment)
        yield Standing(code="not_written", facts={"connection": record.name}) if record else Standing(code="no_record")


def _identity(appointment: Appointment) -> Iterator[Standing]:
    if appointment.state.gone or appointment.details is None:
        return
    if appointment.match in OPEN:
        yield Standing(code="identity_open")
    elif appointment.match == "creating":
        yield Standing(code="creating")
    elif not appointment.match:
        yield Standing(code="unasked")
    elif patient_open(appointment):
        yield Standing(code="patient_open")
