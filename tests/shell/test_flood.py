"""The pipeline in one process, flooded with marked values: every kind of message, plugins that crash and talk too much.

Time can be set, so that reminders go, and plugins can be as bad as they like. What a place may hold is rules.md
section 6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from marked_life import (
    CLINIC_ADDRESS,
    HOUR,
    MIA,
    RECORD,
    TYPED,
    Life,
    marks_in,
    value,
    whole,
)
from pydantic import BaseModel, ValidationError

from calbridge.errors import RetryLater, SkipItem
from calbridge.hookspecs import hookimpl
from calbridge.model import (
    State,
)
from calbridge.provider import ClientNotice, Notice, NotifyReceipt
from calbridge.testing.mail_server import Sink
from calbridge.testing.memory_notifier import Mailbox, MemoryNotifier

NAMED = {"first", "last", "animal"}
CORRECTED = {"new email", "new phone"}
CALENDAR = {
    "full": {"description", "desk description", "desk title", "desk note", "title", "note", *TYPED, *CORRECTED},
    "pseudonym": {"description", "desk description"},
    "none": {"description", "desk description"},
}


@pytest.mark.parametrize("reasons", [True, False], ids=["reasons", "no-reasons"])
@pytest.mark.parametrize("names", sorted(CALENDAR))
def test_each_place_holds_what_it_may(
    life: Callable[..., Life], sink: Sink, logged: Callable[[], str], names: Any, reasons: bool
) -> None:
    place = life(calendar_names=names, decline_reason_visible=reasons)
    whole(place, sink)
    letters = list(zip(sink.to, sink.received, strict=True))
    told = {"declined", "hidden"} if reasons else set()
    assert marks_in(place.sides["calendar"].given) == CALENDAR[names]
    assert marks_in(place.sides["portal"].given) - {"description"} == told
    assert marks_in(place.sides["pms"].given) - {"desk title", "desk note", "desk description"} == {
        "description", "declined", "hidden", "title", "note", *TYPED, *CORRECTED,
    }  # fmt: skip
    to_clinic = [raw for to, raw in letters if to == CLINIC_ADDRESS]
    assert len(to_clinic) == 3
    assert marks_in(to_clinic) == set()
    to_client = [raw for to, raw in letters if to != CLINIC_ADDRESS]
    assert marks_in(to_client) == {
        *NAMED, "email", "new email", "description", "record first", "record last", "record email",
    }  # fmt: skip
    assert marks_in([logged()]) == set()
    assert marks_in(place.kept) == set()


def test_pseudonyms_are_two_letters_of_each_name_and_the_records_number(life: Callable[..., Life]) -> None:
    place = life(calendar_names="pseudonym", decline_reason_visible=False)
    key = place.book()
    place.say(kind="link", appointment=key, client="pms/c1", patient="p1")
    short = "".join(value(name)[:2] for name in ("first", "last"))
    (event,) = place.calendar.stamped()
    assert event.title.endswith(f" {short} c1")
    assert value("animal")[:2] in event.title


def test_a_hold_names_nobody_anywhere(life: Callable[..., Life], logged: Callable[[], str]) -> None:
    place = life(calendar_names="full")
    start = sorted(start for _, start in place.portal.offers["anna"])[20]
    place.portal.select("anna", "checkup", start)
    place.cycle()
    assert len(list(place.calendar.stamped())) == 1
    for side in place.sides.values():
        assert marks_in(side.given) == set()


# --- records are read and never written -------------------------------------------------------------


def test_nothing_is_written_back_over_a_clients_record(life: Callable[..., Life]) -> None:
    """S3: whatever she gives online; the record is what the practice made it."""
    place = life(client_match="unique", on_ambiguous="ask", on_unmatched="ask")
    key = place.book(email=value("record email"))
    booking = place.store.appointment("hafen", key)
    assert booking is not None
    assert (booking.match, booking.client) == ("linked", "pms/c1")
    for command in ("unlink", "link"):
        place.say(kind=command, appointment=key, client="pms/c1", patient="p1")
    place.say(kind="accept", appointment=key)
    assert place.pms.clients == [RECORD]
    hooks = {given.partition(" ")[0] for given in place.sides["pms"].given}
    assert hooks == {"import_schedule", "propagate_change", "find_clients"}
    assert marks_in([each for each in place.sides["pms"].given if "record" not in each]) <= {
        *TYPED, "description", "record email",
    }  # fmt: skip


# --- plugins that fail with somebody's data ---------------------------------------------------------


class _Strict(BaseModel):
    start: int


def _validation() -> Exception:
    try:
        _Strict.model_validate({"start": value("crash")})
    except ValidationError as error:
        return error
    raise AssertionError


def _chained() -> Exception:
    error = KeyError(value("crash"))
    error.__cause__ = ValueError(value("email"))
    error.add_note(value("phone"))
    return error


CRASHES: dict[str, Callable[[], BaseException]] = {
    "a wrong value": lambda: ValueError(f"no such client: {value('crash')} <{value('email')}>"),
    "chained": _chained,
    "a validation error": _validation,
    "half a character": lambda: UnicodeDecodeError("utf-8", value("crash").encode(), 0, 1, value("crash")),
    "a file": lambda: FileNotFoundError(2, "No such file", f"/tmp/{value('crash')}"),
    "a system": lambda: OSError(value("crash")),
    "an end": lambda: SystemExit(value("crash")),
    "a group": lambda: ExceptionGroup(value("crash"), [ValueError(value("email"))]),
}


@pytest.mark.parametrize("side", ["pms", "calendar", "portal"])
@pytest.mark.parametrize("crash", CRASHES)
def test_a_crash_in_a_plugin_tells_its_type_and_place_only(
    life: Callable[..., Life], logged: Callable[[], str], crash: str, side: str
) -> None:
    place = life(calendar_names="none")
    place.book()

    def act(hook: str) -> Any:
        error = CRASHES[crash]()
        raise error

    place.sides[side].act = act
    place.later(HOUR)
    assert place.reports[-1].failures
    assert marks_in([*place.kept, logged()]) == set()


ANSWERS: dict[str, Callable[[], Any]] = {
    "a text": lambda: value("answer"),
    "a table": lambda: {value("answer"): value("email")},
    "a list of people": lambda: [RECORD],
    "people": lambda: (RECORD, value("answer")),
    "details": lambda: MIA,
    "nothing": lambda: None,
}


@pytest.mark.parametrize("side", ["pms", "calendar", "portal"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_against_the_contract_is_refused_without_its_content(
    life: Callable[..., Life], logged: Callable[[], str], answer: str, side: str
) -> None:
    place = life(calendar_names="none")
    place.book()
    place.sides[side].act = lambda hook: ANSWERS[answer]()
    place.later(HOUR)
    assert place.reports[-1].failures
    assert marks_in([*place.kept, logged()]) == set()


class Crashing:
    """A notifier that ends in the middle of a sentence, before or after it has handed over."""

    def __init__(self, abilities: Any, crash: Callable[[], BaseException], *, after: bool) -> None:
        self.abilities, self._crash, self._after = abilities, crash, after

    @hookimpl
    def notify(self, notice: Notice, hand_over: Callable[[], None]) -> NotifyReceipt:
        if self._after:
            hand_over()
        raise self._crash()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("crash", CRASHES)
def test_a_notifier_that_crashes_names_nobody(
    life: Callable[..., Life], logged: Callable[[], str], crash: str, after: bool
) -> None:
    place = life(calendar_names="none")
    place.notifiers = {"mail": Crashing(place.notifiers["mail"].abilities, CRASHES[crash], after=after)}
    place.book()
    states = {row.state for row in place.store.messages("hafen")}
    assert states == ({"unknown", "due"} if after else {"due"}), "after the first it is not asked again in this cycle"
    assert place.store.tasks("hafen")
    assert marks_in([*place.kept, logged()]) == set()


# --- the search finds a leak ------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RetryLater, SkipItem])
def test_a_provider_that_puts_names_into_its_sentences_is_caught(
    life: Callable[..., Life], logged: Callable[[], str], error: Any
) -> None:
    """Its sentence is its own: the bridge cannot know what is in it. The same search shows it to whoever tests it."""
    place = life(calendar_names="none")

    def act(hook: str) -> Any:
        raise error(f"the server does not know {value('email')}")

    place.sides["pms"].act = act
    place.later(HOUR)
    assert marks_in([*place.kept, logged()]) == {"email"}


class Chatty(MemoryNotifier):
    """Repeats whom it could not reach."""

    @hookimpl
    def notify(self, notice: Notice, hand_over: Callable[[], None]) -> NotifyReceipt:
        name = notice.to.name if isinstance(notice, ClientNotice) else ""
        return NotifyReceipt(outcome="refused", why=f"{name} is not known")


def test_a_notifier_that_says_who_it_was_is_caught(life: Callable[..., Life]) -> None:
    place = life(calendar_names="none")
    place.notifiers = {"mail": Chatty(Mailbox())}
    place.book()
    assert marks_in(place.kept) == {"first", "last"}


def test_a_calendar_that_is_given_what_it_may_not_have_is_caught(life: Callable[..., Life]) -> None:
    """The rule is what keeps names out: with another one the same flood is found."""
    place = life(calendar_names="full")
    place.book()
    assert marks_in(place.sides["calendar"].given) >= NAMED | {"email", "phone"}
    assert {event.state for event in place.calendar.stamped()} == {State.REQUESTED}
