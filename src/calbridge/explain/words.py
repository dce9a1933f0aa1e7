"""From a verdict to its words: one function a rule, and the plugin's own template for a plugin's rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from calbridge.explain.away import closed, excluded
from calbridge.explain.hours import outside_hours
from calbridge.explain.plain import (
    beyond_horizon,
    client_not_admitted,
    day_full,
    not_offered,
    off_grid,
    source_stale,
    species_not_admitted,
    too_soon,
)
from calbridge.explain.taken import absent, busy
from calbridge.explain.texts import listed, moment, stretch
from calbridge.explain.throttles import hour_full, kept_back
from calbridge.explain.told import Told, Words
from calbridge.model import ExtraRule
from calbridge.rules import Plain

CORE: Mapping[str, tuple[str, Callable[[Told], Words]]] = {
    "not_offered": ("switched on", not_offered),
    "client_not_admitted": ("client", client_not_admitted),
    "species_not_admitted": ("species", species_not_admitted),
    "too_soon": ("early enough", too_soon),
    "beyond_horizon": ("not too far ahead", beyond_horizon),
    "outside_hours": ("hours", outside_hours),
    "closed": ("closures", closed),
    "absent": ("absences", absent),
    "excluded": ("exclusions", excluded),
    "off_grid": ("grid", off_grid),
    "busy": ("free", busy),
    "day_full": ("limit a day", day_full),
    "hour_full": ("limit an hour", hour_full),
    "kept_back": ("kept for the phone", kept_back),
    "source_stale": ("fresh sources", source_stale),
}
"""Reason code -> the rule's name for people, and its words."""
INSTANTS = frozenset({"from", "until", "earliest"})
"""Facts of these names are instants."""


def title(code: str) -> str:
    """The rule's name for people."""
    return CORE[code][0] if code in CORE else code.replace("_", " ")


def words(told: Told) -> Words:
    """The verdict in words."""
    if told.verdict.code in CORE:
        return CORE[told.verdict.code][1](told)
    extra = next((each for each in told.case.clinic.extra if each.code == told.verdict.code), None)
    return _of_plugin(told, extra or ExtraRule(code=told.verdict.code, answer=_nobody))


def _nobody(case: object, options: object) -> None:
    """Never asked: the verdict is here already."""


def _of_plugin(told: Told, extra: ExtraRule) -> Words:
    by = f" ({extra.source})" if extra.source else ""
    facts = told.verdict.facts
    if told.verdict.ok:
        return Words(sentence=f"Nothing against it{by}.")
    if "fault" in facts:
        return Words(
            sentence=f"The rule could not answer{by}: {facts['fault']}. What cannot be judged is not promised.",
            remedy="Tell the maker of the plugin, or turn the rule off.",
        )
    return Words(sentence=f"{_filled(told, extra.words)}{by}.")


def _filled(told: Told, template: str) -> str:
    """The plugin's own words; a template that asks for a fact that is not there still shows what there is."""
    shown = {name: said(told.tz, name, value) for name, value in told.verdict.facts.items()}
    try:
        text = template.format(**shown)
    except (KeyError, IndexError, ValueError, AttributeError):
        text = ""
    text = text or listed([f"{name} {value}" for name, value in shown.items()]) or "It says no"
    return f"{text[:1].upper()}{text[1:]}".rstrip(".")


def said(tz: str, name: str, value: Plain) -> str:
    """One fact as text."""
    if isinstance(value, tuple):
        return listed([stretch(tz, span) for span in value]) or "none"
    return moment(tz, value) if name in INSTANTS and isinstance(value, int) else str(value)
