"""Plugins load one by one: a broken one is reported with its distribution and version, the others load.

What a plugin registers counts only when its whole registration succeeded; a hook that is misspelt or
asynchronous is refused here, with a sentence, before it can be silently ignored.
"""

from __future__ import annotations

import difflib
import inspect
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata, resources
from typing import Any

import pluggy
from pydantic import BaseModel

from calbridge.hookspecs import PROJECT, PluginSpec, Registry
from calbridge.provider import ProviderKind

GROUP = "calbridge"
LOADING_FAULTS = (Exception, SystemExit)
"""A plugin that calls sys.exit() while it is imported is broken like any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One entry point. `fault` is one sentence, empty when it loaded."""

    name: str
    distribution: str = ""
    version: str = ""
    kinds: tuple[str, ...] = ()
    presets: tuple[str, ...] = ()
    fault: str = ""

    def __str__(self) -> str:
        return f"plugin {self.distribution or self.name} {self.version}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugins:
    """All that was found. `kinds` and `presets` come from the plugins without fault."""

    found: tuple[Plugin, ...] = ()
    kinds: Mapping[str, ProviderKind] = field(default_factory=dict)
    owners: Mapping[str, Plugin] = field(default_factory=dict)
    presets: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    @property
    def broken(self) -> tuple[Plugin, ...]:
        """Those that did not load."""
        return tuple(plugin for plugin in self.found if plugin.fault)


class RegistrationError(Exception):
    """What a plugin registers, or how, is against the contract. The text is ours, never the plugin's."""


class Registration:
    """The `Registry` that one plugin is given; nothing of it counts before the plugin's hook returned."""

    def __init__(self, taken: Plugins) -> None:
        self._taken = taken
        self.kinds: dict[str, ProviderKind] = {}
        self.presets: dict[str, Mapping[str, object]] = {}

    def provider(self, kind: ProviderKind) -> None:
        """Add `kind = "<name>"` for connections."""
        if not isinstance(kind, ProviderKind) or not kind.name:
            raise RegistrationError("it registers something that is not a ProviderKind with a name")
        if kind.name in self.kinds or kind.name in self._taken.kinds:
            raise RegistrationError(f'kind "{kind.name}" is already registered')
        if not (inspect.isclass(kind.settings) and issubclass(kind.settings, BaseModel)):
            raise RegistrationError(f'the settings of kind "{kind.name}" are not a pydantic model')
        if kind.settings.model_config.get("extra") != "forbid":
            raise RegistrationError(f'the settings of kind "{kind.name}" do not say extra="forbid"')
        self.kinds[kind.name] = kind

    def preset(self, name: str, rules: Mapping[str, object]) -> None:
        """Add `preset = "<name>"`."""
        if name in self.presets or name in self._taken.presets:
            raise RegistrationError(f'preset "{name}" is already registered')
        self.presets[name] = dict(rules)


def load_plugins(entry_points: Iterable[metadata.EntryPoint] | None = None) -> Plugins:
    """Every plugin that is installed (or given), in a stable order, beside the built-in presets."""
    found = metadata.entry_points(group=GROUP) if entry_points is None else entry_points
    plugins = Plugins(presets=built_in_presets())
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(PluginSpec)
    for entry_point in sorted(found, key=lambda each: (each.name, each.value)):
        plugins = _with(plugins, manager, entry_point)
    return plugins


def built_in_presets() -> dict[str, Mapping[str, object]]:
    """The presets of rules.md section 8."""
    text = resources.files("calbridge").joinpath("presets.toml").read_text("utf-8")
    return dict(tomllib.loads(text))


def _with(plugins: Plugins, manager: pluggy.PluginManager, entry_point: metadata.EntryPoint) -> Plugins:
    source = entry_point.dist
    plugin = Plugin(
        name=entry_point.name,
        distribution=source.name if source else "",
        version=source.version if source else "",
    )
    registration = Registration(plugins)
    fault = _attempt(lambda: _register(manager, entry_point, registration))
    if fault:
        broken = replace(plugin, fault=f"{plugin} (entry point {entry_point.value}) {fault}")
        return replace(plugins, found=(*plugins.found, broken))
    whole = replace(plugin, kinds=tuple(registration.kinds), presets=tuple(registration.presets))
    return Plugins(
        found=(*plugins.found, whole),
        kinds={**plugins.kinds, **registration.kinds},
        owners={**plugins.owners, **dict.fromkeys(registration.kinds, whole)},
        presets={**plugins.presets, **registration.presets},
    )


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
            near = difflib.get_close_matches(name, known, n=1)
            advice = f", did you mean {near[0]}?" if near else ""
            raise RegistrationError(f"it implements a hook {name} that does not exist{advice}")
        hook = getattr(plugin, name)
        if inspect.iscoroutinefunction(hook) or inspect.isasyncgenfunction(hook):
            raise RegistrationError(f"its hook {name} is asynchronous; hooks are plain functions")


def hooks_of(plugin: Any) -> list[str]:
    """The names of the attributes that are marked as hook implementations. Properties are not run."""
    marked = f"{PROJECT}_impl"
    return [name for name in dir(plugin) if hasattr(inspect.getattr_static(plugin, name, None), marked)]
