"""Whoever waits for her record is looked up once more, at a bounded cost, and linked by the clinic's own rule."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from stories import DAY, HOUR, MARA, RECORD, TEN, ask, client, codes, edited, held, hub, portal, shadow

from calbridge.feeds import AccountRecord
from calbridge.hub import Answers, Lookup, Observation, People
from calbridge.model import Details, State
from calbridge.provider import ClientRecord, Complete, Delta, Feed, PatientRecord, Record
from calbridge.reconcile import questions
from calbridge.reconcile.later import lookups_again
from calbridge.reconcile.turns import EVERY, MOST
from calbridge.testing.pure import ALL_TIME, PureHub, changed, everything

TWIN = replace(RECORD, id="c2", patients=())
QUIET: Delta[Any] = Delta(changed=())
NEWS: Delta[Any] = Delta(changed=(), people="1")


def asked(*records: ClientRecord, **rules: Any) -> PureHub:
    """A booking whose client the PMS answered with these records, on all sides."""
    it = held(hub(**rules))
    entry = portal("booking/1", State.REQUESTED, replaces="hold/1", details=MARA, modified=it.now)
    it.see(Answers(clients={"portal/booking/1": records}), portal=changed(entry))
    it.settle()
    return it


def again(it: PureHub, feed: Any = NEWS, **more: Any) -> tuple[Lookup, ...]:
    """Whom the core wants looked up when the PMS is read."""
    observations = {"pms": Observation(feed=feed, started=it.now)} | more
    return questions(it.state, observations, it.clinic, it.now).lookups


def read(it: PureHub, *records: ClientRecord, **feeds: Feed[Record]) -> list[str]:
    """One pass whose look-ups the PMS answers with these records; the keys that were looked up."""
    observations = {name: Observation(feed=feed, started=it.now) for name, feed in feeds.items()}
    keys = [each.key for each in questions(it.state, observations, it.clinic, it.now).lookups]
    it.see(Answers(clients=dict.fromkeys(keys, records)), **feeds)
    return keys


def found(it: PureHub, *records: ClientRecord) -> None:
    """The next incremental read, in which the PMS says that its clients changed, and what it says of them."""
    read(it, *records, pms=NEWS)
    it.settle()


def known(it: PureHub) -> tuple[str, str, str]:
    found = client(it)
    return found.match, found.client, found.patient


@pytest.mark.parametrize("before", [(), (RECORD, TWIN)], ids=["unmatched", "ambiguous"])
def test_a_record_that_staff_makes_or_mends_is_linked_at_the_next_read(before: tuple[ClientRecord, ...]) -> None:
    it = asked(*before)
    assert known(it)[1] == ""
    assert "Mara" in shadow(it, "pms").view.note  # type: ignore[union-attr]
    found(it, RECORD)
    assert known(it) == ("linked", "c1", "p1")
    assert shadow(it, "pms").view.note == ""  # type: ignore[union-attr]
    assert any(f"link:{client(it).id}" in plan.settled for plan in it.plans)
    assert again(it) == ()


@pytest.mark.parametrize(
    ("records", "rules", "match"),
    [
        ((RECORD,), {"client_match": "propose"}, "proposed"),
        ((RECORD, TWIN), {}, "ambiguous"),
        ((replace(RECORD, emails=(), first_name="Nora"),), {"on_unmatched": "create"}, "unmatched"),
        ((), {}, "unmatched"),
    ],
)
def test_no_guess_is_made_later_either(records: tuple[ClientRecord, ...], rules: dict[str, Any], match: str) -> None:
    it = asked(**{"on_unmatched": "ask", **rules} if rules.get("on_unmatched") != "create" else {})
    it.clinic = replace(it.clinic, rules=replace(it.clinic.rules, **rules))
    plans = len(it.plans)
    found(it, *records)
    assert known(it) == (match, "", "")
    news = [line.code for plan in it.plans[plans:] for line in plan.journal]
    assert news == ([match] if match != "unmatched" else []), "the same question is not asked a second time"
    assert "creating" not in {each.match for each in it.state.appointments.values()}


def test_a_request_that_a_person_was_asked_about_stays_a_request() -> None:
    it = asked(on_unmatched="ask")
    assert client(it).state is State.REQUESTED
    found(it, RECORD)
    assert (client(it).state, client(it).client) == (State.REQUESTED, "c1")


def test_what_a_person_took_back_waits_for_a_person() -> None:
    it = asked(RECORD)
    ask(it, "unlink")
    it.settle()
    assert again(it) == ()


def test_an_animal_that_staff_enters_is_linked_too() -> None:
    it = asked(replace(RECORD, patients=()))
    assert known(it) == ("linked", "c1", "")
    (lookup,) = again(it)
    assert lookup == Lookup(key=client(it).id, details=MARA, client="c1")
    found(it, replace(RECORD, patients=(PatientRecord(id="p7", name="Bello"), PatientRecord(id="p8", name="bo"))))
    assert known(it) == ("linked", "c1", "p8")
    assert {"animal_found"} <= codes(it)
    assert again(it) == ()


def test_two_animals_of_that_name_are_no_answer() -> None:
    it = asked(replace(RECORD, patients=()))
    found(it, replace(RECORD, patients=(PatientRecord(id="p7", name="Bo"), PatientRecord(id="p8", name="bo"))))
    assert known(it) == ("linked", "c1", "")
    assert "animal_found" not in codes(it)


def test_what_is_over_is_looked_up_no_more() -> None:
    it = asked()
    ask(it, "cancel")
    assert again(it) == ()


# --- what it costs ------------------------------------------------------------------------------------


def crowd(count: int) -> PureHub:
    """So many bookings that wait, the visits one after the other."""
    it = asked()
    one = client(it)
    many = {
        f"b{n:04}": replace(one, id=f"b{n:04}", start=TEN + n * HOUR, end=TEN + n * HOUR + 60) for n in range(count)
    }
    it.state = replace(it.state, appointments=many)
    return it


def test_without_a_word_of_the_pms_each_is_asked_once_in_a_quarter_of_an_hour() -> None:
    it, asked_at = crowd(40), []
    for _ in range(4 * EVERY // 60):
        it.now += 60
        asked_at += [(key, it.now) for key in read(it, pms=QUIET)]
    times = {key: [at for other, at in asked_at if other == key] for key in it.state.appointments}
    assert {len(each) for each in times.values()} == {4}
    assert {b - a for each in times.values() for a, b in pairwise(each)} == {EVERY}
    assert len({each[0] for each in times.values()}) > 5, "not all at the same time"


@pytest.mark.parametrize("feed", [NEWS, QUIET], ids=["the PMS says so", "after a night"])
def test_one_read_asks_for_a_bounded_number_the_next_visits_first_and_all_come_round(feed: Any) -> None:
    it = crowd(4 * MOST)
    it.now += DAY // 2
    next_ones = [f"b{n:04}" for n in range(MOST // 2)]
    found: list[str] = []
    for _ in range(2 * 4):
        keys = [each.key for each in again(it, feed)]
        assert keys[: MOST // 2] == next_ones
        assert len(keys) == len(set(keys)) == MOST
        found += keys
        it.now += EVERY
    assert set(found) == set(it.state.appointments), "whoever comes later has her turn too"


def test_a_visit_that_is_over_takes_nobodys_turn() -> None:
    """Its day has passed, and nobody has marked it as attended."""
    it = crowd(MOST + 10)
    it.now = TEN + 5 * HOUR - 1
    assert next(each.key for each in again(it)) == "b0005"
    it.now = TEN + 5 * HOUR
    assert next(each.key for each in again(it)) == "b0005", "not while it lasts"
    it.now = TEN + MOST * HOUR
    assert {each.key for each in again(it)} == {f"b{n:04}" for n in range(MOST, MOST + 10)}


def test_nobody_is_looked_up_while_the_pms_does_not_answer() -> None:
    it = crowd(3)
    it.now += DAY
    read = Observation(feed=Complete(window=ALL_TIME, items=()), started=it.now)
    assert list(lookups_again(it.state, {"calendar": read}, it.now)) == []


# --- one piece of news, told many times ---------------------------------------------------------------


def unjudged(it: PureHub) -> Any:
    """A change that is not judged before an earlier write is answered: until then the cursor is not kept."""
    it.state = replace(it.state, unresolved=frozenset({("pms", client(it).id)}))
    return edited(it, "pms", title="Bo")


def quarantined(it: PureHub) -> Any:
    """More cancellations than are believed: nothing of the read is, until a person releases it."""
    it.clinic = replace(it.clinic, rules=replace(it.clinic.rules, max_cancellations=0))
    return edited(it, "pms", state=State.CANCELLED)


@pytest.mark.parametrize("held_back", [unjudged, quarantined])
def test_while_a_read_is_not_kept_its_news_costs_its_look_ups_once(held_back: Any) -> None:
    it = asked()
    read(it, pms=QUIET)
    change = held_back(it)
    costs = [len(read(it, pms=Delta(changed=(change,), people="7", cursor="9"))) for _ in range(5)]
    costs += [len(read(it, pms=Delta(changed=(change,), people="7 8", cursor="9"))) for _ in range(5)]
    assert costs == [1, 0, 0, 0, 0, 1, 0, 0, 0, 0], "what is new among it counts at once"
    assert all("pms" not in plan.reads or not plan.reads["pms"].feed.cursor for plan in it.plans[-10:])  # type: ignore[union-attr]


@pytest.mark.parametrize("held_back", [unjudged, quarantined])
def test_while_a_read_is_not_kept_each_has_her_turn_as_at_other_times(held_back: Any) -> None:
    it, times = asked(), []
    read(it, pms=QUIET)
    change = held_back(it)
    for _ in range(4 * EVERY // 60):
        it.now += 60
        times += [it.now for _ in read(it, pms=Delta(changed=(change,)))]
    assert [b - a for a, b in pairwise(times)] == [EVERY] * 3


def test_news_that_the_pms_could_not_be_asked_about_is_asked_about_at_the_next_read() -> None:
    it = crowd(3)
    read(it, pms=QUIET)
    for feed in (NEWS, QUIET, Delta[Any](changed=(), people="2")):
        assert len(again(it, feed)) == 3
        it.see(pms=feed)
    assert it.state.links["pms"].people == People(news="2", asked=None)
    assert len(read(it, pms=QUIET)) == 3
    assert again(it, QUIET) == again(it, Delta(changed=(), people="2")) == ()


def test_what_is_looked_for_with_what_she_corrected_is_no_open_question() -> None:
    it = asked()
    read(it, pms=QUIET)
    corrected = edited(it, "portal")
    corrected = replace(corrected, details=replace(MARA, email="mara@elsewhere.example"))
    assert read(it, pms=NEWS, portal=changed(corrected)) == [f"portal/{corrected.ref}"]
    assert it.state.links["pms"].people == People(news="1", asked=it.now)


# --- accounts -----------------------------------------------------------------------------------------

ACCOUNTS = tuple(
    AccountRecord(ref=f"account/{n:03}", version="1", details=Details(email=f"{n}@example.org")) for n in range(4)
)


def opened(*records: AccountRecord) -> PureHub:
    """Accounts that nobody is known for, and a person is asked about."""
    it = hub()
    read(it, pms=QUIET, portal=everything(*records))
    assert {each.match for each in it.state.foreign.values()} == {"unmatched"}  # type: ignore[union-attr]
    return it


def test_accounts_are_met_again_for_news_once_however_often_it_is_told() -> None:
    it = opened(*ACCOUNTS)
    for news in ("1", "1 2"):
        assert read(it, pms=Delta(changed=(), people=news), portal=QUIET) == []
        assert it.plans[-1].full_due == {"portal"}
        assert len(read(it, pms=Delta(changed=(), people=news), portal=everything(*ACCOUNTS))) == len(ACCOUNTS)
        for _ in range(3):
            assert read(it, pms=Delta(changed=(), people=news), portal=QUIET) == []
            assert (it.plans[-1].full_due, it.state.links["portal"].full_due) == (frozenset(), False)


def test_a_portal_that_is_read_in_full_with_the_news_is_not_read_for_it_again() -> None:
    it = opened(*ACCOUNTS)
    assert len(read(it, pms=NEWS, portal=everything(*ACCOUNTS))) == len(ACCOUNTS)
    assert it.plans[-1].full_due == frozenset()


def test_a_portal_that_is_always_read_in_full_has_each_account_looked_up_once_in_a_quarter_of_an_hour() -> None:
    it = opened(*ACCOUNTS)
    keys: list[str] = []
    for _ in range(2 * EVERY // 60):
        it.now += 60
        keys += read(it, pms=QUIET, portal=everything(*ACCOUNTS))
    assert sorted(keys) == sorted(2 * [f"portal/{each.ref}" for each in ACCOUNTS])
    assert all(each.details is None for each in it.state.foreign.values())  # type: ignore[union-attr]


def test_what_an_accounts_owner_tells_anew_is_looked_up_at_once() -> None:
    it = opened(*ACCOUNTS)
    told = replace(ACCOUNTS[1], version="2")
    assert read(it, pms=QUIET, portal=everything(ACCOUNTS[0], told, *ACCOUNTS[2:])) == [f"portal/{told.ref}"]


def test_many_accounts_come_round_a_bounded_number_at_once() -> None:
    crowd = tuple(
        AccountRecord(ref=f"account/{n:03}", version="1", details=Details(email=f"{n}@example.org"))
        for n in range(3 * MOST)
    )
    it, keys = opened(*crowd), set()
    for _ in range(2 * 3):
        it.now += EVERY
        asked_now = read(it, pms=QUIET, portal=everything(*crowd))
        assert len(asked_now) == MOST
        keys |= set(asked_now)
    assert keys == {f"portal/{each.ref}" for each in crowd}


def test_an_account_that_could_not_be_asked_about_is_asked_about_with_what_its_owner_told() -> None:
    it = opened(*ACCOUNTS)
    it.see(pms=NEWS, portal=everything(*ACCOUNTS))
    assert len(read(it, RECORD, pms=QUIET)) == len(ACCOUNTS)
