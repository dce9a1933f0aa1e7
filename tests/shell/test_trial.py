"""`calbridge plugins test`: what is wrong with a plugin's kinds, rules and presets is found without a server."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from calbridge.cli.trial import findings
from calbridge.glossary import Vocabulary
from calbridge.plugins import Plugin, Plugins, load_plugins
from calbridge.provider import ProviderKind
from calbridge.registration import Brought, RuleKind
from calbridge.rules import Answer, Case


class Described(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str = Field(description="where it is")


class Silent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str


def kind(settings: type[BaseModel]) -> ProviderKind:
    return ProviderKind(name="plan", role="calendar", settings=settings, create=lambda section, context: None)


def never(case: Case, options: Any) -> Answer:
    return False, {}


def now_only(case: Case, options: Any) -> Answer:
    return case.start < case.facts.now + 9 * 86_400, {}


def rule(answer: Any, **more: Any) -> RuleKind:
    return RuleKind(code="odd", answer=answer, words="no", **more)


@pytest.mark.parametrize(
    ("brought", "expected"),
    [
        (Brought(kinds={"plan": kind(Described)}),
         ("ok", "", 'the settings of kind "plan" describe themselves; a provider is tried by calbridge.testing')),
        (Brought(kinds={"plan": kind(Silent)}),
         ("warning", "plan.url", "has no description, which the reference and the questions of init are made from")),
        (Brought(rules={"odd": rule(never)}), ("ok", "", 'the rule "odd" keeps its promises on an example clinic')),
        (Brought(rules={"odd": rule(never, settings=Described)}),
         ("warning", "odd", "asks for settings, so only its own tests can try it: see calbridge.testing.rules")),
        (Brought(presets={"p": {"lead_time": "PT1H", "extra": {"window_too_short": {}}}}),
         ("ok", "", 'the values of preset "p" are right')),
        (Brought(presets={"p": {"lead_tim": "PT1H"}}),
         ("error", "p.lead_tim", 'is not a setting; did you mean "lead_time"?')),
        (Brought(presets={"p": {"extra": {"window_too_short": {"minimum": "1 h"}}}}),
         ("error", "p.extra.window_too_short.minimum",
          'is wrong: a duration is written like "PT30M", "PT4H" or "P2D"')),
        (Brought(presets={"p": {"extra": {"window_to_short": True}}}),
         ("error", "p.extra.window_to_short",
          'is a rule that no installed plugin brings; did you mean "window_too_short"?')),
        (Brought(words=(Vocabulary(vendor="Acme", language="de", words={"slot": "Termin"}),)),
         ("ok", "", '1 words of "Acme" are terms of the glossary')),
    ],
)  # fmt: skip
def test_each_thing_it_brings_is_tried(brought: Brought, expected: tuple[str, str, str]) -> None:
    plugin = Plugin(name="acme", brought=brought)
    (found,) = findings(plugin, Plugins(found=(*load_plugins().found, plugin)))
    assert (found.level, found.field, found.message) == expected


def test_a_rule_that_breaks_a_promise_is_an_error() -> None:
    plugin = Plugin(name="acme", brought=Brought(rules={"odd": rule(now_only, reach="visit")}))
    (found,) = findings(plugin, Plugins(found=(plugin,)))
    assert (found.level, found.field) == ("error", "odd")
    assert found.message.startswith('its reach is "visit", but its answer changes with the present: ')


def test_one_that_does_not_load_says_why() -> None:
    plugin = Plugin(name="acme", fault="it does not load")
    (found,) = findings(plugin, Plugins(found=(plugin,)))
    assert (found.level, found.message) == ("error", "it does not load")


@pytest.mark.parametrize("plugin", load_plugins().found, ids=lambda plugin: plugin.name)
def test_every_plugin_of_this_repository_passes(plugin: Plugin) -> None:
    assert [each.message for each in findings(plugin, load_plugins()) if each.level != "ok"] == []
