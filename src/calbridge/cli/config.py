"""`calbridge config show`: the effective configuration, after preset and environment. Secrets are masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic_core import to_jsonable_python

from calbridge.cli.answers import ShownConfig
from calbridge.cli.reporting import Outcome, clinic_option, config_option, reporting
from calbridge.cli.workplace import opened
from calbridge.model import ExtraRule
from calbridge.settings import ClinicConfig, ConnectionConfig
from calbridge.settings.values import WEEKDAYS

if TYPE_CHECKING:
    from rich.console import Console

MASK = "********"


@click.group(short_help="The configuration as the bridge understands it.")
def config() -> None:
    """The configuration as the bridge understands it."""


@config.command()
@config_option
@clinic_option
@reporting
def show(path: Path, clinic: str) -> Outcome:
    """Print the effective configuration; secrets are masked."""
    with opened(path) as workplace:
        bridge = _plain(asdict(workplace.config.bridge))
        clinics = {each.clinic.key: _clinic(each) for each in workplace.clinics(clinic)}
    answer = ShownConfig(path=str(path), bridge=bridge, clinics=clinics)
    return Outcome(answer=answer, show=lambda console: _show(console, answer))


def _clinic(config: ClinicConfig) -> dict[str, Any]:
    shown: dict[str, Any] = _plain(asdict(replace(config.clinic, extra=())))
    del shown["extra"]
    shown["rules"]["extra"] = {each.code: _options(each) for each in config.clinic.extra}
    shown["opening_hours"] = {WEEKDAYS[int(day)]: hours for day, hours in shown["opening_hours"].items()}
    shown |= {"preset": config.preset, "system_of_record": config.system_of_record}
    shown["connections"] = {name: _connection(each) for name, each in config.connections.items()}
    return shown


def _options(extra: ExtraRule) -> dict[str, Any]:
    """Where the rule comes from, and its settings with their defaults."""
    settings = {} if extra.options is None else _plain(extra.options.model_dump())
    return {"source": extra.source or "a plugin that does not load", "settings": settings}


def _connection(connection: ConnectionConfig) -> dict[str, Any]:
    """Without its plugin nobody knows which of its keys are secret: then only their names are shown."""
    host = {
        "kind": connection.kind,
        "first_run": connection.first_run,
        "allow_private": connection.allow_private,
        "timeout": connection.timeout,
    }
    if connection.settings is None:
        return {**host, **dict.fromkeys(connection.section, MASK)}
    return {**host, **_plain(dict(connection.settings))}


def _plain(value: Any) -> Any:
    """JSON values: tables, lists, sorted sets, windows as they are written; a secret's text never."""
    match value:
        case {"start": int(start), "end": int(end), **rest} if not rest:
            return f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case frozenset():
            return sorted(_plain(each) for each in value)
        case list() | tuple():
            return [_plain(each) for each in value]
    return to_jsonable_python(value, exclude_none=True)


def _show(console: Console, answer: ShownConfig) -> None:
    console.print_json(answer.model_dump_json())
