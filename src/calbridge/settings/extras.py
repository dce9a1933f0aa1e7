"""`[clinics.<c>.rules.extra]`: which rules of plugins a clinic turns on, with each rule's own settings.

A preset may turn rules on too; the clinic's word goes over it. A rule that cannot be had is never passed over: where
its plugin may be one of those that do not load, the clinic offers nothing until it does; else the file is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict

from calbridge.model import ExtraRule
from calbridge.plugins import Plugins
from calbridge.published import instead
from calbridge.registration import RuleKind
from calbridge.rules import RULES, Case
from calbridge.settings.environment import merged
from calbridge.settings.faults import Fault, read_by_plugin
from calbridge.settings.lines import Path

CATALOGUE = tuple(rule.code for rule in RULES)


class PluginDoesNotLoad(Exception):
    """Why a clinic offers nothing that turned on a rule of a broken plugin."""


def over(preset: Any, own: Any) -> Any:
    """The clinic's word over the preset's: `true` keeps the preset's settings, a table changes the keys it names."""
    if not (isinstance(preset, dict) and isinstance(own, dict)):
        return own
    return {**preset, **{code: _over(preset.get(code), given) for code, given in own.items()}}


def _over(preset: Any, own: Any) -> Any:
    return preset if own is True and isinstance(preset, dict) else merged(preset, own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """Makes the rules of one clinic's `rules.extra`, which stands at `root`.

    `names`: the keys of its services and resources, which a rule's settings may refer to.
    """

    root: Path
    names: Mapping[str, tuple[str, ...]]
    plugins: Plugins

    def rules(self, wanted: Any, faults: list[Fault]) -> tuple[ExtraRule, ...]:
        """What is on, in the order it is named; what is wrong with one is noted."""
        named = wanted.items() if isinstance(wanted, dict) else ()
        found = [self._rule(code, {} if given is True else given, faults) for code, given in named]
        return tuple(rule for rule in found if rule is not None)

    def _rule(self, code: str, given: Any, faults: list[Fault]) -> ExtraRule | None:
        kind = self.plugins.rules.get(code)
        if kind is None and (code in CATALOGUE or not self.plugins.broken):
            faults.append(Fault(path=(*self.root, code), text=self._unknown(code)))
            return None
        if not isinstance(given, dict):
            return None  # off, or no table, which the clinic's own model says
        return self._made(kind, given, faults) if kind else ExtraRule(code=code, answer=_not_loaded, reach="fixed")

    def _made(self, kind: RuleKind, table: dict[str, Any], faults: list[Fault]) -> ExtraRule | None:
        root = (*self.root, kind.code)
        options = read_by_plugin(kind.settings or NoSettings, table, root, faults, context=self.names)
        if options is None:
            return None
        return ExtraRule(
            code=kind.code,
            answer=kind.answer,
            options=options if kind.settings else None,
            words=kind.words,
            reach=kind.reach,
            source=kind.source,
        )

    def _unknown(self, code: str) -> str:
        if code in CATALOGUE:
            return "is a rule that every clinic has: take it out"
        known = [f'"{kind.code}" comes with {kind.source}' for kind in self.plugins.rules.values()]
        otherwise = f"; {', '.join(known) or 'none of them brings any'}"
        return f"is a rule that no installed plugin brings{instead('rules', code, self.plugins.rules) or otherwise}"


class NoSettings(BaseModel):
    """A rule that has no settings takes none."""

    model_config = ConfigDict(extra="forbid")


def _not_loaded(case: Case, options: None) -> NoReturn:  # noqa: ARG001  # as every rule is called
    raise PluginDoesNotLoad
