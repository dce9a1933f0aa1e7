"""The entry point: registers the provider kind `caldav`."""

from __future__ import annotations

from calbridge.hookspecs import Registry, hookimpl
from calbridge.provider import Discovered, ProviderKind, Search
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
            discover=_discover,
        )
    )


def _discover(search: Search) -> Discovered:
    """Looks for a server; what it needs is imported only then."""
    from calbridge_caldav.setup import discover

    return discover(search)
