"""The entry point: registers the preset `smarttherapy` and the vendor's words."""

from __future__ import annotations

import tomllib
from importlib import resources

from calbridge.hookspecs import Registry, hookimpl


@hookimpl
def calbridge_register(registry: Registry) -> None:
    """Called once when the plugin is loaded."""
    pack = tomllib.loads(resources.files("calbridge_smarttherapy").joinpath("pack.toml").read_text("utf-8"))
    registry.preset("smarttherapy", pack["preset"])
    registry.words("smartTherapy", "de", pack["words"])
