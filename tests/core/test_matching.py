"""Matching: every way, both sides of every equality, and never a guess."""

from dataclasses import fields, replace
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.feeds import ClientRecord, PatientRecord
from calbridge.matching import (
    ANIMALS,
    WAYS,
    Ambiguous,
    Likeness,
    Linked,
    PatientLikeness,
    Proposed,
    Unmatched,
    compare,
    match,
)
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


def beside(details, record, *, region="DE", **rules):
    (found,) = compare(details, [record], Rules(**rules), region)
    return found


def evidence(details, record, **given):
    return set(beside(details, record, **given).agrees)


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
    else:
        assert isinstance(outcome, Proposed if way == "propose" else Linked)
        assert outcome.found.client == "c1"


def test_every_way_of_the_configuration_is_here():
    hints = get_type_hints(Rules)
    assert set(get_args(hints["client_match"])) == set(WAYS) == set(ACCEPTED)
    assert set(get_args(hints["patient_match"])) == set(ANIMALS)


@pytest.mark.parametrize("way", WAYS)
def test_two_candidates_are_ambiguous_with_their_evidence(way):
    twin = replace(FULL, id="c2", patients=())
    outcome = who(MAJA, twin, FULL, way=way)
    assert isinstance(outcome, Ambiguous)
    assert [candidate.client for candidate in outcome.candidates] == ["c1", "c2"]
    assert set(outcome.candidates[1].agrees) == {"email", "phone", "first_name", "last_name", "address"}


def test_different_fields_may_point_at_different_people():
    """R28: the phone is hers, the e-mail is her husband's."""
    husband = ClientRecord(id="c2", first_name="Jan", last_name="Sørensen", emails=("maja@example.org",))
    outcome = who(MAJA, replace(FULL, emails=()), husband)
    assert isinstance(outcome, Ambiguous)
    assert {c.client: (c.agrees, c.differs) for c in outcome.candidates} == {
        "c1": (("first_name", "last_name", "phone", "address"), ()),
        "c2": (("last_name", "email"), ("first_name",)),
    }


def test_twins_fail_strictly_even_where_another_field_would_tell_them_apart():
    """S3."""
    twin = replace(FULL, id="c2", emails=("other@example.org",), addresses=())
    assert isinstance(who(MAJA, FULL, twin, way="strict"), Ambiguous)


ALL = ("first_name", "last_name", "email", "phone", "address")
BO = PatientLikeness(patient="p1", fits=True, agrees=("patient_name", "species"))
ALIKE = Likeness(client="c1", fits=True, agrees=ALL, patients=(BO,))


def test_a_record_named_twice_is_one_candidate():
    assert who(MAJA, FULL, FULL) == Linked(found=ALIKE)


def test_a_proposal_is_never_linked_without_a_person():
    """S2: one is proposed, several are offered for choice, none offers to create."""
    assert who(MAJA, FULL, way="propose") == Proposed(found=ALIKE)
    assert isinstance(who(MAJA, FULL, replace(FULL, id="c2"), way="propose"), Ambiguous)
    assert who(MAJA, STRANGER, way="propose") == Unmatched()


def test_the_invited_address_decides_alone():
    """S1: who registers with another address than the one the invitation went to is somebody new."""
    assert who(replace(MAJA, email="other@example.org"), FULL, way="email") == Unmatched()
    assert isinstance(who(Details(email="MAJA@example.org"), FULL, way="email"), Linked)


def test_every_record_is_compared_candidate_or_not():
    near = replace(FULL, id="c2", first_name="Mia", emails=(), phones=("030 23125002",), addresses=())
    found = {each.client: each for each in compare(MAJA, [near, STRANGER, FULL], Rules(client_match="strict"), "DE")}
    assert list(found) == ["c1", "c2", "c9"]
    assert [found[key].fits for key in found] == [True, False, False]
    assert (found["c2"].agrees, found["c2"].differs) == (("last_name",), ("first_name", "phone"))
    assert found["c9"].differs == ("first_name", "last_name", "email"), "0307 is no number: it says nothing"


@pytest.mark.parametrize("way", WAYS)
def test_whom_a_person_refused_is_no_candidate_any_more(way):
    other = replace(FULL, id="c2")
    assert match(MAJA, [FULL], Rules(client_match=way), "DE", refused=("c1",)) == Unmatched()
    found = match(MAJA, [FULL, other], Rules(client_match=way), "DE", refused=("c1",))
    assert isinstance(found, Linked | Proposed)
    assert found.found.client == "c2"


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
    assert ("first_name" in evidence(details, record)) is equal


@pytest.mark.parametrize(
    ("given", "held", "equal"),
    [("Maja", "Maja", True), (" Maja", "Maja ", True), ("Maja", "maja", False), ("Zoe\u0308", "Zo\u00eb", True)],
)
def test_names_where_the_case_counts(given, held, equal):
    details, record = Details(first_name=given, last_name="B"), ClientRecord(id="c", first_name=held, last_name="B")
    assert ("first_name" in evidence(details, record, name_case="exact")) is equal


@pytest.mark.parametrize(
    ("given", "held", "equal"),
    [
        ("maja@example.org", "Maja@Example.ORG", True),
        (" maja@example.org ", "maja@example.org", True),
        ("maja@example.org", "maja+vet@example.org", False),
        ("maja@example.org", "m.aja@example.org", False),
        ("maja@müller.de", "Maja@XN--MLLER-KVA.de", True),
        ("maja@MÜLLER.de", "maja@müller.de.", True),
        ("maja@müller.de", "maja@mueller.de", False),
        ("maja@straße.de", "maja@strasse.de", False),  # two domains, two owners
        ("straße@example.org", "STRASSE@example.org", True),
        ("maja@_intern.example", "maja@_INTERN.example", True),
        ("maja @example.org", "maja@ example.org", True),
        ("Zoe\u0308@example.org", "zo\u00eb@example.org", True),
        ("none", "none", False),
        ("@", "@", False),
        ("maja@", "maja@", False),
        ("@example.org", "@example.org", False),
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
        ("0000000", "0000000", "DE", False),
        ("123456", "123456", "DE", False),
        ("1111111", "1111111", "FI", False),
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
    details = Details(**dict.fromkeys((field.name for field in fields(Details) if field.name != "others"), blank))
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
BELLO_DOG = PatientRecord(id="p4", name=" BELLO ", species="dog")


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
        ((BELLO, BELLO_DOG), "name_species", {}, ""),
        ((BELLO,), "name_species", {"species": ""}, ""),
        ((BELLO,), "name", {"patient_name": ""}, ""),
        ((), "name", {}, ""),
    ],
)
def test_the_patient_is_the_one_of_that_name(patients, how, given, expected):
    outcome = who(replace(MAJA, **given), replace(FULL, patients=patients), patient_match=how)
    assert isinstance(outcome, Linked)
    assert outcome.found.patient == expected


def test_an_animal_of_that_name_is_evidence_with_what_differs():
    fido = PatientRecord(id="p5", name="Fido", species="dog")
    found = beside(MAJA, replace(FULL, patients=(BELLO_CAT, fido, BELLO)), patient_match="name_species")
    assert found.patients == (
        PatientLikeness(patient="p1", fits=True, agrees=("patient_name", "species")),
        PatientLikeness(patient="p3", fits=False, agrees=("patient_name",), differs=("species",)),
    )


def test_another_clients_animal_is_not_hers():
    other = replace(STRANGER, patients=(BELLO,))
    outcome = who(MAJA, replace(FULL, patients=()), other)
    assert isinstance(outcome, Linked)
    assert outcome.found.patient == ""


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


@given(DETAILS, RECORDS, st.sampled_from(sorted(WAYS)))
def test_the_order_of_the_records_never_matters(details, records, way):
    assert who(details, *records, way=way) == who(details, *reversed(records), way=way)


@given(DETAILS, RECORDS)
def test_strict_links_only_what_unique_would_consider(details, records):
    strict, unique = who(details, *records, way="strict"), who(details, *records)
    if isinstance(strict, Linked) and isinstance(unique, Linked):
        assert strict.found.client == unique.found.client
    assert not (isinstance(strict, Linked) and isinstance(unique, Unmatched))
