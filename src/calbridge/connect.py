"""From a clinic's configuration to its host: one provider per connection, with its own transport, secrets and log."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable, Mapping
from typing import Any

from calbridge.clock import SystemClock
from calbridge.errors import NeedsHuman
from calbridge.fields import is_secret
from calbridge.host import Candidate, ClinicHost
from calbridge.log import logger
from calbridge.model import Clinic
from calbridge.plugins import Plugins
from calbridge.provider import Clock, Context, ProviderKind, PublicContext, Role
from calbridge.public import public
from calbridge.secrets import SecretResolver
from calbridge.settings import BridgeConfig, ClinicConfig, ConnectionConfig
from calbridge.transport import Fault, Limits, RetryBudget, Transport


class Host:
    """Makes the hosts of all clinics; what they share is here: plugins, clock, log, the retry budget."""

    def __init__(
        self,
        plugins: Plugins,
        bridge: BridgeConfig,
        *,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        log: Any = None,
        faults: Callable[[Any], Fault | None] | None = None,
        quirks: Callable[[str, str], Mapping[str, str]] | None = None,
    ) -> None:
        self._plugins = plugins
        self._bridge = bridge
        self._environ = os.environ if environ is None else environ
        self._clock = clock or SystemClock()
        self._log = log or logger()
        self._faults = faults
        self._quirks = quirks or (lambda _clinic, _connection: {})
        self._budget = RetryBudget()

    def clinic(self, config: ClinicConfig, *, threads: bool = True) -> ClinicHost:
        """The host of one clinic. A connection whose plugin did not load is broken from the start, and says why."""
        candidates, broken = {}, {}
        for name, connection in config.connections.items():
            if connection.provider is None:
                broken[name] = self._without_plugin(connection)
            else:
                candidates[name] = self._candidate(config.clinic, connection, connection.provider)
        return ClinicHost(
            config.clinic, candidates, broken=broken, system_of_record=config.system_of_record, threads=threads
        )

    def _candidate(self, clinic: Clinic, connection: ConnectionConfig, kind: ProviderKind) -> Candidate:
        transport = Transport(
            allow_private=connection.allow_private,
            authorities=self._bridge.home / connection.ca_file if connection.ca_file else None,
            limits=Limits().of(float(connection.timeout)),
            budget=self._budget,
            faults=self._faults,
        )
        return Candidate(
            role=kind.role,
            make=lambda: kind.create(connection.settings, self._context(clinic, connection, kind.role, transport)),
            close=transport.close,
            kind=kind.name,
            plugin=str(self._plugins.owner(kind.name) or f"the plugin of kind {kind.name}"),
            fingerprint=fingerprint(connection),
        )

    def _context(
        self, clinic: Clinic, connection: ConnectionConfig, role: Role, transport: Transport
    ) -> Context | PublicContext:
        given: dict[str, Any] = {
            "connection": connection.name,
            "transport": transport,
            "clock": self._clock,
            "secrets": SecretResolver(connection.name, (*self._bridge.secrets, self._bridge.home), self._environ),
            "log": self._log.bind(clinic=clinic.key, connection=connection.name),
            "random": random.SystemRandom(),
            "quirks": lambda: self._quirks(clinic.key, connection.name),
        }
        if role == "portal":
            return PublicContext(clinic=public(clinic), **given)
        return Context(clinic=clinic, home=self._bridge.home, **given)

    def _without_plugin(self, connection: ConnectionConfig) -> NeedsHuman:
        faults = "; ".join(plugin.fault for plugin in self._plugins.broken)
        return NeedsHuman(f'no plugin provides kind "{connection.kind}": {faults}', connection=connection.name)


def fingerprint(connection: ConnectionConfig) -> str:
    """Of everything the connection's plugin is told, secrets left out: another server or account starts anew (R27)."""
    if connection.settings is None:
        return ""
    fields = type(connection.settings).model_fields
    hidden = {name for name, info in fields.items() if is_secret(info.annotation)}
    told = connection.settings.model_dump(mode="json", exclude=hidden)
    text = json.dumps([connection.kind, told], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
