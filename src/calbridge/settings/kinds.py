"""Sections that belong to plugins: the host's own keys first, then the model of the plugin that `kind` names.

What is wrong with one section is noted; the others are read on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from calbridge.fields import is_secret
from calbridge.nearest import nearest
from calbridge.provider import NotifierKind, ProviderKind
from calbridge.published import Noun, instead
from calbridge.secrets import found_in_directory, places
from calbridge.settings.config import BridgeConfig
from calbridge.settings.faults import Fault, faults_of, read_by_plugin
from calbridge.settings.lines import Path
from calbridge.settings.sections import KindSection

Host = TypeVar("Host", bound=KindSection)
Kind = TypeVar("Kind", ProviderKind, NotifierKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Generic[Host, Kind]):
    """One section. `host` holds the host's keys, `section` all others as written.

    `kind` and `settings`, the plugin's own model of the section, are None while the plugin does not load.
    """

    name: str
    host: Host
    section: dict[str, Any]
    kind: Kind | None
    settings: BaseModel | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[Host, Kind]):
    """Reads the named sections at `root`. `kinds` is what a `kind` may be, a `noun` of what plugins bring.

    Unless they are `complete` an unknown kind is no fault: a plugin that does not load may be the one that brings it.
    """

    root: Path
    host: type[Host]
    kinds: Mapping[str, Kind]
    noun: Noun
    complete: bool
    bridge: BridgeConfig

    def sections(self, document: Any, faults: list[Fault]) -> Iterator[Read[Host, Kind]]:
        """All that can be understood, in the order of the file."""
        for name, raw in document.items() if isinstance(document, dict) else ():
            if isinstance(raw, dict):  # else the clinic's own model says so
                yield from self._section(name, raw, faults)

    def _section(self, name: str, raw: dict[str, Any], faults: list[Fault]) -> Iterator[Read[Host, Kind]]:
        root = (*self.root, name)
        try:
            host = self.host.model_validate(raw)
        except ValidationError as error:
            faults += [_misspelt_kind(fault, raw) for fault in faults_of(error, self.host, raw, root)]
            return
        kind = self.kinds.get(host.kind)
        if kind is None and self.complete:
            faults.append(_unknown_kind(root, host.kind, self.kinds, self.noun))
        section = {key: value for key, value in raw.items() if key not in self.host.model_fields}
        settings = self._settings(kind.settings, section, root, faults) if kind else None
        yield Read(name=name, host=host, section=section, kind=kind, settings=settings)

    def _settings(
        self, model: type[BaseModel], section: dict[str, Any], root: Path, faults: list[Fault]
    ) -> BaseModel | None:
        """The plugin's own model of the section, secrets directory included; the host's keys are for advice."""
        name, found = str(root[-1]), list[Fault]()
        given = {**_from_directory(model, section, name, self.bridge), **section}
        settings = read_by_plugin(model, given, root, found, also=self.host.model_fields)
        faults += [_with_places(fault, model, name, self.bridge) for fault in found]
        return settings


def _misspelt_kind(fault: Fault, raw: dict[str, Any]) -> Fault:
    """A missing `kind` that was written otherwise."""
    near = nearest("kind", raw)
    if fault.path[-1] != "kind" or "kind" in raw or not near:
        return fault
    return Fault(path=(*fault.path[:-1], near), text='is not a setting; did you mean "kind"?')


def _unknown_kind(root: Path, kind: str, kinds: Iterable[str], noun: Noun) -> Fault:
    """`kind` names what no plugin brings: what is near, or where it comes from."""
    known = ", ".join(sorted(kinds)) or "none at all"
    otherwise = f'; installed are {known}: "calbridge plugins list" shows them'
    text = f'is "{kind}", which no installed plugin provides{instead(noun, kind, kinds) or otherwise}'
    return Fault(path=(*root, "kind"), text=text)


def _from_directory(model: type[BaseModel], section: dict[str, Any], name: str, bridge: BridgeConfig) -> dict[str, Any]:
    """Secrets that the section leaves out and the secrets directory holds as `<connection>-<field>`."""
    wanted = [key for key, info in model.model_fields.items() if is_secret(info.annotation) and key not in section]
    found = {key: found_in_directory(f"{name}-{key}", bridge.secrets) for key in wanted}
    return {key: {"file": str(path)} for key, path in found.items() if path}


def _with_places(fault: Fault, model: type[BaseModel], name: str, bridge: BridgeConfig) -> Fault:
    """A missing secret says everywhere it may be."""
    info = model.model_fields.get(str(fault.path[-1]))
    if info is None or not is_secret(info.annotation) or not fault.text.startswith("is missing"):
        return fault
    field = fault.path[-1]
    directories = places(bridge.secrets) or "a secrets directory (bridge.secrets_directory)"
    text = (
        f'is missing: write {field} = {{ file = "..." }}, {{ env = "..." }} or {{ command = "..." }}, '
        f"or put a file {name}-{field} into {directories}"
    )
    return Fault(path=fault.path, text=text)
