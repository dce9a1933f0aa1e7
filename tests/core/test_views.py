"""What each side sees: nothing private leaves by a portal, and a view survives storing."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.model import Animal, Appointment, Clinic, Details, Rules, Service, Side, State
from calbridge.reconcile.effects import promised
from calbridge.views import (
    SYSTEM_REASONS,
    CalendarView,
    PmsView,
    PortalView,
    digest,
    fields_of,
    project,
    subject,
    view_from,
)

ROLES = ("calendar", "pms", "portal")
PRIVATE = {
    "title": "PRIVATE-TITLE",
    "note": "PRIVATE-NOTE",
    "client": "CLIENT-KEY",
    "patient": "PATIENT-KEY",
    "decline_reason": "CLINICS-OWN-WORDS",
}
NAMES = Details(
    first_name="FIRST-NAME",
    last_name="LAST-NAME",
    email="E-MAIL",
    phone="PHONE",
    address="ADDRESS",
    patient_name="PATIENT-NAME",
    species="SPECIES",
    language="LANGUAGE",
    others=(Animal(name="SECRETMINKA", species="SECRETCAT"),),
)
ONES = (getattr(NAMES, each.name) for each in fields(NAMES) if each.name != "others")
SAID = (*ONES, "SECRETMINKA", "SECRETCAT")
STATES = st.sampled_from(State)


def clinic(**rules):
    return Clinic(
        key="hafen",
        name="Tierarztpraxis am Hafen",
        time_zone="Europe/Berlin",
        region="DE",
        services={"visit": Service(key="visit", name="Sprechstunde", minutes=30)},
        rules=Rules(**rules),
    )


def appointment(state=State.CONFIRMED, **changes):
    base = Appointment(
        id="b1",
        clinic="hafen",
        state=state,
        origin=Side.CLIENT,
        resource="anna",
        start=1_800_000_000,
        end=1_800_001_800,
        service="visit",
        description="Impfung",
        details=NAMES,
        written=True,
        reserved=True,
        **PRIVATE,
    )
    return replace(base, **changes)


def text_of(view):
    return repr(fields_of(view))


# --- nothing private leaves -----------------------------------------------------------------------


@given(STATES, st.booleans(), st.sampled_from(["full", "pseudonym", "none"]))
def test_a_portal_never_sees_anything_private(state, written, names):
    shown = text_of(project("portal", appointment(state, written=written), clinic(calendar_names=names)))
    leaked = [word for word in (*PRIVATE.values(), *SAID) if word in shown]
    assert leaked == []


def test_a_portal_view_has_no_field_for_anything_private():
    assert {field.name for field in fields(PortalView)} == {
        *("state", "resource", "start", "end", "service", "description", "decline_reason", "account"),
        "wide_moves",
    }


@pytest.mark.parametrize("names", ["pseudonym", "none"])
@given(state=STATES)
def test_a_calendar_without_names_has_none_and_no_note(names, state):
    view = project("calendar", appointment(state), clinic(calendar_names=names))
    assert isinstance(view, CalendarView)
    assert view.note is None
    assert not view.confidential
    shown = text_of(view)
    whole = ("PRIVATE-TITLE", "PRIVATE-NOTE", *SAID)
    assert [word for word in whole if word in shown] == []


@pytest.mark.parametrize("names", ["full", "pseudonym", "none"])
def test_a_hold_shows_the_service_and_nobody(names):
    view = project("calendar", appointment(State.HELD, title="", note=""), clinic(calendar_names=names))
    assert isinstance(view, CalendarView)
    assert view.title == "Reserviert: Sprechstunde"
    assert view.description == ""
    assert not view.confidential


@pytest.mark.parametrize(
    ("names", "title"),
    [
        ("full", "Sprechstunde - PATIENT-NAME, SECRETMINKA, FIRST-NAME LAST-NAME"),
        ("pseudonym", "Sprechstunde - PA SE FILA CLIENT-KEY"),
        ("none", "Sprechstunde"),
    ],
)
def test_a_calendar_shows_names_as_far_as_the_clinic_does(names, title):
    view = project("calendar", appointment(title=""), clinic(calendar_names=names))
    assert isinstance(view, CalendarView)
    assert view.title == title


@pytest.mark.parametrize(
    ("first", "last", "pseudonym"),
    [("Mara", "Voss", "MaVo"), ("Bo", "Li", "BL"), (" Bo ", "Voss", "BVo"), ("M", "", ""), ("E\u0301va", "Ek", "ÉvE")],
)
def test_a_pseudonym_is_never_a_whole_name(first, last, pseudonym):
    made = appointment(title="", client="", details=Details(first_name=first, last_name=last))
    view = project("calendar", made, clinic(calendar_names="pseudonym"))
    assert view.title == " - ".join(part for part in ("Sprechstunde", pseudonym) if part)


def test_the_clinics_own_title_wins_over_the_made_one():
    assert subject(appointment(), clinic(), names="full") == "PRIVATE-TITLE"
    assert subject(appointment(State.REQUESTED), clinic(), names="full") == "Angefragt: PRIVATE-TITLE"


def test_what_has_no_name_at_all_bears_the_clinics():
    nameless = appointment(title="", service="", details=None)
    assert subject(nameless, clinic(), names="full") == "Tierarztpraxis am Hafen"


@pytest.mark.parametrize(("region", "word"), [("DE", "Angefragt"), ("FI", "Pyydetty"), ("GB", "Requested")])
def test_the_state_is_in_the_clinics_language(region, word):
    there = replace(clinic(), region=region)
    assert subject(appointment(State.REQUESTED), there, names="none").startswith(f"{word}: ")


def test_a_pms_sees_everything_of_the_clinics():
    view = project("pms", appointment(co_resources=("room1",)), clinic())
    assert isinstance(view, PmsView)
    assert (view.title, view.note, view.client, view.patient) == (
        PRIVATE["title"],
        PRIVATE["note"],
        PRIVATE["client"],
        PRIVATE["patient"],
    )
    assert (view.description, view.service, view.co_resources) == ("Impfung", "visit", ("room1",))


# --- what a client may rely on --------------------------------------------------------------------


@given(STATES, st.booleans(), st.booleans())
def test_accepted_is_not_written(state, written, reserved):
    told = promised(appointment(state, written=written, reserved=reserved))
    assert told is (state is not State.CONFIRMED or (written and reserved))


@pytest.mark.parametrize("visible", [True, False])
def test_a_reason_is_told_where_the_clinic_allows_it_and_the_bridges_own_always(visible):
    there = clinic(decline_reason_visible=visible)
    own, bridges = appointment(State.DECLINED), appointment(State.DECLINED, decline_reason=min(SYSTEM_REASONS))
    for booking, told in ((own, visible), (bridges, True)):
        view = project("portal", booking, there)
        assert isinstance(view, PortalView)
        assert bool(view.decline_reason) is told


# --- storing --------------------------------------------------------------------------------------

VIEWS = st.one_of(
    st.builds(CalendarView, state=STATES, resource=st.text(), start=st.integers(), end=st.integers()),
    st.builds(PmsView, state=STATES, resource=st.text(), start=st.integers(), end=st.integers()),
    st.builds(PortalView, state=STATES, resource=st.text(), start=st.integers(), end=st.integers()),
)
ROLE_OF = {CalendarView: "calendar", PmsView: "pms", PortalView: "portal"}


@given(VIEWS)
def test_a_view_survives_storing(view):
    again = view_from(ROLE_OF[type(view)], fields_of(view))
    assert again == view
    assert type(again.state) is State
    assert digest(fields_of(again)) == digest(fields_of(view))


@given(VIEWS, st.integers())
def test_a_digest_differs_with_the_meaning(view, start):
    other = replace(view, start=start)
    assert (digest(fields_of(other)) == digest(fields_of(view))) == (other == view)


def test_the_co_resources_of_a_pms_view_come_back_as_a_tuple():
    view = project("pms", appointment(co_resources=("room1", "room2")), clinic())
    assert view_from("pms", fields_of(view)) == view


@pytest.mark.parametrize("role", ROLES)
def test_projecting_twice_is_projecting_once(role):
    view = project(role, appointment(), clinic())
    assert digest(fields_of(view)) == digest(fields_of(project(role, appointment(), clinic())))
