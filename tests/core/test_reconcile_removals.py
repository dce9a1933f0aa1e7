"""What is over must also go away at every side: accepted is not taken away either, and what fails is a person's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import NOW, booked, client, edited, gives_up, held, hub, kinds, portal, shadow

from calbridge.hub import Answers, Command, Effect, Plan
from calbridge.model import State
from calbridge.provider import Entry, Gone, Present, Receipt
from calbridge.testing.pure import PureHub, changed, everything


def cancelled() -> tuple[PureHub, Effect]:
    """A booking that its client cancelled, and the PMS's part of it, not done yet; all others did theirs."""
    it = booked()
    plan = it.see(portal=changed(edited(it, "portal", state=State.CANCELLED)))
    for effect in plan.effects:
        if effect.connection != "pms":
            it.write(effect)
    (removal,) = due(plan)
    assert removal.change.remove
    return it, removal


def accepted() -> tuple[PureHub, Entry]:
    """The PMS took that it is over, and still shows it: what it shows."""
    it, removal = cancelled()
    standing = replace(edited(it, "pms"), version=shadow(it, "pms").version)
    it.write(removal, Receipt(outcome="pending"))
    return it, standing


def due(plan: Plan) -> list[Effect]:
    return [effect for effect in plan.effects if effect.connection == "pms"]


def decide(it: PureHub, kind: Any) -> Plan:
    command = Command(id=1, kind=kind, appointment=client(it).id, connection="pms")
    it.state = replace(it.state, commands=(command,))
    return it.see()


def test_a_removal_that_is_accepted_is_not_asked_twice_and_over_once_it_shows_cancelled() -> None:
    it, standing = accepted()
    for feed in (changed(), changed(standing), changed(replace(standing, pending=True)), everything(standing)):
        it.now += 1
        assert due(it.see(pms=feed)) == []
        assert shadow(it, "pms").pending
    it.see(pms=changed(replace(standing, version="filed", view=replace(standing.view, state=State.CANCELLED))))
    it.settle()
    assert kinds(it) == set()
    assert not shadow(it, "pms").pending


@pytest.mark.parametrize("proof", [Gone(), Present()])
def test_a_removal_that_is_accepted_and_not_listed_any_more_is_over_on_proof(proof: Any) -> None:
    it, standing = accepted()
    it.now += 1
    it.see(Answers(probes={("pms", standing.ref): proof}), pms=everything())
    assert (("pms", client(it).id) in it.state.shadows) is (proof == Present())
    assert kinds(it) == set()


def test_a_removal_that_fails_becomes_a_task_and_the_entry_is_known_to_stand() -> None:
    it, standing = accepted()
    plan = it.see(pms=changed(replace(standing, version="back", failed="unknown")))
    (task,) = plan.tasks
    assert (task.kind, task.connection) == ("failed", "pms")
    assert "is over and then could not take it away" in task.sentence
    assert due(it.see(pms=changed(replace(standing, version="back", failed="unknown")))) == []
    assert client(it).state is State.CANCELLED


def test_a_side_that_forgets_that_it_failed_has_not_taken_it_away() -> None:
    it, standing = accepted()
    it.see(pms=changed(replace(standing, version="back", failed="unknown")))
    plan = it.see(pms=changed(replace(standing, version="later")))
    assert f"failed:pms/{client(it).id}" not in plan.settled
    gone = replace(standing, version="gone", view=replace(standing.view, state=State.CANCELLED))
    assert f"failed:pms/{client(it).id}" in it.see(pms=changed(gone)).settled


def test_a_removal_that_is_never_done_becomes_a_task_in_time() -> None:
    it, standing = accepted()
    it.now += 901
    plan = it.see(pms=changed(standing))
    assert [(task.kind, "has not taken it away" in task.sentence) for task in plan.tasks] == [("timed_out", True)]


@pytest.mark.parametrize("how", ["given up", "failed", "timed out"])
def test_a_removal_is_tried_again(how: str) -> None:
    it, before = _stuck(how)
    (effect,) = due(decide(it, "retry"))
    assert effect.change.remove
    assert effect.change.revision > before
    it.settle()
    assert ("pms", client(it).id) not in it.state.shadows
    assert client(it).state is State.CANCELLED


@pytest.mark.parametrize("how", ["given up", "failed", "timed out"])
def test_what_was_taken_away_by_hand_is_kept_so(how: str) -> None:
    it, _ = _stuck(how)
    plan = decide(it, "keep")
    assert due(plan) == []
    assert f"write:pms/{client(it).id}" in plan.settled
    assert not client(it).written or client(it).state is State.CANCELLED
    assert it.settle() == []


@pytest.mark.parametrize("how", ["given up", "failed", "timed out"])
def test_what_is_over_cannot_be_taken_back_and_its_task_stays(how: str) -> None:
    it, _ = _stuck(how)
    plan = decide(it, "take_back")
    (task,) = [each for each in plan.tasks if each.kind == "command"]
    assert f'"take back" of booking {client(it).id} was not done, because by then it was cancelled.' in task.sentence
    assert not {key for key in plan.settled if key.endswith(f":pms/{client(it).id}") and "missing" not in key}
    assert client(it).state is State.CANCELLED


def _stuck(how: str) -> tuple[PureHub, int]:
    if how == "given up":
        it, removal = cancelled()
        gives_up(it, removal)
        return it, client(it).revision
    it, standing = accepted()
    if how == "failed":
        it.see(pms=changed(replace(standing, version="back", failed="unknown")))
    else:
        it.now += 901
        it.see()
    return it, client(it).revision


def test_a_hold_that_was_over_before_anybody_saw_it_is_written_nowhere() -> None:
    it = hub()
    it.see(portal=changed(portal("hold/1", State.HELD, expires=NOW - 1)))
    assert client(it).state is State.EXPIRED
    assert it.settle() == []


def test_its_late_confirmation_is_still_a_late_one() -> None:
    it = held(hub(late_confirm="refuse"), expires=NOW - 1)
    late = portal("booking/1", State.REQUESTED, replaces="hold/1", modified=NOW)
    it.see(portal=changed(late))
    assert [a.decline_reason for a in it.state.appointments.values() if a.state is State.DECLINED] == ["hold_expired"]
