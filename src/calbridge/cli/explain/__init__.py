"""`calbridge explain`: why something is as it is. Each question is a file of its own, imported when it is asked."""

from __future__ import annotations

import click

from calbridge.cli.lazy import LazyGroup

QUESTIONS: dict[str, tuple[str, str]] = {
    "slot": ("calbridge.cli.explain.slot:slot", "Is this time offered, and what does every rule say?"),
}


@click.group(cls=LazyGroup, tree=QUESTIONS, short_help="Why something is as it is: every rule, with its facts.")
def explain() -> None:
    """Why something is as it is: every rule in order, passed or failed, with the fact behind it."""
