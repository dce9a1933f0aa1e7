"""The entry point: registers the preset `debevet-aroundpet` and the vendor's words."""

from __future__ import annotations

import tomllib
from importlib import resources

from calbridge.hookspecs import Registry, hookimpl


@hookimpl
def calbridge_register(registry: Registry) -> None:
    """Called once when the plugin is loaded."""
    pack = tomllib.loads(resources.files("calbridge_aroundpet").joinpath("pack.toml").read_text("utf-8"))
    registry.preset("debevet-aroundpet", pack["preset"])
    registry.words("debevet + around.pet", "de", pack["words"])
