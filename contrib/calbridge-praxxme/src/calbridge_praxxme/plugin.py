"""The entry point: registers the rule `window_too_short`, the preset `smartvo-praxxme` and the vendor's words."""

from __future__ import annotations

import tomllib
from importlib import resources

from calbridge.hookspecs import Registry, hookimpl
from calbridge_praxxme.windows import WindowLength, window_too_short


@hookimpl
def calbridge_register(registry: Registry) -> None:
    """Called once when the plugin is loaded."""
    registry.rule(
        "window_too_short",
        window_too_short,
        settings=WindowLength,
        words="the online window has {minutes} minutes, this service needs one of {needed}",
        reach="visit",
    )
    pack = tomllib.loads(resources.files("calbridge_praxxme").joinpath("pack.toml").read_text("utf-8"))
    registry.preset("smartvo-praxxme", pack["preset"])
    registry.words("SmartVO + Praxx.me", "de", pack["words"])
