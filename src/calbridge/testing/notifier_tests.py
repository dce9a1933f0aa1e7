"""What is true of every notifier. Each test is one promise of `calbridge.hookspecs.NotifierSpec`."""
# ruff: noqa: S101 - these are tests; the assertions are their purpose

from __future__ import annotations

from dataclasses import fields, replace
from typing import ClassVar, get_args

import pytest

from calbridge.errors import BridgeError
from calbridge.hookspecs import NotifierSpec
from calbridge.messages import Audience
from calbridge.model import Alternative, State
from calbridge.provider import (
    ClientNotice,
    ClinicNotice,
    Kind,
    Notice,
    NotifierAbilities,
    NotifyReceipt,
    PublicClinic,
    Recipient,
    Visit,
)
from calbridge.testing import marked
from calbridge.testing.drivers import NotifierDriver

START = 1_795_594_200
"""2026-11-25 09:10 in Berlin."""
CLINIC = PublicClinic(
    key="hafen",
    name="Tierarztpraxis am Hafen",
    time_zone="Europe/Berlin",
    language="de",
    phone="+49 40 123456",
    email="praxis@example.org",
    booking_url="https://book.example.org/hafen",
)
NAME, EMAIL = marked.text("name"), marked.email_address("email")
PHONE, DESCRIPTION = marked.phone("phone"), marked.text("description")
PRIVATE = (NAME, EMAIL, PHONE, DESCRIPTION)


class GivenUp(BridgeError):
    """What `hand_over` raises where the message is not due any more."""


class Gate:
    """Counts how often a message was handed over, and how many had arrived by then."""

    def __init__(self, side: NotifierDriver, *, closed: bool = False) -> None:
        self._side, self._closed = side, closed
        self.arrived: list[int] = []

    def __call__(self) -> None:
        self.arrived.append(len(self._side.delivered()))
        if self._closed:
            raise GivenUp("this message is not due any more: send nothing")


class NotifierTests:
    """Subclass it and give it a `side` fixture that yields a `NotifierDriver`; each test begins with an empty side."""

    repeats: ClassVar[int] = 3

    def notice(self, side: NotifierDriver, kind: Kind, audience: Audience = "client") -> Notice:
        """A whole message. Who sends about bookings of its own overrides it, and takes one of `side`."""
        del side
        return _for_clinic(kind) if audience == "clinic" else _for_client(kind)

    def first(self, side: NotifierDriver) -> Notice:
        """A message of the first kind and audience that it delivers; to a client, where it does."""
        abilities: NotifierAbilities = side.notifier.abilities
        audience: Audience = "client" if "client" in abilities.audiences else "clinic"
        return self.notice(side, next(kind for kind in Kind if kind in abilities.kinds), audience)

    def test_abilities_name_what_exists(self, side: NotifierDriver) -> None:
        """A misspelt kind is never sent, and one who reaches nobody is never asked."""
        abilities = side.notifier.abilities
        assert isinstance(abilities, NotifierAbilities)
        assert abilities.kinds <= frozenset(Kind)
        assert abilities.audiences <= frozenset(get_args(Audience))
        assert abilities.reaches <= {each.name for each in fields(Recipient)} - {"name", "language"}
        assert abilities.kinds
        assert abilities.audiences
        assert abilities.reaches or "client" not in abilities.audiences

    def test_implements_only_hooks_that_exist(self, side: NotifierDriver) -> None:
        """A misspelt hook is never called."""
        marks = {n for n in dir(side.notifier) if getattr(getattr(side.notifier, n), "calbridge_impl", None)}
        assert "notify" in marks
        assert marks <= {name for name in vars(NotifierSpec) if not name.startswith("_")}

    def test_check_finds_no_fault_and_sends_nothing(self, side: NotifierDriver) -> None:
        """`calbridge check` is run at any time of the day."""
        if hasattr(side.notifier, "check"):
            assert not [finding for finding in side.notifier.check() if finding.level == "error"]
        assert side.delivered() == []

    @pytest.mark.parametrize("audience", get_args(Audience))
    @pytest.mark.parametrize("kind", list(Kind))
    def test_every_kind_it_delivers_arrives_once(self, side: NotifierDriver, kind: Kind, audience: Audience) -> None:
        """One message, handed over once, before it arrived."""
        if kind not in side.notifier.abilities.kinds or audience not in side.notifier.abilities.audiences:
            return
        gate = Gate(side)
        assert _send(side, self.notice(side, kind, audience), gate) == NotifyReceipt()
        assert (len(side.delivered()), gate.arrived) == (1, [0])

    def test_a_message_with_nothing_that_may_be_missing_arrives(self, side: NotifierDriver) -> None:
        """No name, no end, nobody's name, no link: what a clinic hides is not there."""
        notice = self.first(side)
        if isinstance(notice, ClientNotice) and notice.visit is not None:
            bare = Visit(state=notice.visit.state, start=notice.visit.start)
            notice = replace(notice, visit=bare, to=replace(notice.to, name=""), manage_url="")
        assert _send(side, notice, Gate(side)) == NotifyReceipt()
        assert len(side.delivered()) == 1

    def test_nobody_else_gets_it(self, side: NotifierDriver) -> None:
        """A name is no place for a second address (header injection)."""
        notice = self.first(side)
        if not isinstance(notice, ClientNotice):
            return
        hostile = replace(notice.to, name="Mia\r\nBcc: other@example.org\r\n\r\nHello")
        for each in (notice, replace(notice, key=f"{notice.key}/hostile", to=hostile)):
            assert _send(side, each, Gate(side)) == NotifyReceipt()
        addresses = [each.to for each in side.delivered()]
        assert addresses == addresses[:1] * 2

    def test_what_is_not_due_any_more_is_not_sent(self, side: NotifierDriver) -> None:
        """`hand_over` raises where the booking changed meanwhile; whatever it raises passes through."""
        gate = Gate(side, closed=True)
        with pytest.raises(GivenUp):
            _send(side, self.first(side), gate)
        assert (side.delivered(), gate.arrived) == ([], [0])

    def test_after_that_the_next_one_arrives(self, side: NotifierDriver) -> None:
        """A message that was given up leaves nothing behind that spoils another."""
        notice = self.first(side)
        with pytest.raises(GivenUp):
            _send(side, notice, Gate(side, closed=True))
        assert _send(side, notice, Gate(side)) == NotifyReceipt()
        assert len(side.delivered()) == 1

    def test_an_outage_is_said_before_anything_is_handed_over(self, side: NotifierDriver) -> None:
        """It is tried again for as long as it takes, so it must be certain that nothing has left.

        Who repeats safely may hand over first: asking once more does no harm there.
        """
        gate, notice = Gate(side), self.first(side)
        with side.outage():
            said = _outcome(side, notice, gate)
        safe = side.notifier.abilities.repeats_safely
        assert said in {"later", "retry", "human", *(["unknown"] if safe else [])}
        assert side.delivered() == []
        assert safe or gate.arrived == []
        assert _send(side, notice, Gate(side)) == NotifyReceipt()

    def test_a_lost_answer_is_not_taken_for_a_failure(self, side: NotifierDriver) -> None:
        """It may have arrived: said as unknown, or by an exception after handing over, and never as "later"."""
        gate, notice = Gate(side), self.first(side)
        with side.lost_answers():
            said = _outcome(side, notice, gate)
        assert len(gate.arrived) == 1
        assert said in {"unknown", "retry", "human"}

    def test_who_repeats_safely_delivers_one_key_once(self, side: NotifierDriver) -> None:
        """Only such a notifier is asked again after an unknown outcome."""
        if not side.notifier.abilities.repeats_safely:
            return
        notice = self.first(side)
        with side.lost_answers():
            _outcome(side, notice, Gate(side))
        for _ in range(self.repeats):
            assert _send(side, notice, Gate(side)) == NotifyReceipt()
        assert len(side.delivered()) == 1

    def test_a_refused_address_is_refused_and_not_named(self, side: NotifierDriver) -> None:
        """The sentence goes into a task, and on from there into somebody's mail box."""
        notice = self.first(side)
        if not isinstance(notice, ClientNotice):
            return
        side.refuse(notice.to)
        receipt = _send(side, self.first(side), Gate(side))
        assert receipt.outcome == "refused"
        assert receipt.why
        assert not marked.found(receipt.why, PRIVATE)
        assert side.delivered() == []

    def test_no_sentence_holds_what_the_message_does(self, side: NotifierDriver) -> None:
        """Errors are logged; a mail server's own words may repeat the address."""
        for trouble in (side.outage, side.lost_answers):
            with trouble():
                assert not marked.found(_sentence(side, self.first(side)), PRIVATE)


# --- sending --------------------------------------------------------------------------------------


def _send(side: NotifierDriver, notice: Notice, gate: Gate) -> NotifyReceipt:
    receipt = side.notifier.notify(notice=notice, hand_over=gate)
    assert isinstance(receipt, NotifyReceipt)
    return receipt


def _outcome(side: NotifierDriver, notice: Notice, gate: Gate) -> str:
    """The receipt's outcome, or what an error asks for."""
    try:
        return _send(side, notice, gate).outcome
    except BridgeError as error:
        return error.recovery


def _sentence(side: NotifierDriver, notice: Notice) -> str:
    try:
        return _send(side, notice, Gate(side)).why
    except BridgeError as error:
        return repr((error.hint, error.item, error.connection))


# --- messages -------------------------------------------------------------------------------------


def _for_client(kind: Kind) -> ClientNotice:
    to = Recipient(name=str(NAME), email=str(EMAIL), phone=str(PHONE), language="de")
    if kind is Kind.INVITATION:
        return ClientNotice(key=f"c1/{kind}", kind=kind, clinic=CLINIC, to=to)
    over = {Kind.CANCELLED: State.CANCELLED, Kind.DECLINED: State.DECLINED, Kind.REQUEST_RECEIVED: State.REQUESTED}
    visit = Visit(
        state=over.get(kind, State.CONFIRMED),
        start=START,
        end=START + 1_800,
        service="Check-up",
        resource="Dr. Anna Sommer",
        description=str(DESCRIPTION),
        patient="Bello",
        instructions="Bitte nüchtern.",
        previous=START - 3_600 if kind is Kind.MOVED else None,
    )
    declined = kind is Kind.DECLINED
    return ClientNotice(
        key=f"b1/{kind}/2",
        kind=kind,
        clinic=CLINIC,
        to=to,
        booking="b1",
        revision=2,
        visit=visit,
        manage_url="https://book.example.org/manage/b1",
        reason="slot_unavailable" if declined else "",
        alternatives=(Alternative(resource="anna", start=START + 7_200, end=START + 9_000),) if declined else (),
    )


def _for_clinic(kind: Kind) -> ClinicNotice:
    return ClinicNotice(
        key=f"b1/{kind}/clinic",
        kind=kind,
        clinic=CLINIC,
        booking="b1",
        revision=1,
        start=START,
        end=START + 1_800,
        service="Check-up",
        resource="Dr. Anna Sommer",
    )
