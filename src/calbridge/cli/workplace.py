"""What a command works on, opened when it is first needed: plugins, configuration, store, hosts, engines."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calbridge.clock import SystemClock
from calbridge.errors import ConfigError
from calbridge.log import logger
from calbridge.nearest import did_you_mean
from calbridge.plugins import Plugins, load_plugins
from calbridge.settings import ClinicConfig, Config, load

if TYPE_CHECKING:
    from calbridge.engine import Engine
    from calbridge.facts import Facts
    from calbridge.host import ClinicHost
    from calbridge.model import Appointment
    from calbridge.notify import Notifiers
    from calbridge.origins import Origin
    from calbridge.provider import Clock
    from calbridge.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a question about a clinic's time is answered from. `reads`: connection -> its last good read's start."""

    facts: Facts
    origins: tuple[Origin, ...]
    reads: dict[str, int]
    booking: Appointment | None


class Workplace:
    """One configuration file. `clock` may be set to another present, for questions like `slots --now`."""

    def __init__(self, path: Path, *, clock: Clock | None = None) -> None:
        self.path = path
        self.clock = clock or SystemClock()
        self._store: Store | None = None
        self._hosts: dict[str, ClinicHost] = {}
        self._notifiers: dict[str, Notifiers] = {}

    @cached_property
    def plugins(self) -> Plugins:
        """Every installed plugin."""
        return load_plugins()

    @cached_property
    def config(self) -> Config:
        """The configuration, or ConfigErrors."""
        return load(self.path, os.environ, self.plugins)

    @cached_property
    def log(self) -> Any:
        """To standard error; a command says what matters by itself."""
        return logger("warning" if self.config.bridge.log_level == "info" else self.config.bridge.log_level)

    @property
    def store(self) -> Store:
        """The state, opened once."""
        if self._store is None:
            from calbridge.store import Store

            self._store = Store.open(self.config.bridge.database, clock=self.clock)
        return self._store

    def clinics(self, wanted: str = "") -> list[ClinicConfig]:
        """All clinics, or the wanted one."""
        return [self.clinic(wanted)] if wanted else list(self.config.clinics.values())

    def clinic(self, wanted: str = "") -> ClinicConfig:
        """The wanted clinic, or the only one."""
        known = self.config.clinics
        if not wanted and len(known) == 1:
            return next(iter(known.values()))
        if not wanted:
            raise ConfigError(f"there are several clinics: choose one with --clinic ({', '.join(known)})")
        if wanted not in known:
            advice = did_you_mean(wanted, known) or f"; there are {', '.join(known)}"
            raise ConfigError(f'there is no clinic "{wanted}"{advice}')
        return known[wanted]

    def connection(self, clinic: ClinicConfig, wanted: str) -> str:
        """The name, if the clinic has such a connection."""
        if wanted not in clinic.connections:
            known = did_you_mean(wanted, clinic.connections) or f"; there are {', '.join(clinic.connections) or 'none'}"
            raise ConfigError(f'clinic {clinic.clinic.key} has no connection "{wanted}"{known}')
        return wanted

    def host(self, clinic: ClinicConfig) -> ClinicHost:
        """The clinic's providers."""
        key = clinic.clinic.key
        if key not in self._hosts:
            from calbridge.connect import Host

            host = Host(self.plugins, self.config.bridge, clock=self.clock, log=self.log, quirks=self._quirks)
            self._hosts[key] = host.clinic(clinic)
        return self._hosts[key]

    def notifiers(self, clinic: ClinicConfig) -> Notifiers:
        """The clinic's notifiers."""
        key = clinic.clinic.key
        if key not in self._notifiers:
            from calbridge.connect import Host

            makes = Host(self.plugins, self.config.bridge, clock=self.clock, log=self.log)
            self._notifiers[key] = makes.notifiers(clinic)
        return self._notifiers[key]

    def _quirks(self, clinic: str, connection: str) -> Mapping[str, str]:
        return self.store.quirks(clinic, connection)

    def engine(self, clinic: ClinicConfig) -> Engine:
        """An engine for cycles of this clinic."""
        from calbridge.engine import Engine

        return Engine(
            store=self.store,
            clinic=clinic.clinic,
            host=self.host(clinic),
            clock=self.clock,
            random=random.SystemRandom(),
            log=self.log,
            first_run={name: each.first_run for name, each in clinic.connections.items()},
            notifiers=self.notifiers(clinic),
        )

    def known(self, clinic: ClinicConfig, *, moving: str = "") -> Known:
        """What is known of the clinic's time, from the last reads; without connections, only the file.

        `moving`: the booking that is to be moved; its own time is not in its own way.
        """
        from calbridge.hub import HubState
        from calbridge.reconcile import facts, origins

        state = self.engine(clinic).state() if clinic.connections else HubState()
        now, booking = self.clock.now(), state.appointments.get(moving)
        if moving and (booking is None or booking.state.ended):
            why = "is over" if booking else "is not known"
            raise ConfigError(f'clinic {clinic.clinic.key}: booking "{moving}" {why}; "calbridge journal" names them')
        return Known(
            facts=facts(state, clinic.clinic, now, without=moving),
            origins=origins(state, now, without=moving),
            reads={link.name: link.last_success for link in state.links.values() if link.last_success is not None},
            booking=booking,
        )

    def close(self) -> None:
        """Close what was opened."""
        for host in self._hosts.values():
            host.close()
        if self._store is not None:
            self._store.close()


@contextmanager
def opened(path: Path, *, clock: Clock | None = None) -> Iterator[Workplace]:
    """A workplace for one command."""
    workplace = Workplace(path, clock=clock)
    try:
        yield workplace
    finally:
        workplace.close()
