"""The entry point: registers the provider kind `caldav`."""

from __future__ import annotations

from calbridge.hookspecs import Registry, hookimpl
from calbridge.provider import ProviderKind
from calbridge_caldav.provider import create
from calbridge_caldav.settings import CaldavSettings


@hookimpl
def calbridge_register(registry: Registry) -> None:
    """Called once when the plugin is loaded."""
    registry.provider(
        ProviderKind(
            name="caldav",
            role="calendar",
            settings=CaldavSettings,
            create=create,
            summary="Calendars of staff and rooms on any CalDAV server",
        )
    )
