"""The entry point: registers the provider kind `caldav`."""

from __future__ import annotations

from typing import Any

from calbridge.hookspecs import Registry, hookimpl
from calbridge.provider import Context, Discovered, ProviderKind, Search
from calbridge_caldav.settings import CaldavSettings


@hookimpl
def calbridge_register(registry: Registry) -> None:
    """Called once when the plugin is loaded."""
    registry.provider(
        ProviderKind(
            name="caldav",
            role="calendar",
            settings=CaldavSettings,
            create=_create,
            summary="Calendars of staff and rooms on any CalDAV server",
            discover=_discover,
        )
    )


def _discover(search: Search) -> Discovered:
    """Looks for a server; what it needs is imported only then."""
    from calbridge_caldav.setup import discover

    return discover(search)


def _create(settings: CaldavSettings, context: Context) -> Any:
    """Makes the provider; a command that connects to nothing does not import what it needs."""
    from calbridge_caldav.provider import create

    return create(settings, context)
