"""Messages are rows: one per key, renewed while they are due, never due again once they left."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from calbridge.errors import ConfigError
from calbridge.hub import Letters, Silent
from calbridge.messages import Kind, MessageDue
from calbridge.model import State
from calbridge.store import Fenced, Store, Superseded

HOUR = 3_600


@pytest.fixture
def letter(make, commit):
    """A message about appointment "a", which is there."""
    commit(appointments=(make.appointment("a"), make.appointment("b", start=make.now + 7_200)))

    def written(kind: Kind = Kind.CONFIRMED, revision: int = 1, **changes) -> MessageDue:
        values = {
            "key": f"a/{kind}/{revision}",
            "kind": kind,
            "appointment": "a",
            "revision": revision,
            "at": make.now,
            "state": State.CONFIRMED,
            "start": make.now + HOUR,
            "end": make.now + 2 * HOUR,
            "resource": "anna",
        }
        return MessageDue(**(values | changes))

    return written


@pytest.fixture
def tell(store, epoch, make):
    """Say what is to be told; give back what may go now."""

    def said(*due, notices=(), silent=()):
        store.tell("hafen", epoch, Letters(due=due, notices=notices, silent=silent), now=make.now, run="run-1")
        return store.messages_due("hafen", now=make.now)

    return said


@pytest.fixture
def answer(store, epoch, make):
    """What became of a row."""

    def answered(row, state, **more):
        store.message_answered("hafen", epoch, row, state, notifier="mail", now=make.now, run="run-1", **more)

    return answered


def keys(rows):
    return [row.message.key for row in rows]


def told(store, make):
    return store.load("hafen", [], since=make.now - HOUR).told


def test_a_message_comes_back_as_it_was_decided(tell, letter):
    wanted = letter(Kind.MOVED, previous=5, reason="", offset=0, service="checkup")
    (row,) = tell(wanted)
    assert (row.message, row.state, row.attempts) == (wanted, "due", 0)


def test_what_is_due_is_renewed_by_every_plan(tell, letter):
    assert keys(tell(letter(), letter(Kind.REMINDER))) == ["a/confirmed/1", "a/reminder/1"]
    assert keys(tell(letter())) == ["a/confirmed/1"]
    assert keys(tell(letter(revision=2))) == ["a/confirmed/2"]
    assert tell() == []


def test_saying_the_same_again_keeps_its_place_and_its_back_off(store, epoch, make, tell, letter):
    (row,) = tell(letter())
    store.postpone_messages("hafen", epoch, [row], until=make.now + 60, why="down")
    assert tell(letter(at=make.now + 1)) == []
    (again,) = store.messages_due("hafen", now=make.now + 60)
    assert (again.id, again.attempts, again.why, again.message.at) == (row.id, 1, "down", make.now)
    assert keys(store.messages_due("hafen", now=make.now, patient=False)) == ["a/confirmed/1"]


def test_a_notice_is_kept_until_it_is_sent(tell, letter, answer):
    call = letter(Kind.PLEASE_PHONE)
    tell(notices=(call,))
    (row,) = tell(notices=(call,))
    assert tell() == [row]
    answer(row, "sent")
    assert tell(notices=(call,)) == []


def test_a_reminder_waits_for_its_time_and_no_person_hurries_it(store, make, tell, letter):
    tell(letter(Kind.REMINDER, at=make.now + HOUR))
    assert store.messages_due("hafen", now=make.now + HOUR - 1, patient=False) == []
    assert keys(store.messages_due("hafen", now=make.now + HOUR)) == ["a/reminder/1"]
    assert store.next_message("hafen", after=make.now) == make.now + HOUR
    assert store.next_message("hafen", after=make.now + HOUR) is None


def test_what_left_says_what_the_client_knows_and_is_never_due_again(store, make, tell, letter, answer):
    assert told(store, make) == {}
    (row,) = tell(letter())
    assert told(store, make) == {}
    answer(row, "sent")
    known = told(store, make)["a"]
    assert (known.state, known.start, known.at) == (State.CONFIRMED, make.now + HOUR, make.now)
    assert tell(letter()) == []


@pytest.mark.parametrize("state", ["sent", "refused", "unknown", "nobody", "missed"])
def test_however_it_ended_it_is_told(store, make, tell, letter, answer, state):
    (row,) = tell(letter())
    answer(row, state)
    assert told(store, make)["a"].state is State.CONFIRMED
    assert tell(letter()) == []


def test_what_a_client_knows_without_a_message_is_told_too(store, make, tell, letter):
    assert tell(silent=(Silent(message=letter(), why="first_import"),)) == []
    assert told(store, make)["a"].state is State.CONFIRMED
    (row,) = store.messages("hafen")
    assert (row.state, row.why) == ("silent", "first_import")


@pytest.mark.parametrize("other", [{"kind": Kind.REMINDER}, {"kind": Kind.PLEASE_PHONE}, {"audience": "clinic"}])
def test_only_what_says_where_the_booking_stands_is_told(store, make, tell, letter, answer, other):
    (row,) = tell(letter(**other))
    answer(row, "sent")
    assert told(store, make) == {}


def test_handed_over_counts_as_told_until_it_is_surely_not(store, epoch, make, tell, letter):
    """A crash between handing over and the answer must not send it twice."""
    (row,) = tell(letter())
    store.hand_over("hafen", epoch, row, "mail", now=make.now)
    assert told(store, make)["a"].state is State.CONFIRMED
    assert tell(letter()) == []
    (unanswered,) = store.unanswered_messages("hafen")
    assert (unanswered.id, unanswered.state, unanswered.notifier) == (row.id, "sending", "mail")
    store.postpone_messages("hafen", epoch, [row], until=make.now, why="451")
    assert told(store, make) == {}
    assert keys(tell(letter())) == ["a/confirmed/1"]


def test_a_message_that_is_not_due_any_more_is_not_handed_over(store, epoch, make, tell, letter):
    """The booking was cancelled while a worker was about to confirm it."""
    (row,) = tell(letter())
    tell(letter(Kind.CANCELLED, revision=2))
    with pytest.raises(Superseded):
        store.hand_over("hafen", epoch, row, "mail", now=make.now)


def test_nothing_is_handed_over_twice(store, epoch, make, tell, letter):
    (row,) = tell(letter())
    store.hand_over("hafen", epoch, row, "mail", now=make.now)
    with pytest.raises(Superseded):
        store.hand_over("hafen", epoch, row, "mail", now=make.now)


def test_an_overtaken_cycle_hands_nothing_over(store, epoch, make, tell, letter):
    (row,) = tell(letter())
    store.begin_cycle("hafen")
    with pytest.raises(Fenced):
        store.hand_over("hafen", epoch, row, "mail", now=make.now)


def test_an_answer_is_journalled_without_a_persons_words(store, tell, letter, answer):
    (row,) = tell(letter(Kind.DECLINED, reason="Dr. Anna ist krank"))
    answer(row, "refused", why="550")
    line = store.journal("hafen")[-1]
    assert (line.code, line.appointment) == ("message_refused", "a")
    assert line.facts == {"kind": "declined", "audience": "client", "notifier": "mail"}


def test_a_person_may_send_it_once_more_and_what_is_told_stays(store, make, tell, letter, answer, clock):
    (row,) = tell(letter())
    answer(row, "unknown")
    before = told(store, make)
    store.send_again("hafen", row.id)
    clock.instant += 1
    store.send_again("hafen", row.id)
    rows = store.messages_due("hafen", now=clock.instant)
    assert [each.message for each in rows] == [
        replace(row.message, key=f"a/confirmed/1/again/{at}", at=at) for at in (make.now, make.now + 1)
    ]
    answer(rows[0], "sent")
    assert told(store, make) == before


def test_only_what_left_can_be_sent_once_more(store, tell, letter):
    (row,) = tell(letter())
    with pytest.raises(ConfigError, match="no message"):
        store.send_again("hafen", row.id)
    with pytest.raises(ConfigError, match="no message"):
        store.send_again("other", row.id)


def test_what_is_not_true_any_more_is_not_sent_once_more(store, tell, letter, answer):
    (first,) = tell(letter(), notices=(letter(Kind.REQUEST_RECEIVED, audience="clinic", key="a/request/clinic"),))[:1]
    answer(first, "unknown")
    store.send_again("hafen", first.id)
    moved = letter(Kind.MOVED, 2)
    rows = {row.message.key: row for row in tell(moved)}
    with pytest.raises(ConfigError, match=rf"message {first.id} .* message {rows[moved.key].id} came after it"):
        store.send_again("hafen", first.id)
    answer(rows[moved.key], "unknown")
    store.send_again("hafen", rows[moved.key].id)
    clinics = rows["a/request/clinic"]
    answer(clinics, "unknown")
    store.send_again("hafen", clinics.id)


def test_an_invitation_belongs_to_no_booking(store, make):
    store.invite("hafen", "c-12")
    (row,) = store.messages_due("hafen", now=make.now)
    assert (row.message.kind, row.message.client, row.message.appointment) == (Kind.INVITATION, "c-12", "")


def test_the_list_is_of_one_booking_if_wanted_and_the_newest(store, tell, letter):
    tell(*(letter(Kind.REMINDER, revision=number) for number in range(5)), letter(key="b/x", appointment="b"))
    assert keys(store.messages("hafen", appointment="b")) == ["b/x"]
    assert keys(store.messages("hafen", limit=2)) == ["a/reminder/4", "b/x"]


def test_messages_are_there_after_a_restart(path, make):
    numbers = count(1)
    first = Store.open(path)
    epoch = first.begin_cycle("hafen")
    first.invite("hafen", f"c-{next(numbers)}")
    (row,) = first.messages_due("hafen", now=2**40)
    first.hand_over("hafen", epoch, row, "mail", now=make.now)
    first.close()
    second = Store.open(path)
    assert [each.id for each in second.unanswered_messages("hafen")] == [row.id]
    second.close()
