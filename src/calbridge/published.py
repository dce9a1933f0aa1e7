"""Which distribution brings what, of those that are published with calbridge: for whoever names one that is not there.

The data is written by docs/generate.py from what the distributions register; no code here names a plugin.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Literal

from calbridge.nearest import nearest

Noun = Literal["kinds", "notifiers", "presets", "rules"]


@functools.cache
def published() -> Mapping[str, Mapping[str, str]]:
    """By noun: name -> distribution."""
    return tomllib.loads(resources.files("calbridge").joinpath("published.toml").read_text("utf-8"))


def instead(noun: Noun, wrong: str, installed: Iterable[str]) -> str:
    """What to do about a name that is not installed: `; did you mean "x"?`, or where it comes from; or ""."""
    here, known = set(installed), published()[noun]
    names = sorted(here | set(known))
    near = nearest(wrong, names) or next((name for name in names if wrong and wrong in name), "")
    if not near:
        return ""
    meant = "" if near == wrong else f' did you mean "{near}"?'
    if near in here:
        return f";{meant}"
    return f";{meant} {'it' if not meant else 'It'} comes with {known[near]}: pip install {known[near]}"
