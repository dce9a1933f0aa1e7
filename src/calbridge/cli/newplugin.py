"""The files of a new plugin: a distribution whose own tests pass before its maker has changed a line.

The texts are data, in `calbridge/scaffold`; `$name` and the like are filled in here.
"""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Literal

from calbridge.errors import ConfigError
from calbridge.rules import RULES

if TYPE_CHECKING:
    from calbridge.plugins import Plugins

What = Literal["rule", "preset", "provider"]
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NOUNS: dict[What, str] = {"rule": "rules", "preset": "presets", "provider": "kinds"}


def refuse_taken(name: str, what: What, plugins: Plugins) -> None:
    """ConfigError for a name that cannot be a distribution's, or that somebody has already."""
    if not NAME.fullmatch(name):
        raise ConfigError(f'"{name}" cannot be a plugin\'s name: use small letters and digits, with - between words')
    taken = {plugin.name for plugin in plugins.found} | {f"{plugin.distribution}" for plugin in plugins.found}
    used = {*getattr(plugins.brought, NOUNS[what])} | {rule.code for rule in RULES if what == "rule"}
    if {name, f"calbridge-{name}"} & taken or {name, code_of(name)} & used:
        raise ConfigError(f'"{name}" is taken: choose another name; "calbridge plugins list" shows what is there')


def code_of(name: str) -> str:
    """As a Python name, and as a reason code."""
    return name.replace("-", "_")


def files_of(name: str, what: What) -> dict[Path, str]:
    """Path below the new directory -> text."""
    code = code_of(name)
    words = {"name": name, "code": code, "distribution": f"calbridge-{name}", "module": f"calbridge_{code}"}
    texts = {**_templates("common"), **_templates(what)}
    return {Path(Template(path).substitute(words)): Template(text).substitute(words) for path, text in texts.items()}


def write(directory: Path, files: dict[Path, str]) -> None:
    """All of them, or ConfigError and nothing: what is there is never overwritten."""
    if directory.exists():
        raise ConfigError(f"{directory} is already there and is not overwritten: name another place with --into")
    try:
        for path, text in files.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{directory} cannot be written ({type(error).__name__}): choose another place") from None


def _templates(kind: str) -> dict[str, str]:
    text = resources.files("calbridge").joinpath("scaffold", f"{kind}.toml").read_text("utf-8")
    return tomllib.loads(text)
