"""What one cycle carries along: its epoch, its report, and what it learned that the store does not keep."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from calbridge.engine.report import Report
from calbridge.feeds import Entry
from calbridge.hub import HubState, Link, Task
from calbridge.model import Clinic
from calbridge.notify import Notifiers
from calbridge.provider import Clock
from calbridge.views import View

if TYPE_CHECKING:
    from calbridge.host import ClinicHost
    from calbridge.store import Store

WEEK = 7 * 86_400
FOREVER = 2**40
DRY = 0
"""The epoch of a session that only looks: nothing is remembered of it."""


@dataclass(slots=True, kw_only=True)
class Session:
    """One cycle of one clinic.

    `at_once`: a person asked, so back-offs do not count. `waiting`: connections not to be called now, with the reason.
    `attempts`, `failing`: how often a connection has failed in a row, and since when.
    `conflicts`: what a remote refused because the time is taken, by (connection, appointment). `moved`: entries that
    refused writes brought back, to be seen by the next read. `gone`: refs of what was taken away as soon as it was
    written, likewise.
    `unmoved`: keys of writes that a side refused as overtaken, while it shows what is known of it.
    `silent_since`: when each side had last been read well before this cycle began.
    """

    store: Store
    host: ClinicHost
    clinic: Clinic
    clock: Clock
    random: random.Random
    log: Any
    epoch: int
    report: Report
    notifiers: Notifiers = field(default_factory=lambda: Notifiers({}))
    at_once: bool = False
    waiting: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    failing: dict[str, int] = field(default_factory=dict)
    conflicts: dict[tuple[str, str], View] = field(default_factory=dict)
    moved: dict[str, list[Entry]] = field(default_factory=dict)
    gone: dict[str, list[str]] = field(default_factory=dict)
    unmoved: set[str] = field(default_factory=set)
    silent_since: dict[str, int | None] = field(default_factory=dict)

    def due_by(self) -> int:
        """Writes put off until later than this stay put off."""
        return FOREVER if self.at_once else self.clock.now()

    @property
    def dry(self) -> bool:
        """True when nothing may be written, not even that a connection failed."""
        return self.epoch == DRY

    def links(self) -> list[Link]:
        """The configured connections as the core sees them; the store adds what it remembers."""
        return [
            Link(
                name=name,
                role=connected.role,
                capabilities=connected.capabilities,
                rank=connected.rank,
                fingerprint=connected.fingerprint,
            )
            for name, connected in self.host.connections.items()
        ]

    def state(self, *, also: Collection[str] = ()) -> HubState:
        """The hub as the store has it now, with a week of what has ended, and the ids in `also` whenever they did."""
        since = self.clock.now() - WEEK
        state = self.store.load(self.clinic.key, self.links(), since=since, also=also, dry=self.dry)
        for name, link in state.links.items():
            self.silent_since.setdefault(name, link.last_success)
        return replace(state, broken=frozenset(self.host.broken))

    def open_task(self, task: Task) -> None:
        """Ask a person, outside of any plan."""
        self.report.ask([task])
        if self.dry:
            return
        self.store.open_task(self.clinic.key, task, now=self.clock.now())

    def settle(self, kind: str, *, but: Collection[str]) -> None:
        """Close every task of this kind, outside of any plan, whose key is not among those that still stand."""
        if not self.dry:
            self.store.settle_tasks(self.clinic.key, kind, but=but, now=self.clock.now())
