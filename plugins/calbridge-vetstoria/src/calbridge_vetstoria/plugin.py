"""The entry point: registers the provider kind `vetstoria`."""

from __future__ import annotations

from calbridge.hookspecs import Registry, hookimpl
from calbridge.provider import ProviderKind
from calbridge_vetstoria.provider import create
from calbridge_vetstoria.settings import VetstoriaSettings


@hookimpl
def calbridge_register(registry: Registry) -> None:
    """Called once when the plugin is loaded."""
    registry.provider(
        ProviderKind(
            name="vetstoria",
            role="portal",
            settings=VetstoriaSettings,
            create=create,
            summary="A booking portal that speaks the calbridge portal protocol",
        )
    )
