"""What a client gave: as lines in the private note, taken out again without touching staff's, and whether it is all."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.details import PATIENT, detail_lines, full_address, lacking, with_lines, without_lines
from calbridge.details import given as said
from calbridge.model import Animal, Details

MAJA = Details(
    first_name="Maja",
    last_name="Sørensen",
    email="maja@example.org",
    phone="030 23125001",
    address="Hauptstraße 5, 10115 Berlin",
    patient_name="Bello",
    species="dog",
)
LINES = detail_lines(MAJA)
MINKA = Animal(name="Minka", species="cat")


# --- lines ----------------------------------------------------------------------------------------


def test_details_become_key_value_lines():
    assert LINES == (
        "First name: Maja\n"
        "Last name: Sørensen\n"
        "E-mail: maja@example.org\n"
        "Phone: 030 23125001\n"
        "Address: Hauptstraße 5, 10115 Berlin\n"
        "Patient: Bello\n"
        "Species: dog"
    )
    assert detail_lines(MAJA, PATIENT) == "Patient: Bello\nSpecies: dog"


def test_what_was_not_given_has_no_line():
    assert detail_lines(Details(last_name="Berg", phone=" ")) == "Last name: Berg"
    assert detail_lines(Details()) == ""
    given_ = said(Details(last_name="Berg", phone=" ", species="dog", others=(MINKA,)))
    assert given_ == (("last_name", "Berg"), ("species", "dog"), ("further_patient", "Minka, cat"))


def test_further_animals_have_a_line_each_whichever_fields_are_asked_for():
    """No system links more than one animal to a visit: they stand in the note for good."""
    several = replace(MAJA, others=(MINKA, Animal(name=" Rex\n")))
    lines = "Further patient: Minka, cat\nFurther patient: Rex"
    assert detail_lines(several, ()) == lines
    assert detail_lines(several, PATIENT) == f"Patient: Bello\nSpecies: dog\n{lines}"
    assert detail_lines(several) == f"{LINES}\n{lines}"


def test_every_field_has_a_line():
    # `language` is how she is written to, not who she is; `others` have lines of their own
    assert len(LINES.splitlines()) == len(fields(Details)) - 2


@given(st.text())
def test_a_value_cannot_forge_a_line_of_its_own(text):
    lines = detail_lines(Details(first_name=text, last_name="Berg")).splitlines()
    assert [line.partition(":")[0] for line in lines][-1] == "Last name"
    assert len(lines) == (2 if text.split() else 1)


NOTES = ["", "calls back", "calls back\nat noon", "\n\nblank lines first", "Last name: Somebody"]


@pytest.mark.parametrize("note", NOTES)
def test_lines_go_in_under_staffs_own_and_come_out_again(note):
    written = with_lines(note, LINES)
    assert written.endswith(LINES)
    assert with_lines(written, LINES) == written, "twice is once"
    assert without_lines(written, LINES) == note
    assert without_lines(f"{written}\nstaff wrote below", LINES) == "\n".join(
        part for part in (note, "staff wrote below") if part
    )


@pytest.mark.parametrize(
    "changed",
    [
        LINES.replace("030 23125001", "030 23125002"),
        LINES.replace("Patient: Bello", "Patient: Bello (bites)"),
        LINES.replace("\nPhone", "\nasked for a phone number\nPhone"),
        f"{LINES}s",
        f"> {LINES}",
    ],
)
def test_lines_that_staff_changed_stay(changed):
    assert without_lines(changed, LINES) == changed


def test_where_there_are_no_lines_nothing_changes():
    assert with_lines("note", "") == without_lines("note", "") == "note"


@given(st.text(), st.text())
def test_whatever_stood_there_comes_back(note, value):
    lines = detail_lines(Details(first_name="A", last_name="B", address=value))
    written = with_lines(note, lines)
    if written != note:
        assert without_lines(written, lines) == note or lines in note


# --- is it enough? --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({}, ()),
        ({"email": ""}, ()),
        ({"first_name": " "}, ("first_name",)),
        ({"last_name": ""}, ("last_name",)),
        ({"phone": ""}, ("phone",)),
        ({"phone": "99"}, ("phone",)),
        ({"address": "", "phone": ""}, ("phone", "address")),
        ({"address": "Berlin"}, ("address",)),
    ],
)
def test_a_record_of_her_own_needs_names_phone_and_address(changes, lacks):
    values = {field.name: getattr(MAJA, field.name) for field in fields(Details)} | changes
    assert lacking(Details(**values), "DE") == lacks


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("Hauptstraße 5, 10115 Berlin", True),
        ("Hauptstr. 5a\n10115 Berlin", True),
        ("10115 Berlin, Am Ring 12", True),
        ("Mannerheimintie 5 B 12, 00100 Helsinki", True),
        ("Stephansplatz 3, 1010 Wien", True),
        ("10 Downing Street, London SW1A 2AA", True),
        ("Storgatan 1, 111 22 Stockholm", True),
        ("ul. Długa 7, 00-238 Warszawa", True),
        ("Hauptstraße 5, Berlin", False),
        ("Hauptstraße, 10115 Berlin", False),
        ("10115 Berlin", False),
        ("5, 10115", False),
        ("Berlin", False),
        ("", False),
    ],
)
def test_a_full_postal_address(text, full):
    assert full_address(text) is full
