"""Matching: every way, both sides of every equality, and never a guess."""

from dataclasses import fields, replace
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.feeds import ClientRecord, PatientRecord
from calbridge.matching import WAYS, Ambiguous, Likeness, Linked, Unmatched, detail_lines, match
from calbridge.model import Details, Rules

MAJA = Details(
    first_name="Maja",
    last_name="Sørensen",
    email="maja@example.org",
    phone="030 23125001",
    address="Hauptstraße 5, 10115 Berlin",
    patient_name="Bello",
    species="dog",
)
FULL = ClientRecord(
    id="c1",
    first_name="Maja",
    last_name="Sørensen",
    emails=("maja@example.org",),
    phones=("+49 30 23125001",),
    addresses=("Hauptstraße 5, 10115 Berlin",),
    patients=(PatientRecord(id="p1", name="Bello", species="dog"),),
)
STRANGER = ClientRecord(id="c9", first_name="Otto", last_name="Berg", emails=("otto@example.org",), phones=("0307",))
NAMELESS = {"first_name": "Other", "last_name": "Person"}


def who(details, *records, way="unique", region="DE", **rules):
    return match(details, records, Rules(client_match=way, **rules), region)


def evidence(details, record, **given):
    found = who(details, record, way="propose", **given)
    return set(found.candidates[0].evidence) if isinstance(found, Ambiguous) else set()


# --- the four ways --------------------------------------------------------------------------------

ONLY = {
    "email": replace(FULL, **NAMELESS, phones=(), addresses=()),
    "phone": replace(FULL, **NAMELESS, emails=(), addresses=()),
    "name": replace(FULL, emails=(), phones=(), addresses=()),
    "address": replace(FULL, **NAMELESS, emails=(), phones=()),
    "name+email": replace(FULL, phones=(), addresses=()),
    "name+phone": replace(FULL, emails=(), addresses=()),
    "name+address": replace(FULL, emails=(), phones=()),
    "first name+email": replace(FULL, last_name="Other", phones=(), addresses=()),
    "nothing": STRANGER,
}
ACCEPTED = {
    "unique": {"email", "phone", "name", "name+email", "name+phone", "name+address", "first name+email"},
    "propose": {"email", "phone", "name", "name+email", "name+phone", "name+address", "first name+email"},
    "strict": {"name+email", "name+phone", "name+address"},
    "email": {"email", "name+email", "first name+email"},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("equal", ONLY)
def test_which_records_are_candidates(way, equal):
    outcome = who(MAJA, ONLY[equal], STRANGER, way=way)
    if equal not in ACCEPTED[way]:
        assert outcome == Unmatched()
    elif way == "propose":
        assert isinstance(outcome, Ambiguous)
    else:
        assert isinstance(outcome, Linked)
        assert outcome.client == "c1"


def test_every_way_of_the_configuration_is_here():
    assert set(get_args(get_type_hints(Rules)["client_match"])) == set(WAYS) == set(ACCEPTED)


@pytest.mark.parametrize("way", WAYS)
def test_two_candidates_are_ambiguous_with_their_evidence(way):
    twin = replace(FULL, id="c2", patients=())
    outcome = who(MAJA, twin, FULL, way=way)
    assert isinstance(outcome, Ambiguous)
    assert [candidate.client for candidate in outcome.candidates] == ["c1", "c2"]
    assert set(outcome.candidates[1].evidence) == {"email", "phone", "name", "address"}


def test_different_fields_may_point_at_different_people():
    """R28: the phone is hers, the e-mail is her husband's."""
    husband = ClientRecord(id="c2", first_name="Jan", last_name="Sørensen", emails=("maja@example.org",))
    outcome = who(MAJA, replace(FULL, emails=()), husband)
    assert isinstance(outcome, Ambiguous)
    assert {c.client: c.evidence for c in outcome.candidates} == {
        "c1": ("phone", "name", "address", "patient_name"),
        "c2": ("email",),
    }


def test_twins_fail_strictly_even_where_another_field_would_tell_them_apart():
    """S3."""
    twin = replace(FULL, id="c2", emails=("other@example.org",), addresses=())
    assert isinstance(who(MAJA, FULL, twin, way="strict"), Ambiguous)


def test_a_record_named_twice_is_one_candidate():
    assert who(MAJA, FULL, FULL) == Linked(
        client="c1", patient="p1", evidence=("email", "phone", "name", "address", "patient_name")
    )


def test_a_proposal_is_never_linked_without_a_person():
    """S2."""
    assert who(MAJA, FULL, way="propose") == Ambiguous(
        candidates=(
            Likeness(client="c1", patient="p1", evidence=("email", "phone", "name", "address", "patient_name")),
        )
    )
    assert who(MAJA, STRANGER, way="propose") == Unmatched()


def test_a_differing_field_beside_an_equal_one_does_not_hurt():
    """S3: same name and phone, another or no e-mail."""
    assert isinstance(who(MAJA, replace(FULL, emails=("old@example.org",)), way="strict"), Linked)
    assert isinstance(who(MAJA, replace(FULL, emails=()), way="strict"), Linked)


# --- equality -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "held", "equal"),
    [
        ("Maja", "Maja", True),
        ("  Maja ", "Maja", True),
        ("Anna  Maria", "Anna Maria", True),
        ("Anna\u00a0Maria", "Anna Maria", True),
        ("MAJA", "maja", True),
        ("Strauß", "STRAUSS", True),
        ("Zoe\u0308", "Zo\u00eb", True),
        ("Müller", "Mueller", False),
        ("Maja", "Maya", False),
        ("AnnaMaria", "Anna Maria", False),
    ],
)
def test_names(given, held, equal):
    details, record = Details(first_name=given, last_name="B"), ClientRecord(id="c", first_name=held, last_name="b")
    assert ("name" in evidence(details, record)) is equal


@pytest.mark.parametrize(
    ("given", "held", "equal"),
    [("Maja", "Maja", True), (" Maja", "Maja ", True), ("Maja", "maja", False), ("Zoe\u0308", "Zo\u00eb", True)],
)
def test_names_where_the_case_counts(given, held, equal):
    details, record = Details(first_name=given, last_name="B"), ClientRecord(id="c", first_name=held, last_name="B")
    assert ("name" in evidence(details, record, name_case="exact")) is equal


@pytest.mark.parametrize(
    ("given", "held", "equal"),
    [
        ("maja@example.org", "Maja@Example.ORG", True),
        (" maja@example.org ", "maja@example.org", True),
        ("maja@example.org", "maja+vet@example.org", False),
        ("maja@example.org", "m.aja@example.org", False),
    ],
)
def test_email(given, held, equal):
    assert ("email" in evidence(Details(email=given), ClientRecord(id="c", emails=("x@y.z", held)))) is equal


@pytest.mark.parametrize(
    ("given", "held", "region", "equal"),
    [
        ("030 23125001", "+49 30 23125001", "DE", True),
        ("0049 30 23125001", "(030) 23125-001", "DE", True),
        ("+49 (0)30 23125001", "03023125001", "DE", True),
        ("040 1234567", "+358 40 1234567", "FI", True),
        ("040 1234567", "+358 40 1234567", "DE", False),
        ("030 23125001", "030 23125001", "", False),  # without a region nobody knows which country it is in
        ("+49 30 23125001", "+493023125001", "", True),
        ("030 23125001", "030 23125002", "DE", False),
        ("unknown", "unknown", "DE", False),
        ("0", "0", "DE", False),
        ("99", "99", "DE", False),
        ("-", "-", "DE", False),
        ("1" * 40, "1" * 40, "DE", False),
    ],
)
def test_phone(given, held, region, equal):
    found = evidence(Details(phone=given), ClientRecord(id="c", phones=(held,)), region=region)
    assert ("phone" in found) is equal


@pytest.mark.parametrize(
    ("given", "held", "equal"),
    [
        ("Hauptstraße 5, 10115 Berlin", "Hauptstr. 5, 10115 Berlin", True),
        ("HAUPTSTRASSE 5, 10115 BERLIN", "hauptstr.5, 10115  berlin", True),
        ("Berliner Str. 5\n10115 Berlin", "Berliner Straße 5 10115 Berlin", True),
        ("Hauptstraße 5", "Hauptstraße 6", False),
        ("Hauptstraße 5", "Hauptstraßen 5", False),
        ("Mannerheimintie 5", "mannerheimintie 5", True),
    ],
)
def test_address(given, held, equal):
    details = Details(first_name="A", last_name="B", address=given)
    record = ClientRecord(id="c", first_name="A", last_name="B", addresses=(held,))
    assert ("address" in evidence(details, record)) is equal


EMPTY = st.sampled_from(["", " ", "\t", "\u00a0", "\n"])


@pytest.mark.parametrize("way", WAYS)
@given(blank=EMPTY, other=EMPTY)
def test_an_empty_field_never_equals_an_empty_field(way, blank, other):
    details = Details(**dict.fromkeys((field.name for field in fields(Details)), blank))
    record = ClientRecord(
        id="c",
        first_name=other,
        last_name=other,
        emails=(other,),
        phones=(other,),
        addresses=(other,),
        patients=(PatientRecord(id="p", name=other, species=other),),
    )
    assert who(details, record, way=way) == Unmatched()


@pytest.mark.parametrize("missing", ["first_name", "last_name"])
def test_half_a_name_is_no_name(missing):
    details = Details(**{"first_name": "Maja", "last_name": "Sørensen", missing: ""})
    record = ClientRecord(id="c", **{"first_name": "Maja", "last_name": "Sørensen", missing: ""})
    assert who(details, record) == Unmatched()


# --- patients -------------------------------------------------------------------------------------

BELLO, KITTY = PatientRecord(id="p1", name="Bello", species="Dog"), PatientRecord(id="p2", name="Kitty", species="cat")
BELLO_CAT = PatientRecord(id="p3", name="bello", species="cat")


@pytest.mark.parametrize(
    ("patients", "how", "given", "expected"),
    [
        ((BELLO, KITTY), "name", {}, "p1"),
        ((BELLO, KITTY), "name_species", {}, "p1"),
        ((BELLO, KITTY), "name", {"patient_name": "kitty"}, "p2"),
        ((BELLO, KITTY), "name_species", {"patient_name": "Kitty"}, ""),
        ((BELLO, BELLO_CAT), "name", {}, ""),
        ((BELLO, BELLO_CAT), "name_species", {}, "p1"),
        ((BELLO, BELLO), "name", {}, "p1"),
        ((BELLO,), "name_species", {"species": ""}, ""),
        ((BELLO,), "name", {"patient_name": ""}, ""),
        ((), "name", {}, ""),
    ],
)
def test_the_patient_is_the_one_of_that_name(patients, how, given, expected):
    outcome = who(replace(MAJA, **given), replace(FULL, patients=patients), patient_match=how)
    assert isinstance(outcome, Linked)
    assert outcome.patient == expected
    assert ("patient_name" in outcome.evidence) == bool(expected)
    assert ("species" in outcome.evidence) == (bool(expected) and how == "name_species")


def test_another_clients_animal_is_not_hers():
    other = replace(STRANGER, patients=(BELLO,))
    outcome = who(MAJA, replace(FULL, patients=()), other)
    assert isinstance(outcome, Linked)
    assert outcome.patient == ""


# --- what holds for any records -------------------------------------------------------------------

NAMES = st.sampled_from(["", "Maja", "maja", "Otto"])
MAILS = st.sampled_from(["", "maja@example.org", "MAJA@example.org", "otto@example.org"])
PHONES = st.sampled_from(["", "030 23125001", "+493023125001", "030 999999"])
RECORDS = st.lists(
    st.builds(
        ClientRecord,
        id=st.sampled_from(["c1", "c2", "c3", "c4"]),
        first_name=NAMES,
        last_name=NAMES,
        emails=st.lists(MAILS, max_size=2).map(tuple),
        phones=st.lists(PHONES, max_size=2).map(tuple),
    ),
    max_size=4,
    unique_by=lambda record: record.id,
)
DETAILS = st.builds(Details, first_name=NAMES, last_name=NAMES, email=MAILS, phone=PHONES)


@given(DETAILS, RECORDS)
def test_unique_is_the_catalogues_words(details, records):
    def same(given, held):
        return given != "" and given.lower() == held.lower()

    def number(text):
        return text.replace(" ", "").replace("+49", "0")

    fits = sorted(
        record.id
        for record in records
        if any(same(details.email, mail) for mail in record.emails)
        or any(same(number(details.phone), number(phone)) for phone in record.phones)
        or (same(details.first_name, record.first_name) and same(details.last_name, record.last_name))
    )
    match who(details, *records):
        case Unmatched():
            assert fits == []
        case Linked(client=client):
            assert fits == [client]
        case Ambiguous(candidates=candidates):
            assert fits == [candidate.client for candidate in candidates]
            assert len(fits) > 1


@given(DETAILS, RECORDS, st.sampled_from(sorted(WAYS)))
def test_the_order_of_the_records_never_matters(details, records, way):
    assert who(details, *records, way=way) == who(details, *reversed(records), way=way)


@given(DETAILS, RECORDS)
def test_strict_links_only_what_unique_would_consider(details, records):
    strict, unique = who(details, *records, way="strict"), who(details, *records)
    if isinstance(strict, Linked) and isinstance(unique, Linked):
        assert strict.client == unique.client
    assert not (isinstance(strict, Linked) and isinstance(unique, Unmatched))


# --- for the private note -------------------------------------------------------------------------


def test_details_become_key_value_lines():
    assert detail_lines(MAJA) == (
        "First name: Maja\n"
        "Last name: Sørensen\n"
        "E-mail: maja@example.org\n"
        "Phone: 030 23125001\n"
        "Address: Hauptstraße 5, 10115 Berlin\n"
        "Patient: Bello\n"
        "Species: dog"
    )


def test_what_was_not_given_has_no_line():
    assert detail_lines(Details(last_name="Berg", phone=" ")) == "Last name: Berg"
    assert detail_lines(Details()) == ""


@given(st.text())
def test_a_value_cannot_forge_a_line_of_its_own(text):
    lines = detail_lines(Details(first_name=text, last_name="Berg")).splitlines()
    assert [line.partition(":")[0] for line in lines][-1] == "Last name"
    assert len(lines) == (2 if text.split() else 1)
