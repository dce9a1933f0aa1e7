"""The rules of one clinic in order: the catalogue's twelve, those of plugins that it turned on, and the throttles.

A plugin's rule stands before the throttles, so that they count what passes it. One that raises, or answers what is no
answer, refuses the start: what cannot be judged is not promised. Its verdict carries `fault`, so nobody takes it for a
refusal, and the engine asks a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from calbridge.interval import Interval
from calbridge.model import Clinic, ExtraRule
from calbridge.rules import RULES, Answer, Case, Rule

_BEFORE = next(index for index, rule in enumerate(RULES) if rule.code == "hour_full")


def ruleset(clinic: Clinic) -> tuple[Rule, ...]:
    """Every rule that judges a slot of this clinic."""
    return (*RULES[:_BEFORE], *extras(clinic), *RULES[_BEFORE:]) if clinic.extra else RULES


def extras(clinic: Clinic) -> tuple[Rule, ...]:
    """The rules of plugins alone."""
    return tuple(
        Rule(code=each.code, answer=partial(_guarded, each), fixed=each.reach == "fixed") for each in clinic.extra
    )


def _guarded(extra: ExtraRule, case: Case) -> Answer:
    """Fails closed. Of the plugin's exception only the type is told: its text may hold anything."""
    try:
        answer = extra.answer(case, extra.options)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin raises, the other rules go on
        return False, {"fault": type(error).__name__}
    match answer:
        case (bool() as ok, Mapping() as facts) if all(_plain(name, value) for name, value in facts.items()):
            return ok, facts
        case _:
            return False, {"fault": "no answer"}


def _plain(name: object, value: object) -> bool:
    if not isinstance(name, str) or name == "fault":
        return False
    return isinstance(value, (int, str)) or (
        isinstance(value, tuple) and all(isinstance(each, Interval) for each in value)
    )
