"""The tree of commands, by name only: `calbridge --help` imports none of them."""

from __future__ import annotations

import importlib
from typing import Any

import click

from calbridge.version import __version__

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("calbridge.cli.init:init", "Ask a few questions and write a configuration."),
    "check": (
        "calbridge.cli.check:check",
        "Look at the configuration and every server, and leave them be.",
    ),
    "sync": ("calbridge.cli.sync:sync", "Bring all sides together once."),
    "apply": ("calbridge.cli.sync:apply", "Let new connections be written to, then sync."),
    "run": ("calbridge.cli.run:run", "Keep all sides together until stopped."),
    "status": ("calbridge.cli.status:status", "How every connection stands, and what waits for a person."),
    "slots": ("calbridge.cli.slots:slots", "The times a client is offered."),
    "explain": ("calbridge.cli.explain:explain", "Why something is as it is: every rule, with its facts."),
    "requests": ("calbridge.cli.requests:requests", "Bookings that wait for the clinic's word."),
    "messages": ("calbridge.cli.messages:messages", "What clients and the clinic are told, and what became of it."),
    "client": ("calbridge.cli.client:client", "One client, by the record number in the PMS."),
    "tasks": ("calbridge.cli.tasks:tasks", "What a person must look at."),
    "journal": ("calbridge.cli.journal:journal", "What was decided, and why."),
    "feeds": ("calbridge.cli.feeds:feeds", "Publish a resource's free/busy for other programs."),
    "config": ("calbridge.cli.config:config", "The configuration as the bridge understands it."),
    "plugins": ("calbridge.cli.plugins:plugins", "What is installed, and what does not load."),
    "inspect": ("calbridge.cli.inspection:inspect", "What the bridge reads from a calendar file."),
    "demo": (
        "calbridge.demo.command:demo",
        "Live a made-up clinic's day, or a vendor's story, with real programs on this machine.",
    ),
}
"""Name -> where it is, and its first line of help; a test compares."""


class LazyGroup(click.Group):
    """Imports a command when it is looked up; lists them without. `tree` is like COMMANDS."""

    def __init__(self, *args: Any, tree: dict[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tree = tree

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As a program of its own: what nobody catches is told without its text."""
        from calbridge import lastwords

        lastwords.install()
        return super().__call__(*args, **kwargs)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """In the order of a first day."""
        return list(self._tree)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # as above
        """The command, imported now."""
        if cmd_name not in self._tree:
            return None
        module, _, attribute = self._tree[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # as above
        """The list under `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._tree.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        """An unknown command names the nearest."""
        if args and args[0] not in self._tree and not args[0].startswith("-"):
            from calbridge.nearest import did_you_mean

            path = " ".join(["calbridge", *ctx.command_path.split()[1:]])
            advice = did_you_mean(args[0], self._tree) or f"; see {path} --help"
            ctx.fail(f'there is no command "{args[0]}"{advice}')
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, tree=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="calbridge")
def main() -> None:
    """Keep a clinic's PMS, calendars and booking portal one.

    Exit codes: 0 fine, 1 something needs a person, 2 wrong use or wrong configuration.
    """
