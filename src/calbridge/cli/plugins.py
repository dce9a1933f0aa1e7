"""`calbridge plugins list`: what is installed under the entry point group `calbridge`, loaded or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from calbridge.cli.answers import PluginLine, Plugins
from calbridge.cli.reporting import FINE, HUMAN, Outcome, reporting

if TYPE_CHECKING:
    from rich.console import Console


@click.group(short_help="What is installed, and what does not load.")
def plugins() -> None:
    """What is installed, and what does not load."""


@plugins.command("list")
@reporting
def list_plugins() -> Outcome:
    """List every plugin with what it brings."""
    from calbridge.plugins import load_plugins

    found = load_plugins()
    lines = [
        PluginLine(
            name=each.name,
            distribution=each.distribution,
            version=each.version,
            kinds=list(each.kinds),
            presets=list(each.presets),
            fault=each.fault,
        )
        for each in found.found
    ]
    answer = Plugins(plugins=lines)
    return Outcome(answer=answer, show=lambda console: _show(console, answer), code=HUMAN if found.broken else FINE)


def _show(console: Console, answer: Plugins) -> None:
    from rich.markup import escape

    if not answer.plugins:
        console.print("No plugin is installed: install one for each kind of system with pip.")
    for each in answer.plugins:
        brings = ", ".join([f"kind {name}" for name in each.kinds] + [f"preset {name}" for name in each.presets])
        console.print(f"{each.distribution} {each.version} ({each.name}): {brings or 'nothing'}", markup=False)
        if each.fault:
            console.print(f"  [red]error[/red] {escape(each.fault)}")
