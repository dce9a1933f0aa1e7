"""A small clinic and one booking in it, told as what the sides show: how most stories about reconciling begin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from calbridge.hub import Answers, Command, Effect, HubState, Plan, Shadow
from calbridge.model import Appointment, Clinic, Details, Resource, Rules, Service, Side, State, WallWindow
from calbridge.provider import ClientRecord, Entry, PatientRecord, Stamp
from calbridge.reconcile import given_up
from calbridge.testing.pure import PureHub, changed, links
from calbridge.views import PmsView, PortalView, project

NOW = 1_795_420_800  # 2026-11-23 08:00 UTC, a Monday
HOUR, HALF, DAY = 3_600, 1_800, 86_400
TEN = NOW + HOUR + DAY  # Tuesday 10:00 in Berlin
MARA = Details(first_name="Mara", last_name="Voss", email="mara@example.org", patient_name="Bo", species="dog")
RECORD = ClientRecord(
    id="c1",
    first_name="Mara",
    last_name="Voss",
    emails=("mara@example.org",),
    patients=(PatientRecord(id="p1", name="Bo"),),
)
PLACE = {"resource", "service", "start", "end", "description"}


def clinic(**rules: Any) -> Clinic:
    """Open from 8 to 18 every day; two vets, a room, three services."""
    vets = ("anna", "bernd")
    return Clinic(
        key="hafen",
        name="Hafen",
        time_zone="Europe/Berlin",
        region="DE",
        online=True,
        opening_hours={day: (WallWindow(start=480, end=1_080),) for day in range(7)},
        resources={
            "anna": Resource(key="anna", name="Anna", online=True),
            "bernd": Resource(key="bernd", name="Bernd", online=True),
            "room": Resource(key="room", name="Room", kind="room"),
        },
        services={
            "checkup": Service(key="checkup", name="Check-up", minutes=30, online=True, resources=vets),
            "long": Service(key="long", name="Long", minutes=60, online=True, resources=vets),
            "op": Service(key="op", name="Surgery", minutes=60, online=True, resources=vets, requires=(("room",),)),
        },
        rules=Rules(availability="opening_hours", **rules),
    )


def hub(**rules: Any) -> PureHub:
    """A PMS of record, a calendar and a portal, all empty."""
    return PureHub(clinic(**rules), NOW, HubState(links=links(NOW)))


def portal(ref: str, state: State, **more: Any) -> Entry:
    """What the portal shows of a hold or booking."""
    view: dict[str, Any] = {"resource": "anna", "service": "checkup", "start": TEN, "end": TEN + HALF}
    view |= {name: more.pop(name) for name in list(more) if name in PLACE}
    return Entry(
        **{"ref": ref, "version": f"{ref}-{state}", "view": PortalView(state=state, **view), "modified": NOW} | more
    )


def phone(ref: str = "pms/7", *, version: str = "1", **view: Any) -> Entry:
    """What the PMS shows of an appointment that reception made."""
    shown: dict[str, Any] = {"state": State.CONFIRMED, "resource": "anna", "start": TEN, "end": TEN + HALF}
    return Entry(ref=ref, version=version, view=PmsView(**(shown | view)))


def held(it: PureHub, ref: str = "hold/1", **more: Any) -> PureHub:
    """A client selects a slot, and it stands on all sides."""
    it.see(portal=changed(portal(ref, State.HELD, **{"expires": it.now + 300} | more)))
    it.settle()
    return it


def booked(**rules: Any) -> PureHub:
    """A hold, then a booking of a known client, on all sides."""
    return submitted(held(hub(**rules)))


def submitted(it: PureHub, ref: str = "booking/1", hold: str = "hold/1", **more: Any) -> PureHub:
    """The client confirms her hold, and the booking stands on all sides."""
    answers = Answers(clients={f"portal/{ref}": (RECORD,)})
    entry = portal(ref, State.REQUESTED, **{"replaces": hold, "details": MARA, "modified": it.now} | more)
    it.see(answers, portal=changed(entry))
    it.settle()
    return it


def client(it: PureHub) -> Appointment:
    """The one booking that came from a client."""
    (found,) = [each for each in it.state.appointments.values() if each.origin is Side.CLIENT]
    return found


def shadow(it: PureHub, connection: str, key: str = "") -> Shadow:
    """What the hub remembers of a side's entry of the client's booking (or of `key`)."""
    return it.state.shadows[connection, key or client(it).id]


def edited(it: PureHub, connection: str, *, modified: int | None = None, **fields: Any) -> Entry:
    """The side's entry of the client's booking after somebody changed these fields of it."""
    known = shadow(it, connection)
    assert known.view is not None
    stamp = Stamp(appointment=known.appointment, revision=known.revision) if connection != "portal" else None
    view = replace(known.view, **fields)
    return Entry(ref=known.ref, version=f"{known.version}x", view=view, stamp=stamp, modified=modified)


def ask(it: PureHub, kind: Any, **more: Any) -> Plan:
    """Somebody gives a command about the client's booking, and it is carried out."""
    key = more.pop("appointment", "") or client(it).id
    it.state = replace(it.state, commands=(Command(id=1, kind=kind, appointment=key, **more),))
    return it.see()


def taken(it: PureHub, connection: str, key: str = "") -> Answers:
    """The side refused what it was asked to show of the client's booking (or of `key`), because the time is taken."""
    asked = it.state.appointments[key or client(it).id]
    return Answers(conflicts={(connection, asked.id): project(it.state.links[connection].role, asked, it.clinic)})


def gives_up(it: PureHub, effect: Effect) -> None:
    """The side will never take this write, and a person was asked."""
    place = (effect.connection, effect.change.appointment)
    it.state = replace(it.state, shadows={**it.state.shadows, place: given_up(effect, it.state.shadows.get(place))})


def told(plan_or_effects: Plan | list[Effect]) -> list[Effect]:
    """The writes that go to the portal."""
    effects = plan_or_effects.effects if isinstance(plan_or_effects, Plan) else plan_or_effects
    return [effect for effect in effects if effect.connection == "portal"]


def codes(it: PureHub) -> set[str]:
    """Every journal code so far."""
    return {line.code for plan in it.plans for line in plan.journal}


def kinds(it: PureHub) -> set[str]:
    """Every kind of task so far."""
    return {task.kind for plan in it.plans for task in plan.tasks}


def disagreements(it: PureHub) -> list[str]:
    """Where a side, as it answered last, does not show a client's booking as it stands."""
    found = []
    for booking in (each for each in it.state.appointments.values() if each.origin is Side.CLIENT):
        stands = (booking.state, booking.start, booking.end, booking.resource)
        views = {name: seen.view for (name, key), seen in it.state.shadows.items() if key == booking.id}
        shown = {n: (v.state, v.start, v.end, v.resource) for n, v in views.items() if v is not None}
        live = {name: place for name, place in shown.items() if not place[0].gone}
        wanted = {} if booking.state.gone else dict.fromkeys(it.state.links, stands)
        if live != wanted:
            found.append(f"{booking.id} {stands} is shown as {live}")
    return found
