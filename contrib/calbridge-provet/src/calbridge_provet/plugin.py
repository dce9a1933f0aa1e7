"""The entry point: registers the rule `outside_opening_hours`, the preset `provet` and the vendor's words."""

from __future__ import annotations

import tomllib
from importlib import resources

from calbridge.hookspecs import Registry, hookimpl
from calbridge_provet.hours import outside_opening_hours


@hookimpl
def calbridge_register(registry: Registry) -> None:
    """Called once when the plugin is loaded."""
    registry.rule(
        "outside_opening_hours",
        outside_opening_hours,
        words="the clinic does not book outside its opening hours",
        reach="visit",
    )
    pack = tomllib.loads(resources.files("calbridge_provet").joinpath("pack.toml").read_text("utf-8"))
    registry.preset("provet", pack["preset"])
    registry.words("Provet Cloud", "fi", pack["words"])
