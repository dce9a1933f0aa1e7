"""The reference of the command line, made from the click tree and from the models of what `--json` prints."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from calbridge.cli.answer import Answer, Errors
from calbridge.cli.answers import ANSWERS
from calbridge.cli.lazy import main

INTRODUCTION = """# Commands

Exit codes: 0 fine, 1 something needs a person, 2 wrong use or wrong configuration. With `--json` a command prints one
object of the schema given here, or the errors object when it cannot do its work. Errors go to standard error in any
case. No command prints a secret; names of clients and patients appear only with `--names`.
"""


def commands() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    with click.Context(main, info_name="calbridge") as root:
        parts += [_command(ctx) for ctx in leaves(root)]
    parts.append(f"## Errors\n\n{_schema(Errors)}")
    return "\n".join(parts)


def leaves(context: click.Context) -> Iterator[click.Context]:
    """Every command that does something, groups opened."""
    command = context.command
    if not isinstance(command, click.Group):
        yield context
        return
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        if inner is not None:
            with click.Context(inner, info_name=name, parent=context) as ctx:
                yield from leaves(ctx)


def _command(ctx: click.Context) -> str:
    name = ctx.command_path.removeprefix("calbridge ")
    usage = " ".join([ctx.command_path, *ctx.command.collect_usage_pieces(ctx)])
    rows = [record for param in ctx.command.get_params(ctx) if (record := param.get_help_record(ctx))]
    options = "\n".join(f"| `{option}` | {text.replace('|', '/')} |" for option, text in rows)
    text = " ".join((ctx.command.help or "").split())
    parts = [f"## `{name}`\n", f"{text}\n", f"```\n{usage}\n```\n", f"| option | meaning |\n|---|---|\n{options}\n"]
    if name in ANSWERS:
        parts.append(_schema(ANSWERS[name]))
    return "\n".join(parts)


def _schema(model: type[Answer]) -> str:
    schema = json.dumps(model.model_json_schema(), indent=2)
    return f"<details><summary>JSON schema</summary>\n\n```json\n{schema}\n```\n\n</details>\n"
