"""Hostile plugins: each is reported with distribution and version, and the others load."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable, Iterator
from importlib.metadata import Distribution, EntryPoint
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from calbridge.hookspecs import Registry, hookimpl
from calbridge.plugins import Plugins, load_plugins
from calbridge.provider import ProviderKind
from calbridge.rules import Answer, Case


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Loose(BaseModel):
    """Forgets extra="forbid"."""


def kind(name: str, settings: type[Any] = Section) -> ProviderKind:
    return ProviderKind(name=name, role="calendar", settings=settings, create=lambda section, context: None)


class Package(Distribution):
    """A distribution that is installed nowhere."""

    @property
    def metadata(self) -> Any:
        return {"Name": "calbridge-acme", "Version": "3.1"}

    @property
    def name(self) -> str:
        return "calbridge-acme"

    @property
    def version(self) -> str:
        return "3.1"

    def read_text(self, filename: str) -> str | None:
        return None

    def locate_file(self, path: Any) -> Any:
        return path


def entry(name: str, value: str) -> EntryPoint:
    point = EntryPoint(name=name, value=value, group="calbridge")
    vars(point).update(dist=Package())
    return point


Register = Callable[[Registry], None]


@pytest.fixture
def plugin() -> Iterator[Callable[..., EntryPoint]]:
    """Makes an importable module with the given attributes and gives its entry point."""
    made: list[str] = []

    def make(name: str, **attributes: Any) -> EntryPoint:
        module = types.ModuleType(f"acme_{name}")
        vars(module).update(attributes)
        sys.modules[module.__name__] = module
        made.append(module.__name__)
        return entry(name, module.__name__)

    yield make
    for name in made:
        del sys.modules[name]


def registering(act: Register) -> dict[str, Any]:
    @hookimpl
    def calbridge_register(registry: Registry) -> None:
        act(registry)

    return {"calbridge_register": calbridge_register}


def passes(case: Case, options: object) -> Answer:
    """Everything passes.

    And more.
    """
    return True, {"n": 1}


def narrow(case: Case) -> Answer:
    return True, {}


async def later(case: Case, options: object) -> Answer:
    return True, {}


def good(registry: Registry) -> None:
    registry.provider(kind("good"))
    registry.rule("good_rule", passes, words="{n} is too many", reach="fixed")
    registry.preset("good-rules", {"lead_time": "PT1H"})
    registry.words("Good", "de", {"slot": "Zeitfenster"})


def fault(found: Plugins) -> str:
    (broken,) = found.broken
    return broken.fault.removeprefix("plugin calbridge-acme 3.1 (entry point acme_bad) ")


def test_a_good_plugin_brings_its_kinds_and_presets(plugin: Any) -> None:
    found = load_plugins([plugin("ok", **registering(good))])
    (loaded,) = found.found
    assert (loaded.name, loaded.distribution, loaded.version, loaded.fault) == ("ok", "calbridge-acme", "3.1", "")
    assert (list(loaded.brought.kinds), list(loaded.brought.presets)) == (["good"], ["good-rules"])
    rule = found.rules["good_rule"]
    assert (rule.answer, rule.reach, rule.source, rule.summary) == (
        passes, "fixed", "plugin calbridge-acme 3.1", "Everything passes.",
    )  # fmt: skip
    assert found.owner("good") == loaded
    assert found.owner("other") is None
    assert found.kinds["good"].role == "calendar"
    assert found.presets["good-rules"] == {"lead_time": "PT1H"}


def raising(error: BaseException) -> Register:
    def act(registry: Registry) -> None:
        registry.provider(kind("half"))
        raise error

    return act


@hookimpl
def calbridge_regster(registry: Registry) -> None:
    """Misspelt."""


@hookimpl
async def calbridge_register(registry: Registry) -> None:
    """Asynchronous."""


@hookimpl
def greedy(registry: Registry, config: object) -> None:
    """Asks for an argument that no contract has."""


def twice(registry: Registry) -> None:
    registry.provider(kind("x"))
    registry.provider(kind("x"))


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "raises": (registering(raising(ValueError("secret"))), "does not load (ValueError): update it or remove it"),
    "exits": (registering(raising(SystemExit(1))), "does not load (SystemExit): update it or remove it"),
    "misspelt": (
        {"calbridge_regster": calbridge_regster},
        'is refused: it implements a hook calbridge_regster that does not exist; did you mean "calbridge_register"?',
    ),
    "asynchronous": (
        {"calbridge_register": calbridge_register},
        "is refused: its hook calbridge_register is asynchronous; hooks are plain functions",
    ),
    "no hook": ({}, "is refused: it implements no calbridge_register hook"),
    "no kind": (
        registering(lambda registry: registry.provider("caldav")),  # type: ignore[arg-type]
        "is refused: it registers something that is not a ProviderKind with a name",
    ),
    "twice": (
        registering(twice),
        'is refused: kind "x" is already registered',
    ),
    "taken": (registering(good), 'is refused: kind "good" is already registered'),
    "taken preset": (
        registering(lambda registry: registry.preset("good-rules", {})),
        'is refused: preset "good-rules" is already registered',
    ),
    "odd preset": (
        registering(lambda registry: registry.preset("Good rules", {})),
        "is refused: it registers a preset whose name is not made of small letters, digits, - and _",
    ),
    "preset of nothing": (
        registering(lambda registry: registry.preset("x", ["lead_time"])),  # type: ignore[arg-type]
        'is refused: the rules of preset "x" are not a table of names and values',
    ),
    "rule of the catalogue": (
        registering(lambda registry: registry.rule("busy", passes, words="never")),
        'is refused: rule "busy" is already registered',
    ),
    "taken rule": (
        registering(lambda registry: registry.rule("good_rule", passes, words="never")),
        'is refused: rule "good_rule" is already registered',
    ),
    "odd rule": (
        registering(lambda registry: registry.rule("Too-late", passes, words="never")),
        "is refused: it registers a rule whose code is not made of small letters, digits and _",
    ),
    "lambda": (
        registering(lambda registry: registry.rule("x", lambda case, options: (True, {}), words="never")),
        'is refused: rule "x" is not a plain function of a module, but a lambda, an inner one or an object',
    ),
    "partial": (
        registering(lambda registry: registry.rule("x", functools.partial(passes), words="never")),
        'is refused: rule "x" is not a plain function of a module, but a lambda, an inner one or an object',
    ),
    "asynchronous rule": (
        registering(lambda registry: registry.rule("x", later, words="never")),  # type: ignore[arg-type]
        'is refused: rule "x" is asynchronous or a generator; a rule is a plain function',
    ),
    "rule of one argument": (
        registering(lambda registry: registry.rule("x", narrow, words="never")),  # type: ignore[arg-type]
        'is refused: rule "x" does not take a case and its options',
    ),
    "rule without words": (
        registering(lambda registry: registry.rule("x", passes, words="")),
        'is refused: the words of rule "x" are not one sentence with facts in it like {minutes}',
    ),
    "rule with prying words": (
        registering(lambda registry: registry.rule("x", passes, words="{a.__class__}")),
        'is refused: the words of rule "x" are not one sentence with facts in it like {minutes}',
    ),
    "rule with formatted words": (
        registering(lambda registry: registry.rule("x", passes, words="{a:{b.real}}")),
        'is refused: the words of rule "x" are not one sentence with facts in it like {minutes}',
    ),
    "rule with broken words": (
        registering(lambda registry: registry.rule("x", passes, words="{minutes")),
        'is refused: the words of rule "x" are not one sentence with facts in it like {minutes}',
    ),
    "rule with loose settings": (
        registering(lambda registry: registry.rule("x", passes, words="never", settings=Loose)),
        'is refused: the settings of rule "x" do not say extra="forbid"',
    ),
    "rule without bounds": (
        registering(lambda registry: registry.rule("x", passes, words="never", reach="world")),  # type: ignore[arg-type]
        'is refused: the reach of rule "x" is not one of fixed, visit, clinic',
    ),
    "words of nobody": (
        registering(lambda registry: registry.words(" ", "de", {})),
        "is refused: it registers words of a vendor without a name",
    ),
    "words of no language": (
        registering(lambda registry: registry.words("Acme", "deutsch!", {})),
        'is refused: the words of "Acme" name a language that is none: write a code such as "de"',
    ),
    "words for nothing": (
        registering(lambda registry: registry.words("Acme", "de", {"lead_tim": "Vorlauf"})),
        (
            'is refused: the words of "Acme" translate "lead_tim", which is no term of the glossary; '
            'did you mean "lead_time"?'
        ),
    ),
    "no words": (
        registering(lambda registry: registry.words("Acme", "de", {"slot": ""})),
        'is refused: the words of "Acme" are not a table of terms and texts',
    ),
    "taken words": (
        registering(lambda registry: registry.words("Good", "de", {"slot": "Termin"})),
        'is refused: words of "Good" in "de" are already registered',
    ),
    "loose settings": (
        registering(lambda registry: registry.provider(kind("x", Loose))),
        'is refused: the settings of kind "x" do not say extra="forbid"',
    ),
    "no settings": (
        registering(lambda registry: registry.provider(kind("x", dict))),
        'is refused: the settings of kind "x" are not a pydantic model',
    ),
    "arguments": ({"calbridge_register": greedy}, "is refused: its hook takes arguments the contract does not have"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_plugin_is_reported_and_the_good_ones_load(plugin: Any, name: str) -> None:
    attributes, sentence = BAD[name]
    bad, ok = plugin("bad", **attributes), plugin("a_good_one", **registering(good))
    late = plugin("late", **registering(lambda registry: registry.provider(kind("late"))))
    found = load_plugins([bad, late, ok])
    assert fault(found) == sentence
    assert sorted(found.kinds) == ["good", "late"]
    assert (list(found.presets), list(found.rules)) == (["good-rules"], ["good_rule"])


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("acme_missing", 'the module "acme_missing" is missing: install the plugin again'),
        ("calbridge.plugins:nothing", "does not load (AttributeError): update it or remove it"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_reported(value: str, sentence: str) -> None:
    (broken,) = load_plugins([entry("bad", value)]).broken
    assert broken.fault.endswith(sentence)
    assert broken.fault.startswith("plugin calbridge-acme 3.1 (entry point ")


def test_without_plugins_there_is_nothing() -> None:
    assert load_plugins([]) == Plugins()


def test_words_keep_their_vendor_and_language(plugin: Any) -> None:
    other = plugin("other", **registering(lambda registry: registry.words("Good", "fi", {"slot": "aika"})))
    words = load_plugins([plugin("ok", **registering(good)), other]).brought.words
    assert [(each.vendor, each.language, each.words) for each in words] == [
        ("Good", "de", {"slot": "Zeitfenster"}), ("Good", "fi", {"slot": "aika"}),
    ]  # fmt: skip
