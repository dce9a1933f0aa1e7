"""A section that belongs to a plugin of some kind: which kind, and what its own model says of the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from calbridge.fields import is_secret
from calbridge.nearest import nearest
from calbridge.published import Noun, instead
from calbridge.secrets import found_in_directory, places
from calbridge.settings.config import BridgeConfig
from calbridge.settings.faults import Fault, faults_of
from calbridge.settings.lines import Path


def misspelt_kind(fault: Fault, raw: dict[str, Any]) -> Fault:
    """A missing `kind` that was written otherwise."""
    near = nearest("kind", raw)
    if fault.path[-1] != "kind" or "kind" in raw or not near:
        return fault
    return Fault(path=(*fault.path[:-1], near), text='is not a setting; did you mean "kind"?')


def unknown_kind(root: Path, kind: str, kinds: Iterable[str], noun: Noun) -> Fault:
    """`kind` names what no plugin brings: what is near, or where it comes from."""
    known = ", ".join(sorted(kinds)) or "none at all"
    otherwise = f'; installed are {known}: "calbridge plugins list" shows them'
    text = f'is "{kind}", which no installed plugin provides{instead(noun, kind, kinds) or otherwise}'
    return Fault(path=(*root, "kind"), text=text)


def validated(
    model: type[BaseModel],
    section: dict[str, Any],
    root: Path,
    name: str,
    bridge: BridgeConfig,
    faults: list[Fault],
    *,
    also: Iterable[str],
) -> BaseModel | None:
    """The plugin's own model of the section, secrets directory included; `also` are the host's keys, for advice."""
    given = {**_from_directory(model, section, name, bridge), **section}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = faults_of(error, model, given, root, also=tuple(also))
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
