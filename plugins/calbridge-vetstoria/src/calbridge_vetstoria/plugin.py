"""The entry point: registers the provider kind `vetstoria`, the preset `animana-vetstoria` and the vendor's words."""

from __future__ import annotations

import tomllib
from importlib import resources
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
    pack = tomllib.loads(resources.files("calbridge_vetstoria").joinpath("pack.toml").read_text("utf-8"))
    registry.preset("animana-vetstoria", pack["preset"])
    registry.words("Animana + Vetstoria", "de", pack["words"])


def _create(settings: VetstoriaSettings, context: PublicContext) -> Any:
    """Makes the provider; a command that connects to nothing does not import what it needs."""
    from calbridge_vetstoria.provider import create

    return create(settings, context)
