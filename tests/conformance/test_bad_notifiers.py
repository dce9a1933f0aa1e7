"""The conformance class catches who breaks a promise: each of these is wrong in one way, and a test says so."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from test_memory_sides import Post

from calbridge.errors import BridgeError, RetryLater
from calbridge.hookspecs import hookimpl
from calbridge.provider import ClientNotice, Finding, Kind, Notice, NotifierAbilities, NotifyReceipt
from calbridge.testing.conformance import NotifierTests
from calbridge.testing.memory_notifier import MemoryNotifier

Hand = Callable[[], None]


class Misspelt(MemoryNotifier):
    @hookimpl
    def notifies(self, notice: Notice, hand_over: Hand) -> NotifyReceipt:
        return self.notify(notice, hand_over)


class Forgetful(MemoryNotifier):
    """Hands nothing over."""

    @hookimpl
    def notify(self, notice: Notice, hand_over: Hand) -> NotifyReceipt:
        return super().notify(notice, lambda: None)


class Hasty(MemoryNotifier):
    """Sends first."""

    @hookimpl
    def notify(self, notice: Notice, hand_over: Hand) -> NotifyReceipt:
        receipt = super().notify(notice, lambda: None)
        hand_over()
        return receipt


class Twice(MemoryNotifier):
    @hookimpl
    def notify(self, notice: Notice, hand_over: Hand) -> NotifyReceipt:
        self.mailbox.delivered.append(notice)
        return super().notify(notice, hand_over)


class Stubborn(MemoryNotifier):
    """Sends what was taken back."""

    @hookimpl
    def notify(self, notice: Notice, hand_over: Hand) -> NotifyReceipt:
        try:
            hand_over()
        except BridgeError:
            return super().notify(notice, lambda: None)
        return super().notify(notice, lambda: None)


class Silent(MemoryNotifier):
    """Says that it sent what it did not."""

    @hookimpl
    def notify(self, notice: Notice, hand_over: Hand) -> NotifyReceipt:
        hand_over()
        return NotifyReceipt()


class Chatty(MemoryNotifier):
    """Repeats the address it refuses."""

    @hookimpl
    def notify(self, notice: Notice, hand_over: Hand) -> NotifyReceipt:
        receipt = super().notify(notice, hand_over)
        address = notice.to.email if isinstance(notice, ClientNotice) else ""
        return replace(receipt, why=f"no {address}") if receipt.outcome == "refused" else receipt


class Injected(MemoryNotifier):
    """Takes the last line of a name for an address."""

    @hookimpl
    def notify(self, notice: Notice, hand_over: Hand) -> NotifyReceipt:
        receipt = super().notify(notice, hand_over)
        if isinstance(notice, ClientNotice) and "Bcc:" in notice.to.name:
            self.mailbox.delivered.append(replace(notice, to=replace(notice.to, email="other@example.org")))
        return receipt


class Boundless(MemoryNotifier):
    """Claims what does not exist."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.abilities = NotifierAbilities(kinds=frozenset({"birthday"}))


class Needy(MemoryNotifier):
    """Takes it for given that everybody has a name."""

    @hookimpl
    def notify(self, notice: Notice, hand_over: Hand) -> NotifyReceipt:
        if isinstance(notice, ClientNotice):
            assert notice.to.name[0]
        return super().notify(notice, hand_over)


class Eager(MemoryNotifier):
    """Tries itself out on the clinic."""

    @hookimpl
    def check(self) -> tuple[Finding, ...]:
        self.mailbox.delivered.append(NotifierTests().notice(Post(), Kind.CONFIRMED))
        return ()


class Repeater(MemoryNotifier):
    """Promises to be asked again without harm, and is not."""

    @hookimpl
    def notify(self, notice: Notice, hand_over: Hand) -> NotifyReceipt:
        hand_over()
        self.mailbox.delivered.append(notice)
        return NotifyReceipt()


class Unbreakable(Post):
    """Outages hit it only after it has handed over; whose fault that is, is not the test's question."""

    @contextmanager
    def outage(self) -> Iterator[None]:
        with self.lost_answers():
            yield


class Optimist(Post):
    """A lost answer is reported as if nothing had been handed over, so that it will be sent once more."""

    @contextmanager
    def lost_answers(self) -> Iterator[None]:
        notify = self.notifier.notify

        def later(notice: Notice, hand_over: Hand) -> NotifyReceipt:
            try:
                with super(Optimist, self).lost_answers():
                    return notify(notice=notice, hand_over=hand_over)  # type: ignore[no-any-return]
            except RetryLater:
                return NotifyReceipt(outcome="later", why="busy")

        self.notifier.notify = later
        yield
        self.notifier.notify = notify


class Loud(Post):
    """Its errors say whom they are about."""

    @contextmanager
    def outage(self) -> Iterator[None]:
        notify = self.notifier.notify

        def loud(notice: Notice, hand_over: Hand) -> NotifyReceipt:
            raise RetryLater(f"nothing answers for {getattr(notice, 'to', '')}")

        self.notifier.notify = loud
        yield
        self.notifier.notify = notify


def safe(make: Any) -> Post:
    return Post(make, repeats_safely=True)


WRONG: list[tuple[Callable[[], Post], str]] = [
    (lambda: Post(Boundless), "test_abilities_name_what_exists"),
    (lambda: Post(Eager), "test_check_finds_no_fault_and_sends_nothing"),
    (lambda: Post(Forgetful), "test_every_kind_it_delivers_arrives_once"),
    (lambda: Post(Hasty), "test_every_kind_it_delivers_arrives_once"),
    (lambda: Post(Twice), "test_every_kind_it_delivers_arrives_once"),
    (lambda: Post(Silent), "test_every_kind_it_delivers_arrives_once"),
    (lambda: Post(Needy), "test_a_message_with_nothing_that_may_be_missing_arrives"),
    (lambda: Post(Injected), "test_nobody_else_gets_it"),
    (lambda: Post(Stubborn), "test_what_is_not_due_any_more_is_not_sent"),
    (lambda: Post(Stubborn), "test_after_that_the_next_one_arrives"),
    (Unbreakable, "test_an_outage_is_said_before_anything_is_handed_over"),
    (Optimist, "test_a_lost_answer_is_not_taken_for_a_failure"),
    (lambda: safe(Repeater), "test_who_repeats_safely_delivers_one_key_once"),
    (lambda: Post(Chatty), "test_a_refused_address_is_refused_and_not_named"),
    (Loud, "test_no_sentence_holds_what_the_message_does"),
]


def arguments(test: Any) -> dict[str, Any]:
    """Of a test with parameters: the commonest."""
    given = {"kind": Kind.CONFIRMED, "audience": "client"}
    return {name: value for name, value in given.items() if name in inspect.signature(test).parameters}


@pytest.mark.parametrize(("make", "name"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_a_broken_promise_is_found(make: Callable[[], Post], name: str) -> None:
    test = getattr(NotifierTests(), name)
    test(Post(), **arguments(test))
    with pytest.raises((AssertionError, pytest.fail.Exception, IndexError)):
        test(make(), **arguments(test))


def test_a_misspelt_hook_is_found() -> None:
    side = Post()
    side.notifier = Misspelt(side.mailbox)  # type: ignore[assignment]
    with pytest.raises(AssertionError):
        NotifierTests().test_implements_only_hooks_that_exist(side)


def test_every_promise_has_somebody_who_breaks_it() -> None:
    promises = {name for name in vars(NotifierTests) if name.startswith("test_")}
    assert promises == {name for _, name in WRONG} | {"test_implements_only_hooks_that_exist"}
