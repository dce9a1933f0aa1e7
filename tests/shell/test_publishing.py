"""The clinic's own appointments in their clients' accounts, through the real engine and store, over in-memory sides."""

from __future__ import annotations

import functools
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from calbridge.engine import Engine, Report
from calbridge.errors import RetryLater
from calbridge.hookspecs import hookimpl
from calbridge.host import ClinicHost
from calbridge.interval import Interval
from calbridge.log import logger
from calbridge.messages import Kind
from calbridge.model import Clinic, Consent, Details, Resource, Rules, Service, State, WallWindow
from calbridge.notify import Notifiers
from calbridge.provider import ClientNotice, ClientRecord, Feed, PatientRecord, PortalChange, Receipt
from calbridge.store import Store
from calbridge.testing.clock import VirtualClock
from calbridge.testing.faults import HOOKS, Crash
from calbridge.testing.memory_calendar import CalendarModel, MemoryCalendar
from calbridge.testing.memory_notifier import Mailbox, MemoryNotifier
from calbridge.testing.memory_pms import MemoryPms, PmsModel, Visit
from calbridge.testing.memory_portal import Booking, PortalModel
from calbridge.testing.portal_provider import MemoryPortal

NOW = 1_795_413_600  # 2026-11-23 07:00 in Berlin, a Monday
HALF, HOUR, DAY = 1_800, 3_600, 86_400
NINE = NOW + DAY + 2 * HOUR
MIA = Details(first_name="Mia", last_name="Albers", email="mia@example.org")
NEW = Details(
    first_name="Nora",
    last_name="Kiel",
    email="nora@example.org",
    phone="030 23125001",
    address="Hauptstraße 5, 10115 Berlin",
    patient_name="Bo",
    species="dog",
)
AGREED = Consent(notice="Wir speichern, was Sie uns sagen.", agreed_at=NOW - HOUR)


def record(key: str, email: str, name: str = "Albers") -> ClientRecord:
    animal = PatientRecord(id=f"p-{key}", name="Bello")
    return ClientRecord(id=key, first_name="Mia", last_name=name, emails=(email,), patients=(animal,))


class Place:
    """One clinic with a PMS, a calendar, a portal that keeps accounts, and mail."""

    def __init__(self, *, tells: bool = True, portal: type[MemoryPortal] = MemoryPortal, **rules: Any) -> None:
        given = {"publish": "marked", "publish_categories": ("around.pet",)} | rules
        self.clinic = Clinic(
            key="hafen",
            name="Hafen",
            time_zone="Europe/Berlin",
            region="DE",
            online=True,
            privacy_notice=str(given.pop("privacy_notice", "")),
            opening_hours={day: (WallWindow(start=480, end=720),) for day in range(7)},
            resources={"anna": Resource(key="anna", name="Dr. Anna", online=True)},
            services={"checkup": Service(key="checkup", name="Check-up", minutes=30, online=True, resources=("anna",))},
            rules=Rules(availability="opening_hours", horizon_days=9, **given),
        )
        self.clock = VirtualClock(NOW)
        self.calendar = CalendarModel(self.clock)
        self.pms = PmsModel(self.clock, clients=(record("c1", "mia@example.org"), record("c2", "ole@example.org")))
        self.portal = PortalModel(self.clock, tells=tells)
        self.store = Store.open(":memory:", clock=self.clock)
        self.mailbox = Mailbox()
        self.sides: dict[str, Any] = {
            "pms": MemoryPms(self.pms),
            "calendar": MemoryCalendar(self.calendar),
            "portal": portal(self.portal),
        }

    def cycle(self) -> Report:
        """The sides brought together once by a process that has just started, a minute later."""
        self.clock.advance(60)
        host = ClinicHost.of(self.clinic, {name: (name, side) for name, side in self.sides.items()}, threads=False)  # type: ignore[misc]
        engine = Engine(
            store=self.store,
            clinic=self.clinic,
            host=host,
            clock=self.clock,
            random=random.Random(1),
            log=logger("error"),
            first_run=dict.fromkeys(self.sides, "apply"),
            notifiers=Notifiers.of({"mail": MemoryNotifier(self.mailbox)}),
        )
        return engine.cycle()

    def connected(self, details: Details = MIA) -> str:
        """Everything was read, and then the client connected."""
        self.cycle()
        account = self.portal.connect(details)
        self.cycle()
        return account

    def made(self, **more: Any) -> str:
        """Reception makes an appointment for Mia's Bello; the visit's ref."""
        given = {"start": NINE, "end": NINE + HALF, "client": "c1", "patient": "p-c1", "service": "checkup"} | more
        text = {"title": "PRIVATE Bello, tricky", "note": "PRIVATE owes us money", "description": "Impfung"}
        return self.pms.phone(Visit(ref="", resource="anna", **(text | given)))

    def shown(self, account: str) -> list[tuple[State, int, str]]:
        return [(each.state, each.start, each.description) for each in self.portal.page(account)]

    def told(self) -> Counter[str]:
        return Counter({kind: n for (_, kind, _), n in self.portal.messages.items()})

    def quiet(self) -> None:
        """A further cycle writes nothing anywhere."""
        before = (self.pms.writes, self.calendar.writes, self.portal.writes)
        assert not self.cycle().writes
        assert (self.pms.writes, self.calendar.writes, self.portal.writes) == before


# --- which are shown ------------------------------------------------------------------------------


def test_a_marked_appointment_is_shown_to_its_client_and_told_at_once() -> None:
    """S1: she sees the description as the reason; title and note never; she is told once."""
    place = Place()
    account = place.connected()
    place.made(marked=True)
    place.cycle()
    assert place.shown(account) == [(State.CONFIRMED, NINE, "Impfung")]
    assert place.told() == {"confirmed": 1}
    assert "PRIVATE" not in repr(place.portal.received)
    assert "PRIVATE" not in repr(place.portal.bookings)
    place.quiet()
    assert place.told() == {"confirmed": 1}
    assert not place.mailbox.delivered, "the portal tells her, so nobody else does"


def test_one_that_is_not_marked_stays_the_clinics_own() -> None:
    place = Place()
    account = place.connected()
    place.made()
    place.cycle()
    assert place.shown(account) == []
    assert not place.told()


@pytest.mark.parametrize("client", ["", "c2", "c9"])
def test_without_a_client_who_has_an_account_nothing_is_shown(client: str) -> None:
    """Nobody, another one, and one whom the portal does not know: her name never reaches the portal."""
    place = Place(publish="all")
    place.connected()
    place.made(client=client, patient="", marked=True)
    place.cycle()
    assert not [each for each in place.portal.received if isinstance(each, PortalChange)]
    assert place.portal.bookings == {}


def test_all_of_a_known_clients_are_shown_where_the_clinic_wants_that() -> None:
    place = Place(publish="all")
    account = place.connected()
    place.made()
    place.cycle()
    assert place.shown(account) == [(State.CONFIRMED, NINE, "Impfung")]
    assert place.told() == {"confirmed": 1}


def test_marking_in_the_pms_shows_it_and_unmarking_withdraws_it_without_a_message() -> None:
    """It still takes place, so she is not told that it was cancelled; marked again, she has heard of it."""
    place = Place()
    account = place.connected()
    ref = place.made()
    place.cycle()
    for marked in (True, False, True):
        place.pms.edit(ref, marked=marked)
        place.cycle()
        assert len(place.shown(account)) == marked
        assert place.told() == {"confirmed": 1}
    assert place.pms.visits[ref].status is State.CONFIRMED
    place.quiet()


def test_the_category_of_the_calendars_entry_marks_it_too_and_reaches_the_pms() -> None:
    place = Place()
    account = place.connected()
    ref = place.made()
    place.cycle()
    (event,) = place.calendar.stamped()
    place.calendar.mark(event.ref)
    place.cycle()
    assert place.pms.visits[ref].marked
    assert len(place.shown(account)) == 1
    place.calendar.mark(event.ref, marked=False)
    place.cycle()
    assert not place.pms.visits[ref].marked
    assert place.shown(account) == []


# --- what follows ---------------------------------------------------------------------------------


def test_a_move_a_text_and_a_cancellation_follow_and_are_told() -> None:
    """S1: she is told of every such change."""
    place = Place()
    account = place.connected()
    ref = place.made(marked=True)
    place.cycle()
    place.pms.move(ref, NINE + HOUR)
    place.cycle()
    place.pms.edit(ref, description="Impfung und Krallen")
    place.cycle()
    assert place.shown(account) == [(State.CONFIRMED, NINE + HOUR, "Impfung und Krallen")]
    assert place.told() == {"confirmed": 1, "moved": 1}
    place.pms.cancel(ref)
    place.cycle()
    assert [each[0] for each in place.shown(account)] == [State.CANCELLED]
    assert place.told() == {"confirmed": 1, "moved": 1, "cancelled": 1}
    place.quiet()


def test_it_is_no_second_busy_time_and_takes_no_booking_off_the_days_count() -> None:
    """With it and without it the same starts are offered."""
    offers = []
    for marked in (False, True):
        place = Place(reserved_per_day=0)
        place.connected()
        place.made(marked=marked)
        place.cycle()
        offers.append({start for _, start in place.portal.offers["anna"]})
    assert offers[0] == offers[1]
    assert NINE not in offers[1]
    assert NINE + HALF in offers[1]


def test_its_client_cancels_it_herself_inside_her_window() -> None:
    place = Place()
    account = place.connected()
    ref = place.made(marked=True)
    place.cycle()
    (shown,) = place.portal.page(account)
    place.portal.cancel(shown.ref)
    place.cycle()
    assert place.pms.visits[ref].status is State.CANCELLED
    assert list(place.calendar.stamped()) == []
    place.quiet()


def test_its_client_moves_it_and_it_keeps_its_length() -> None:
    """Longer than its service: where only the service would fit it is put back."""
    place = Place()
    account = place.connected()
    ref = place.made(marked=True, end=NINE + HOUR)
    place.made(start=NINE + 2 * HOUR, end=NINE + 2 * HOUR + HALF, client="", patient="")
    place.cycle()
    (shown,) = place.portal.page(account)
    place.portal.move(shown.ref, NINE + 3 * HALF)
    place.cycle()
    assert place.pms.visits[ref].start == NINE, "ninety minutes later only half an hour is free"
    place.portal.move(shown.ref, NINE - HOUR)
    place.cycle()
    assert (place.pms.visits[ref].start, place.pms.visits[ref].end) == (NINE - HOUR, NINE)
    assert place.shown(account) == [(State.CONFIRMED, NINE - HOUR, "Impfung")]


def test_another_clients_appointment_leaves_the_first_ones_account() -> None:
    place = Place()
    mia, ole = place.connected(), place.portal.connect(replace(MIA, email="ole@example.org"))
    ref = place.made(marked=True)
    place.cycle()
    place.pms.edit(ref, client="c2", patient="")
    place.cycle()
    place.cycle()
    assert place.shown(mia) == []
    assert len(place.shown(ole)) == 1


def test_a_closed_account_takes_its_appointments_along_and_cancels_none() -> None:
    """Also of more than a read may cancel."""
    place = Place(publish="all")
    account = place.connected()
    refs = [place.made(start=NINE + n * HALF, end=NINE + (n + 1) * HALF) for n in range(5)]
    place.cycle()
    assert len(place.shown(account)) == 5
    place.portal.disconnect(account)
    place.cycle()
    assert {place.pms.visits[ref].status for ref in refs} == {State.CONFIRMED}
    assert place.portal.bookings == {}
    assert [task.kind for task in place.store.tasks("hafen")] == []
    place.quiet()


# --- quietly --------------------------------------------------------------------------------------


def test_a_first_import_is_quiet() -> None:
    """The clinic's diary of before the bridge, of a client who had an account all along."""
    place = Place(publish="all")
    account = place.portal.connect(MIA)
    ref = place.made()
    place.cycle()
    place.cycle()
    assert len(place.shown(account)) == 1
    assert not place.told()
    place.pms.move(ref, NINE + HOUR)
    place.cycle()
    assert place.told() == {"moved": 1}, "what changes from now on she is told"


def test_who_connects_later_sees_what_there_is_quietly() -> None:
    place = Place(publish="all")
    place.cycle()
    place.made()
    place.cycle()
    account = place.portal.connect(MIA)
    place.cycle()
    assert len(place.shown(account)) == 1
    assert not place.told()
    place.made(start=NINE + HOUR, end=NINE + HOUR + HALF)
    place.cycle()
    assert place.told() == {"confirmed": 1}


def test_a_portal_that_tells_nobody_is_helped_out_by_mail_to_the_records_address() -> None:
    """And she is reminded of it (S1)."""
    place = Place(tells=False, reminders=(HOUR,))
    place.connected()
    place.made(marked=True)
    place.cycle()
    notices = [notice for notice in place.mailbox.delivered if isinstance(notice, ClientNotice)]
    assert [(each.kind, each.to.email) for each in notices] == [(Kind.CONFIRMED, "mia@example.org")]
    assert notices[0].visit is not None
    assert notices[0].visit.description == "Impfung"
    place.clock.advance(DAY + HOUR)
    place.cycle()
    assert [each.kind for each in place.mailbox.delivered] == [Kind.CONFIRMED, Kind.REMINDER]


# --- faults ---------------------------------------------------------------------------------------


class Dying(MemoryPortal):
    """The process dies right after the portal took the clinic's own appointment, once."""

    alive = True

    @hookimpl
    def propagate_change(self, change: PortalChange) -> Receipt:
        receipt = super().propagate_change(change)
        if Dying.alive and not change.ref:
            Dying.alive = False
            raise Crash
        return receipt


class Closed(MemoryPortal):
    """Not to be reached for a while."""

    closed = False

    @hookimpl
    def import_bookings(self, cursor: str, window: Interval, known: Mapping[str, str]) -> Feed[Any]:
        if Closed.closed:
            raise RetryLater("the portal is closed")
        return super().import_bookings(cursor, window, known)


def test_a_crash_after_the_write_shows_and_tells_it_once() -> None:
    Dying.alive = True
    place = Place(portal=Dying)
    account = place.connected()
    place.made(marked=True)
    with pytest.raises(Crash):
        place.cycle()
    place.cycle()
    assert len(place.shown(account)) == 1
    assert place.told() == {"confirmed": 1}
    place.quiet()


def test_what_was_cancelled_before_she_could_see_it_is_never_told() -> None:
    Closed.closed = False
    place = Place(portal=Closed)
    account = place.connected()
    Closed.closed = True
    ref = place.made(marked=True)
    place.cycle()
    place.pms.cancel(ref)
    place.cycle()
    Closed.closed = False
    place.clock.advance(HOUR)
    place.cycle()
    assert place.shown(account) == []
    assert not place.told()


def test_a_lost_database_finds_its_appointments_in_the_accounts_again() -> None:
    """Nothing is doubled, nobody is told anything, and nothing of the clinic's becomes a client's booking."""
    place = Place()
    account = place.connected()
    ref = place.made(marked=True)
    place.cycle()
    place.store = Store.open(":memory:", clock=place.clock)
    place.cycle()
    place.cycle()
    assert len(place.shown(account)) == 1
    assert place.told() == {"confirmed": 1}
    assert {each.origin for each in place.store.appointments("hafen")} == {"clinic"}
    place.pms.cancel(ref)
    place.cycle()
    assert [each[0] for each in place.shown(account)] == [State.CANCELLED]


def test_what_the_clinic_does_not_have_any_more_is_left_to_a_person() -> None:
    place = Place()
    account = place.connected()
    ref = place.made(marked=True)
    place.cycle()
    place.store = Store.open(":memory:", clock=place.clock)
    del place.pms.visits[ref]
    place.cycle()
    assert [task.kind for task in place.store.tasks("hafen")] == ["portal_stray"]
    assert len(place.shown(account)) == 1
    assert place.store.appointments("hafen") == []


# --- accounts -------------------------------------------------------------------------------------


def test_a_new_client_who_connects_is_entered_with_her_animal_and_her_consent() -> None:
    """S1, "Verbindung von Neukunden": a record of her own, and what she agreed to is kept with its date."""
    place = Place(on_unmatched="create_if_complete", privacy_notice=AGREED.notice)
    place.cycle()
    account = place.portal.connect(NEW, AGREED)
    place.cycle()
    place.cycle()
    (made,) = [each for each in place.pms.clients if each.last_name == "Kiel"]
    assert (made.emails, [each.name for each in made.patients]) == (("nora@example.org",), ["Bo"])
    assert place.pms.documents[made.id] == AGREED
    assert place.store.consent("hafen", f"portal/{account}") == AGREED
    place.made(client=made.id, patient="", marked=True)
    place.cycle()
    assert len(place.shown(account)) == 1
    assert "nora@example.org" not in repr(place.store.load("hafen", (), since=0).foreign), "who she is, is known"


@pytest.mark.parametrize(
    ("details", "consent"),
    [
        (replace(NEW, phone=""), AGREED),
        (replace(NEW, address="Berlin"), AGREED),
        (NEW, None),
    ],
)
def test_who_lacks_something_is_not_entered_and_a_person_is_asked(details: Details, consent: Consent | None) -> None:
    """S1: only with her full address and telephone number, and by agreeing to the notice there is."""
    place = Place(on_unmatched="create_if_complete", privacy_notice=AGREED.notice)
    place.cycle()
    place.portal.connect(details, consent)
    place.cycle()
    assert [each.last_name for each in place.pms.clients] == ["Albers", "Albers"]
    (task,) = place.store.tasks("hafen")
    assert task.kind == "account"
    assert "Nora" not in task.sentence
    assert "nora@" not in task.sentence


def test_equal_names_open_nobodys_appointments() -> None:
    """An account is linked by the address that was seen to be its owner's, whatever the rule for bookings."""
    place = Place(publish="all", client_match="unique", on_unmatched="book_unlinked")
    stranger = place.connected(replace(MIA, email="stranger@example.org"))
    place.made()
    place.cycle()
    assert place.shown(stranger) == []


def test_two_records_with_her_address_are_a_persons_question_until_one_is_left() -> None:
    place = Place(publish="all")
    place.pms.clients.append(record("c3", "mia@example.org"))
    account = place.connected()
    place.made()
    place.cycle()
    assert place.shown(account) == []
    assert [task.kind for task in place.store.tasks("hafen")] == ["account"]
    place.pms.clients.pop()
    place.clock.advance(DAY)
    place.cycle()
    place.cycle()
    assert len(place.shown(account)) == 1
    assert place.store.tasks("hafen") == []


class Counting:
    """A side that remembers what it was asked, and whether it was asked for everything."""

    def __init__(self, side: Any) -> None:
        self.capabilities, self.asked = side.capabilities, list[tuple[str, bool]]()
        for name in HOOKS:
            if hasattr(side, name):
                setattr(self, name, self._counted(name, getattr(side, name)))

    def _counted(self, name: str, call: Any) -> Any:
        @functools.wraps(call)
        def counted(*given: Any) -> Any:
            self.asked.append((name, given[:1] == ("",)))
            return call(*given)

        return counted


def test_a_record_that_staff_makes_opens_the_account_at_the_next_read() -> None:
    place = Place(publish="all", on_unmatched="ask")
    account = place.connected(replace(MIA, email="mia.albers@example.org"))
    place.pms.enter(record("c9", "mia.albers@example.org"))
    place.made(client="c9", patient="p-c9")
    place.cycle()
    place.cycle()
    assert place.store.tasks("hafen") == []
    assert len(place.shown(account)) == 1
    place.quiet()


def test_an_account_that_waits_costs_one_read_and_one_question_in_a_quarter_of_an_hour() -> None:
    """A PMS need not say that its clients changed; a person is told once."""
    place = Place(publish="all", on_unmatched="ask")
    place.connected(replace(MIA, email="mia.albers@example.org"))
    sides = [Counting(place.sides[name]) for name in ("portal", "pms")]
    place.sides |= {"portal": sides[0], "pms": sides[1]}
    for _ in range(60):
        place.cycle()
    asked = Counter(each for side in sides for each in side.asked)
    assert (asked["import_bookings", True], asked["find_clients", False]) == (4, 4)
    codes = Counter(row.code for row in place.store.journal("hafen", limit=1_000))
    assert codes["account_open"] == 1
    place.pms.clients.append(record("c9", "mia.albers@example.org"))
    for _ in range(15):
        place.cycle()
    assert place.store.tasks("hafen") == []


def test_a_pms_that_cannot_be_asked_is_asked_again() -> None:
    class Deaf(MemoryPms):
        deaf = True

        @hookimpl
        def find_clients(self, query: Any) -> tuple[ClientRecord, ...]:
            if Deaf.deaf:
                raise RetryLater("not now")
            return super().find_clients(query)

    place = Place(publish="all")
    place.sides["pms"] = Deaf(place.pms)
    account = place.connected()
    Deaf.deaf = False
    place.clock.advance(HOUR)
    place.made()
    place.cycle()
    place.cycle()
    assert len(place.shown(account)) == 1


def test_what_is_shown_bears_the_bridges_name() -> None:
    place = Place()
    account = place.connected()
    place.made(marked=True)
    place.cycle()
    (shown,) = place.portal.page(account)
    assert isinstance(shown, Booking)
    (appointment,) = place.store.appointments("hafen")
    assert shown.appointment == appointment.id
