"""The review inbox and its explanations through their only door: who may it be, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from asking import ask, call, refused

from calbridge.model import Consent, Details, State
from calbridge.provider import ClientRecord, PatientRecord

BERTA = Details(
    first_name="Berta",
    last_name="Brandt",
    email="berta@example.org",
    phone="030 23125001",
    address="Hauptstraße 5, 10115 Berlin",
    patient_name="Rex",
    species="dog",
)
REX = PatientRecord(id="p1", name="Rex", species="dog")
CARD = ClientRecord(id="c1", first_name="Berta", last_name="Brandt", emails=("old@example.org",), patients=(REX,))
TWIN = replace(CARD, id="c2", emails=("berta@example.org",), phones=("030 23125002",), patients=())
PRIVATE = ("Berta", "Brandt", "berta@", "23125001", "Hauptstr", "Rex", "limps")


def said(*words: str, code: int = 0) -> str:
    result = call(*words)
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def sync() -> None:
    assert call("sync", "--json").exit_code in {0, 1}


@pytest.fixture
def inbox(practice: Any) -> Callable[..., Any]:
    """A clinic with a PMS of these records and rules, where Berta has booked; gives the booking's id."""

    def make(*records: ClientRecord, details: Details = BERTA, consent: Consent | None = None, **rules: str) -> str:
        text = (
            practice.path.read_text() + '[clinics.hafen.connections.pms]\nkind = "cards"\nurl = "http://pms.example/"\n'
        )
        values = {"booking_mode": "request", **rules}
        lines = "".join(f'{name} = "{value}"\n' for name, value in values.items())
        text = text.replace('booking_mode = "request"\n', lines).replace(
            'time_zone = "Europe/Berlin"\n', 'time_zone = "Europe/Berlin"\nregion = "DE"\n'
        )
        practice.path.write_text(text)
        practice.sides.CARDS.clients[:] = records
        call("apply")
        desk = practice.sides.DESK
        service, start = min(desk.offers["anna"], key=lambda offer: offer[1])
        desk.confirm(desk.select("anna", service, start), details, "limps", consent)
        sync()
        (line,) = ask("requests", "list")["requests"]
        return str(line["id"])

    return make


def visit(practice: Any) -> Any:
    (found,) = practice.sides.CARDS.live()
    return found


# --- show -----------------------------------------------------------------------------------------


def test_a_request_is_shown_with_its_candidates_and_what_each_action_would_do(inbox: Any) -> None:
    key = inbox(CARD, TWIN)
    answer = ask("requests", "show", key)
    assert (answer["state"], answer["match"], answer["client"]) == ("requested", "ambiguous", "")
    assert [(each["client"], each["fits"], each["agrees"], each["differs"]) for each in answer["candidates"]] == [
        ("pms/c1", True, ["first_name", "last_name"], ["email"]),
        ("pms/c2", True, ["first_name", "last_name", "email"], ["phone"]),
    ]
    assert [each["patient"] for each in answer["candidates"][0]["patients"]] == ["p1"]
    does = {each["command"]: each["does"] for each in answer["actions"]}
    assert does[f"calbridge requests link {key} --client pms/c1 --patient p1"] == (
        "links it to client pms/c1 and animal p1; the record itself is not changed"
    )
    assert f"calbridge requests accept {key} --client pms/c2" in does
    assert f"calbridge requests create-client {key}" in does
    assert f"calbridge requests unlink {key}" not in does


def test_nobodys_name_is_shown_unless_it_is_asked_for(inbox: Any) -> None:
    key = inbox(CARD, TWIN)
    commands = (("requests", "show", key), ("explain", "match", key), ("explain", "booking", key), ("requests", "list"))
    for words in commands:
        for output in (call(*words).output, call(*words, "--json").output):
            assert not any(text in output for text in PRIVATE), output
    named = ask("requests", "show", key, "--names")
    assert {each["field"]: each["value"] for each in named["given"]}["phone"] == "030 23125001"
    assert (named["candidates"][0]["name"], named["description"]) == ("Berta Brandt", "limps")
    assert "Client pms/c1 Berta Brandt: agrees in first name and last name; differs in e-mail; a candidate" in said(
        "requests", "show", key, "--names"
    )
    assert "old@example.org" not in call("requests", "show", key, "--names").output, "the record's own data stay there"


def test_a_pms_that_cannot_be_asked_is_said(inbox: Any, practice: Any) -> None:
    key = inbox(CARD, TWIN)
    practice.sides.CARDS.down = True
    for words in (("requests", "show", key), ("explain", "match", key)):
        answer = ask(*words, code=1)
        assert (answer["asked"], answer["candidates"]) == ("the PMS is down: the bridge tries again by itself", [])
    decided = ask("explain", "match", key, code=1)["decided"]
    assert [each["code"] for each in decided] == ["ambiguous"]
    assert "pms/c1: first_name, last_name" in decided[0]["facts"]["candidates"]
    assert call("requests", "link", key, "--client", "c1").exit_code == 1


# --- link -----------------------------------------------------------------------------------------


def test_a_request_is_linked_to_a_record_and_its_only_fitting_animal(inbox: Any, practice: Any) -> None:
    key = inbox(CARD, TWIN)
    answer = ask("requests", "link", key, "--client", "c1")
    assert (answer["command"], answer["client"], answer["patient"]) == ("link", "pms/c1", "p1")
    sync()
    assert (visit(practice).client, visit(practice).patient, visit(practice).note) == ("c1", "p1", "")
    (line,) = ask("requests", "list")["requests"]
    assert (line["state"], line["match"], line["waits"]) == ("requested", "linked", False)


def test_a_proposal_is_accepted_and_linked_in_one_step(inbox: Any, practice: Any) -> None:
    """S2."""
    key = inbox(CARD, client_match="propose", on_ambiguous="ask", on_unmatched="ask")
    assert ask("requests", "show", key)["match"] == "proposed"
    ask("requests", "accept", key, "--client", "c1")
    sync()
    assert (visit(practice).status, visit(practice).client, visit(practice).patient) == (State.CONFIRMED, "c1", "p1")
    assert ask("requests", "list")["requests"] == []


WRONG: list[tuple[tuple[str, ...], str]] = [
    (("link", "--client", "c9"), 'the PMS has no client "c9"'),
    (("link", "--client", "c1", "--patient", "p9"), 'client pms/c1 has no animal "p9": it has p1'),
    (("link", "--client", "c2", "--patient", "p1"), 'client pms/c2 has no animal "p1": it has none'),
    (("accept", "--client", "c9"), 'the PMS has no client "c9"'),
    (("accept", "--patient", "p1"), "--patient is an animal of a client: name her with --client"),
    (("unlink",), "is not linked to a client: there is nothing to take back"),
    (("create-client",), "may be of pms/c1, pms/c2, in the PMS already"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(row[0]) for row in WRONG])
def test_what_cannot_be_is_refused_before_it_is_asked_for(
    inbox: Any, practice: Any, words: tuple[str, ...], sentence: str
) -> None:
    key = inbox(CARD, TWIN)
    assert sentence in refused("requests", words[0], key, *words[1:])
    sync()
    assert (visit(practice).client, visit(practice).status) == ("", State.REQUESTED)


def test_a_clinic_without_a_pms_has_nobody_to_link_to(practice: Any) -> None:
    call("apply")
    desk = practice.sides.DESK
    service, start = min(desk.offers["anna"], key=lambda offer: offer[1])
    desk.confirm(desk.select("anna", service, start), BERTA)
    sync()
    (line,) = ask("requests", "list")["requests"]
    for words in (("link", line["id"], "--client", "c1"), ("create-client", line["id"])):
        assert "clinic hafen: no connection" in refused("requests", *words)
    shown = ask("requests", "show", line["id"], code=1)
    assert shown["asked"] == "clinic hafen: no connection of this clinic keeps clients"


def test_an_unknown_booking_is_one_sentence(inbox: Any) -> None:
    inbox()
    for words in (("requests", "show"), ("explain", "match"), ("explain", "booking")):
        assert refused(*words, "nothing") == 'error: there is no booking "nothing": "calbridge journal" names them\n'


# --- unlink ---------------------------------------------------------------------------------------


def test_a_wrong_link_is_taken_back_and_comes_back_to_the_inbox(inbox: Any, practice: Any) -> None:
    key = inbox(CARD)
    ask("requests", "accept", key)
    sync()
    assert ask("requests", "list")["requests"] == []
    assert f"calbridge requests unlink {key}" in call("requests", "show", key).output
    ask("requests", "unlink", key)
    sync()
    assert (visit(practice).client, visit(practice).status) == ("", State.CONFIRMED)
    assert "E-mail: berta@example.org" in visit(practice).note
    (line,) = ask("requests", "list")["requests"]
    assert (line["match"], line["waits"]) == ("unmatched", True)
    (candidate,) = ask("requests", "show", key)["candidates"]
    assert (candidate["client"], candidate["refused"]) == ("pms/c1", True)
    assert "a person said that it is somebody else's" in candidate["sentence"]
    ask("requests", "link", key, "--client", "c1")
    sync()
    assert (visit(practice).client, visit(practice).note) == ("c1", "")


def test_a_link_is_moved_to_the_right_client(inbox: Any, practice: Any) -> None:
    key = inbox(CARD, replace(TWIN, first_name="Gerda", emails=()))
    assert ask("requests", "show", key)["client"] == "pms/c1"
    ask("requests", "link", key, "--client", "pms/c2")
    sync()
    assert visit(practice).client == "c2"
    assert ask("requests", "show", key)["refused"] == ["pms/c1"]


def test_a_past_booking_waits_until_somebody_says_or_puts_it_away(inbox: Any) -> None:
    key = inbox(on_unmatched="book_unlinked", booking_mode="instant")
    (line,) = ask("requests", "list")["requests"]
    assert (line["id"], line["state"], line["waits"]) == (key, "confirmed", True)
    (task,) = ask("tasks", "list", code=1)["tasks"]
    ask("tasks", "dismiss", str(task["id"]))
    assert ask("requests", "list")["requests"] == []


# --- create-client --------------------------------------------------------------------------------


def test_somebody_new_gets_a_record_when_a_person_says_so(inbox: Any, practice: Any) -> None:
    key = inbox(on_unmatched="ask")
    ask("requests", "create-client", key)
    sync()
    (made,) = practice.sides.CARDS.clients
    assert (made.first_name, made.emails, made.patients[0].name) == ("Berta", ("berta@example.org",), "Rex")
    assert (visit(practice).client, visit(practice).patient) == (made.id, made.patients[0].id)
    assert "is linked to client" in refused("requests", "create-client", key)


def test_a_twin_is_made_only_on_purpose(inbox: Any, practice: Any) -> None:
    key = inbox(CARD, TWIN)
    ask("requests", "create-client", key, "--anyway")
    sync()
    assert len(practice.sides.CARDS.clients) == 3
    assert visit(practice).client == practice.sides.CARDS.clients[-1].id


def test_a_complete_new_client_is_made_by_itself_with_her_consent_and_its_date(inbox: Any, practice: Any) -> None:
    """S1."""
    agreed = Consent(notice="Wir speichern, was Sie uns sagen.", agreed_at=1_795_420_000)
    key = inbox(on_unmatched="create_if_complete", consent=agreed)
    (made,) = practice.sides.CARDS.clients
    assert practice.sides.CARDS.documents == {made.id: agreed}
    shown = ask("requests", "show", key)
    assert (shown["match"], shown["client"], shown["agreed"]) == (
        "linked",
        f"pms/{made.id}",
        "2026-11-23T08:46:40+01:00",
    )
    assert shown["state"] == "requested"


# --- explain --------------------------------------------------------------------------------------


def test_a_match_is_explained_by_rule_evidence_and_outcome(inbox: Any) -> None:
    key = inbox(CARD, TWIN, client_match="strict", patient_match="name_species")
    answer = ask("explain", "match", key)
    assert answer["rule"] == (
        "client_match = strict: a candidate has an equal first name and last name, "
        "and an equal phone, e-mail or address"
    )
    assert answer["outcome"] == "Exactly one candidate: it is linked."
    assert [(each["client"], each["fits"], each["linked"]) for each in answer["candidates"]] == [
        ("pms/c1", False, False),
        ("pms/c2", True, True),
    ]
    assert [each["code"] for each in answer["decided"]] == ["matched", "patient_open"]
    text = said("explain", "match", key)
    assert "Client pms/c1: agrees in first name and last name; differs in e-mail; no candidate by this rule" in text
    assert "animal p1: agrees in animal's name and species; fits" in text


def test_a_booking_is_explained_from_its_first_second(inbox: Any, practice: Any) -> None:
    key = inbox(CARD)
    ask("requests", "accept", key)
    waiting = ask("explain", "booking", key)
    assert (waiting["stands"], waiting["commands"]) == (
        ["It is a request: it takes its time, and waits until the clinic accepts or declines it."], ["accept"]
    )  # fmt: skip
    sync()
    answer = ask("explain", "booking", key)
    assert answer["stands"] == ["It is confirmed, and its client may count on it."]
    codes = [each["code"] for each in answer["life"]]
    assert codes[0] == "held"
    assert [code for code in codes if not code.startswith(("write_", "message_"))] == [
        "held", "matched", "submit (request mode)", "clinic accepts"
    ]  # fmt: skip
    assert [(each["connection"], each["shows"], each["state"], each["behind"]) for each in answer["shown"]] == [
        ("pms", True, "confirmed", []),
        ("calendar", True, "confirmed", []),
        ("portal", True, "confirmed", []),
    ]
    assert (answer["waiting"], answer["tasks"], answer["name"]) == ([], [], None)
    assert ask("explain", "booking", key, "--names")["name"] == "Berta Brandt"
    text = said("explain", "booking", key)
    assert (
        "By the rule unique, record pms/c1 is the client: it agrees in first name, last name and differs in e-mail"
        in text
    )
    assert "pms shows confirmed, " in text
