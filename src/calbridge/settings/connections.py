"""A connection's section: the host's own keys first, then the plugin's model sees the rest."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from calbridge.fields import is_secret
from calbridge.plugins import Plugins
from calbridge.provider import ProviderKind
from calbridge.published import instead
from calbridge.secrets import found_in_directory, places
from calbridge.settings.config import BridgeConfig, ConnectionConfig
from calbridge.settings.faults import Fault, faults_of
from calbridge.settings.lines import Path
from calbridge.settings.sections import ConnectionSection

HOST_KEYS = tuple(ConnectionSection.model_fields)


def connections_of(
    clinic: str, document: Any, plugins: Plugins, bridge: BridgeConfig, faults: list[Fault]
) -> dict[str, ConnectionConfig]:
    """Every connection of a clinic that can be understood; what is wrong with the others is noted."""
    found = {}
    for name, raw in document.items() if isinstance(document, dict) else ():
        root: Path = ("clinics", clinic, "connections", name)
        if not isinstance(raw, dict):
            continue  # the clinic's own model says so
        try:
            host = ConnectionSection.model_validate(raw)
        except ValidationError as error:
            found_here = faults_of(error, ConnectionSection, raw, root)
            faults += [_misspelt_kind(fault, raw) for fault in found_here]
            continue
        section = {key: value for key, value in raw.items() if key not in HOST_KEYS}
        kind = plugins.kinds.get(host.kind)
        if kind is None and not plugins.broken:
            faults.append(_unknown_kind(root, host.kind, plugins))
        settings = _validated(kind, section, root, name, bridge, faults) if kind else None
        found[name] = ConnectionConfig(
            name=name,
            clinic=clinic,
            kind=host.kind,
            first_run=host.first_run,
            allow_private=host.allow_private,
            ca_file=host.ca_file,
            timeout=host.timeout,
            section=section,
            settings=settings,
            provider=kind,
        )
    return found


def portal_as_record(root: Path, named: Any, connections: Mapping[str, ConnectionConfig]) -> Iterator[Fault]:
    """A portal asks; it is no clinic's own record of what was booked."""
    connection = connections.get(named) if isinstance(named, str) else None
    if connection and connection.provider and connection.provider.role == "portal":
        text = f'names the connection "{named}", which is a booking portal: name the PMS or a calendar'
        yield Fault(path=(*root, "system_of_record"), text=text)


def _misspelt_kind(fault: Fault, raw: dict[str, Any]) -> Fault:
    near = difflib.get_close_matches("kind", raw, n=1)
    if fault.path[-1] != "kind" or "kind" in raw or not near:
        return fault
    return Fault(path=(*fault.path[:-1], near[0]), text='is not a setting; did you mean "kind"?')


def _unknown_kind(root: Path, kind: str, plugins: Plugins) -> Fault:
    known = ", ".join(sorted(plugins.kinds)) or "none at all"
    otherwise = f'; installed are {known}: "calbridge plugins list" shows them'
    text = f'is "{kind}", which no installed plugin provides{instead("kinds", kind, plugins.kinds) or otherwise}'
    return Fault(path=(*root, "kind"), text=text)


def _validated(
    kind: ProviderKind,
    section: dict[str, Any],
    root: Path,
    name: str,
    bridge: BridgeConfig,
    faults: list[Fault],
) -> BaseModel | None:
    model: type[BaseModel] = kind.settings
    given = {**_from_directory(model, section, name, bridge), **section}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = faults_of(error, model, given, root, also=HOST_KEYS)
        faults += [_with_places(fault, model, name, bridge) for fault in found]
    except Exception as error:  # noqa: BLE001  # a plugin's validator may raise anything; only its type is told
        text = f"cannot be read by its plugin ({type(error).__name__}): update the plugin or tell its maker"
        faults.append(Fault(path=root, text=text))
    return None


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
