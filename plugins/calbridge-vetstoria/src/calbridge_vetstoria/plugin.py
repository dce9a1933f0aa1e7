"""The entry point: registers the provider kind `vetstoria`."""

from __future__ import annotations

from typing import Any

from calbridge.hookspecs import Registry, hookimpl
from calbridge.provider import ProviderKind, PublicContext
from calbridge_vetstoria.settings import VetstoriaSettings


@hookimpl
def calbridge_register(registry: Registry) -> None:
    """Called once when the plugin is loaded."""
    registry.provider(
        ProviderKind(
            name="vetstoria",
            role="portal",
            settings=VetstoriaSettings,
            create=_create,
            summary="A booking portal that speaks the calbridge portal protocol",
        )
    )


def _create(settings: VetstoriaSettings, context: PublicContext) -> Any:
    """Makes the provider; a command that connects to nothing does not import what it needs."""
    from calbridge_vetstoria.provider import create

    return create(settings, context)
