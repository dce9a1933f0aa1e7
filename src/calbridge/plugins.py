"""Plugins load one by one: a broken one is reported with its distribution and version, the others load.

What a plugin registers counts only when its whole registration succeeded; a hook that is misspelt or
asynchronous is refused here, with a sentence, before it can be silently ignored.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from typing import Any

import pluggy

from calbridge.hookspecs import PROJECT, PluginSpec, Registry
from calbridge.nearest import did_you_mean
from calbridge.provider import NotifierKind, ProviderKind
from calbridge.registration import Brought, Registration, RegistrationError, RuleKind

GROUP = "calbridge"
LOADING_FAULTS = (Exception, SystemExit)
"""A plugin that calls sys.exit() while it is imported is broken like any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One entry point. `fault` is one sentence, empty when it loaded; what it brought counts only then."""

    name: str
    distribution: str = ""
    version: str = ""
    brought: Brought = field(default_factory=Brought)
    fault: str = ""

    def __str__(self) -> str:
        return f"plugin {self.distribution or self.name} {self.version}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugins:
    """All that was found; what it brings comes from the plugins without fault."""

    found: tuple[Plugin, ...] = ()

    @property
    def broken(self) -> tuple[Plugin, ...]:
        """Those that did not load."""
        return tuple(plugin for plugin in self.found if plugin.fault)

    @property
    def brought(self) -> Brought:
        """Everything that they registered."""
        return functools.reduce(operator.or_, (plugin.brought for plugin in self.found), Brought())

    @property
    def kinds(self) -> Mapping[str, ProviderKind]:
        """What a connection's `kind` may be."""
        return self.brought.kinds

    @property
    def notifiers(self) -> Mapping[str, NotifierKind]:
        """What a notifier's `kind` may be."""
        return self.brought.notifiers

    @property
    def rules(self) -> Mapping[str, RuleKind]:
        """What a clinic may turn on in `rules.extra`."""
        return self.brought.rules

    @property
    def presets(self) -> Mapping[str, Mapping[str, object]]:
        """What a clinic's `preset` may be."""
        return self.brought.presets

    def owner(self, kind: str) -> Plugin | None:
        """The plugin that brings a provider kind."""
        return next((plugin for plugin in self.found if kind in plugin.brought.kinds), None)

    def owner_of_notifier(self, kind: str) -> Plugin | None:
        """The plugin that brings a notifier kind."""
        return next((plugin for plugin in self.found if kind in plugin.brought.notifiers), None)


def load_plugins(entry_points: Iterable[metadata.EntryPoint] | None = None) -> Plugins:
    """Every plugin that is installed (or given), in a stable order."""
    found = metadata.entry_points(group=GROUP) if entry_points is None else entry_points
    plugins = Plugins()
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(PluginSpec)
    for entry_point in sorted(found, key=lambda each: (each.name, each.value)):
        plugins = _with(plugins, manager, entry_point)
    return plugins


def _with(plugins: Plugins, manager: pluggy.PluginManager, entry_point: metadata.EntryPoint) -> Plugins:
    source = entry_point.dist
    plugin = Plugin(
        name=entry_point.name,
        distribution=source.name if source else "",
        version=source.version if source else "",
    )
    registration = Registration(plugins.brought, str(plugin))
    fault = _attempt(lambda: _register(manager, entry_point, registration))
    if fault:
        loaded = replace(plugin, fault=f"{plugin} (entry point {entry_point.value}) {fault}")
    else:
        loaded = replace(plugin, brought=registration.brought)
    return Plugins(found=(*plugins.found, loaded))


def _attempt(load: Callable[[], None]) -> str:
    """Run it; "" or what went wrong. Of a plugin's own exception only its type is told."""
    try:
        load()
    except RegistrationError as error:
        return f"is refused: {error}"
    except pluggy.PluginValidationError:
        return "is refused: its hook takes arguments the contract does not have"
    except ModuleNotFoundError as error:
        return f'cannot be imported: the module "{error.name}" is missing: install the plugin again'
    except LOADING_FAULTS as error:
        return f"does not load ({type(error).__name__}): update it or remove it"
    return ""


def _register(manager: pluggy.PluginManager, entry_point: metadata.EntryPoint, registry: Registry) -> None:
    plugin = entry_point.load()
    refuse_wrong_hooks(plugin, PluginSpec)
    manager.register(plugin, name=entry_point.name)
    try:
        others = [each for each in manager.get_plugins() if each is not plugin]
        if not any(impl.plugin is plugin for impl in manager.hook.calbridge_register.get_hookimpls()):
            raise RegistrationError("it implements no calbridge_register hook")
        manager.subset_hook_caller("calbridge_register", others)(registry=registry)
    except LOADING_FAULTS:
        manager.unregister(plugin)
        raise


def refuse_wrong_hooks(plugin: Any, spec: type[Any]) -> None:
    """Raise RegistrationError for a hook that the specification does not have, or that is asynchronous."""
    known = [name for name in vars(spec) if not name.startswith("_")]
    for name in hooks_of(plugin):
        if name not in known:
            raise RegistrationError(f"it implements a hook {name} that does not exist{did_you_mean(name, known)}")
        hook = getattr(plugin, name)
        if inspect.iscoroutinefunction(hook) or inspect.isasyncgenfunction(hook):
            raise RegistrationError(f"its hook {name} is asynchronous; hooks are plain functions")


def hooks_of(plugin: Any) -> list[str]:
    """The names of the attributes that are marked as hook implementations. Properties are not run."""
    marked = f"{PROJECT}_impl"
    return [name for name in dir(plugin) if hasattr(inspect.getattr_static(plugin, name, None), marked)]
