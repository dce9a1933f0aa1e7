"""The entry point: registers the provider kind `pms`."""

from __future__ import annotations

from typing import Any

from calbridge.hookspecs import Registry, hookimpl
from calbridge.provider import Context, ProviderKind
from calbridge_pms.settings import PmsSettings


@hookimpl
def calbridge_register(registry: Registry) -> None:
    """Called once when the plugin is loaded."""
    registry.provider(
        ProviderKind(
            name="pms",
            role="pms",
            settings=PmsSettings,
            create=_create,
            summary="Practice-management systems that speak the generic PMS contract",
        )
    )


def _create(settings: PmsSettings, context: Context) -> Any:
    """Makes the provider; a command that connects to nothing does not import what it needs."""
    from calbridge_pms.provider import create

    return create(settings, context)
