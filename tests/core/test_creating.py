"""A record for somebody new: only when all of it is there, only once, and nobody's existing record is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import MARA, RECORD, ask, client, codes, held, hub, kinds, portal, shadow

from calbridge.details import detail_lines
from calbridge.hub import Answers, Creation
from calbridge.model import Consent, State
from calbridge.provider import ClientRecord, PatientRecord
from calbridge.reconcile import questions
from calbridge.testing.pure import PureHub, changed

FULL = replace(MARA, phone="030 23125001", address="Hauptstraße 5, 10115 Berlin")
AGREED = Consent(notice="Wir speichern, was Sie uns sagen.", agreed_at=1_795_420_000)
MADE = ClientRecord(id="c50", first_name="Mara", last_name="Voss", patients=(PatientRecord(id="p50", name="Bo"),))
TWIN = replace(RECORD, id="c2")


def submitted(
    *records: ClientRecord, details: Any = FULL, consent: Consent | None = AGREED, notice: str = "", **rules: Any
) -> PureHub:
    """A booking of somebody the PMS answers with these records."""
    it = hub(**{"on_unmatched": "create_if_complete", "booking_mode": "request"} | rules)
    it.clinic = replace(it.clinic, privacy_notice=notice)
    it = held(it)
    entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=details, consent=consent)
    it.see(Answers(clients={"portal/booking/1": records}), portal=changed(replace(entry, modified=it.now)))
    return it


def wanted(it: PureHub) -> tuple[Creation, ...]:
    return questions(it.state, {}, it.clinic, it.now).creations


def made(it: PureHub, answer: ClientRecord | str = MADE) -> PureHub:
    it.settle()
    it.see(Answers(created={client(it).id: answer}))
    it.settle()
    return it


def known(it: PureHub) -> tuple[str, str, str]:
    found = client(it)
    return found.match, found.client, found.patient


def note_in_pms(it: PureHub) -> str:
    view: Any = shadow(it, "pms").view
    return str(view.note)


def lacks(it: PureHub) -> str:
    (line,) = [line for plan in it.plans for line in plan.journal if line.code == "unmatched"]
    return line.facts.get("missing", "")


# --- when -----------------------------------------------------------------------------------------


def test_somebody_new_with_everything_gets_a_record_of_her_own() -> None:
    """S1: a new client is made by herself, with her full address and phone."""
    it = submitted(notice="text")
    assert known(it) == ("creating", "", "")
    it.settle()
    (creation,) = wanted(it)
    assert (creation.appointment, creation.details) == (client(it).id, FULL)
    made(it)
    assert known(it) == ("linked", "c50", "p50")
    assert client(it).state is State.REQUESTED, "known or not, a request is the clinic's to accept"
    assert note_in_pms(it) == ""
    assert wanted(it) == ()
    assert kinds(it) == set()


def test_in_instant_mode_it_is_confirmed_at_once() -> None:
    it = made(submitted(booking_mode="instant"))
    assert (client(it).state, *known(it)) == (State.CONFIRMED, "linked", "c50", "p50")


INCOMPLETE = [
    ({"address": ""}, AGREED, "", "address"),
    ({"phone": "99"}, AGREED, "", "phone"),
    ({"phone": "", "address": "Berlin"}, AGREED, "", "phone,address"),
    ({"first_name": ""}, AGREED, "", "first_name"),
    ({}, None, "text", "privacy_notice"),
]


@pytest.mark.parametrize(("changes", "consent", "notice", "lacking"), INCOMPLETE)
def test_whoever_lacks_something_waits_for_a_person(
    changes: dict[str, str], consent: Consent | None, notice: str, lacking: str
) -> None:
    """S1: who does not give all of it cannot connect; and a practice with a notice needs the consent."""
    it = submitted(details=replace(FULL, **changes), consent=consent, notice=notice)
    it.settle()
    assert known(it) == ("unmatched", "", "")
    assert lacks(it) == lacking
    assert wanted(it) == ()
    assert client(it).state is State.REQUESTED
    assert note_in_pms(it) == detail_lines(replace(FULL, **changes))
    (task,) = [task for plan in it.plans for task in plan.tasks]
    assert lacking.replace(",", ", ") in task.sentence


def test_a_clinic_without_a_notice_needs_no_consent() -> None:
    assert known(submitted(consent=None))[0] == "creating"


def test_create_makes_one_of_whatever_there_is() -> None:
    assert known(submitted(details=MARA, consent=None, notice="text", on_unmatched="create"))[0] == "creating"


def test_where_a_person_decides_nothing_is_created() -> None:
    """S2: none offers to create."""
    it = submitted(client_match="propose", on_unmatched="create")
    assert known(it) == ("unmatched", "", "")
    assert client(it).state is State.REQUESTED


@pytest.mark.parametrize(
    ("way", "match"), [("create", "creating"), ("ask", "ambiguous"), ("book_unlinked", "ambiguous")]
)
def test_of_several_that_fit_none_is_doubled_unless_the_clinic_says_so(way: str, match: str) -> None:
    assert known(submitted(RECORD, TWIN, on_ambiguous=way))[0] == match


def test_for_a_booking_that_may_still_give_way_no_record_is_made() -> None:
    it = hub(on_unmatched="create", booking_mode="request")
    at_once = portal("booking/1", State.REQUESTED, details=FULL)  # without a hold its time was never seen to be free
    it.see(Answers(clients={"portal/booking/1": ()}), portal=changed(at_once))
    assert (client(it).match, client(it).reserved) == ("creating", False)
    assert wanted(it) == ()
    it.settle()
    assert client(it).reserved
    assert len(wanted(it)) == 1


def test_for_a_booking_that_ended_meanwhile_no_record_is_made() -> None:
    it = submitted()
    it.settle()
    ask(it, "decline")
    assert wanted(it) == ()


# --- once -----------------------------------------------------------------------------------------


def test_until_the_pms_answers_the_same_is_asked_for_again() -> None:
    it = submitted()
    it.settle()
    first = wanted(it)
    it.see()
    it.settle()
    assert wanted(it) == first


def test_what_the_pms_will_not_make_is_a_persons() -> None:
    it = made(submitted(), "the PMS refused the new client (422, number_taken): make the record there")
    assert known(it) == ("unmatched", "", "")
    assert note_in_pms(it) == detail_lines(FULL)
    (task,) = [task for plan in it.plans for task in plan.tasks]
    assert "number_taken" in task.sentence
    assert wanted(it) == (), "it is not asked again and again"


def test_a_person_asks_for_a_new_record() -> None:
    it = submitted(RECORD, TWIN, on_ambiguous="ask")
    it.settle()
    ask(it, "create")
    made(it)
    assert known(it) == ("linked", "c50", "p50")
    assert note_in_pms(it) == ""


@pytest.mark.parametrize("why", ["linked", "no_details"])
def test_whoever_has_a_record_or_said_nothing_gets_none(why: str) -> None:
    it = submitted(RECORD) if why == "linked" else held(hub())
    before = client(it)
    ask(it, "create")
    assert client(it) == before
    (line,) = [line for plan in it.plans for line in plan.journal if line.code == "refused"]
    assert line.facts == {"event": "create", "why": why}


def test_a_record_that_was_made_for_the_wrong_one_is_not_given_again() -> None:
    """The key of the request changes with what a person refused; else the PMS would repeat its first answer."""
    it = made(submitted())
    ask(it, "unlink")
    it.settle()
    ask(it, "create")
    (creation,) = wanted(it)
    assert creation.key.endswith("-1")
    made(it, replace(MADE, id="c51"))
    assert known(it)[:2] == ("linked", "c51")
    assert client(it).not_clients == ("c50",)


def test_a_person_who_links_while_a_record_is_on_its_way_is_obeyed() -> None:
    it = submitted()
    it.settle()
    ask(it, "link", client="c7")
    it.see(Answers(created={client(it).id: MADE}))
    assert known(it)[:2] == ("linked", "c7")


# --- proof ----------------------------------------------------------------------------------------


def test_a_consent_is_handed_over_once_with_its_words_and_its_date() -> None:
    it = made(submitted())
    (agreement,) = [each for plan in it.plans for each in plan.agreements]
    assert (agreement.appointment, agreement.consent) == (client(it).id, AGREED)
    assert client(it).agreed == AGREED.agreed_at
    assert AGREED.notice not in repr(it.state), "its text is long, and kept apart"


def test_what_was_made_is_journalled_without_a_name() -> None:
    it = made(submitted())
    assert {"unmatched", "client_created"} <= codes(it)
    said = repr([(plan.journal, plan.tasks) for plan in it.plans])
    assert "Voss" not in said
    assert AGREED.notice not in said
