"""`calbridge plugins`: what is installed under the entry point group `calbridge`, loaded or not, and what it brings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli.answer import FindingLine
from calbridge.cli.answers_plugins import (
    KindLine,
    NotifierLine,
    PluginLine,
    PluginMade,
    Plugins,
    PluginShown,
    PluginTried,
    RuleKindLine,
    WordsLine,
)
from calbridge.cli.reporting import FINE, HUMAN, Outcome, reporting
from calbridge.cli.texts import MARKS, table
from calbridge.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from calbridge.cli.newplugin import What
    from calbridge.plugins import Plugin
    from calbridge.registration import RuleKind


@click.group(short_help="What is installed, and what does not load.")
def plugins() -> None:
    """What is installed, and what does not load."""


@plugins.command("list")
@reporting
def list_plugins() -> Outcome:
    """List every plugin with what it brings."""
    from calbridge.plugins import load_plugins

    found = load_plugins()
    answer = Plugins(plugins=[_line(each) for each in found.found])
    return Outcome(answer=answer, show=lambda console: _list(console, answer), code=HUMAN if found.broken else FINE)


@plugins.command("show")
@click.argument("name")
@reporting
def show_plugin(name: str) -> Outcome:
    """Show what one plugin brings: kinds, rules, presets with their values, words. NAME may be its distribution's."""
    from calbridge.plugins import load_plugins

    plugin = _named(name, load_plugins().found)
    answer = _whole(plugin)
    return Outcome(answer=answer, show=lambda console: _show(console, answer), code=HUMAN if plugin.fault else FINE)


@plugins.command("test")
@click.argument("name")
@reporting
def test_plugin(name: str) -> Outcome:
    """Try what one plugin brings, without a server: its presets' values, its rules' promises, its settings."""
    from calbridge.cli.trial import findings
    from calbridge.plugins import load_plugins

    loaded = load_plugins()
    plugin = _named(name, loaded.found)
    found = findings(plugin, loaded)
    ok = all(each.level != "error" for each in found)
    answer = PluginTried(
        name=plugin.name,
        distribution=plugin.distribution,
        version=plugin.version,
        ok=ok,
        findings=[FindingLine(level=each.level, message=each.message, field=each.field) for each in found],
    )
    return Outcome(answer=answer, show=lambda console: _tried(console, answer), code=FINE if ok else HUMAN)


def _tried(console: Console, answer: PluginTried) -> None:
    from rich.markup import escape

    console.print(f"{answer.distribution} {answer.version} ({answer.name})", markup=False)
    for finding in answer.findings:
        console.print(f"  {MARKS[finding.level]} {escape(f'{finding.field} {finding.message}'.strip())}")


@plugins.command("new")
@click.argument("name")
@click.option("--rule", "what", flag_value="rule", help="A slot rule.")
@click.option("--preset", "what", flag_value="preset", help="A vendor pack: a preset and the vendor's words.")
@click.option("--provider", "what", flag_value="provider", help="A provider of one kind of system.")
@click.option("--into", default=".", help="Where its directory is made.", type=click.Path(path_type=Path))
@reporting
def new(name: str, what: What | None, into: Path) -> Outcome:
    """Write a new plugin, a distribution of its own whose tests pass as it stands."""
    from calbridge.cli import newplugin
    from calbridge.plugins import load_plugins

    if what is None:
        raise ConfigError("say what it brings: --rule, --preset or --provider")
    newplugin.refuse_taken(name, what, load_plugins())
    files, directory = newplugin.files_of(name, what), into / f"calbridge-{name}"
    newplugin.write(directory, files)
    steps = [f"install it: pip install -e '{directory}[test]'", f"run its tests: pytest {directory}"]
    answer = PluginMade(path=str(directory), files=sorted(path.as_posix() for path in files), next=steps)
    return Outcome(answer=answer, show=lambda console: _made(console, answer))


def _made(console: Console, answer: PluginMade) -> None:
    console.print(f"Wrote {answer.path}: {', '.join(answer.files)}.", markup=False)
    for step in answer.next:
        console.print(f"Next: {step}", markup=False)


def _named(name: str, found: tuple[Plugin, ...]) -> Plugin:
    from calbridge.nearest import did_you_mean

    for plugin in found:
        if name in (plugin.name, plugin.distribution):
            return plugin
    names = sorted({each for plugin in found for each in (plugin.name, plugin.distribution) if each})
    advice = did_you_mean(name, names) or f"; there are {', '.join(names) or 'none'}"
    raise ConfigError(f'no plugin is called "{name}"{advice}')


def _line(plugin: Plugin) -> PluginLine:
    brought = plugin.brought
    return PluginLine(
        name=plugin.name,
        distribution=plugin.distribution,
        version=plugin.version,
        kinds=list(brought.kinds),
        notifiers=list(brought.notifiers),
        rules=list(brought.rules),
        presets=list(brought.presets),
        words=[f"{each.vendor} ({each.language})" for each in brought.words],
        fault=plugin.fault,
    )


def _whole(plugin: Plugin) -> PluginShown:
    brought = plugin.brought
    return PluginShown(
        name=plugin.name,
        distribution=plugin.distribution,
        version=plugin.version,
        kinds=[KindLine(name=each.name, role=each.role, summary=each.summary) for each in brought.kinds.values()],
        notifiers=[NotifierLine(name=each.name, summary=each.summary) for each in brought.notifiers.values()],
        rules=[_rule(each) for each in brought.rules.values()],
        presets={name: dict(values) for name, values in brought.presets.items()},
        words=[WordsLine(vendor=v.vendor, language=v.language, words=dict(v.words)) for v in brought.words],
        fault=plugin.fault,
    )


def _rule(kind: RuleKind) -> RuleKindLine:
    keys = list(kind.settings.model_fields) if kind.settings else []
    return RuleKindLine(code=kind.code, summary=kind.summary, words=kind.words, settings=keys)


def _list(console: Console, answer: Plugins) -> None:
    from rich.markup import escape

    if not answer.plugins:
        console.print("No plugin is installed: install one for each kind of system with pip.")
    for each in answer.plugins:
        nouns = {"kind": each.kinds, "notifier": each.notifiers, "rule": each.rules, "preset": each.presets}
        nouns["words of"] = each.words
        brings = ", ".join(f"{noun} {name}" for noun, names in nouns.items() for name in names)
        console.print(f"{each.distribution} {each.version} ({each.name}): {brings or 'nothing'}", markup=False)
        if each.fault:
            console.print(f"  [red]error[/red] {escape(each.fault)}")


def _show(console: Console, answer: PluginShown) -> None:
    from rich.markup import escape

    console.print(f"{answer.distribution} {answer.version} ({answer.name})", markup=False)
    if answer.fault:
        console.print(f"[red]error[/red] {escape(answer.fault)}")
    for kind in answer.kinds:
        console.print(f'\nkind = "{kind.name}" ({kind.role}): {kind.summary}', markup=False)
    for notifier in answer.notifiers:
        console.print(f'\nnotifier, kind = "{notifier.name}": {notifier.summary}', markup=False)
    for rule in answer.rules:
        settings = f" Settings: {', '.join(rule.settings)}." if rule.settings else ""
        console.print(f"\nrule {rule.code}: {rule.summary}{settings}", markup=False)
    for name, values in answer.presets.items():
        console.print(f'\npreset = "{name}"', markup=False)
        table(
            console, ("rule", "value"), [(key, json.dumps(value)) for key, value in values.items()], empty="no values"
        )
    for each in answer.words:
        console.print(f"\nwords of {each.vendor} ({each.language})", markup=False)
        table(console, ("calbridge", each.vendor), each.words.items(), empty="none")
