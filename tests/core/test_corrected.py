"""A client corrects what she gave of herself, after she booked: the clinic sees it, and no record is written over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import MARA, RECORD, ask, booked, client, codes, edited, held, hub, kinds, portal, shadow

from calbridge.details import detail_lines
from calbridge.hub import Answers, Lookup, Observation
from calbridge.model import Animal, Details, State
from calbridge.provider import ClientRecord
from calbridge.reconcile import questions
from calbridge.testing.pure import PureHub, changed

NEW = "+49 40 9876543"
ELSEWHERE = replace(MARA, email="mara.voss@example.com", phone=NEW)


def says(it: PureHub, details: Details | None, *records: ClientRecord, asked: bool = True, **view: Any) -> Any:
    """The portal shows the booking with other details; the PMS answers with these records, where it is asked."""
    entry = replace(edited(it, "portal", **view), details=details)
    observed = {"portal": Observation(feed=changed(entry), started=it.now)}
    lookups = questions(it.state, observed, it.clinic, it.now).lookups
    plan = it.see(Answers(clients={each.key: records for each in lookups} if asked else {}), portal=changed(entry))
    it.settle()
    return lookups, plan


def note(it: PureHub, side: str) -> Any:
    view: Any = shadow(it, side).view
    return view.note


def waiting(**rules: Any) -> PureHub:
    """A booking of somebody whom the PMS does not know."""
    it = held(hub(**rules))
    entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA, modified=it.now)
    it.see(Answers(clients={"portal/booking/1": ()}), portal=changed(entry))
    it.settle()
    return it


def test_of_a_linked_client_the_clinic_sees_what_changed_and_only_that() -> None:
    it = booked()
    assert note(it, "pms") == ""
    lookups, plan = says(it, ELSEWHERE)
    assert lookups == (), "she is linked for good"
    assert (client(it).client, client(it).details) == ("c1", ELSEWHERE)
    lines = detail_lines(ELSEWHERE, ("email", "phone"))
    assert (note(it, "pms"), note(it, "calendar")) == (lines, lines)
    (task,) = [each for each in plan.tasks if each.kind == "details"]
    assert "(email, phone)" in task.sentence
    assert not any(text in repr((plan.journal, plan.tasks)) for text in (NEW, "mara.voss", "Mara"))
    assert [dict(line.facts) for line in plan.journal] == [{"fields": "email,phone"}]


def test_the_same_again_is_no_news() -> None:
    it = booked()
    says(it, ELSEWHERE)
    _, plan = says(it, ELSEWHERE)
    assert (plan.journal, plan.tasks, plan.effects) == ((), (), ())


def test_one_correction_after_the_other() -> None:
    it = booked()
    says(it, replace(MARA, phone=NEW))
    says(it, replace(ELSEWHERE, others=(Animal(name="Kim"),)))
    assert client(it).corrected == ("email", "phone", "others")
    assert note(it, "pms") == detail_lines(client(it).details, ("email", "phone"))  # type: ignore[arg-type]
    assert "Kim" in note(it, "pms")


@pytest.mark.parametrize("names", ["pseudonym", "none"])
def test_a_calendar_that_shows_no_names_shows_no_telephone_either(names: str) -> None:
    it = booked(calendar_names=names)
    says(it, ELSEWHERE)
    assert NEW not in repr(shadow(it, "calendar").view)
    assert NEW in note(it, "pms")


@pytest.mark.parametrize("forgotten", [None, Details(), replace(MARA, email="", patient_name="")])
def test_a_portal_that_has_forgotten_somebody_takes_nothing_away(forgotten: Details | None) -> None:
    it = booked()
    _, plan = says(it, forgotten)
    assert client(it).details == MARA
    assert (plan.journal, plan.effects) == ((), ())


def test_the_language_of_her_messages_is_nobodys_task() -> None:
    it = booked()
    _, plan = says(it, replace(MARA, language="fi"))
    assert (client(it).details, plan.tasks, plan.journal) == (replace(MARA, language="fi"), (), ())


# --- while nobody is linked ----------------------------------------------------------------------------


def test_the_right_address_finds_her() -> None:
    it = waiting(on_unmatched="ask")
    assert client(it).state is State.REQUESTED
    record = replace(RECORD, last_name="Voss-Albers", emails=(ELSEWHERE.email,))
    lookups, _ = says(it, ELSEWHERE, record)
    assert lookups == (Lookup(key="portal/booking/1", details=ELSEWHERE),)
    assert (client(it).match, client(it).client, note(it, "pms")) == ("linked", "c1", "")
    assert client(it).state is State.CONFIRMED, "as if she had written it so at once"
    assert "details" not in kinds(it)


def test_nobody_found_the_note_says_what_she_says_now() -> None:
    it = waiting()
    says(it, ELSEWHERE)
    assert client(it).match == "unmatched"
    assert note(it, "pms") == detail_lines(ELSEWHERE)


def test_while_the_pms_cannot_be_asked_it_is_kept_and_asked_in_the_next_cycle() -> None:
    it = waiting()
    says(it, ELSEWHERE, asked=False)
    assert (client(it).match, client(it).details) == ("", ELSEWHERE)
    lookups = questions(it.state, {}, it.clinic, it.now).lookups
    assert lookups == (Lookup(key=client(it).id, details=ELSEWHERE),)
    it.see(Answers(clients={client(it).id: (RECORD,)}))
    assert client(it).match == "linked"


def test_a_record_can_be_made_of_what_was_missing() -> None:
    it = waiting(on_unmatched="create_if_complete")
    assert client(it).match == "unmatched"
    says(it, replace(MARA, phone=NEW, address="Lindenweg 4, 20095 Hamburg"))
    assert client(it).match == "creating"


def test_while_her_record_is_being_made_it_waits() -> None:
    """The request for a record is repeated under one key, so it must say the same each time."""
    it = waiting(on_unmatched="create")
    assert client(it).match == "creating"
    _, plan = says(it, ELSEWHERE)
    assert client(it).details == MARA
    assert plan.reads["portal"].feed.cursor == it.state.links["portal"].cursor  # type: ignore[union-attr]
    it.see(Answers(created={client(it).id: RECORD}))
    says(it, ELSEWHERE)
    assert client(it).corrected == ("email", "phone")


def test_after_a_person_took_a_link_back_only_a_person_links_it() -> None:
    it = booked()
    ask(it, "unlink")
    it.settle()
    lookups, _ = says(it, ELSEWHERE, replace(RECORD, id="c2"))
    assert lookups == ()
    assert (client(it).match, client(it).client) == ("unmatched", "")
    assert note(it, "pms") == detail_lines(ELSEWHERE)


# --- afterwards ------------------------------------------------------------------------------------------


def test_who_links_it_anew_has_looked_at_it() -> None:
    it = booked()
    says(it, ELSEWHERE)
    plan = ask(it, "link", client="c1", patient="p1")
    it.settle()
    assert (client(it).corrected, note(it, "pms")) == ((), "")
    assert f"details:{client(it).id}" in plan.settled


def test_what_is_over_is_not_corrected() -> None:
    it = booked()
    ask(it, "cancel")
    _, plan = says(it, ELSEWHERE)
    assert client(it).details == MARA
    assert "details_corrected" not in codes(it)
    assert plan.tasks == ()


def test_a_move_and_a_correction_at_once_are_both_kept() -> None:
    it = booked()
    start = client(it).start + 7_200
    says(it, ELSEWHERE, state=State.REQUESTED, start=start, end=start + 1_800)
    assert (client(it).start, client(it).corrected) == (start, ("email", "phone"))
