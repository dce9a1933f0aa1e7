"""A clinic's connections, as a configuration names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from calbridge.plugins import Plugins
from calbridge.provider import ProviderKind
from calbridge.settings.config import BridgeConfig, ConnectionConfig
from calbridge.settings.faults import Fault
from calbridge.settings.kinds import Read, Reading
from calbridge.settings.lines import Path
from calbridge.settings.sections import ConnectionSection


def connections_of(
    clinic: str, document: Any, plugins: Plugins, bridge: BridgeConfig, faults: list[Fault]
) -> dict[str, ConnectionConfig]:
    """Every connection of a clinic that can be understood; what is wrong with the others is noted."""
    reading = Reading(
        root=("clinics", clinic, "connections"),
        host=ConnectionSection,
        kinds=plugins.kinds,
        noun="kinds",
        complete=not plugins.broken,
        bridge=bridge,
    )
    return {read.name: _connection(clinic, read) for read in reading.sections(document, faults)}


def _connection(clinic: str, read: Read[ConnectionSection, ProviderKind]) -> ConnectionConfig:
    host = read.host
    return ConnectionConfig(
        name=read.name,
        clinic=clinic,
        kind=host.kind,
        first_run=host.first_run,
        allow_private=host.allow_private,
        ca_file=host.ca_file,
        timeout=host.timeout,
        section=read.section,
        settings=read.settings,
        provider=read.kind,
    )


def portal_as_record(root: Path, named: Any, connections: Mapping[str, ConnectionConfig]) -> Iterator[Fault]:
    """A portal asks; it is no clinic's own record of what was booked."""
    connection = connections.get(named) if isinstance(named, str) else None
    if connection and connection.provider and connection.provider.role == "portal":
        text = f'names the connection "{named}", which is a booking portal: name the PMS or a calendar'
        yield Fault(path=(*root, "system_of_record"), text=text)
