"""What each side may see of an appointment (rules.md section 6), enforced by type.

A `PortalView` has no field for a private title, a private note or a name, so none can leave by mistake.
Every comparison in the pipeline is between two views of one kind: what a side should show, what it was
last asked to show, and what it does show.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, assert_never
from unicodedata import normalize

from calbridge.model import Appointment, Clinic, Details, Rules, State
from calbridge.numbers import number_of

Role = Literal["calendar", "pms", "portal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """One VEVENT's meaning. `note` is None where the calendar may not show names (it may hold a client's details)."""

    state: State
    resource: str
    start: int
    end: int
    title: str = ""
    description: str = ""
    note: str | None = None
    confidential: bool = False
    marked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PmsView:
    """One appointment of the practice-management system, private fields included."""

    state: State
    resource: str
    start: int
    end: int
    service: str = ""
    co_resources: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    note: str = ""
    client: str = ""
    patient: str = ""
    marked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalView:
    """What the portal, and through it the client, may know of her own booking.

    `account` is the portal's own name of her account, of what the clinic made for her by itself; else "".
    `wide_moves`: she may move it to what the portal was told for moves (`OfferWindow.moves`), not only to what anybody
    may book (S4).
    """

    state: State
    resource: str
    start: int
    end: int
    service: str = ""
    description: str = ""
    decline_reason: str = ""
    account: str = ""
    wide_moves: bool = False


View = CalendarView | PmsView | PortalView

_KINDS: dict[Role, type[CalendarView | PmsView | PortalView]] = {
    "calendar": CalendarView,
    "pms": PmsView,
    "portal": PortalView,
}


def fields_of(view: View) -> dict[str, Any]:
    """The view as plain JSON values, for comparing field by field and for storing."""
    values = ((each.name, getattr(view, each.name)) for each in fields(view))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values}


def view_from(role: Role, given: dict[str, Any]) -> View:
    """The inverse of `fields_of`."""
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    values["state"] = State(values["state"])
    return _KINDS[role](**values)


UNDECIDED = frozenset({State.HELD, State.REQUESTED})
"""What a side without holds has no word for."""


def placeholder(view: View) -> View:
    """The same for a side without holds: a plain appointment, whose title says what it is. A hold names nobody."""
    return replace(view, state=State.CONFIRMED) if view.state in UNDECIDED else view


def digest(values: Mapping[str, Any]) -> str:
    """A short fingerprint of a view's fields: equal fields have equal digests, on every machine."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def project(role: Role, appointment: Appointment, clinic: Clinic) -> View:
    """What a side in `role` should show of `appointment`."""
    match role:
        case "calendar":
            return _calendar(appointment, clinic)
        case "pms":
            return _pms(appointment, clinic)
        case "portal":
            return _portal(appointment, clinic)
    assert_never(role)


def _calendar(appointment: Appointment, clinic: Clinic) -> CalendarView:
    names = clinic.rules.calendar_names
    held = appointment.state is State.HELD
    return CalendarView(
        state=appointment.state,
        resource=appointment.resource,
        start=appointment.start,
        end=appointment.end,
        title=subject(appointment, clinic, names=names),
        description="" if held else appointment.description,
        note=("" if held else appointment.note) if names == "full" else None,
        confidential=names == "full" and not held,
        marked=appointment.marked,
    )


def _pms(appointment: Appointment, clinic: Clinic) -> PmsView:
    return PmsView(
        state=appointment.state,
        resource=appointment.resource,
        start=appointment.start,
        end=appointment.end,
        service=appointment.service,
        co_resources=appointment.co_resources,
        title=subject(appointment, clinic, names="full"),
        description=appointment.description,
        note=appointment.note,
        client=appointment.client,
        patient=appointment.patient,
        marked=appointment.marked,
    )


def _portal(appointment: Appointment, clinic: Clinic) -> PortalView:
    return PortalView(
        state=appointment.state,
        resource=appointment.resource,
        start=appointment.start,
        end=appointment.end,
        service=appointment.service,
        description=appointment.description,
        decline_reason=visible_reason(appointment, clinic.rules),
        account=appointment.showing.account if appointment.showing else "",
        wide_moves=moves_widely(appointment, clinic.rules),
    )


def moves_widely(appointment: Appointment, rules: Rules) -> bool:
    """Known clients move a confirmed appointment anywhere in the opening hours, where the clinic lets them (S4)."""
    known = appointment.state is State.CONFIRMED and bool(appointment.client)
    return known and rules.reschedule_scope == "opening_hours"


def visible_reason(appointment: Appointment, rules: Rules) -> str:
    """The clinic's own words for a refusal reach a client only where the clinic shows them (S2)."""
    visible = rules.decline_reason_visible or appointment.decline_reason in SYSTEM_REASONS
    return appointment.decline_reason if visible else ""


def notifies(appointment: Appointment) -> bool:
    """May the client be told of this state? Not where the clinic decided without a message (S2).

    A refusal of the bridge itself is always told: she waits for an answer and nobody at the clinic knows.
    """
    return not appointment.quiet or appointment.decline_reason in SYSTEM_REASONS


ALTERNATIVES = frozenset({"slot_unavailable", "hold_expired"})
"""Reasons that are given with other times: there may be some."""
ONE_PATIENT = "one_patient_per_booking"
"""Why a booking for several animals is refused where the clinic takes one (S3)."""
SERVICE_KEPT = "service_not_changeable"
"""Why a client does not get another service for her booking, where the clinic decides that."""
SYSTEM_REASONS = ALTERNATIVES | {
    "too_late_to_move",
    "client_not_admitted",
    "species_not_admitted",
    ONE_PATIENT,
    SERVICE_KEPT,
}
"""Reasons the bridge itself gives; a client always learns them, they say nothing about the clinic."""


_WORDS = {
    "de": {State.HELD: "Reserviert", State.REQUESTED: "Angefragt"},
    "fi": {State.HELD: "Varattu", State.REQUESTED: "Pyydetty"},
    "en": {State.HELD: "Reserved", State.REQUESTED: "Requested"},
}


def subject(appointment: Appointment, clinic: Clinic, *, names: str) -> str:
    """The line a diary shows: the service (S2), then the names as far as the clinic shows them, the state first."""
    words = _WORDS[clinic.spoken]
    service = clinic.services.get(appointment.service)
    text = appointment.title if names == "full" else ""
    if not text or appointment.state is State.HELD:
        who = _who(appointment, names) if appointment.state is not State.HELD else ""
        text = " - ".join(part for part in (service.name if service else "", who) if part)
    word = words.get(appointment.state, "")
    return ": ".join(part for part in (word, text) if part) or clinic.name


def own_title(title: str, clinic: Clinic) -> str:
    """What staff typed, without the state's word that the bridge put before it."""
    for word in _WORDS[clinic.spoken].values():
        title = title.removeprefix(f"{word}: ")
    return title


def _who(appointment: Appointment, names: str) -> str:
    given = appointment.details or Details()
    match names:
        case "full":
            animals = (each.name for each in given.animals)
            return ", ".join(part for part in (*animals, f"{given.first_name} {given.last_name}".strip()) if part)
        case "pseudonym":
            short = _letters(given.first_name) + _letters(given.last_name)
            animals = (_letters(each.name) for each in given.animals)
            return " ".join(part for part in (*animals, short, number_of(appointment.client)) if part)
        case _:
            return ""


def _letters(name: str) -> str:
    """Two letters of a name (rules.md section 6); of a name that has no more only one, else all of it stood there."""
    plain = normalize("NFC", name.strip())
    return plain[: min(2, len(plain) - 1)] if len(plain) > 1 else ""
