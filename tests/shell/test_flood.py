"""The pipeline in one process, flooded with marked values: every kind of message, plugins that crash and talk too much.

Time can be set, so that reminders go, and plugins can be as bad as they like. What a place may hold is rules.md
section 6.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest
import structlog
from pydantic import BaseModel, ValidationError

from calbridge import log
from calbridge.daemon import Daemon, Lane
from calbridge.engine import Engine
from calbridge.errors import RetryLater, SkipItem
from calbridge.hookspecs import hookimpl
from calbridge.host import ClinicHost
from calbridge.hub import Command
from calbridge.interval import Interval
from calbridge.messages import Kind
from calbridge.model import (
    Absence,
    Clinic,
    Closure,
    Consent,
    Details,
    Resource,
    Rules,
    Service,
    State,
    WallWindow,
)
from calbridge.notify import Notifiers
from calbridge.provider import ClientNotice, ClientRecord, Notice, NotifyReceipt, PatientRecord, PublicContext
from calbridge.public import public
from calbridge.store import Store
from calbridge.testing.clock import VirtualClock
from calbridge.testing.faults import HOOKS
from calbridge.testing.mail_server import MailServer, Sink
from calbridge.testing.marked import email_address, found, phone, text
from calbridge.testing.memory_calendar import CalendarModel, MemoryCalendar
from calbridge.testing.memory_notifier import Mailbox, MemoryNotifier
from calbridge.testing.memory_pms import MemoryPms, PmsModel, Visit
from calbridge.testing.memory_portal import PortalModel
from calbridge.testing.portal_provider import MemoryPortal
from calbridge_mail.notifier import MailNotifier
from calbridge_mail.settings import MailSettings

NOW = 1_795_413_600  # 2026-11-23 07:00 in Berlin, a Monday
HOUR, DAY = 3_600, 86_400
FIELDS = (
    "first", "last", "address", "animal", "species", "description", "consent",
    "record first", "record last", "record address", "record animal",
    "desk title", "desk note", "desk description", "title", "note", "summary",
    "closure", "absence", "attic", "declined", "hidden", "crash", "answer",
)  # fmt: skip
MARKS = {name: text(name, "{0} Äß; {1}") for name in FIELDS}
MARKS |= {name: email_address(name) for name in ("email", "record email")}
MARKS |= {name: phone(name) for name in ("phone", "record phone")}
TYPED = ("first", "last", "email", "phone", "address", "animal", "species")
CLINIC_ADDRESS = "praxis@example.org"


def value(name: str) -> str:
    return str(MARKS[name])


def marks_in(left: list[Any]) -> frozenset[str]:
    return frozenset[str]().union(*(found(each, MARKS.values()) for each in left))


MIA = Details(
    first_name=value("first"),
    last_name=value("last"),
    email=value("email"),
    phone=value("phone"),
    address=value("address"),
    patient_name=value("animal"),
    species=value("species"),
)
RECORD = ClientRecord(
    id="c1",
    first_name=value("record first"),
    last_name=value("record last"),
    emails=(value("record email"),),
    phones=(value("record phone"),),
    addresses=(value("record address"),),
    patients=(PatientRecord(id="p1", name=value("record animal")),),
)


def clinic_of(**rules: Any) -> Clinic:
    closed = NOW + 8 * DAY
    return Clinic(
        key="hafen",
        name="Hafen",
        time_zone="Europe/Berlin",
        region="DE",
        email=CLINIC_ADDRESS,
        phone="+49 40 123456",
        booking_url="https://book.example.org",
        online=True,
        opening_hours={day: (WallWindow(start=480, end=720),) for day in range(7)},
        closures=(Closure(first=_date(closed), last=_date(closed), reason=value("closure")),),
        resources={
            "anna": Resource(
                key="anna",
                name="Dr. Anna",
                online=True,
                absences=(Absence(resource="anna", span=Interval(closed, closed + 1), reason=value("absence")),),
            ),
            "attic": Resource(key="attic", name=value("attic")),
        },
        services={"checkup": Service(key="checkup", name="Check-up", minutes=30, online=True, resources=("anna",))},
        rules=Rules(
            availability="opening_hours",
            booking_mode="request",
            horizon_days=9,
            reminders=(25 * HOUR, HOUR),
            client_move_cutoff=DAY,
            **rules,
        ),
    )


def _date(instant: int) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(instant, UTC).date()


class Heard:
    """A side, and everything it was given; `act` may do something else instead of a hook."""

    def __init__(self, side: Any) -> None:
        self.side = side
        self.given: list[str] = []
        self.act: Callable[[str], Any] | None = None
        self.capabilities = side.capabilities
        for name in HOOKS:
            if hasattr(side, name):
                setattr(self, name, self._listening(name, getattr(side, name)))

    def _listening(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def heard(*args: Any, **kwargs: Any) -> Any:
            self.given.append(f"{name} {args!r} {kwargs!r}")
            if self.act is not None and name != "check":
                return self.act(name)
            return call(*args, **kwargs)

        return heard


class Life:
    """One clinic, its sides with an ear each, real mail, and a daemon that does its cycles when it is told to."""

    def __init__(self, port: int, **rules: Any) -> None:
        self.clinic = clinic_of(**rules)
        self.clock = VirtualClock(NOW)
        self.calendar = CalendarModel(self.clock)
        self.pms = PmsModel(self.clock, clients=(RECORD,))
        self.portal = PortalModel(self.clock, tells=False)
        self.store = Store.open(":memory:", clock=self.clock)
        self.sides = {
            "pms": Heard(MemoryPms(self.pms)),
            "calendar": Heard(MemoryCalendar(self.calendar)),
            "portal": Heard(MemoryPortal(self.portal)),
        }
        settings = {"host": "127.0.0.1", "port": port, "security": "none", "timeout": "PT5S"}
        context = PublicContext(
            connection="mail",
            clinic=public(self.clinic),
            transport=None,  # type: ignore[arg-type]  # mail uses none
            clock=self.clock,
            secrets=lambda reference: "",
            log=structlog.get_logger(),
        )
        self.notifiers: dict[str, Any] = {"mail": MailNotifier(MailSettings.model_validate(settings), context)}
        self.reports: list[Any] = []
        self.cycle()

    def cycle(self) -> None:
        """One cycle as the daemon does it, with the daemon's log."""
        host = ClinicHost.of(self.clinic, {name: (name, side) for name, side in self.sides.items()})  # type: ignore[misc]
        engine = Engine(
            store=self.store,
            clinic=self.clinic,
            host=host,
            clock=self.clock,
            random=random.Random(1),
            log=log.logger("debug"),
            first_run=dict.fromkeys(self.sides, "apply"),
            notifiers=Notifiers.of(self.notifiers),
        )
        cycle = engine.cycle
        engine.cycle = lambda **given: self.reports.append(cycle(**given))  # type: ignore[method-assign, assignment, return-value]
        lane = Lane(clinic="hafen", engine=engine, host=host)
        Daemon([lane], store=self.store, clock=self.clock, every=60, log=log.logger("debug"))._cycle(lane)

    def later(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.cycle()

    def book(self, day: int = 2, **changes: str) -> str:
        """Somebody asks for an appointment; its id."""
        offered = sorted(start for _, start in self.portal.offers["anna"])
        start = next(start for start in offered if start > self.clock.now() + day * DAY)
        consent = Consent(notice=value("consent"), agreed_at=NOW)
        known = {each.id for each in self.store.appointments("hafen")}
        hold = self.portal.select("anna", "checkup", start)
        self.cycle()
        self.portal.confirm(hold, replace(MIA, **changes), value("description"), consent)
        self.cycle()
        return next(each.id for each in self.store.appointments("hafen") if each.id not in known)

    def ref(self, key: str) -> str:
        """What the portal calls it."""
        return next(each.ref for each in self.store.shadows("hafen", key) if each.connection == "portal")

    def say(self, **command: Any) -> None:
        self.store.add_command("hafen", Command(**command))
        self.cycle()

    @property
    def kept(self) -> list[str]:
        """What is shown to people of what is kept: decisions, questions, reports, reasons."""
        rows: list[Any] = [*self.store.journal("hafen", limit=10_000), *self.store.tasks("hafen", open_only=False)]
        rows += [row.why for row in (*self.store.messages("hafen", limit=1_000), *self.store.waiting("hafen"))]
        rows += self.store.connections("hafen")
        return [repr(row) for row in rows] + [repr(asdict(report)) for report in self.reports]


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """All that was logged since; the logger writes to whatever standard error was when it was made."""
    log.made.cache_clear()
    yield lambda: "".join(capsys.readouterr())
    log.made.cache_clear()


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def life(sink: Sink, logged: Any) -> Iterator[Callable[..., Life]]:
    with MailServer(sink) as server:
        yield lambda **rules: Life(server.port, **rules)


def whole(life: Life, sink: Sink) -> None:
    """Every message there is, every gesture, every side."""
    desk = {"title": value("desk title"), "note": value("desk note"), "description": value("desk description")}
    life.pms.phone(Visit(ref="", resource="anna", start=NOW + 4 * HOUR, end=NOW + 5 * HOUR, client="c1", **desk))
    life.calendar.add("anna", NOW + 6 * HOUR, NOW + 7 * HOUR, value("summary"))
    life.cycle()
    first = life.book(email="", phone=value("phone"))
    life.say(kind="decline", appointment=first, reason=value("declined"))
    second = life.book()
    life.say(kind="accept", appointment=second)
    visit = next(each for each in life.pms.live() if each.client_ref == second)
    life.pms._reception(replace(visit, title=value("title"), note=f"{visit.note}\n{value('note')}"), overbook=False)
    life.cycle()
    life.say(kind="link", appointment=second, client="pms/c1", patient="p1")
    life.say(kind="unlink", appointment=second)
    life.pms.move(visit.ref, visit.start + DAY)
    life.cycle()
    life.store.invite("hafen", "pms/c1")
    life.cycle()
    start = life.store.appointment("hafen", second).start  # type: ignore[union-attr]
    for before in (25 * HOUR, HOUR):
        life.later(start - before - life.clock.now())
    life.portal.move(life.ref(second), max(start for _, start in life.portal.offers["anna"]))  # too late: please phone
    life.cycle()
    third = life.book(5)
    life.say(kind="accept", appointment=third)
    life.say(kind="cancel", appointment=third, reason=value("hidden"))
    assert set(Kind) - {Kind.DECLINED} <= {row.message.kind for row in life.store.messages("hafen", limit=1_000)}


NAMED = {"first", "last", "animal"}
CALENDAR = {
    "full": {"description", "desk description", "desk title", "desk note", "title", "note", *TYPED},
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
        "description", "declined", "hidden", "title", "note", *TYPED,
    }  # fmt: skip
    to_clinic = [raw for to, raw in letters if to == CLINIC_ADDRESS]
    assert len(to_clinic) == 3
    assert marks_in(to_clinic) == set()
    to_client = [raw for to, raw in letters if to != CLINIC_ADDRESS]
    assert marks_in(to_client) == {*NAMED, "email", "description", "record first", "record last", "record email"}
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
