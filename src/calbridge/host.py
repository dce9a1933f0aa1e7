"""The host of the hooks: makes the providers of a clinic and is their only caller.

Each call goes to exactly one provider, in a thread with a time limit; the answer is checked; every failure is
one of the four recoveries and names the plugin, its version and the connection. One never stops another. A provider
knows its own record numbers only; what comes from it names the records of all (`calbridge.translated`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from calbridge.calls import STOPPING, Place, Stopped
from calbridge.changes import CHANGES
from calbridge.contract import violation, wrong_capabilities
from calbridge.errors import NeedsHuman
from calbridge.hooked import Hooked, refused, violated
from calbridge.hookspecs import ProviderSpec
from calbridge.interval import Interval
from calbridge.model import Clinic, Consent, Details
from calbridge.provider import (
    Capabilities,
    Change,
    ClientQuery,
    ClientRecord,
    ExportReceipt,
    Feed,
    Finding,
    Hint,
    InboundRequest,
    Learned,
    Notice,
    NotifyReceipt,
    Offer,
    Probe,
    Receipt,
    Record,
    Role,
    Unknown,
)
from calbridge.registration import RegistrationError
from calbridge.translated import change_for, client_from, feed_from, query_for, receipt_from

LIMITS = {"import_bookings": 600.0, "import_schedule": 600.0, "export_availability": 300.0, "receive": 5.0}
"""Seconds a hook may take. A webhook's sender waits for `receive`; a first read of a calendar takes long."""

_RANKS: dict[Role, int] = {"pms": 1, "calendar": 2, "portal": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """One working connection. `rank` 0 is the system of record; `plugin` is its name and version."""

    name: str
    role: Role
    capabilities: Capabilities
    rank: int
    fingerprint: str = ""
    kind: str = ""
    plugin: str = ""
    hooks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A connection that is to be hosted. `make` does no I/O and may raise anything; `close` ends its transport."""

    role: Role
    make: Callable[[], Any]
    kind: str = ""
    plugin: str = "plugin"
    fingerprint: str = ""
    close: Callable[[], None] = lambda: None


class ClinicHost:
    """The connections of one clinic. `broken` are those that cannot work until a person acts."""

    def __init__(
        self,
        clinic: Clinic,
        candidates: Mapping[str, Candidate],
        *,
        broken: Mapping[str, NeedsHuman] | None = None,
        system_of_record: str = "",
        threads: bool = True,
        limits: Mapping[str, float] | None = None,
    ) -> None:
        self.clinic = clinic
        self.threads = threads
        self.connections: dict[str, Connected] = {}
        self.broken: dict[str, NeedsHuman] = dict(broken or {})
        self._limits = {**LIMITS, **(limits or {})}
        self._providers: dict[str, Hooked] = {}
        self._candidates = dict(candidates)
        self._stopped = threading.Event()
        order = ranks({name: each.role for name, each in candidates.items()}, system_of_record, unknown=self.broken)
        for name, candidate in candidates.items():
            self._add(name, candidate, order[name])

    @classmethod
    def of(
        cls,
        clinic: Clinic,
        providers: Mapping[str, tuple[Role, Any]],
        *,
        threads: bool = False,
        **options: Any,
    ) -> ClinicHost:
        """A host of ready provider objects, for tests and the simulation."""

        def ready(provider: Any) -> Callable[[], Any]:
            return lambda: provider

        candidates = {name: Candidate(role=role, make=ready(each)) for name, (role, each) in providers.items()}
        return cls(clinic, candidates, threads=threads, **options)

    # --- the hooks, one caller each ---

    def can(self, name: str, hook: str) -> bool:
        """Does this connection implement the hook?"""
        return name in self.connections and hook in self.connections[name].hooks

    def keepers(self, hook: str) -> list[str]:
        """The connections that implement a hook, the system of record first."""
        able = [each for each in self.connections.values() if hook in each.hooks]
        return [each.name for each in sorted(able, key=lambda each: (each.rank, each.name))]

    def pull(self, name: str, cursor: str, window: Interval, known: Mapping[str, str]) -> Feed[Record]:
        """Read one side: a portal's bookings, any other's schedule."""
        hook = "import_bookings" if self._connected(name).role == "portal" else "import_schedule"
        feed = cast("Feed[Record]", self._call(name, hook, cursor=cursor, window=window, known=dict(known)))
        return feed_from(name, feed)

    def change(self, name: str, change: Change) -> Receipt:
        """Write one appointment state, in the record of the side's role and no other."""
        if type(change) is not CHANGES[self._connected(name).role]:
            raise NeedsHuman("the bridge was about to hand it another side's fields: tell its maker", connection=name)
        receipt = cast("Receipt", self._call(name, "propagate_change", change=change_for(name, change)))
        return receipt_from(name, receipt)

    def offer(self, name: str, offer: Offer) -> ExportReceipt:
        """Replace the offered slots of some windows of a portal."""
        return cast("ExportReceipt", self._call(name, "export_availability", offer=offer))

    def find_clients(self, name: str, query: ClientQuery) -> tuple[ClientRecord, ...]:
        """Who may this be? Each record once, under its name (`calbridge.numbers`)."""
        asked = query_for(name, query)
        if asked is None:
            return ()
        found = cast("tuple[ClientRecord, ...]", self._call(name, "find_clients", query=asked))
        return tuple({record.id: client_from(name, record) for record in found}.values())

    def create_client(self, name: str, details: Details, key: str, consent: Consent | None = None) -> ClientRecord:
        """Make a new client record; it comes back under its name."""
        made = self._call(name, "create_client", details=details, key=key, consent=consent)
        return client_from(name, cast("ClientRecord", made))

    def probe(self, name: str, ref: str) -> Probe:
        """Is this one really gone? A side that cannot say answers Unknown."""
        if "probe" not in self._connected(name).hooks:
            return Unknown(why="this side cannot be asked for one entry")
        return cast("Probe", self._call(name, "probe", ref=ref))

    def check(self, name: str) -> tuple[Finding, ...]:
        """Look at settings and server; a broken connection raises what is wrong with it."""
        if "check" not in self._connected(name).hooks:
            return ()
        return cast("tuple[Finding, ...]", self._call(name, "check"))

    def notify(self, name: str, notice: Notice, hand_over: Callable[[], None]) -> NotifyReceipt:
        """Let a portal tell its own client."""
        return cast("NotifyReceipt", self._call(name, "notify", notice=notice, hand_over=hand_over))

    def learn(self, name: str) -> Learned:
        """Try its server out; a side with nothing to learn gives nothing."""
        if "learn" not in self._connected(name).hooks:
            return Learned()
        return cast("Learned", self._call(name, "learn"))

    def receive(self, name: str, request: InboundRequest) -> tuple[Hint, ...]:
        """Verify one inbound webhook; may run beside another hook of the same provider."""
        return cast("tuple[Hint, ...]", self._call(name, "receive", request=request))

    def stop(self) -> None:
        """Begin no further call: each raises Stopped. A call under way is not touched."""
        self._stopped.set()

    def close(self) -> None:
        """Close what the providers were given; a call that hangs is left alone."""
        for candidate in self._candidates.values():
            candidate.close()

    # --- inside ---

    def _add(self, name: str, candidate: Candidate, rank: int) -> None:
        place = Place(connection=name, plugin=candidate.plugin)
        try:
            provider = candidate.make()
            hooked = Hooked(provider, ProviderSpec, place, threads=self.threads, limits=self._limits)
            fault = wrong_capabilities(provider)
            if fault:
                raise RegistrationError(f"it {fault}")
            self.connections[name] = Connected(
                name=name,
                role=candidate.role,
                capabilities=provider.capabilities,
                rank=rank,
                fingerprint=str(getattr(provider, "fingerprint", "") or candidate.fingerprint),
                kind=candidate.kind,
                plugin=candidate.plugin,
                hooks=hooked.hooks,
            )
        except STOPPING as error:
            self.broken[name] = refused(error, place)
            return
        self._providers[name] = hooked

    def _connected(self, name: str) -> Connected:
        if name in self.broken:
            raise self.broken[name]
        if name not in self.connections:
            raise NeedsHuman("this clinic has no such connection", connection=name)
        return self.connections[name]

    def _call(self, name: str, hook: str, **arguments: Any) -> object:
        if self._stopped.is_set():
            raise Stopped
        connected = self._connected(name)
        if hook not in connected.hooks:
            raise NeedsHuman(f"{connected.plugin} cannot do {hook}: leave this connection out", connection=name)
        provider = self._providers[name]
        result = provider.call(hook, arguments)
        fault = violation(hook, connected.role, result, arguments)
        if fault:
            raise violated(provider.place, hook, fault)
        return result


def ranks(roles: Mapping[str, Role], named: str, *, unknown: Mapping[str, object]) -> dict[str, int]:
    """Who is believed first: 0 for the system of record: the named one, else the PMS, else the calendar.

    While a connection is unknown it may be the PMS, so no calendar takes its place: promises wait instead.
    """
    order = {name: _RANKS[role] for name, role in roles.items()}
    if named:
        return {**order, **({named: 0} if named in order else {})}
    first: Role = "pms" if "pms" in roles.values() or unknown else "calendar"
    return {name: 0 if roles[name] == first else rank for name, rank in order.items()}
