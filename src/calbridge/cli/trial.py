"""`calbridge plugins test`: what a plugin brings, tried as far as that goes without a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import ValidationError

from calbridge.model import Clinic, ExtraRule, Resource, Service, WallWindow, WeeklyPlan
from calbridge.provider import Finding
from calbridge.settings.extras import Extras
from calbridge.settings.faults import faults_of
from calbridge.settings.sections import RulesSection
from calbridge.testing.rules import broken_promises

if TYPE_CHECKING:
    from calbridge.plugins import Plugin, Plugins
    from calbridge.registration import RuleKind
    from calbridge.settings.faults import Fault


def findings(plugin: Plugin, plugins: Plugins) -> list[Finding]:
    """Everything that is found, in the order of `plugins show`."""
    if plugin.fault:
        return [Finding(level="error", message=plugin.fault)]
    brought = plugin.brought
    return [
        *(finding for kind in brought.kinds.values() for finding in _kind(kind.name, kind.settings.model_fields)),
        *(finding for rule in brought.rules.values() for finding in _rule(rule)),
        *(finding for name, rules in brought.presets.items() for finding in _preset(name, dict(rules), plugins)),
        *(_ok(f'{len(words.words)} words of "{words.vendor}" are terms of the glossary') for words in brought.words),
    ]


def _kind(name: str, fields: dict[str, object]) -> Iterator[Finding]:
    silent = [key for key, info in fields.items() if not getattr(info, "description", None)]
    if silent:
        text = "has no description, which the reference and the questions of init are made from"
        yield from (Finding(level="warning", field=f"{name}.{key}", message=text) for key in silent)
    else:
        yield _ok(f'the settings of kind "{name}" describe themselves; a provider is tried by calbridge.testing')


def _rule(kind: RuleKind) -> Iterator[Finding]:
    """With its default settings; what it asks for can only be tried in its own tests."""
    try:
        options = kind.settings.model_validate({}) if kind.settings else None
    except ValidationError:
        text = "asks for settings, so only its own tests can try it: see calbridge.testing.rules"
        yield Finding(level="warning", field=kind.code, message=text)
        return
    rule = ExtraRule(code=kind.code, answer=kind.answer, options=options, words=kind.words, reach=kind.reach)
    broken = broken_promises(rule, EXAMPLE)
    yield from (Finding(level="error", field=kind.code, message=each) for each in broken)
    if not broken:
        yield _ok(f'the rule "{kind.code}" keeps its promises on an example clinic')


def _preset(name: str, rules: dict[str, object], plugins: Plugins) -> Iterator[Finding]:
    faults: list[Fault] = []
    try:
        RulesSection.model_validate(rules)
    except ValidationError as error:
        faults += faults_of(error, RulesSection, rules, ())
    Extras(root=("extra",), names={}, plugins=plugins).rules(rules.get("extra"), faults)
    for fault in faults:
        field = ".".join(str(part) for part in (name, *fault.path))
        yield Finding(level="error", field=field, message=fault.text)
    if not faults:
        yield _ok(f'the values of preset "{name}" are right')


def _ok(message: str) -> Finding:
    return Finding(level="ok", message=message)


HOURS = (WallWindow(start=540, end=720), WallWindow(start=840, end=1440))
EXAMPLE = Clinic(
    key="example",
    name="Example",
    time_zone="Europe/Berlin",
    online=True,
    opening_hours={day: (WallWindow(start=480, end=1080),) for day in range(6)},
    resources={
        "anna": Resource(
            key="anna", name="Anna", online=True, week=(WeeklyPlan(days=frozenset(range(5)), windows=HOURS),)
        ),
        "ben": Resource(key="ben", name="Ben", online=True),
        "room": Resource(key="room", name="Room", kind="room"),
    },
    services={
        "visit": Service(key="visit", name="Visit", minutes=30, online=True, resources=("anna", "ben")),
        "surgery": Service(
            key="surgery",
            name="Surgery",
            minutes=90,
            buffer_after=15,
            online=True,
            resources=("anna",),
            requires=(("room",),),
            species=frozenset({"dog", "cat"}),
        ),
    },
)
"""Two practitioners, one without windows, a room, and two services."""
