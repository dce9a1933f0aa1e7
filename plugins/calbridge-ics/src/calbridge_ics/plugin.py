"""The entry point: registers the provider kind `ics`."""

from __future__ import annotations

from typing import Any

from calbridge.hookspecs import Registry, hookimpl
from calbridge.provider import Context, ProviderKind
from calbridge_ics.settings import IcsSettings


@hookimpl
def calbridge_register(registry: Registry) -> None:
    """Called once when the plugin is loaded."""
    registry.provider(
        ProviderKind(
            name="ics",
            role="calendar",
            settings=IcsSettings,
            create=_create,
            summary="Busy time from any calendar's iCalendar feed, an address or a file; read only",
        )
    )


def _create(settings: IcsSettings, context: Context) -> Any:
    """Makes the provider; a command that connects to nothing does not import what it needs."""
    from calbridge_ics.provider import create

    return create(settings, context)
