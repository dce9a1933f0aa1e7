"""The notifiers of one clinic, and their only caller: each alone, in the order of the configuration.

A notifier that is down, slow or broken stops no other and never a write: messages are rows that wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from calbridge.calls import STOPPING, Place, Stopped
from calbridge.contract import violation, wrong_abilities
from calbridge.errors import NeedsHuman
from calbridge.hooked import Hooked, refused, violated
from calbridge.hookspecs import NotifierSpec
from calbridge.messages import Audience
from calbridge.provider import Finding, Notice, NotifierAbilities, NotifyReceipt
from calbridge.registration import RegistrationError

LIMITS: Mapping[str, float] = {"notify": 90.0, "check": 60.0}
"""Seconds a hook may take: a mail server that thinks longer about one message is tried again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierCandidate:
    """A notifier that is to be hosted. `make` does no I/O and may raise anything."""

    make: Callable[[], Any]
    plugin: str = "plugin"


class Notifiers:
    """`abilities` are those of the notifiers that work; `broken` cannot until a person acts."""

    def __init__(
        self,
        candidates: Mapping[str, NotifierCandidate],
        *,
        broken: Mapping[str, NeedsHuman] | None = None,
        threads: bool = True,
        limits: Mapping[str, float] = LIMITS,
    ) -> None:
        self.abilities: dict[str, NotifierAbilities] = {}
        self.plugins: dict[str, str] = {}
        self.broken: dict[str, NeedsHuman] = dict(broken or {})
        self._hooked: dict[str, Hooked] = {}
        self._stopped = threading.Event()
        for name, candidate in candidates.items():
            self._add(name, candidate, threads=threads, limits=limits)

    @classmethod
    def of(cls, notifiers: Mapping[str, Any], *, threads: bool = False) -> Notifiers:
        """Of ready objects, for tests and the simulation."""

        def ready(notifier: Any) -> Callable[[], Any]:
            return lambda: notifier

        return cls({name: NotifierCandidate(make=ready(each)) for name, each in notifiers.items()}, threads=threads)

    def notify(self, name: str, notice: Notice, hand_over: Callable[[], None]) -> NotifyReceipt:
        """Deliver one message."""
        return cast("NotifyReceipt", self._call(name, "notify", notice=notice, hand_over=hand_over))

    def check(self, name: str) -> tuple[Finding, ...]:
        """Look at settings and server; a broken notifier raises what is wrong with it."""
        if name in self._hooked and "check" not in self._hooked[name].hooks:
            return ()
        return cast("tuple[Finding, ...]", self._call(name, "check"))

    def able(self, kind: str, audience: Audience) -> list[str]:
        """Those that deliver such a message, in the order of the configuration: the first that reaches her does."""
        return [n for n, each in self.abilities.items() if kind in each.kinds and audience in each.audiences]

    def stop(self) -> None:
        """Begin no further call: each raises Stopped."""
        self._stopped.set()

    def _add(self, name: str, candidate: NotifierCandidate, *, threads: bool, limits: Mapping[str, float]) -> None:
        place = Place(connection=name, plugin=candidate.plugin)
        try:
            notifier = candidate.make()
            hooked = Hooked(notifier, NotifierSpec, place, threads=threads, limits=limits)
            fault = wrong_abilities(notifier)
            if fault or "notify" not in hooked.hooks:
                raise RegistrationError(f"it {fault or 'implements no notify hook'}")
            self.abilities[name] = notifier.abilities
        except STOPPING as error:
            self.broken[name] = refused(error, place)
            return
        self.plugins[name] = candidate.plugin
        self._hooked[name] = hooked

    def _call(self, name: str, hook: str, **arguments: Any) -> object:
        if self._stopped.is_set():
            raise Stopped
        if name not in self._hooked:
            raise self.broken.get(name) or NeedsHuman("this clinic has no such notifier", connection=name)
        hooked = self._hooked[name]
        result = hooked.call(hook, arguments)
        fault = violation(hook, None, result, arguments)
        if fault:
            raise violated(hooked.place, hook, fault)
        return result
