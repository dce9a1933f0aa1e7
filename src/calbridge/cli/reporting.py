"""How every command ends: its answer as JSON or as text, an exit code, and a sentence for each thing that is wrong.

0 fine, 1 something needs a person, 2 wrong use or wrong configuration. Errors go to standard error, and with `--json`
to standard output as well, as an object.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from calbridge.errors import BridgeError, ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from calbridge.cli.answer import Answer

FINE, HUMAN, WRONG = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command found or did. `show` prints it for people."""

    answer: Answer
    show: Callable[[Console], None]
    code: int = FINE


config_option = click.option(
    "--config",
    "path",
    envvar="CALBRIDGE_CONFIG",
    default="calbridge.toml",
    show_default="$CALBRIDGE_CONFIG or calbridge.toml",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The configuration file.",
)
clinic_option = click.option("--clinic", default="", help="Only this clinic.")
names_option = click.option("--names", is_flag=True, help="Show names of clients and patients.")


def reporting(command: Callable[..., Outcome]) -> Callable[..., None]:
    """Give the command `--json` and print its outcome."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    @functools.wraps(command)
    def run(*, as_json: bool, **options: Any) -> None:
        with failing(as_json=as_json):
            outcome = command(**options)
        _print(outcome, as_json=as_json)
        click.get_current_context().exit(outcome.code)

    return run


@contextmanager
def failing(*, as_json: bool) -> Iterator[None]:
    """End the command with its sentences and its code where the bridge cannot go on."""
    try:
        yield
    except ConfigError as error:
        _fail(error, WRONG, as_json=as_json)
    except BridgeError as error:
        _fail(error, HUMAN, as_json=as_json)


def _print(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        click.echo(outcome.answer.model_dump_json(indent=2))
        return
    from rich.console import Console

    outcome.show(Console(highlight=False, soft_wrap=True))


def _fail(error: BridgeError, code: int, *, as_json: bool) -> NoReturn:
    sentences = getattr(error, "faults", None) or (str(error),)
    for sentence in sentences:
        click.echo(f"error: {sentence}", err=True)
    if as_json:
        from calbridge.cli.answer import Errors

        click.echo(Errors(errors=list(sentences)).model_dump_json(indent=2))
    click.get_current_context().exit(code)
