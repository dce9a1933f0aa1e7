"""A notifier's section: its kind, then the plugin's model sees the rest."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from calbridge.plugins import Plugins
from calbridge.settings.config import BridgeConfig, NotifierConfig
from calbridge.settings.faults import Fault, faults_of
from calbridge.settings.kinds import misspelt_kind, unknown_kind, validated
from calbridge.settings.lines import Path
from calbridge.settings.sections import NotifierSection

HOST_KEYS = tuple(NotifierSection.model_fields)


def notifiers_of(
    clinic: str, document: Any, plugins: Plugins, bridge: BridgeConfig, faults: list[Fault]
) -> dict[str, NotifierConfig]:
    """Every notifier of a clinic that can be understood; what is wrong with the others is noted."""
    found = {}
    for name, raw in document.items() if isinstance(document, dict) else ():
        root: Path = ("clinics", clinic, "notifiers", name)
        if not isinstance(raw, dict):
            continue  # the clinic's own model says so
        try:
            host = NotifierSection.model_validate(raw)
        except ValidationError as error:
            faults += [misspelt_kind(fault, raw) for fault in faults_of(error, NotifierSection, raw, root)]
            continue
        section = {key: value for key, value in raw.items() if key not in HOST_KEYS}
        kind = plugins.notifiers.get(host.kind)
        if kind is None and not plugins.broken:
            faults.append(unknown_kind(root, host.kind, plugins.notifiers, "notifiers"))
        settings = validated(kind.settings, section, root, name, bridge, faults, also=HOST_KEYS) if kind else None
        found[name] = NotifierConfig(name=name, kind=host.kind, section=section, settings=settings, notifier=kind)
    return found
