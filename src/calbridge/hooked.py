"""One plugin object and its hooks, each called in a lane of its own with a time limit; any failure is one of the four.

A hook may take fewer arguments than its specification has. A call that is running is never joined by a second one,
except a webhook's: its sender waits seconds, and a long read must not make it give up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pluggy

from calbridge.calls import STOPPING, Inline, OneAtATime, Place, decide
from calbridge.errors import BridgeError, NeedsHuman
from calbridge.hookspecs import PROJECT
from calbridge.plugins import hooks_of, refuse_wrong_hooks
from calbridge.registration import RegistrationError

BESIDE = frozenset({"receive"})
LIMIT = 120.0
"""Seconds a hook may take where nothing else is said."""


class Hooked:
    """See the module. Raises RegistrationError, or whatever pluggy says of hooks that do not fit `spec`."""

    def __init__(
        self, plugin: Any, spec: type[Any], place: Place, *, threads: bool, limits: Mapping[str, float]
    ) -> None:
        refuse_wrong_hooks(plugin, spec)
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(spec)
        manager.register(plugin)
        lane = OneAtATime if threads else Inline
        self._caller, self._mailbox = lane(), lane()
        self._limits = limits
        self._hooks: dict[str, Callable[..., Any]] = {name: getattr(manager.hook, name) for name in hooks_of(plugin)}
        self.place = place
        self.hooks = frozenset(self._hooks)

    def call(self, hook: str, arguments: Mapping[str, Any]) -> object:
        """Its result, or the decided error, cut off from what caused it: tracebacks hold people's data."""
        lane = self._mailbox if hook in BESIDE else self._caller
        try:
            return lane.run(lambda: self._hooks[hook](**arguments), limit=self._limits.get(hook, LIMIT))
        except STOPPING as error:
            failure = decide(error, self.place, hook)
        failure.__cause__ = failure.__context__ = None
        raise failure.with_traceback(None)


def refused(error: BaseException, place: Place) -> NeedsHuman:
    """Why a plugin's object cannot be used, as one sentence."""
    if isinstance(error, RegistrationError):
        sentence = f"{place.plugin} is refused: {error}"
    elif isinstance(error, pluggy.PluginValidationError):
        sentence = f"{place.plugin} is refused: one of its hooks takes arguments the contract does not have"
    elif isinstance(error, BridgeError):
        sentence = error.hint
    else:
        sentence = decide(error, place, "its construction").hint
    return NeedsHuman(sentence, connection=place.connection)


def violated(place: Place, hook: str, fault: str) -> NeedsHuman:
    """It answered against the contract."""
    sentence = f"{place.plugin} broke the contract of {hook}: it {fault}; update it or tell its maker"
    return NeedsHuman(sentence, connection=place.connection)
