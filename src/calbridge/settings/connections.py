"""A connection's section: the host's own keys first, then the plugin's model sees the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from calbridge.plugins import Plugins
from calbridge.settings.config import BridgeConfig, ConnectionConfig
from calbridge.settings.faults import Fault, faults_of
from calbridge.settings.kinds import misspelt_kind, unknown_kind, validated
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
            faults += [misspelt_kind(fault, raw) for fault in found_here]
            continue
        section = {key: value for key, value in raw.items() if key not in HOST_KEYS}
        kind = plugins.kinds.get(host.kind)
        if kind is None and not plugins.broken:
            faults.append(unknown_kind(root, host.kind, plugins.kinds, "kinds"))
        settings = validated(kind.settings, section, root, name, bridge, faults, also=HOST_KEYS) if kind else None
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
