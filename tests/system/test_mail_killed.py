"""The real daemon is killed before every step of sending one mail: it goes once, or a person is asked; never twice.

What is done here is SIGKILL; a machine that loses its power is the same as long as the disk keeps what it said it has.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from office import Office, opened, until
from paper import desk

from calbridge.model import Details, State
from calbridge.testing.memory_portal import Booking

LONGEST = 60
"""Steps; more means that the process never comes to rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of the message of one client whose daemon was killed. `handed`: its row said "sending" by then."""

    step: str
    handed: bool
    received: int
    states: tuple[str, ...]
    tasks: int


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, start: Callable[..., Any]) -> Iterator[Office]:
    with opened(tmp_path_factory.mktemp("office"), start) as place:
        first = place.daemon()
        until(lambda: place.portal.exists() and _offers(place))
        first.process.kill()
        first.process.join()
        yield place


def _offers(place: Office) -> bool:
    with desk(place.portal) as portal:
        return bool(portal.offers.get("anna"))


def _lived(office: Office, step: int) -> Ending | None:
    """One booking, a daemon that dies at a step, and another that goes on; None when there was no such step."""
    who = f"mia{step}"
    office.book(who)
    mortal = office.daemon(step)
    until(lambda: not mortal.process.is_alive() or _quiet(office, who))
    if not office.death.exists():
        mortal.process.kill()
        mortal.process.join()
        return None
    assert mortal.wait() == -signal.SIGKILL
    died = office.death.read_text("utf-8")
    handed = any(row.state == "sending" for row in office.of(who))
    _through(office, office.daemon(), who)
    return _ending(office, who, died, handed=handed)


def _quiet(office: Office, who: str) -> bool:
    """Nothing is due to her now, and nothing is on its way."""
    rows = office.of(who)
    return bool(rows) and not any(row.state in {"due", "sending"} for row in rows)


def _ending(office: Office, who: str, died: str, *, handed: bool) -> Ending:
    rows = office.of(who)
    with office.store() as store:
        tasks = [task for task in store.tasks("hafen") if task.appointment == rows[0].message.appointment]
    return Ending(
        step=died,
        handed=handed,
        received=office.sink.to.count(f"{who}@example.org"),
        states=tuple(row.state for row in rows),
        tasks=len(tasks),
    )


@pytest.fixture(scope="module")
def endings(office: Office) -> list[Ending]:
    """Of every step there is, in order."""
    found = []
    for step in count(1):
        ending = _lived(office, step)
        if ending is None:
            return found
        assert step < LONGEST
        found.append(ending)
    return found


def test_every_step_of_sending_was_a_last_one(endings: list[Ending]) -> None:
    steps = [each.step for each in endings]
    talk = [step for step in steps if step not in {"write", "getreply", "connect"}]
    assert talk == ["EHLO", "MAIL", "RCPT", "DATA", "text", "end", "QUIT"]
    assert steps.count("write") >= 3
    assert steps.count("getreply") == 2


def test_no_client_ever_gets_a_message_twice(endings: list[Ending]) -> None:
    assert [each for each in endings if each.received > 1] == []
    assert {len(each.states) for each in endings} == {1}


def test_before_it_is_handed_over_a_death_costs_nothing(endings: list[Ending]) -> None:
    before = [each for each in endings if not each.handed]
    assert len(before) > 7
    assert {(each.received, each.states, each.tasks) for each in before} == {(1, ("sent",), 0)}


def test_what_was_handed_over_and_has_no_answer_is_a_persons_question(endings: list[Ending]) -> None:
    """It arrived or not: the bridge does not guess, and does not send it again."""
    after = [each for each in endings if each.handed]
    assert [each.step for each in after] == ["end", "getreply", "QUIT", "getreply", "write"]
    assert {(each.states, each.tasks) for each in after} == {(("unknown",), 1)}
    assert [each.received for each in after] == [0, 1, 1, 1, 1]


def test_a_message_that_goes_after_a_death_has_the_name_it_had(office: Office, endings: list[Ending]) -> None:
    """One booking, one message, one Message-ID, whichever process wrote it."""
    del endings
    names = [mail["Message-ID"] for mail in office.sink.mails]
    assert len(set(names)) == len(names)
    assert all(name.endswith("@example.org>") for name in names)


# --- one of many ----------------------------------------------------------------------------------

SECOND = {
    "2:connect": ("sent", 1, 0),
    "2:RCPT": ("sent", 1, 0),
    "2:DATA": ("sent", 1, 0),
    "2:end": ("unknown", 0, 1),
    "2:getreply": ("unknown", 1, 1),
    "2:QUIT": ("unknown", 1, 1),
    "2:commit": ("unknown", 1, 1),
    "3:connect": ("sent", 1, 0),
}
"""Killed before this step of the second of three mails, or after it: what its row says, mails that came, tasks."""


@pytest.mark.parametrize("at", SECOND)
def test_a_death_between_two_of_many_costs_none_of_the_others_and_repeats_none(office: Office, at: str) -> None:
    names = [f"ada-{at.replace(':', '-').casefold()}-{number}" for number in range(3)]
    for who in names:
        office.book(who)
    mortal = office.daemon(AT=at)
    assert mortal.wait() == -signal.SIGKILL
    assert [office.of(who)[0].state for who in names[::2]] == ["sent", "due"]
    next_one = office.daemon()
    until(lambda: all(_quiet(office, who) for who in names))
    next_one.process.kill()
    next_one.process.join()
    found = [_ending(office, who, at, handed=False) for who in names]
    assert [(*each.states, each.received, each.tasks) for each in found] == [("sent", 1, 0), SECOND[at], ("sent", 1, 0)]


# --- the first import -----------------------------------------------------------------------------

FEWEST_WRITES = 8
"""Of a first sync."""


def _before_the_bridge(path: Path) -> None:
    """A client whose booking the clinic confirmed, and one whose request waits: both know it from their portal."""
    with desk(path) as portal:
        start = portal.clock.now() // 3_600 * 3_600 + 7_200
        for number, state in enumerate((State.CONFIRMED, State.REQUESTED)):
            begins = start + number * 3_600
            details = Details(first_name="Eva", last_name="Alt", email=f"{state}@example.org")
            booking = Booking(
                ref=f"booking-old-{number}", resource="anna", service="checkup", start=begins, end=begins + 1_800,
                state=state, details=details, modified=portal.clock.now(),
            )  # fmt: skip
            portal.bookings[booking.ref] = booking
            portal.log.note(booking.ref)


def test_a_first_import_is_quiet_whenever_it_was_killed(
    tmp_path_factory: pytest.TempPathFactory, start: Callable[..., Any]
) -> None:
    """Whatever of it was written down, the next process tells nobody what she knows from her portal."""
    rules = 'booking_mode = "request"'
    with opened(tmp_path_factory.mktemp("office"), start, rules=rules) as office:
        wrong = {}
        for step in count(1, 2):
            for each in office.folder.glob("state.sqlite3*"):
                each.unlink()
            office.portal.unlink(missing_ok=True)
            _before_the_bridge(office.portal)
            killed = office.sync(step) == -signal.SIGKILL
            assert office.sync() == 0, (step, office.answer)
            rows = [(row.message.kind, row.state) for row in office.rows() if row.state != "silent"]
            if rows or office.sink.mails:
                wrong[step] = (rows, [mail["To"] for mail in office.sink.mails])
            if not killed:
                break
            assert step < LONGEST
        assert wrong == {}
        assert step > FEWEST_WRITES
        with office.store() as store:
            assert len(store.appointments("hafen")) == 2


# --- reminders ------------------------------------------------------------------------------------


def test_a_reminder_by_timer_survives_a_death_and_goes_once(
    tmp_path_factory: pytest.TempPathFactory, start: Callable[..., Any]
) -> None:
    """The bridge polls once an hour: what wakes it is the reminder's own time, also after a restart."""
    with opened(tmp_path_factory.mktemp("office"), start, every="PT1H") as office:
        first = office.daemon()
        until(lambda: office.portal.exists() and _offers(office))
        first.process.kill()
        first.process.join()
        with desk(office.portal) as portal:
            begins = min(begin for _, begin in portal.offers["anna"] if begin > portal.clock.now() + 3_600)
            offsets = [begins - portal.clock.now() - ahead for ahead in (25, 28)]
        office.configure(every="PT1H", rules=f'reminders = ["PT{offsets[0]}S", "PT{offsets[1]}S"]')
        assert office.book("mia", at=begins) == begins
        told = office.daemon()
        until(lambda: [row.state for row in office.of("mia")] == ["sent", "due", "due"])
        told.process.kill()
        told.process.join()
        again = office.daemon()
        until(lambda: [row.state for row in office.of("mia")] == ["sent", "sent", "sent"])
        again.process.kill()
        again.process.join()
    reminders = [mail["Subject"].startswith("Reminder") for mail in office.sink.mails]
    assert reminders == [False, True, True]


@pytest.mark.parametrize(
    ("at", "ending"), [("1:DATA", ("sent", 1)), ("1:end", ("unknown", 0)), ("1:commit", ("unknown", 1))]
)
def test_a_reminder_whose_process_died_goes_once_or_is_lost_and_asks_nobody(
    office: Office, at: str, ending: tuple[str, int]
) -> None:
    """Nobody is phoned because of a reminder; and it is due because its time has come, whichever process is there."""
    who = f"rosa-{at.partition(':')[2].casefold()}"
    begins = office.book(who, at=int(time.time()) + 7_200)
    _through(office, office.daemon(), who)
    (confirmed,) = office.of(who)
    until(lambda: time.time() > (confirmed.handed or 0) + 1)
    office.configure(rules=f'reminders = ["PT{begins - int(time.time())}S"]')
    assert office.daemon(AT=at).wait() == -signal.SIGKILL
    _through(office, office.daemon(), who)
    office.configure()
    found = _ending(office, who, at, handed=True)
    assert (sorted(found.states), found.received, found.tasks) == (sorted(("sent", ending[0])), 1 + ending[1], 0)


def _through(office: Office, daemon: Any, who: str) -> None:
    """The daemon runs until nothing is on its way to her."""
    until(lambda: _quiet(office, who))
    daemon.process.kill()
    daemon.process.join()
