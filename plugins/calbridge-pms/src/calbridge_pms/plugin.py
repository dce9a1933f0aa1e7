"""The entry point: registers the provider kind `pms`."""

from __future__ import annotations

from calbridge.hookspecs import Registry, hookimpl
from calbridge.provider import ProviderKind
from calbridge_pms.provider import create
from calbridge_pms.settings import PmsSettings


@hookimpl
def calbridge_register(registry: Registry) -> None:
    """Called once when the plugin is loaded."""
    registry.provider(
        ProviderKind(
            name="pms",
            role="pms",
            settings=PmsSettings,
            create=create,
            summary="Practice-management systems that speak the generic PMS contract",
        )
    )
