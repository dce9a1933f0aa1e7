"""The environment over the file: `CALBRIDGE_CLINICS__HAFEN__RULES__LEAD_TIME=PT2H`; lists and tables as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from calbridge.nearest import did_you_mean
from calbridge.settings.faults import Fault

PREFIX = "CALBRIDGE_"
SWITCH = {"true": True, "false": False}
SECTIONS = ("bridge", "clinics")
DELIMITER = "__"
"""Every setting is inside a section; a name without this is some program's own variable, like CALBRIDGE_CONFIG."""


def overrides(environ: Mapping[str, str]) -> tuple[dict[str, Any], list[Fault]]:
    """What the environment sets, as a document like the file's, and what is wrong with the variables' names."""
    ours = {name: text for name, text in environ.items() if name.upper().startswith(PREFIX) and DELIMITER in name}
    faults = [_unknown(name) for name in ours if not _known(name)]
    if not ours:
        return {}, faults
    from calbridge.settings.variables import document_of

    document = document_of(ours)
    if document is None:
        return {}, [*faults, Fault(path=("the environment",), text="is wrong: write lists and tables in it as JSON")]
    for clinic in _table(document.get("clinics")).values():
        for kind in ("connections", "notifiers"):
            for section in _table(_table(clinic).get(kind)).values():
                _read(_table(section), _json)
        _read(_table(_table(_table(clinic).get("rules")).get("extra")), _switch)
    return document, faults


def merged(below: Any, above: Any) -> Any:
    """`above` over `below`, table by table; anything else is replaced whole."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    both = {key: merged(below[key], above[key]) if key in below else above[key] for key in above}
    return {**below, **both}


def _known(name: str) -> bool:
    return name.upper().removeprefix(PREFIX).partition(DELIMITER)[0].lower() in SECTIONS


def _unknown(name: str) -> Fault:
    near = did_you_mean(name.upper().partition(DELIMITER)[0], [PREFIX + field.upper() for field in SECTIONS])
    return Fault(path=(f"the variable {name}",), text=f"is not a setting{near or '; remove it'}")


def _table(value: Any) -> dict[str, Any]:
    """The value, or nothing where it is no table: its section's model says so."""
    return value if isinstance(value, dict) else {}


def _read(section: dict[str, Any], read: Callable[[Any], Any]) -> None:
    section.update({key: read(value) for key, value in section.items()})


def _switch(value: Any) -> Any:
    """A rule that is on or off."""
    return SWITCH.get(value, value) if isinstance(value, str) else value


def _json(value: Any) -> Any:
    """Tables and lists of a plugin's section, whose shape is not known here."""
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value
