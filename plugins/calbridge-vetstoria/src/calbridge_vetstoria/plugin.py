"""The entry point: registers the provider kind `vetstoria`, the preset `animana-vetstoria` and the vendor's words."""

from __future__ import annotations

import tomllib
from importlib import resources

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
    pack = tomllib.loads(resources.files("calbridge_vetstoria").joinpath("pack.toml").read_text("utf-8"))
    registry.preset("animana-vetstoria", pack["preset"])
    registry.words("Animana + Vetstoria", "de", pack["words"])
