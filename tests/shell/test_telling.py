"""Messages through the real engine and store: each once, whatever breaks; a mail server that is down stops no write."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from calbridge.daemon import next_due
from calbridge.engine import Engine, Report
from calbridge.errors import NeedsHuman, RetryLater, SkipItem
from calbridge.hookspecs import hookimpl
from calbridge.host import ClinicHost
from calbridge.log import logger
from calbridge.messages import Kind
from calbridge.model import Clinic, Details, Resource, Rules, Service, State, WallWindow
from calbridge.notify import Notifiers
from calbridge.provider import (
    ClientNotice,
    ClientRecord,
    ClinicNotice,
    Notice,
    NotifierAbilities,
    NotifyReceipt,
    PatientRecord,
    PortalChange,
    Receipt,
)
from calbridge.store import Store
from calbridge.testing.clock import VirtualClock
from calbridge.testing.faults import Crash
from calbridge.testing.memory_calendar import CalendarModel, MemoryCalendar
from calbridge.testing.memory_notifier import Mailbox, MemoryNotifier
from calbridge.testing.memory_pms import MemoryPms, PmsModel, Visit
from calbridge.testing.memory_portal import PortalModel
from calbridge.testing.portal_provider import MemoryPortal

NOW = 1_795_413_600  # 2026-11-23 07:00 in Berlin, a Monday
HALF, HOUR, DAY = 1_800, 3_600, 86_400
MIA = Details(first_name="Mia", last_name="Albers", email="mia@example.org", patient_name="Bello", language="fi-FI")
RECORD = ClientRecord(
    id="c1",
    first_name="Mia",
    last_name="Albers",
    emails=("mia@practice.example",),
    patients=(PatientRecord(id="p1", name="Bello"),),
)


def clinic_of(**rules: Any) -> Clinic:
    return Clinic(
        key="hafen",
        name="Hafen",
        time_zone="Europe/Berlin",
        region="DE",
        email="praxis@example.org",
        booking_url="https://book.example.org",
        online=True,
        opening_hours={day: (WallWindow(start=480, end=720),) for day in range(7)},
        resources={"anna": Resource(key="anna", name="Dr. Anna", online=True)},
        services={
            "checkup": Service(
                key="checkup", name="Check-up", minutes=30, online=True, resources=("anna",), instructions="Nüchtern."
            )
        },
        rules=Rules(availability="opening_hours", horizon_days=9, **rules),
    )


class Mail(MemoryNotifier):
    """Does to each message what the test says; `before` and `after` are about handing it over."""

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__(mailbox)
        self.before: list[Any] = []
        self.after: list[Any] = []
        self.calls = 0

    @hookimpl
    def notify(self, notice: Notice, hand_over: Callable[[], None]) -> NotifyReceipt:
        self.calls += 1
        if self.before and (act := self.before.pop(0)) is not None:
            return _act(act)
        hand_over()
        self.mailbox.delivered.append(notice)
        if self.after and (act := self.after.pop(0)) is not None:
            return _act(act)
        return NotifyReceipt()


def _act(act: Any) -> NotifyReceipt:
    if isinstance(act, BaseException):
        raise act
    assert isinstance(act, NotifyReceipt)
    return act


class Place:
    """One clinic with a PMS, a calendar, a portal that tells nobody anything, and mail."""

    def __init__(self, *, tells: bool = False, mail: bool = True, **rules: Any) -> None:
        self.clinic = clinic_of(**rules)
        self.clock = VirtualClock(NOW)
        self.calendar = CalendarModel(self.clock)
        self.pms = PmsModel(self.clock, clients=(RECORD,))
        self.portal = PortalModel(self.clock, tells=tells)
        self.store = Store.open(":memory:", clock=self.clock)
        self.mailbox = Mailbox()
        self.mail = Mail(self.mailbox)
        self.sides: dict[str, Any] = {
            "pms": MemoryPms(self.pms),
            "calendar": MemoryCalendar(self.calendar),
            "portal": MemoryPortal(self.portal),
        }
        self.notifiers: dict[str, Any] = {"mail": self.mail} if mail else {}
        self.cycle()

    def engine(self) -> Engine:
        host = ClinicHost.of(self.clinic, {name: (name, side) for name, side in self.sides.items()})  # type: ignore[misc]
        return Engine(
            store=self.store,
            clinic=self.clinic,
            host=host,
            clock=self.clock,
            random=random.Random(1),
            log=logger("error"),
            first_run=dict.fromkeys(self.sides, "apply"),
            notifiers=Notifiers.of(self.notifiers),
        )

    def cycle(self) -> Report:
        """One cycle of a process that was just started."""
        return self.engine().cycle()

    def start(self, days: int = 2) -> int:
        """An offered start."""
        offered = sorted(start for _, start in self.portal.offers["anna"])
        return next(start for start in offered if start > self.clock.now() + days * DAY)

    def book(self, start: int = 0, details: Details = MIA) -> str:
        """A client books; the portal's ref."""
        hold = self.portal.select("anna", "checkup", start or self.start())
        return self.portal.confirm(hold, details, "hustet")

    @property
    def kinds(self) -> list[str]:
        """What was delivered to clients, in order."""
        return [each.kind for each in self.mailbox.delivered if isinstance(each, ClientNotice)]

    @property
    def states(self) -> list[str]:
        """How every message of the store stands."""
        return [f"{row.message.kind}:{row.state}" for row in self.store.messages("hafen")]

    @property
    def tasks(self) -> list[str]:
        return [row.sentence for row in self.store.tasks("hafen")]


# --- what is said ---------------------------------------------------------------------------------


def test_a_booking_is_confirmed_moved_and_cancelled_in_her_words_once_each() -> None:
    place = Place()
    ref = place.book()
    place.cycle()
    place.portal.move(ref, place.start(3))
    place.cycle()
    place.portal.cancel(ref)
    place.cycle()
    place.cycle()
    assert place.kinds == ["confirmed", "moved", "cancelled"]
    first = place.mailbox.delivered[0]
    assert isinstance(first, ClientNotice)
    assert (first.to.name, first.to.email, first.to.language) == ("Mia Albers", "mia@example.org", "fi")
    assert first.visit is not None
    assert (first.visit.service, first.visit.resource, first.visit.patient) == ("Check-up", "Dr. Anna", "Bello")
    assert (first.visit.description, first.visit.instructions) == ("hustet", "Nüchtern.")
    assert place.tasks == []


def test_a_request_is_received_by_both_and_the_clinic_reads_nobodys_name() -> None:
    place = Place(booking_mode="request")
    place.book()
    report = place.cycle()
    assert report.told == {"request_received": 2}
    (client, clinic) = place.mailbox.delivered
    assert (client.kind, clinic.kind) == (Kind.REQUEST_RECEIVED, Kind.REQUEST_RECEIVED)
    assert isinstance(clinic, ClinicNotice)
    assert "Mia" not in repr(clinic)
    assert "hustet" not in repr(clinic)


def test_what_the_clinic_hides_is_not_in_the_message() -> None:
    place = Place(show_resource=False, show_duration=False)
    place.book()
    place.cycle()
    (notice,) = place.mailbox.delivered
    assert isinstance(notice, ClientNotice)
    assert notice.visit is not None
    assert (notice.visit.resource, notice.visit.end) == ("", None)


def test_a_portal_that_tells_its_clients_leaves_nothing_to_say() -> None:
    place = Place(tells=True)
    place.book()
    place.cycle()
    assert place.mailbox.delivered == []
    assert place.states == ["confirmed:silent"]
    assert sum(place.portal.messages.values()) == 1


def test_the_manage_link_goes_to_her_where_she_may_still_use_it_and_nowhere_else() -> None:
    place = Place(client_cancel_cutoff=DAY, client_move_cutoff=DAY, reminders=(25 * HOUR, HOUR))
    place.sides["portal"] = Linking(place.portal)
    start = place.start(3)
    place.book(start)
    place.cycle()
    for moment in (start - 25 * HOUR, start - HOUR):
        place.clock.advance(moment - place.clock.now())
        place.cycle()
    links = [each.manage_url for each in place.mailbox.delivered if isinstance(each, ClientNotice)]
    assert links == ["https://book.example.org/m/booking-2"] * 2 + [""]
    assert "book.example.org/m" not in repr([place.calendar.events, place.pms.visits, place.store.journal("hafen")])


class Linking(MemoryPortal):
    """It gives each booking a page."""

    def _link(self, entry: Any) -> Any:
        return replace(entry, manage_url=f"https://book.example.org/m/{entry.ref}") if entry.details else entry

    @hookimpl
    def import_bookings(self, cursor: str, window: Any, known: Any) -> Any:
        feed = super().import_bookings(cursor, window, known)
        if hasattr(feed, "items"):
            return replace(feed, items=tuple(map(self._link, feed.items)))
        return replace(feed, changed=tuple(map(self._link, feed.changed))) if hasattr(feed, "changed") else feed

    @hookimpl
    def propagate_change(self, change: PortalChange) -> Receipt:
        receipt = super().propagate_change(change)
        return replace(receipt, entry=self._link(receipt.entry)) if receipt.entry else receipt


# --- a mail server that fails ---------------------------------------------------------------------


def test_a_mail_server_that_is_down_stops_no_write_and_is_asked_once_a_cycle() -> None:
    """R29: write-back was skipped because mail was not configured (crs#65)."""
    place = Place()
    place.mail.before = [RetryLater("nothing answers at the mail server")] * 2
    for day in (1, 2):
        place.book(place.start(day))
    report = place.cycle()
    assert {event.state for event in place.calendar.stamped()} == {State.CONFIRMED}
    assert {visit.status for visit in place.pms.live()} == {State.CONFIRMED}
    assert report.failures == {"notifier mail": "nothing answers at the mail server"}
    assert (place.mail.calls, place.kinds) == (1, [])
    place.clock.advance(HOUR)
    place.cycle()
    place.clock.advance(HOUR)
    place.cycle()
    assert place.kinds == ["confirmed", "confirmed"]
    assert place.tasks == []


def test_a_message_that_waits_wakes_the_daemon() -> None:
    place = Place()
    place.mail.before = [RetryLater("down", after=40)]
    place.book()
    place.cycle()
    due = next_due(place.store, "hafen", place.clock.now())
    assert due == place.clock.now() + 41


def test_while_it_is_down_two_changes_become_one_message() -> None:
    place = Place()
    place.mail.before = [RetryLater("down")]
    ref = place.book()
    place.cycle()
    place.portal.cancel(ref)
    place.clock.advance(HOUR)
    place.cycle()
    assert place.kinds == ["cancelled"]


def test_a_wrong_password_is_a_persons_and_nothing_is_lost() -> None:
    place = Place()
    place.mail.before = [NeedsHuman("the mail server refuses the password: correct it")]
    place.book()
    place.cycle()
    assert place.tasks == [
        "Clinic hafen, notifier mail: the mail server refuses the password: correct it; its messages wait."
    ]
    place.clock.advance(HOUR)
    place.cycle()
    assert (place.kinds, place.tasks) == (["confirmed"], [])


@pytest.mark.parametrize("no", [NotifyReceipt(outcome="refused", why="550"), SkipItem("550")])
def test_a_refused_address_is_a_task_and_is_not_tried_again(no: Any) -> None:
    place = Place()
    place.mail.before = [no]
    ref = place.book()
    place.cycle()
    place.cycle()
    assert place.mail.calls == 1
    (sentence,) = place.tasks
    assert sentence.startswith('Clinic hafen, notifier mail: the message "confirmed" of booking b')
    assert sentence.endswith("was refused: 550. Correct the address in her record, or phone her.")
    assert "mia" not in sentence.lower()
    place.portal.cancel(ref)
    place.cycle()
    assert (place.kinds, place.tasks) == (["cancelled"], [])


def test_a_greylisted_message_waits_alone() -> None:
    place = Place()
    place.mail.before = [NotifyReceipt(outcome="later", why="451 come back later")]
    for day in (1, 2):
        place.book(place.start(day))
    place.cycle()
    assert place.kinds == ["confirmed"]
    place.clock.advance(HOUR)
    place.cycle()
    assert place.kinds == ["confirmed", "confirmed"]


UNANSWERED = [
    NotifyReceipt(outcome="unknown", why="the connection broke"),
    RetryLater("the call did not end within 90 seconds"),
    NeedsHuman("it failed"),
]


@pytest.mark.parametrize("end", UNANSWERED)
def test_what_was_handed_over_and_not_answered_is_never_sent_again_and_a_person_is_asked(end: Any) -> None:
    place = Place()
    place.mail.after = [end]
    place.book()
    place.cycle()
    place.clock.advance(HOUR)
    place.cycle()
    assert place.kinds == ["confirmed"]
    assert place.states[:1] == ["confirmed:unknown"]
    (sentence,) = place.tasks
    assert "it is not known whether" in sentence
    assert "calbridge messages send-again 1" in sentence
    place.store.send_again("hafen", 1)
    place.cycle()
    assert place.kinds == ["confirmed", "confirmed"]
    assert len({each.key for each in place.mailbox.delivered}) == 2


def test_a_notifier_that_repeats_safely_is_simply_asked_again() -> None:
    place = Place()
    place.mail.abilities = NotifierAbilities(repeats_safely=True)
    place.mail.after = [RetryLater("no answer")]
    place.book()
    place.cycle()
    place.clock.advance(HOUR)
    place.cycle()
    assert len(place.mailbox.delivered) == 2
    assert len(set(place.mailbox.keys())) == 1
    assert place.tasks == []


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_kill_around_sending_leaves_one_message_or_a_question(where: str) -> None:
    place = Place()
    getattr(place.mail, where).append(Crash())
    place.book()
    with pytest.raises(Crash):
        place.cycle()
    place.cycle()
    assert place.kinds == ["confirmed"]
    assert bool(place.tasks) is (where == "after")


def test_a_lost_reminder_is_worth_no_call() -> None:
    place = Place(reminders=(HOUR,))
    start = place.start()
    place.book(start)
    place.cycle()
    place.mail.after = [NotifyReceipt(outcome="unknown", why="the connection broke")]
    place.clock.advance(start - HOUR - place.clock.now())
    place.cycle()
    assert place.states[-1] == "reminder:unknown"
    assert place.tasks == []


# --- whom it reaches ------------------------------------------------------------------------------


def test_who_gave_no_address_is_phoned_when_it_matters() -> None:
    place = Place()
    ref = place.book(details=replace(MIA, email=""))
    place.cycle()
    assert (place.states, place.tasks) == (["confirmed:nobody"], [])
    place.portal.cancel(ref)
    place.cycle()
    (sentence,) = place.tasks
    assert '"cancelled"' in sentence
    assert sentence.endswith("has no address to go to. Correct the address in her record, or phone her.")


def test_a_clinic_without_notifiers_is_not_nagged() -> None:
    place = Place(mail=False)
    ref = place.book()
    place.cycle()
    place.portal.cancel(ref)
    place.cycle()
    assert (place.states, place.tasks) == (["confirmed:nobody", "cancelled:nobody"], [])


def test_messages_wait_for_a_notifier_whose_plugin_does_not_load() -> None:
    place = Place(mail=False)
    engine = place.engine()
    engine._notifiers = Notifiers({}, broken={"mail": NeedsHuman("no plugin provides it: install it")})
    place.book()
    engine.cycle()
    assert place.states == ["confirmed:due"]
    assert place.tasks == ["Clinic hafen, notifier mail: no plugin provides it: install it; its messages wait."]
    place.notifiers = {"mail": place.mail}
    place.clock.advance(HOUR)
    place.cycle()
    assert place.kinds == ["confirmed"]


def test_the_first_notifier_that_can_takes_it() -> None:
    place = Place(booking_mode="request")
    boxes = [Mailbox(), Mailbox()]
    place.notifiers = {
        "sms": MemoryNotifier(boxes[0], NotifierAbilities(kinds=frozenset({"reminder"}))),
        "clinic": MemoryNotifier(boxes[1], NotifierAbilities(audiences=frozenset({"clinic"}))),
        "mail": place.mail,
    }
    place.book()
    place.cycle()
    assert [len(box.delivered) for box in (*boxes, place.mailbox)] == [0, 1, 1]


class Asked(MemoryPortal):
    """It sends reminders to its own clients when it is asked to."""

    def __init__(self, model: PortalModel) -> None:
        super().__init__(model)
        self.capabilities = replace(self.capabilities, notifies=frozenset({"reminder"}))
        self.reminded: list[Notice] = []

    @hookimpl
    def notify(self, notice: Notice, hand_over: Callable[[], None]) -> NotifyReceipt:
        hand_over()
        self.reminded.append(notice)
        return NotifyReceipt()


def test_her_own_portal_comes_before_any_notifier() -> None:
    place = Place(reminders=(HOUR,))
    portal = place.sides["portal"] = Asked(place.portal)
    start = place.start()
    place.book(start)
    place.cycle()
    place.clock.advance(start - HOUR - place.clock.now())
    place.cycle()
    assert (place.kinds, [each.kind for each in portal.reminded]) == (["confirmed"], ["reminder"])
    refs = [each.ref for each in (*portal.reminded, *place.mailbox.delivered) if isinstance(each, ClientNotice)]
    assert refs == ["booking-2", ""], "only her own portal is told what it calls the booking"


def test_a_refused_move_is_told_with_what_stands_and_what_is_free_instead() -> None:
    place = Place()
    start = place.start()
    ref = place.book(start)
    place.cycle()
    place.pms.phone(Visit(ref="", resource="anna", start=start + HOUR, end=start + HOUR + HALF))
    place.portal.move(ref, start + HOUR)
    place.cycle()
    place.cycle()
    assert place.kinds == ["confirmed", "move_refused"]
    notice = place.mailbox.delivered[-1]
    assert isinstance(notice, ClientNotice)
    assert notice.visit is not None
    assert notice.visit.start == start
    assert notice.alternatives
    assert start + HOUR not in {each.start for each in notice.alternatives}
    assert place.tasks == []


def test_a_refusal_that_waited_names_what_is_free_when_it_leaves() -> None:
    """It stood in the outbox of a mail server that was down while reception gave the time to somebody else."""
    place = Place()
    start = place.start()
    place.book(start)
    place.pms.phone(Visit(ref="", resource="anna", start=start, end=start + HALF))
    place.mail.before = [RetryLater("down")]
    place.cycle()
    (loser,) = [each for each in place.store.appointments("hafen") if each.alternatives]
    first = loser.alternatives[0]
    place.pms.phone(Visit(ref="", resource="anna", start=first.start, end=first.end))
    place.clock.advance(HOUR)
    place.cycle()
    (notice,) = [each for each in place.mailbox.delivered if isinstance(each, ClientNotice)]
    assert (notice.kind, len(notice.alternatives)) == (Kind.DECLINED, 3)
    assert first not in notice.alternatives
    taken = [visit.span for visit in place.pms.live()]
    assert not any(span.start < each.end and each.start < span.end for span in taken for each in notice.alternatives)


@pytest.mark.parametrize("then", ["moves elsewhere", "cancels"])
def test_a_refusal_that_waited_is_not_told_after_its_opposite(then: str) -> None:
    """Told last, "it stays at the old time" would be what she believes."""
    place = Place()
    start = place.start()
    ref = place.book(start)
    place.cycle()
    place.pms.phone(Visit(ref="", resource="anna", start=start + HOUR, end=start + HOUR + HALF))
    place.portal.move(ref, start + HOUR)
    place.mail.before = [RetryLater("down")]
    place.cycle()
    assert place.states[-1] == "move_refused:due"
    if then == "cancels":
        place.portal.cancel(ref)
    else:
        place.portal.move(ref, place.start(3))
    for _ in range(3):
        place.clock.advance(HOUR)
        place.cycle()
    assert place.kinds == ["confirmed", "cancelled" if then == "cancels" else "moved"]
    assert "move_refused:missed" in place.states


def test_please_phone_that_waited_is_not_told_of_what_is_over() -> None:
    place = Place(client_move_cutoff=8 * DAY)
    ref = place.book()
    place.cycle()
    place.mail.before = [RetryLater("down")]
    place.portal.move(ref, place.start(3))
    place.cycle()
    assert place.states[-1] == "please_phone:due"
    (visit,) = place.pms.live()
    place.pms.cancel(visit.ref)
    for _ in range(3):
        place.clock.advance(HOUR)
        place.cycle()
    assert place.kinds == ["confirmed", "cancelled"]
    assert "please_phone:missed" in place.states


# --- an entry in her own calendar -------------------------------------------------------------------

TAKEN_BACK = [("instant", [False, True, True]), ("request", [False, False, False])]


@pytest.mark.parametrize(("mode", "had"), TAKEN_BACK)
def test_only_what_she_was_sent_as_confirmed_can_be_taken_back(mode: Any, had: list[bool]) -> None:
    """She withdraws: a request stood in nobody's calendar, though it was moved."""
    place = Place(booking_mode=mode)
    ref = place.book()
    place.cycle()
    place.portal.move(ref, place.start(3))
    place.cycle()
    place.portal.cancel(ref)
    place.cycle()
    assert [each.had_confirmed for each in place.mailbox.delivered if isinstance(each, ClientNotice)] == had


def test_who_did_not_tell_her_has_nothing_to_take_back() -> None:
    place = Place()
    ref = place.book()
    place.cycle()
    other = Mailbox()
    place.notifiers = {"other": MemoryNotifier(other)}
    place.portal.cancel(ref)
    place.cycle()
    assert [(each.kind, each.had_confirmed) for each in other.delivered] == [("cancelled", False)]  # type: ignore[union-attr]  # all to a client


@pytest.mark.parametrize(("outcome", "had"), [("unknown", True), ("refused", False)])
def test_what_may_have_arrived_is_taken_back_too(outcome: Any, had: bool) -> None:
    place = Place()
    place.mail.after = [NotifyReceipt(outcome=outcome, why="it broke")]
    ref = place.book()
    place.cycle()
    place.portal.cancel(ref)
    place.cycle()
    last = place.mailbox.delivered[-1]
    assert isinstance(last, ClientNotice)
    assert (last.kind, last.had_confirmed) == (Kind.CANCELLED, had)


# --- time -----------------------------------------------------------------------------------------


def test_reminders_go_at_their_time_once_and_wake_the_daemon() -> None:
    """S1: 25 hours and one hour before."""
    place = Place(reminders=(25 * HOUR, HOUR))
    start = place.start(2)
    place.book(start)
    place.cycle()
    for offset in (25 * HOUR, HOUR):
        assert next_due(place.store, "hafen", place.clock.now()) == start - offset
        place.clock.advance(start - offset - place.clock.now())
        place.cycle()
        place.cycle()
    assert place.kinds == ["confirmed", "reminder", "reminder"]


def test_a_late_bridge_sends_what_is_still_of_use() -> None:
    place = Place(reminders=(25 * HOUR, HOUR))
    start = place.start(2)
    place.book(start)
    place.cycle()
    place.clock.advance(start - 10 * HOUR - place.clock.now())
    place.cycle()
    assert place.kinds == ["confirmed"]
    assert "reminder:missed" in place.states
    place.clock.advance(9 * HOUR + 20 * 60)
    place.cycle()
    assert place.kinds == ["confirmed", "reminder"]


def test_a_cancelled_visit_reminds_nobody() -> None:
    place = Place(reminders=(HOUR,))
    start = place.start()
    ref = place.book(start)
    place.cycle()
    place.portal.cancel(ref)
    place.cycle()
    assert place.states == ["confirmed:sent", "cancelled:sent"]
    assert next_due(place.store, "hafen", place.clock.now()) is None


def test_nobody_is_hurried_by_a_person_at_the_command_line() -> None:
    place = Place(reminders=(HOUR,))
    place.book()
    place.engine().cycle(at_once=True)
    assert place.kinds == ["confirmed"]


# --- a first import -------------------------------------------------------------------------------


def test_a_new_bridge_greets_nobody() -> None:
    """A portal and a PMS full of bookings are read for the first time."""
    place = Place(tells=True)
    for day in range(1, 6):
        place.book(place.start(day))
    place.cycle()
    place.store, place.portal.tells = Store.open(":memory:", clock=place.clock), False
    place.sides["portal"] = MemoryPortal(place.portal)
    for _ in range(3):
        place.clock.advance(60)
        place.cycle()
    assert len(place.store.appointments("hafen")) == 5
    assert place.mailbox.delivered == []
    assert set(place.states) == {"confirmed:silent"}
    place.portal.cancel(next(iter(place.portal.live())).ref)
    place.cycle()
    assert place.kinds == ["cancelled"]


def test_a_full_reread_greets_nobody() -> None:
    place = Place()
    place.book(place.start(5))
    place.cycle()
    place.portal.log.forget()
    place.clock.advance(2 * DAY)
    place.cycle()
    place.cycle()
    assert place.kinds == ["confirmed"]


# --- invitations ----------------------------------------------------------------------------------


def test_an_invitation_goes_to_the_address_in_the_practices_record() -> None:
    """S1: to the stored e-mail, and no other."""
    place = Place()
    place.store.invite("hafen", "pms/c1")
    place.cycle()
    place.cycle()
    (notice,) = place.mailbox.delivered
    assert isinstance(notice, ClientNotice)
    assert (notice.kind, notice.to.email, notice.visit) == (Kind.INVITATION, "mia@practice.example", None)
    assert notice.clinic.booking_url == "https://book.example.org"


def test_an_invitation_of_nobody_is_a_task() -> None:
    place = Place()
    place.store.invite("hafen", "pms/c99")
    place.cycle()
    (sentence,) = place.tasks
    assert sentence.startswith("Clinic hafen: the invitation for client pms/c99 has no address to go to.")


class Down(MemoryPms):
    """A PMS that cannot be asked for people."""

    @hookimpl
    def find_clients(self, query: Any) -> Any:
        raise RetryLater("down")


def test_an_invitation_waits_for_the_pms() -> None:
    place = Place()
    working, place.sides["pms"] = place.sides["pms"], Down(place.pms)
    place.store.invite("hafen", "pms/c1")
    place.cycle()
    assert place.states == ["invitation:due"]
    place.sides["pms"] = working
    place.clock.advance(HOUR)
    place.cycle()
    assert [each.kind for each in place.mailbox.delivered] == [Kind.INVITATION]


# --- looking ahead --------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing() -> None:
    place = Place(booking_mode="request")
    place.book()
    assert place.engine().preview().told == {"request_received": 2}
    assert (place.mailbox.delivered, place.states) == ([], [])
