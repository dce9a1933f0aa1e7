"""A booking comes to its client's record and away from it again; nothing it was told is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import (
    HALF,
    HOUR,
    MARA,
    RECORD,
    TEN,
    ask,
    booked,
    client,
    codes,
    edited,
    held,
    hub,
    kinds,
    phone,
    portal,
    shadow,
)

from calbridge.details import PATIENT, detail_lines
from calbridge.hub import Answers, Command, Observation, Task
from calbridge.model import Appointment, Service, State
from calbridge.provider import ClientRecord, Delta, PatientRecord
from calbridge.reconcile import questions
from calbridge.testing.pure import PureHub, changed

TWIN = replace(RECORD, id="c2", patients=())
LINES = detail_lines(MARA)
ANIMAL = detail_lines(MARA, PATIENT)


def asked(*records: ClientRecord, details: Any = MARA, **rules: Any) -> PureHub:
    """A booking whose client the PMS answers with these records, on all sides."""
    it = held(hub(**rules))
    entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=details, modified=it.now)
    it.see(Answers(clients={"portal/booking/1": records}), portal=changed(entry))
    it.settle()
    return it


def known(it: PureHub) -> tuple[str, str, str]:
    found = client(it)
    return found.match, found.client, found.patient


def in_pms(it: PureHub) -> tuple[str, str, str]:
    view: Any = shadow(it, "pms").view
    return view.client, view.patient, view.note


def open_tasks(it: PureHub) -> dict[str, Task]:
    tasks: dict[str, Task] = {}
    for plan in it.plans:
        tasks = {key: task for key, task in tasks.items() if key not in plan.settled}
        tasks |= {task.key: task for task in plan.tasks}
    return tasks


def facts_of(it: PureHub, code: str) -> list[dict[str, str]]:
    return [dict(line.facts) for plan in it.plans for line in plan.journal if line.code == code]


# --- what the clinic's rule decides -----------------------------------------------------------------


def test_one_record_is_linked_with_its_evidence_and_without_a_note() -> None:
    it = asked(RECORD)
    assert known(it) == ("linked", "c1", "p1")
    assert in_pms(it) == ("c1", "p1", "")
    assert facts_of(it, "matched") == [
        {"rule": "unique", "client": "c1", "patient": "p1", "agrees": "first_name,last_name,email"}
    ]
    assert open_tasks(it) == {}


@pytest.mark.parametrize(
    ("records", "rules", "match"),
    [
        ((RECORD, TWIN), {}, "ambiguous"),
        ((), {}, "unmatched"),
        ((RECORD,), {"client_match": "propose"}, "proposed"),
        ((RECORD, TWIN), {"client_match": "propose"}, "ambiguous"),
        ((), {"client_match": "propose"}, "unmatched"),
        ((RECORD, TWIN), {"client_match": "strict"}, "ambiguous"),
        ((replace(RECORD, emails=()),), {"client_match": "strict"}, "unmatched"),
        ((replace(RECORD, emails=()),), {"client_match": "email"}, "unmatched"),
    ],
)
def test_whoever_is_not_certain_is_booked_unlinked_with_her_details(
    records: tuple[ClientRecord, ...], rules: dict[str, Any], match: str
) -> None:
    """S0, S3: the appointment is made; what was given stands in its private note, and it waits for a person."""
    it = asked(*records, **rules)
    assert client(it).state is State.CONFIRMED
    assert known(it) == (match, "", "")
    assert in_pms(it) == ("", "", LINES)
    assert list(open_tasks(it)) == [f"link:{client(it).id}"]
    (told,) = facts_of(it, match)
    assert told["then"] == "book_unlinked"
    assert told.get("candidates", "").count(":") == len(records) * (match != "unmatched")


@pytest.mark.parametrize("records", [(RECORD, TWIN), ()])
def test_where_the_clinic_wants_to_be_asked_the_request_waits(records: tuple[ClientRecord, ...]) -> None:
    """S2; also where everything else is confirmed at once."""
    it = asked(*records, on_ambiguous="ask", on_unmatched="ask")
    assert client(it).state is State.REQUESTED
    assert f"link:{client(it).id}" in open_tasks(it)


@pytest.mark.parametrize(
    ("records", "state"),
    [((RECORD,), State.CONFIRMED), ((RECORD, TWIN), State.REQUESTED), ((), State.REQUESTED)],
)
def test_only_a_known_client_is_confirmed_at_once(records: tuple[ClientRecord, ...], state: State) -> None:
    it = asked(*records, booking_mode="request", auto_confirm_known_only=True)
    assert client(it).state is state


def test_a_client_whose_animal_is_not_certain_is_linked_and_the_animal_waits() -> None:
    """S0: what does not agree is to be seen in the appointment's remarks."""
    it = asked(replace(RECORD, patients=(PatientRecord(id="p1", name="Bo"), PatientRecord(id="p2", name="BO"))))
    assert known(it) == ("linked", "c1", "")
    assert in_pms(it) == ("c1", "", ANIMAL)
    (task,) = open_tasks(it).values()
    assert "not to an animal" in task.sentence
    ask(it, "link", client="c1", patient="p2")
    it.settle()
    assert in_pms(it) == ("c1", "p2", "")
    assert open_tasks(it) == {}


def test_no_task_and_no_journal_line_says_who_it_was() -> None:
    it = asked(RECORD, TWIN)
    ask(it, "link", client="c2")
    ask(it, "unlink")
    said = repr([(plan.journal, plan.tasks) for plan in it.plans])
    assert not any(text in said for text in ("Mara", "Voss", "mara@", "Bo'", "dog"))


# --- a person links, and takes it back ------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.REQUESTED, State.CONFIRMED, State.ARRIVED, State.FULFILLED])
def test_linked_later_the_details_leave_the_note_again(state: State) -> None:
    it = asked(RECORD, TWIN, booking_mode="request" if state is State.REQUESTED else "instant")
    if state in {State.ARRIVED, State.FULFILLED}:
        it.see(pms=changed(edited(it, "pms", state=state)))
    ask(it, "link", client="c2", patient="p7")
    it.settle()
    assert client(it).state is state
    assert known(it) == ("linked", "c2", "p7")
    assert in_pms(it) == ("c2", "p7", "")
    assert open_tasks(it) == {}


def test_what_staff_wrote_into_the_note_stays() -> None:
    it = asked()
    it.see(pms=changed(edited(it, "pms", note=f"calls back\n{LINES}\nbrings X-rays")))
    ask(it, "link", client="c1", patient="p1")
    it.settle()
    assert in_pms(it) == ("c1", "p1", "calls back\nbrings X-rays")


def test_lines_that_staff_changed_stay() -> None:
    it = asked()
    changed_lines = LINES.replace("mara@example.org", "mara@example.org (bounces)")
    it.see(pms=changed(edited(it, "pms", note=changed_lines)))
    ask(it, "link", client="c1", patient="p1")
    it.settle()
    assert in_pms(it) == ("c1", "p1", changed_lines)


def test_a_wrong_link_is_taken_back_and_nothing_is_lost() -> None:
    it = asked(RECORD)
    before = client(it)
    ask(it, "unlink")
    it.settle()
    after = client(it)
    assert known(it) == ("unmatched", "", "")
    assert after.details == before.details == MARA
    assert (after.id, after.state, after.start, after.resource) == (before.id, before.state, before.start, "anna")
    assert in_pms(it) == ("", "", LINES)
    assert after.not_clients == ("c1",)
    assert facts_of(it, "unlinked") == [{"by": "command", "client": "c1"}]
    assert list(open_tasks(it)) == [f"link:{after.id}"]


def test_the_wrong_one_is_never_linked_again_by_itself() -> None:
    it = asked(RECORD)
    ask(it, "unlink")
    key = client(it).id
    forgotten = replace(client(it), match="")  # as if nobody had been asked yet
    it.state = replace(it.state, appointments={key: forgotten})
    it.see(Answers(clients={key: (RECORD,)}))
    assert known(it)[:2] == ("unmatched", "")
    it.state = replace(it.state, appointments={key: forgotten})
    it.see(Answers(clients={key: (RECORD, TWIN)}))
    assert known(it)[:2] == ("linked", "c2"), "of two that fit one was refused"


def test_a_person_may_link_to_the_refused_one_after_all() -> None:
    it = asked(RECORD)
    ask(it, "unlink")
    ask(it, "link", client="c1", patient="p1")
    it.settle()
    assert known(it) == ("linked", "c1", "p1")
    assert client(it).not_clients == ()
    assert in_pms(it)[2] == ""


def test_a_wrong_link_is_moved_to_the_right_client_in_one_step() -> None:
    it = asked(RECORD)
    ask(it, "link", client="c2", patient="p2")
    it.settle()
    assert in_pms(it) == ("c2", "p2", "")
    assert client(it).not_clients == ("c1",)


def test_unlinking_what_is_not_linked_is_refused_and_changes_nothing() -> None:
    it = asked()
    before = client(it)
    ask(it, "unlink")
    assert client(it) == before
    assert facts_of(it, "refused") == [{"event": "unlink", "why": "not_linked"}]


def test_a_request_is_accepted_and_linked_in_one_step() -> None:
    """S2: the one who was proposed is confirmed by accepting."""
    it = asked(RECORD, client_match="propose", on_ambiguous="ask", booking_mode="request")
    ask(it, "accept", client="c1", patient="p1")
    it.settle()
    assert (client(it).state, *known(it)) == (State.CONFIRMED, "linked", "c1", "p1")


def test_an_accept_that_the_life_cycle_refuses_links_nothing() -> None:
    it = asked(RECORD, TWIN)
    ask(it, "accept", client="c2")
    assert known(it) == ("ambiguous", "", "")


# --- staff does the same in the PMS ---------------------------------------------------------------------


def test_staff_links_in_the_pms() -> None:
    it = asked(RECORD, TWIN)
    it.see(pms=changed(edited(it, "pms", client="c2", patient="p2")))
    it.settle()
    assert known(it) == ("linked", "c2", "p2")
    assert in_pms(it) == ("c2", "p2", "")
    assert open_tasks(it) == {}


def test_staff_takes_a_link_back_in_the_pms_and_its_note_fills_again() -> None:
    it = asked(RECORD)
    it.see(pms=changed(edited(it, "pms", client="", patient="", note="wrong one")))
    it.settle()
    assert known(it) == ("unmatched", "", "")
    assert in_pms(it) == ("", "", f"wrong one\n{LINES}")
    assert client(it).not_clients == ("c1",)
    assert f"link:{client(it).id}" in open_tasks(it)


@pytest.mark.parametrize("kind", ["link", "unlink"])
def test_both_at_once_and_the_pms_wins(kind: str) -> None:
    """Who wins: client and patient link, the PMS. The command was given without knowing of it."""
    it = asked(RECORD, TWIN)
    key = client(it).id
    it.state = replace(it.state, commands=(Command(id=1, kind=kind, appointment=key, client="c1"),))  # type: ignore[arg-type]
    it.see(pms=changed(edited(it, "pms", client="c2", patient="")))
    assert known(it)[:2] == ("linked", "c2")
    assert {"field": "client", "by": "pms"} in facts_of(it, "overruled")


def test_both_at_once_and_of_one_mind() -> None:
    it = asked(RECORD, TWIN)
    key = client(it).id
    it.state = replace(it.state, commands=(Command(id=1, kind="link", appointment=key, client="c2", patient="p2"),))
    it.see(pms=changed(edited(it, "pms", client="c2", patient="")))
    it.settle()
    assert in_pms(it)[:2] == ("c2", "p2")
    assert "overruled" not in codes(it)


def test_an_animal_picked_for_somebody_else_is_not_hers() -> None:
    """Linked by a person a moment ago, the PMS still shows whom it was linked to, and staff picks an animal there."""
    it = asked(RECORD)
    ask(it, "link", client="c2")
    it.see(pms=changed(edited(it, "pms", patient="p55")))
    it.settle()
    assert known(it) == ("linked", "c2", "")
    assert in_pms(it)[:2] == ("c2", "")


def test_an_appointment_the_clinic_made_itself_has_no_details_to_lose() -> None:
    it = hub()
    it.see(pms=changed(phone(client="c1", patient="p1")))
    it.settle()
    (mine,) = it.state.appointments.values()
    ask(it, "unlink", appointment=mine.id)
    it.settle()
    (mine,) = it.state.appointments.values()
    assert (mine.match, mine.client, mine.patient, mine.note, mine.not_clients) == ("", "", "", "", ())
    assert kinds(it) == set()


# --- the PMS could not be asked ---------------------------------------------------------------------------


def unasked(**rules: Any) -> PureHub:
    it = held(hub(**rules))
    it.see(portal=changed(portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA, modified=it.now)))
    return it


def answered(it: PureHub, *records: ClientRecord) -> Appointment:
    it.see(Answers(clients={client(it).id: records}))
    return client(it)


def test_a_known_client_is_confirmed_as_soon_as_she_is_recognised() -> None:
    it = unasked(booking_mode="request", auto_confirm_known_only=True)
    assert client(it).state is State.REQUESTED
    assert answered(it, RECORD).state is State.CONFIRMED


def test_an_open_identity_stays_a_request_also_later() -> None:
    it = unasked(booking_mode="request", auto_confirm_known_only=True)
    assert answered(it, RECORD, TWIN).state is State.REQUESTED


def only_for(it: PureHub, **values: Any) -> PureHub:
    service: Service = replace(it.clinic.services["checkup"], **values)
    it.clinic = replace(it.clinic, services={**it.clinic.services, "checkup": service})
    return it


@pytest.mark.parametrize("mode", ["instant", "request"])
def test_who_may_not_book_it_is_told_so_while_nothing_was_promised(mode: str) -> None:
    """Rule 2 is checked again once the client is matched, whenever that is."""
    it = only_for(unasked(booking_mode=mode), clients="new")
    refused = answered(it, RECORD)
    assert refused.state is (State.CANCELLED if mode == "instant" else State.DECLINED)
    assert refused.decline_reason == "client_not_admitted"


def test_a_promise_is_a_persons_to_take_back() -> None:
    it = unasked()
    it.settle()
    assert client(it).written
    kept = answered(only_for(it, clients="new"), RECORD)
    assert kept.state is State.CONFIRMED
    assert kinds(it) == {"not_admitted"}


@pytest.mark.parametrize("heard", ["by mail", "on her page"])
def test_a_promise_stays_one_while_she_moves_it(heard: str) -> None:
    it = unasked()
    it.settle()
    if heard == "by mail":
        assert [letter.kind for letter in it.deliver()] == ["confirmed"]
    shown = State.REQUESTED if heard == "by mail" else State.CONFIRMED
    it.see(portal=changed(edited(it, "portal", state=shown, start=TEN + HOUR, end=TEN + HOUR + HALF)))
    assert (client(it).start, client(it).moved_from is None) == (TEN + HOUR, False)
    kept = answered(only_for(it, clients="new"), RECORD)
    assert kept.state is State.CONFIRMED
    assert kinds(it) == {"not_admitted"}


@pytest.mark.parametrize(("clients", "records"), [("known", ()), ("new", (RECORD, TWIN)), ("known", (RECORD, TWIN))])
def test_who_is_not_known_to_be_new_or_known_is_not_judged(clients: str, records: tuple[ClientRecord, ...]) -> None:
    it = only_for(unasked(), clients=clients)
    found = answered(it, *records)
    assert (found.decline_reason == "") is bool(records)


# --- asked no more than needed --------------------------------------------------------------------------


def test_nobody_is_looked_up_twice() -> None:
    it = booked(booking_mode="request")
    again = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA, version="2", description="limps")
    observed = {"portal": Observation(feed=Delta(changed=(again,)), started=it.now)}
    assert questions(it.state, observed, it.clinic, it.now).lookups == ()
    other = portal("booking/2", State.REQUESTED, details=MARA, start=TEN + 2 * HALF, end=TEN + 3 * HALF)
    observed = {"portal": Observation(feed=Delta(changed=(other,)), started=it.now)}
    assert [each.key for each in questions(it.state, observed, it.clinic, it.now).lookups] == ["portal/booking/2"]


@pytest.mark.parametrize("at_once", [False, True])
def test_whom_staff_links_while_it_is_only_reserved_stays(at_once: bool) -> None:
    """The client and her animal are the PMS's to say, whatever a rule would make of the details."""
    it = held(hub())
    staff = changed(edited(it, "pms", client="c9"))
    if not at_once:
        it.see(pms=staff)
        it.settle()
    feeds = {"pms": staff} if at_once else {}
    entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA, modified=it.now)
    it.see(Answers(clients={"portal/booking/1": (RECORD,)}), portal=changed(entry), **feeds)
    it.settle()
    assert (client(it).client, client(it).match, client(it).state) == ("c9", "linked", State.CONFIRMED)
    assert "Patient: Bo" in client(it).note
    assert "link" in kinds(it)
