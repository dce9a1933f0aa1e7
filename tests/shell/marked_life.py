"""One clinic in one process with a value of its own in every private field, a daemon on its own clock, real mail."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import structlog

from calbridge import log
from calbridge.daemon import Daemon, Lane
from calbridge.engine import Engine
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
    WallWindow,
)
from calbridge.notify import Notifiers
from calbridge.provider import ClientRecord, PatientRecord, PublicContext
from calbridge.public import public
from calbridge.store import Store
from calbridge.testing.clock import VirtualClock
from calbridge.testing.faults import HOOKS
from calbridge.testing.mail_server import Sink
from calbridge.testing.marked import email_address, found, phone, text
from calbridge.testing.memory_calendar import CalendarModel, MemoryCalendar
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
    "account first", "account last", "account address", "account animal", "account species",
    "desk title", "desk note", "desk description", "title", "note", "summary",
    "closure", "absence", "attic", "declined", "hidden", "crash", "answer",
)  # fmt: skip
MARKS = {name: text(name, "{0} Äß; {1}") for name in FIELDS}
MARKS |= {name: email_address(name) for name in ("email", "record email", "account email", "new email")}
MARKS |= {name: phone(name) for name in ("phone", "record phone", "account phone", "new phone")}
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

    def __init__(self, port: int, *, location: str | Path = ":memory:", tells: bool = False, **rules: Any) -> None:
        self.clinic = clinic_of(**rules)
        self.clock = VirtualClock(NOW)
        self.calendar = CalendarModel(self.clock)
        self.pms = PmsModel(self.clock, clients=(RECORD,))
        self.portal = PortalModel(self.clock, tells=tells)
        self.store = Store.open(location, clock=self.clock)
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


ACCOUNT = Details(
    first_name=value("account first"),
    last_name=value("account last"),
    email=value("account email"),
    phone=value("account phone"),
    address=f"{value('account address')}, Lindenweg 4, 20095 Hamburg",
    patient_name=value("account animal"),
    species=value("account species"),
)


def connected(life: Life) -> None:
    """Somebody known and somebody new connect; what the clinic makes for them is shown, changed and called off."""
    life.portal.connect(replace(ACCOUNT, email=value("record email")))
    fresh = life.portal.connect(ACCOUNT, Consent(notice=value("consent"), agreed_at=NOW))
    life.cycle()
    life.cycle()
    desk = {"title": value("desk title"), "note": value("desk note"), "description": value("desk description")}
    made = next(each.id for each in life.pms.clients if each.id != "c1")
    hours = {client: NOW + (30 + number) * HOUR for number, client in enumerate(("c1", made))}
    visits = [
        life.pms.phone(Visit(ref="", resource="anna", start=at, end=at + HOUR // 2, client=client, marked=True, **desk))
        for client, at in hours.items()
    ]
    life.cycle()
    assert len([each for each in life.portal.bookings.values() if each.account]) == 2
    life.pms.move(visits[0], hours["c1"] + 5 * HOUR)
    life.cycle()
    life.pms.cancel(visits[0])
    life.cycle()
    life.portal.disconnect(fresh)
    life.cycle()


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
    life.portal.correct(life.ref(second), email=value("new email"))
    life.cycle()
    visit = next(each for each in life.pms.live() if each.client_ref == second)
    life.pms._reception(replace(visit, title=value("title"), note=f"{visit.note}\n{value('note')}"), overbook=False)
    life.cycle()
    life.say(kind="link", appointment=second, client="pms/c1", patient="p1")
    life.portal.correct(life.ref(second), phone=value("new phone"))
    life.cycle()
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
    taken = min(start for _, start in life.portal.offers["anna"] if start > life.clock.now() + 6 * DAY)
    life.portal.move(life.ref(third), taken)
    life.pms.phone(Visit(ref="", resource="anna", start=taken, end=taken + HOUR // 2))  # reception was first
    life.cycle()
    life.say(kind="cancel", appointment=third, reason=value("hidden"))
    assert set(Kind) - {Kind.DECLINED} <= {row.message.kind for row in life.store.messages("hafen", limit=1_000)}
