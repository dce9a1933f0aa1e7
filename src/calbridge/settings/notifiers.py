"""A clinic's notifiers, as a configuration names them."""

from __future__ import annotations

from typing import Any

from calbridge.plugins import Plugins
from calbridge.settings.config import BridgeConfig, NotifierConfig
from calbridge.settings.faults import Fault
from calbridge.settings.kinds import Reading
from calbridge.settings.sections import NotifierSection


def notifiers_of(
    clinic: str, document: Any, plugins: Plugins, bridge: BridgeConfig, faults: list[Fault]
) -> dict[str, NotifierConfig]:
    """Every notifier of a clinic that can be understood; what is wrong with the others is noted."""
    reading = Reading(
        root=("clinics", clinic, "notifiers"),
        host=NotifierSection,
        kinds=plugins.notifiers,
        noun="notifiers",
        complete=not plugins.broken,
        bridge=bridge,
    )
    return {
        read.name: NotifierConfig(
            name=read.name, kind=read.host.kind, section=read.section, settings=read.settings, notifier=read.kind
        )
        for read in reading.sections(document, faults)
    }
