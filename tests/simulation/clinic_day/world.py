"""The stage of one clinic-day: a clock, three sides, a store on disk, an engine that can be killed and restarted."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from clinic_day.clinic import CLIENTS, FIRST_MOMENTS, clinic_of

from calbridge.engine import Engine, Report
from calbridge.host import ClinicHost
from calbridge.hub import HubState, Link
from calbridge.notify import Notifiers
from calbridge.provider import Clock
from calbridge.reconcile.draft import derive_id
from calbridge.store import Store
from calbridge.testing.clock import VirtualClock
from calbridge.testing.faults import HINTS, Crash, Fault, Faulty, Fragile, Seeded
from calbridge.testing.memory_calendar import CalendarModel, MemoryCalendar, tidied, unchanged
from calbridge.testing.memory_notifier import Mailbox, MemoryNotifier
from calbridge.testing.memory_pms import MemoryPms, PmsModel
from calbridge.testing.memory_portal import PortalModel
from calbridge.testing.portal_provider import MemoryPortal

WEEK = 7 * 86_400
FAULTS = (*Fault, *[Fault.MEANWHILE] * len(Fault))
"""Every other fault is none: somebody acts while the bridge is at work, which is when most goes wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One thing a person did to something that was already there. `where` is (connection, ref at that time)."""

    kind: str
    where: tuple[str, str]
    appointment: str = ""
    start: int | None = None
    resource: str = ""
    settled: bool = False
    """It was a confirmed appointment that the person saw."""
    fresh: bool = False
    """The bridge had taken in every earlier move of it."""


class Log:
    """Takes every log line, to be searched for what must not be in one."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __getattr__(self, level: str) -> Callable[..., None]:
        return lambda *words, **facts: self.lines.append(f"{level} {words} {facts}")


class World:
    """Everything of one clinic-day. `wrap` lets a test put a defect between the engine and one side."""

    def __init__(
        self,
        seed: int,
        store: Callable[[Clock], Store],
        *,
        rate: float = 0.15,
        wrap: Callable[[str, Any], Any] = lambda name, provider: provider,
    ) -> None:
        self.chance = random.Random(seed)
        self.seed = seed
        self.clinic = clinic_of(self.chance)
        self.clock = VirtualClock(self.chance.choice(FIRST_MOMENTS))
        self.morning = self.clock.now() + 3 * 3600
        """When the clinic opens (an hour off on the two days that change the clock: it matters to nobody)."""
        self.calendar = CalendarModel(self.clock, rewrite=self.chance.choice((unchanged, tidied)))
        self.pms = PmsModel(self.clock, clients=CLIENTS)
        rules = self.clinic.rules
        # Drawn apart, so that a seed's day stays what it was.
        self.portal = PortalModel(self.clock, hold_ttl=rules.hold_ttl, tells=random.Random(seed + 3).random() < 0.5)
        self.mailbox = Mailbox()
        self.trace: list[str] = []
        self.log = Log()
        self.edits: list[Edit] = []
        self.told: set[str] = set()
        self.refs: dict[tuple[str, str], str] = {}
        self.wrong: list[str] = []
        self.meanwhile: Callable[[str, str], object] = lambda name, ref: None
        self._wrap = wrap
        self._open = store
        self.calls = Seeded(random.Random(seed + 1), rate, FAULTS)
        kills = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER)
        self.kills = Seeded(random.Random(seed + 2), rate / 30, kills)
        self.links: list[Link] = []
        self.starts = 0
        self.start()

    def say(self, text: str) -> None:
        """One line of the trace."""
        self.trace.append(f"{self.clock.now() % 86_400 // 60:5d} {text}")

    # --- the bridge ---

    def start(self) -> None:
        """The process begins: store, host and engine are made anew from what is on disk."""
        self.starts += 1
        self.store = self._open(self.clock)
        host = ClinicHost.of(self.clinic, self._sides(), threads=False)
        self.links = [
            Link(name=name, role=c.role, capabilities=c.capabilities, rank=c.rank, fingerprint=c.fingerprint)
            for name, c in host.connections.items()
        ]
        self.engine = Engine(
            store=cast("Store", Fragile(self.store, self.kills)),
            clinic=self.clinic,
            host=host,
            clock=self.clock,
            random=random.Random(self.seed * 1000 + self.starts),
            log=self.log,
            first_run=dict.fromkeys(host.connections, "apply"),
            notifiers=Notifiers.of({"mail": self._faulty("mail", MemoryNotifier(self.mailbox))}),
        )

    def cycle(self) -> Report | None:
        """One cycle; None when the process was killed in it and started again."""
        try:
            report = self.engine.cycle()
        except Crash:
            self.say("-- killed and started again")
            self.start()
            return None
        unknown = [f"failure: {name}: {why}" for name, why in report.failures.items() if why not in HINTS.values()]
        self.wrong.extend(unknown)
        failures = f", failed: {report.failures}" if report.failures else ""
        self.say(f"-- cycle wrote {report.writes}{failures}")
        return report

    def hub(self) -> HubState:
        """What the bridge believes."""
        return self.store.load(self.clinic.key, self.links, since=self.clock.now() - WEEK)

    def key(self, place: tuple[str, str]) -> str:
        """The appointment an entry was seen as; one that came and went within a cycle has the id of its origin."""
        return self.refs.get(place) or derive_id(self.clinic.key, *place)

    def calm(self) -> None:
        """All faults stop."""
        self.calls.active = False
        self.kills.active = False

    def _sides(self) -> dict[str, tuple[Any, Any]]:
        sides = {
            "calendar": MemoryCalendar(self.calendar),
            "pms": MemoryPms(self.pms),
            "portal": MemoryPortal(self.portal),
        }
        return {name: (name, self._faulty(name, provider)) for name, provider in sides.items()}

    def _faulty(self, name: str, provider: Any) -> Faulty:
        return Faulty(
            self._wrap(name, provider),
            self.calls,
            seed=self.seed,
            passing=self.clock.advance,
            meanwhile=lambda asked: self.meanwhile(name, asked["change"].ref if "change" in asked else ""),
            tell=lambda text: self.say(f"   fault on {name}, {text}"),
        )
