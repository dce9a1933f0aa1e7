"""A booking for several animals: refused where the clinic takes one (S3), else all of them come along."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import MARA, RECORD, TEN, booked, client, edited, held, hub, portal, shadow, told

from calbridge.hub import Answers
from calbridge.messages import Kind, message
from calbridge.model import Animal, State
from calbridge.notices import client_notice
from calbridge.provider import ClientRecord, PatientRecord
from calbridge.testing.pure import PureHub, changed
from calbridge.views import ONE_PATIENT, project, subject

HOUR, HALF = 3_600, 1_800
SEVERAL = replace(MARA, others=(Animal(name="Minka", species="cat"), Animal(name="Rex")))


def brought(*records: ClientRecord, details: Any = SEVERAL, service: Any = None, **rules: Any) -> PureHub:
    """Mara books for Bo, and brings two more."""
    it = hub(**rules)
    services = {**it.clinic.services, "checkup": replace(it.clinic.services["checkup"], **(service or {}))}
    it.clinic = replace(it.clinic, services=services)
    it = held(it)
    entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=details, modified=it.now)
    it.see(Answers(clients={"portal/booking/1": records}), portal=changed(entry))
    it.settle()
    return it


def note(it: PureHub) -> str:
    view: Any = shadow(it, "pms").view
    return str(view.note)


@pytest.mark.parametrize(("one", "state"), [(True, State.DECLINED), (False, State.CONFIRMED)])
def test_it_is_the_clinics_rule(one: bool, state: State) -> None:
    it = brought(RECORD, one_patient_per_booking=one)
    assert client(it).state is state
    assert client(it).decline_reason == (ONE_PATIENT if one else "")


def test_who_is_refused_is_told_why_whatever_the_clinic_hides() -> None:
    """She can mend it herself: one booking for each."""
    it = brought(RECORD, one_patient_per_booking=True, decline_reason_visible=False)
    (effect,) = [each for plan in it.plans for each in told(plan) if each.change.remove][-1:]
    assert (effect.change.view.decline_reason, effect.change.notify) == (ONE_PATIENT, True)


def test_one_animal_is_welcome_where_one_is_taken() -> None:
    assert client(brought(RECORD, details=MARA, one_patient_per_booking=True)).state is State.CONFIRMED


def test_the_visit_is_linked_to_the_first_and_the_others_stay_in_the_note() -> None:
    """No PMS links several; who reads the diary must know that three are coming."""
    it = brought(RECORD)
    assert (client(it).client, client(it).patient) == ("c1", "p1")
    assert note(it) == "Further patient: Minka, cat\nFurther patient: Rex"
    title = subject(client(it), it.clinic, names="full")
    assert title == "Check-up - Bo, Minka, Rex, Mara Voss"


def test_the_note_loses_the_owners_lines_with_the_link_and_keeps_the_animals() -> None:
    it = brought()
    assert note(it).startswith("First name: Mara")
    assert note(it).endswith("Patient: Bo\nSpecies: dog\nFurther patient: Minka, cat\nFurther patient: Rex")
    it.see(pms=changed(edited(it, "pms", client="c1", patient="p1")))
    it.settle()
    assert note(it) == "Further patient: Minka, cat\nFurther patient: Rex"


@pytest.mark.parametrize(("names", "shown"), [("pseudonym", "Check-up - B Mi Re MaVo c1"), ("none", "Check-up")])
def test_a_calendar_sees_as_much_of_them_as_of_the_first(names: Any, shown: str) -> None:
    it = brought(RECORD, calendar_names=names)
    view: Any = project("calendar", client(it), it.clinic)
    assert (view.title, view.note) == (shown, None)


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ({"species": frozenset({"dog", "cat"})}, "species_not_admitted"),  # nobody knows what Rex is
        ({"species": frozenset({"dog"})}, "species_not_admitted"),
        ({"excluded_species": frozenset({"cat"})}, "species_not_admitted"),
        ({}, ""),
    ],
)
def test_a_service_is_for_all_of_them_or_for_none(service: Any, code: str) -> None:
    it = brought(RECORD, service=service)
    assert client(it).decline_reason == code
    assert client(it).state is (State.DECLINED if code else State.CONFIRMED)


@pytest.mark.parametrize(("species", "moved"), [(frozenset({"dog"}), False), (frozenset(), True)])
def test_a_move_to_another_service_is_judged_for_all_of_them(species: frozenset[str], moved: bool) -> None:
    it = brought(RECORD)
    it.clinic = replace(
        it.clinic, services={**it.clinic.services, "long": replace(it.clinic.services["long"], species=species)}
    )
    it.see(portal=changed(edited(it, "portal", service="long", start=TEN + HOUR, end=TEN + 2 * HOUR)))
    assert (client(it).service == "long") is moved


MADE = (PatientRecord(id="p9", name="Minka"), PatientRecord(id="p8", name=" bo "), PatientRecord(id="p7", name="Rex"))


@pytest.mark.parametrize(
    ("patients", "patient"), [(MADE, "p8"), (MADE[:1], "p9"), ((*MADE, replace(MADE[1], id="p6")), ""), ((), "")]
)
def test_a_new_record_links_the_visit_to_the_animal_it_is_for(
    patients: tuple[PatientRecord, ...], patient: str
) -> None:
    it = brought(on_unmatched="create")
    it.see(Answers(created={client(it).id: ClientRecord(id="c9", patients=patients)}))
    assert (client(it).client, client(it).patient) == ("c9", patient)


def test_her_messages_name_them_all() -> None:
    it = brought(RECORD)
    due = message(Kind.CONFIRMED, client(it), None, it.clinic.rules, now=it.now)
    notice = client_notice(due, it.clinic, SEVERAL, appointment=client(it), manage_url="", now=it.now)
    assert notice.visit is not None
    assert notice.visit.patient == "Bo, Minka, Rex"


def test_nothing_changes_for_one() -> None:
    assert note(booked()) == ""
