"""Reading a configuration: file, environment, plugins' sections; all faults together, in the order of the file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from calbridge.plugins import Plugins
from calbridge.published import instead
from calbridge.secrets import CREDENTIALS
from calbridge.settings import build
from calbridge.settings.checks import clinic_faults, key_fault
from calbridge.settings.config import BridgeConfig, ClinicConfig, Config, ConfigErrors
from calbridge.settings.connections import connections_of, portal_as_record
from calbridge.settings.environment import merged, overrides
from calbridge.settings.extras import Extras, over
from calbridge.settings.faults import Fault, faults_of, sentence, unknown_key
from calbridge.settings.lines import place_for, places_of
from calbridge.settings.notifiers import notifiers_of
from calbridge.settings.sections import BridgeSection, ClinicSection, FileSection, RulesSection
from calbridge.settings.syntax import encoding_fault, syntax_fault


def load(path: Path, environ: Mapping[str, str], plugins: Plugins) -> Config:
    """The configuration, or ConfigErrors with one sentence for each fault."""
    text = _read(path)
    document, faults = overrides(environ)
    document = merged(_parse(text, path.name), document)
    faults += [unknown_key((key,), FileSection.model_fields) for key in document if key not in FileSection.model_fields]
    bridge = _section(BridgeSection, document.get("bridge", {}), ("bridge",), faults)
    settled = _bridge(bridge or BridgeSection(), path.absolute().parent, environ, faults)
    misnamed = "clinics" not in document and any(fault.meant == "clinics" for fault in faults)
    clinics = {} if misnamed else dict(_clinics(document.get("clinics", {}), plugins, settled, faults))
    if faults:
        places = places_of(text)
        ordered = sorted(faults, key=lambda fault: place_for(places, fault.path))
        raise ConfigErrors(tuple(dict.fromkeys(sentence(fault, path.name, places) for fault in ordered)))
    return Config(path=path, bridge=settled, clinics=clinics)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")  # some editors put a mark at the beginning
    except FileNotFoundError:
        advice = 'run "calbridge init" to make one, or name yours with --config'
        raise ConfigErrors((f"{path} does not exist: {advice}",)) from None
    except UnicodeDecodeError as error:
        raise ConfigErrors((encoding_fault(error, path.name),)) from None
    except OSError as error:
        reason = f"cannot be read ({type(error).__name__}): it must be a text file that this user may read"
        raise ConfigErrors((f"{path} {reason}",)) from None


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigErrors((syntax_fault(error, text, name),)) from None


def _section(model: type[BaseModel], document: Any, root: tuple[str, ...], faults: list[Fault]) -> Any:
    """The validated section, or None with the faults noted."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        faults += faults_of(error, model, document, root)
        return None


def _bridge(section: BridgeSection, home: Path, environ: Mapping[str, str], faults: list[Fault]) -> BridgeConfig:
    host, separator, port = section.listen.rpartition(":")
    if not (separator and host and port.isascii() and port.isdigit() and int(port) < 1 << 16):
        text = 'is wrong: an address and a port are written like "127.0.0.1:8620"'
        faults.append(Fault(path=("bridge", "listen"), text=text))
        host, port = "127.0.0.1", "0"
    given = [home / section.secrets_directory] if section.secrets_directory else []
    system = [Path(environ[CREDENTIALS])] if environ.get(CREDENTIALS) else []
    return BridgeConfig(
        home=home,
        database=home / section.database,
        host=host.strip("[]"),
        port=int(port),
        every=section.every,
        public_url=section.public_url,
        log_level=section.log_level,
        secrets=(*given, *system),
    )


def _clinics(
    document: Any, plugins: Plugins, bridge: BridgeConfig, faults: list[Fault]
) -> Iterator[tuple[str, ClinicConfig]]:
    if not isinstance(document, dict) or not document:
        faults.append(Fault(path=("clinics",), text="has no clinic in it: add a section [clinics.<key>]"))
        return
    for key, raw in document.items():
        root = ("clinics", key)
        faults += key_fault(root)
        if not isinstance(raw, dict):
            faults.append(Fault(path=root, text="must be a table"))
            continue
        faults += clinic_faults(key, raw)
        rules = _rules(root, raw, plugins, faults)
        section = _section(ClinicSection, {**raw, "rules": rules}, root, faults)
        names = {kind: tuple(raw[kind]) for kind in ("services", "resources") if isinstance(raw.get(kind), dict)}
        extras = Extras(root=(*root, "rules", "extra"), names=names, plugins=plugins)
        extra = extras.rules(rules.get("extra") if isinstance(rules, dict) else None, faults)
        connections = connections_of(key, raw.get("connections", {}), plugins, bridge, faults)
        notifiers = notifiers_of(key, raw.get("notifiers", {}), plugins, bridge, faults)
        faults += portal_as_record(root, raw.get("system_of_record"), connections)
        if section is not None:
            yield (
                key,
                ClinicConfig(
                    clinic=build.clinic(key, section, extra),
                    connections=connections,
                    notifiers=notifiers,
                    system_of_record=section.system_of_record,
                    preset=section.preset,
                ),
            )


def _rules(root: tuple[str, str], raw: dict[str, Any], plugins: Plugins, faults: list[Fault]) -> Any:
    """The preset's values under the clinic's own."""
    own, name = raw.get("rules", {}), raw.get("preset", "")
    if not isinstance(own, dict) or not isinstance(name, str) or not name:
        return own
    if name not in plugins.presets:
        known = ", ".join(sorted(plugins.presets)) or "none at all"
        text = f'names the preset "{name}", which no installed plugin brings'
        text += instead("presets", name, plugins.presets) or f"; there are {known}"
        faults.append(Fault(path=(*root, "preset"), text=text))
        return own
    preset = dict(plugins.presets[name])
    try:
        RulesSection.model_validate(preset)
    except ValidationError as error:
        wrong = ", ".join(sorted({str(each["loc"][0]) for each in error.errors()}))
        text = f'names the preset "{name}", whose own values are wrong ({wrong}): update the plugin it comes from'
        faults.append(Fault(path=(*root, "preset"), text=text))
        return own
    return {**preset, **own, "extra": over(preset.get("extra", {}), own.get("extra", {}))}
