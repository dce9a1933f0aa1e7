"""What can leave for a portal or a client is a matter of types: every field on the way there is written down here.

A field added to one of these records fails a test until somebody has thought about section 6 of the rules.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest

from calbridge.changes import CHANGES, CalendarChange, Offer, PmsChange, PortalChange
from calbridge.model import Absence, Appointment, Clinic, Closure, Details, Resource, Rules, Service
from calbridge.notices import ClientNotice, ClinicNotice
from calbridge.public import PublicClinic, PublicResource, public
from calbridge.views import CalendarView, PmsView, PortalView

MAY_LEAVE = {
    "PortalChange": "key appointment revision view remove ref version previous overbook notify alternatives",
    "Alternative": "resource start end",
    "PortalView": "state resource start end service description decline_reason account wide_moves",
    "Offer": "clinic revision windows",
    "OfferWindow": "resource window slots moves",
    "OfferedSlot": "service start end",
    "PublicClinic": (
        "key name time_zone language region phone email booking_url privacy_notice online resources services rules"
    ),
    "PublicResource": "key name online",
    "PublicService": (
        "key name minutes group online resources species excluded_species clients instructions booking_mode"
    ),
    "ClientNotice": "key kind clinic to booking ref revision visit manage_url reason alternatives had_confirmed",
    "Recipient": "name email phone language",
    "Visit": "state start end service resource description patient instructions previous",
    "ClinicNotice": "key kind clinic booking revision start end service resource",
    "PublicRules": (
        "client_cancel_cutoff client_move_cutoff hold_ttl late_confirm show_resource show_duration "
        "one_patient_per_booking"
    ),
}
ROOTS = (PortalChange, Offer, PublicClinic, ClientNotice, ClinicNotice)
FROZEN: dict[str, Any] = {"frozen": True, "kw_only": True}
NEVER = (Appointment, Clinic, Details, Resource, Service, Rules, CalendarView, PmsView, CalendarChange, PmsChange)


def reachable(kind: Any, seen: dict[str, type] | None = None) -> dict[str, type]:
    """Every dataclass that an instance of `kind` can hold, itself included."""
    found = {} if seen is None else seen
    for part in _parts(kind):
        if dataclasses.is_dataclass(part) and part.__name__ not in found:
            found[part.__name__] = typing.cast("type", part)
            for hint in typing.get_type_hints(part).values():
                reachable(hint, found)
    return found


def _parts(hint: Any) -> Iterator[Any]:
    yield hint
    for part in typing.get_args(hint):
        yield from _parts(part)


def strays(roots: tuple[type, ...], allowed: Mapping[str, str]) -> set[str]:
    """What the roots can hold and the list does not allow."""
    kinds = {name: kind for root in roots for name, kind in reachable(root).items()}
    held = {f"{name}.{field.name}" for name, kind in kinds.items() for field in dataclasses.fields(kind)}
    return held - {f"{name}.{field}" for name, names in allowed.items() for field in names.split()}


def test_only_what_is_listed_can_leave() -> None:
    assert strays(ROOTS, MAY_LEAVE) == set()


def test_the_list_holds_nothing_that_is_not_there() -> None:
    kinds = {name: kind for root in ROOTS for name, kind in reachable(root).items()}
    there = {name: " ".join(field.name for field in dataclasses.fields(kind)) for name, kind in kinds.items()}
    assert there == MAY_LEAVE


@pytest.mark.parametrize("root", ROOTS)
def test_no_private_record_can_be_reached(root: type) -> None:
    assert {kind.__name__ for kind in NEVER} & set(reachable(root)) == set()


@pytest.mark.parametrize("field", ["title", "note", "details", "client"])
def test_a_private_field_in_a_view_would_be_noticed(field: str) -> None:
    """The guard itself: the same view with one more field."""
    wider = dataclasses.make_dataclass("PortalView", [(field, str, "")], bases=(PortalView,), **FROZEN)
    assert strays((wider,), MAY_LEAVE) == {f"PortalView.{field}"}


def test_a_private_record_inside_a_record_would_be_noticed() -> None:
    wider = dataclasses.make_dataclass("Offer", [("asked", Details | None, None)], bases=(Offer,), **FROZEN)
    assert "Details.email" in strays((wider,), MAY_LEAVE)


def test_each_kind_of_side_has_its_own_change_and_view() -> None:
    views = {role: typing.get_type_hints(kind)["view"] for role, kind in CHANGES.items()}
    assert views == {"calendar": CalendarView, "pms": PmsView, "portal": PortalView}
    assert [role for role, kind in CHANGES.items() if Details.__name__ in reachable(kind)] == ["pms"]


# --- what of a clinic is public -------------------------------------------------------------------

AWAY = Absence(resource="anna", first=date(2026, 12, 1), last=date(2026, 12, 3), reason="PRIVATE-SICK")
CLINIC = Clinic(
    key="hafen",
    name="Tierarztpraxis am Hafen",
    time_zone="Europe/Berlin",
    region="DE",
    phone="+49 40 1",
    email="praxis@example.org",
    booking_url="https://book.example.org/hafen",
    online=True,
    closures=(Closure(first=date(2026, 12, 24), last=date(2026, 12, 31), reason="PRIVATE-CLOSURE"),),
    resources={
        "anna": Resource(
            key="anna",
            name="Dr. Anna Sommer",
            online=True,
            absences=(
                Absence(resource="anna", first=date(2026, 12, 1), last=date(2026, 12, 3), reason="PRIVATE-SICK"),
            ),
        ),
        "ben": Resource(key="ben", name="PRIVATE-NOT-ONLINE"),
    },
    services={"checkup": Service(key="checkup", name="Check-up", minutes=30, online=True, resources=("anna",))},
    rules=Rules(booking_mode="request"),
)


def test_reasons_and_people_whom_nobody_can_book_stay_inside() -> None:
    shown = public(CLINIC)
    assert "PRIVATE" not in repr(shown)
    assert shown.resources["anna"] == PublicResource(key="anna", name="Dr. Anna Sommer", online=True)
    assert shown.resources["ben"] == PublicResource(key="ben")
    assert (shown.language, shown.phone, shown.services["checkup"].booking_mode) == ("de", "+49 40 1", "request")


def test_a_clinic_that_does_not_say_who_gives_no_name_away() -> None:
    quiet = dataclasses.replace(CLINIC, rules=Rules(show_resource=False))
    assert {each.name for each in public(quiet).resources.values()} == {""}


@pytest.mark.parametrize(
    ("region", "own", "spoken"), [("DE", "", "de"), ("FI", "", "fi"), ("GB", "", "en"), ("DE", "fi", "fi")]
)
def test_a_clinic_speaks_its_own_language_else_its_regions(region: str, own: Any, spoken: str) -> None:
    assert dataclasses.replace(CLINIC, region=region, language=own).spoken == spoken
