"""Clients, checks, webhooks and settings, against the reference PMS."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from calbridge.errors import ConfigError, NeedsHuman, RetryLater, SkipItem
from calbridge.model import Animal, Consent, Details
from calbridge.provider import ClientQuery, ClientRecord, Hint, InboundRequest, PatientRecord
from calbridge_pms.settings import PmsSettings

ERIKA = ClientRecord(
    id="c1",
    first_name="Erika",
    last_name="Muster",
    emails=("erika@example.org",),
    phones=("040 1234567",),
    addresses=("Kai 1",),
    patients=(PatientRecord(id="p1", name="Rex", species="dog"),),
)

QUERIES = [
    ({"email": "erika@example.org"}, ["c1"]),
    ({"phone": "+49401234567"}, ["c1"]),
    ({"last_name": "Muster", "first_name": "Erik"}, ["c2"]),
    ({"last_name": "Muster"}, ["c1", "c2"]),
    ({"email": "erika@example.org", "phone": "0171/7654321"}, ["c1", "c2"]),
    ({"email": "nobody@example.org"}, []),
    ({}, []),
    ({"first_name": "Erika"}, []),
    ({"id": "c1"}, ["c1"]),
    ({"id": "c9"}, []),
    ({"id": "c1/patients"}, []),
    ({"id": "c2", "email": "erika@example.org"}, ["c1", "c2"]),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_everybody_who_shares_a_detail(side: Any, query: dict[str, str], expected: list[str]) -> None:
    found = side.provider.find_clients(query=ClientQuery(**query))
    assert [record.id for record in found] == expected
    assert [record for record in found if record.id == "c1"] == [ERIKA][: expected.count("c1")]


def test_a_search_follows_its_pages(narrow: Any) -> None:
    for number in range(4):
        narrow.post("/v1/clients", {"last_name": "Muster", "first_name": f"Nr {number}"})
    assert len(narrow.provider.find_clients(query=ClientQuery(last_name="Muster"))) == 6


def test_a_search_that_fails_is_an_error_and_not_nobody(side: Any) -> None:
    side.arm({"match": "GET /v1/clients", "action": "500_before", "times": 9})
    with pytest.raises(RetryLater):
        side.provider.find_clients(query=ClientQuery(email="erika@example.org"))


def test_a_domain_with_umlauts_is_found_by_its_other_name(side: Any) -> None:
    made = side.post("/v1/clients", {"last_name": "Kai", "email": "kai@xn--mller-kva.de"})
    found = side.provider.find_clients(query=ClientQuery(email="Kai@Müller.de"))
    assert [record.id for record in found] == [made["id"]]


NEW = Details(
    first_name="Neu",
    last_name="Kundin",
    email="n@example.org",
    patient_name="Bello",
    species="dog",
    address="Weg 2",
)
AGREED = Consent(notice="Wir speichern, was Sie uns sagen.\n§ 2 …", agreed_at=1_795_158_000)


@pytest.mark.parametrize("lost", ["POST /v1/clients", "* /v1/clients"])
def test_a_client_is_made_once_with_her_animal_and_her_consent(side: Any, lost: str) -> None:
    side.arm({"match": lost, "action": "500_after_commit", "times": 3})
    with pytest.raises(RetryLater):
        side.provider.create_client(details=NEW, key="k", consent=AGREED)
    side.arm()
    made = side.provider.create_client(details=NEW, key="k", consent=AGREED)
    assert side.provider.create_client(details=NEW, key="k", consent=AGREED) == made
    assert [patient.name for patient in made.patients] == ["Bello"]
    assert side.provider.find_clients(query=ClientQuery(email="n@example.org")) == (made,)
    (filed,) = side.http.get(f"/v1/clients/{made.id}/documents").json()["items"]
    assert (filed["kind"], filed["text"], filed["dated"]) == ("consent", AGREED.notice, "2026-11-20T07:00:00Z")
    assert filed["created_by"] == "integration"


@pytest.mark.parametrize(("typed", "there"), [("dog", "Hund"), (" DOG ", "Hund"), ("cat", "Katze"), ("Yak", "Yak")])
def test_a_species_has_the_practices_word_there_and_the_clinics_here(side: Any, typed: str, there: str) -> None:
    """S3 compares the species: a German PMS would never have the dog that an English page asks for."""
    provider = side.connect(species={"dog": "Hund", "Cat": "Katze"})
    made = provider.create_client(details=replace(NEW, species=typed), key="k", consent=None)
    (animal,) = side.http.get(f"/v1/clients/{made.id}/patients").json()["items"]
    assert animal["species"] == there
    (found,) = provider.find_clients(query=ClientQuery(id=made.id))
    assert found.patients[0].species == {"Hund": "dog", "Katze": "cat"}.get(there, there)


def test_two_words_for_one_species_are_refused() -> None:
    with pytest.raises(ValidationError, match='dog and puppy are both mapped to "Hund"'):
        PmsSettings(url="http://pms.test", token=SecretStr("x"), species={"dog": "Hund", "puppy": "Hund"})


def test_all_her_animals_are_recorded_once_also_where_an_answer_was_lost(side: Any) -> None:
    several = replace(NEW, others=(Animal(name="Minka", species="cat"), Animal(name="Rex")))
    side.arm({"match": "* /v1/clients/", "action": "500_after_commit", "times": 3})
    with pytest.raises(RetryLater):
        side.provider.create_client(details=several, key="k", consent=None)
    side.arm()
    made = side.provider.create_client(details=several, key="k", consent=None)
    assert [(each.name, each.species) for each in made.patients] == [("Bello", "dog"), ("Minka", "cat"), ("Rex", "")]
    assert sorted(each["name"] for each in side.http.get(f"/v1/clients/{made.id}/patients").json()["items"]) == [
        "Bello",
        "Minka",
        "Rex",
    ]


def test_without_a_consent_nothing_is_filed(side: Any) -> None:
    made = side.provider.create_client(details=NEW, key="k", consent=None)
    assert side.http.get(f"/v1/clients/{made.id}/documents").json()["items"] == []


def test_a_client_without_a_name_is_refused(side: Any) -> None:
    with pytest.raises(SkipItem, match=r"refused the new client \(400, invalid_request\)"):
        side.provider.create_client(details=Details(email="x@example.org"), key="k", consent=None)


# --- check ----------------------------------------------------------------------------------------


def faults(provider: Any) -> dict[str, str]:
    return {finding.field: finding.message for finding in provider.check() if finding.level != "ok"}


def test_a_practice_in_order(side: Any, slow: Any) -> None:
    assert faults(side.provider) == {}
    assert [finding.level for finding in slow.provider.check()] == ["ok", "warning"]


def test_what_a_check_finds(side: Any) -> None:
    assert "401" in faults(side.connect(token=SecretStr("wrong")))["token"]
    assert "no site" in faults(side.connect(location="elsewhere"))["location"]
    wrong = faults(side.connect(resources={"ben": "Ben"}, services={"checkup": "CHECK"}))
    assert '"Ben" for ben; it has XR, anna, ben, room1' in wrong["resources.ben"]
    assert "Z-1, checkup" in wrong["services.checkup"]
    assert faults(side.connect(resources={"ben": ""})) == {}


def test_a_check_of_something_else(side: Any) -> None:
    side.arm({"match": "GET /v1", "action": "html_200", "times": 99})
    assert "web page" in faults(side.connect())["url"]
    side.arm()
    closed = faults(side.connect(url="http://127.0.0.1:9"))
    assert "Nothing answers at http://127.0.0.1:9" in closed["url"]


# --- webhooks -------------------------------------------------------------------------------------

NOTICE = json.dumps({"object": "appointment", "id": "a1", "seq": 7}).encode()


def test_a_webhook_with_the_secret_is_a_hint(side: Any) -> None:
    provider = side.connect(webhook_secret=SecretStr("s3cret"))
    assert provider.capabilities.webhooks
    request = InboundRequest(headers={"x-hook-secret": "s3cret"}, body=NOTICE)
    assert provider.receive(request=request) == (Hint(id="appointment/a1/7"),)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, NOTICE),
        ({"x-hook-secret": "S3cret"}, NOTICE),
        ({"x-hook-secret": "ü"}, NOTICE),
        ({"x-hook-secret": "s3cret"}, b""),
        ({"x-hook-secret": "s3cret"}, b"[]"),
        ({"x-hook-secret": "s3cret"}, b'{"object": "appointment"}'),
        ({"x-hook-secret": "s3cret"}, b"\xff"),
    ],
)
def test_any_other_webhook_is_set_aside(side: Any, headers: dict[str, str], body: bytes) -> None:
    provider = side.connect(webhook_secret=SecretStr("s3cret"))
    with pytest.raises(SkipItem):
        provider.receive(request=InboundRequest(headers=headers, body=body))


def test_a_webhook_without_a_configured_secret_is_said(side: Any) -> None:
    with pytest.raises(NeedsHuman, match="webhook_secret"):
        side.provider.receive(request=InboundRequest(headers={}, body=NOTICE))


# --- settings -------------------------------------------------------------------------------------

GOOD = {"url": "http://127.0.0.1:1", "token": {"file": "pms-token"}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": "127.0.0.1"}, "a server is written like"),
        ({"token": {}}, "exactly one of"),
        ({"resources": {"anna": "X", "ben": "X"}}, 'both mapped to "X"'),
        ({"webhook_header": "X Hook"}, "name of a header"),
        ({"conflict_text": "("}, "not a regular expression"),
        ({"uurl": "x"}, "Extra inputs"),
    ],
)
def test_wrong_settings_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        PmsSettings.model_validate({**GOOD, **change})


def test_two_names_may_both_be_missing_in_the_pms() -> None:
    assert PmsSettings.model_validate({**GOOD, "resources": {"anna": "", "ben": ""}}).resources["ben"] == ""


@pytest.mark.parametrize(("field", "said"), [("resources", "no resource"), ("services", "no service")])
def test_a_mapping_for_a_name_the_clinic_does_not_have(side: Any, field: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        side.connect(**{field: {"benn": "x"}})
