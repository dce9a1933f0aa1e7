"""`calbridge init` looks for a server by whatever is known of it: the plugin looks, a person chooses.

A password is asked for when it is needed, used for looking, and written nowhere unless somebody says so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.clock import SystemClock
from calbridge.errors import BridgeError, ConfigError, NeedsHuman
from calbridge.http import AddressRefused

if TYPE_CHECKING:
    from calbridge.cli.newfile import Place
    from calbridge.provider import Choice, Discovered, ProviderKind, Search

_PASSWORD = re.compile(r"(mailto:)?([a-z]+://)?(?!mailto:|[a-z]+://)[^:/]*:.*@")
"""An address that may hold a password is not shown again, whatever is wrong with it."""
MARKS = {"ok": " ", "warning": "!", "error": "x"}


@dataclass(slots=True, kw_only=True)
class Looking:
    """One search. `ask`: somebody can answer. `secrets`: the directory where a password may lie already."""

    kind: ProviderKind
    place: Place
    secrets: Path
    ask: bool
    allow_private: bool = False
    username: str | None = None
    _password: str | None = field(default=None, repr=False)

    def find(self, address: str) -> Discovered | None:
        """What is there; None where nothing was found and a person goes on by hand. BridgeError where nobody can."""
        while True:
            try:
                return self._look(address)
            except BridgeError as error:
                if not self.ask:
                    raise self._unasked(error) from error
                click.echo(f"  x {error.hint}")
                if self._private(error):
                    continue
                if not click.confirm("Look again?", default=False):
                    return None
                address = click.prompt("Address", default=None if _PASSWORD.match(address) else address)
                self._password = None

    def _look(self, address: str) -> Discovered:
        from calbridge.transport import Transport

        if self.kind.discover is None:
            raise click.UsageError(f'kind "{self.kind.name}" cannot be looked for: write its settings')
        transport = Transport(allow_private=self.allow_private)
        try:
            return self.kind.discover(self._search(address, transport))
        finally:
            transport.close()

    def _search(self, address: str, transport: object) -> Search:
        from calbridge.provider import Search, nobody_agrees

        if self.ask and self.username is None:
            self.username = click.prompt("User name, or nothing for the usual one", default="", show_default=False)
        return Search(
            address=address,
            transport=transport,  # type: ignore[arg-type]  # an httpx transport, imported only when it is needed
            clock=SystemClock(),
            username=self.username or "",
            password=self._secret,
            confirm=click.confirm if self.ask else nobody_agrees,
        )

    def _unasked(self, error: BridgeError) -> BridgeError:
        """What to put on the command line, where nobody is asked."""
        if isinstance(error.__cause__, AddressRefused) and not self.allow_private:
            return ConfigError(f"{error.hint} (on this command line: --allow-private)")
        if self._password == "" and isinstance(error, NeedsHuman):
            return ConfigError(f"{error.hint} No password was given: put it into the file {self.file}.")
        return error

    def _private(self, error: BridgeError) -> bool:
        if self.allow_private or not isinstance(error.__cause__, AddressRefused):
            return False
        self.allow_private = click.confirm("Is this server in your own network, or on this machine?", default=False)
        return self.allow_private

    @property
    def file(self) -> Path:
        """Where the configuration will look for the password."""
        return self.secrets / f"{self.place.name}-password"

    def _secret(self) -> str:
        if self._password is None and self.file.is_file():
            self._password = self.file.read_text("utf-8").rstrip("\r\n")
        if not self._password and self.ask:
            self._password = click.prompt("Password (for looking now; it is not written)", hide_input=True)
        self._password = self._password or ""
        return self._password

    def keep(self) -> bool:
        """Write the password for the bridge, where somebody wants that; True when it lies there."""
        if self.file.is_file():
            return True
        if not (self.ask and self._password) or not click.confirm(f"Write the password into {self.file}?"):
            return False
        self.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{self._password}\n")
        return True


def report(found: Discovered) -> None:
    """What was found, to standard error: standard output may be for a program."""
    for each in found.findings:
        click.echo(f"  {MARKS[each.level]} {each.message}", err=True)


def chosen(
    found: Discovered, key: str, resources: Mapping[str, str], *, prompt: Callable[[str, str], str] | None
) -> dict[str, str]:
    """`key.resource` -> value for a table setting; `resources` are key and name. Without a prompt: what names tell."""
    choices = found.choices.get(key, ())
    values: dict[str, str] = {}
    if prompt is not None:
        for number, choice in enumerate(choices, start=1):
            click.echo(f"  {number}. {choice.label}  {choice.value}{f'  ({choice.note})' if choice.note else ''}")
    for resource, name in resources.items():
        default = likely(choices, resource, name)
        answer = prompt(f"{key} for {resource}, a number or a value", default) if prompt is not None else default
        if answer:
            values[f"{key}.{resource}"] = picked(choices, answer)
    return values


def likely(choices: tuple[Choice, ...], resource: str, name: str) -> str:
    """The number of the one that bears the resource's key or name, or lies under it; "" where that is not plain."""
    wanted = {resource.casefold(), name.casefold()}
    called = [{each.label.casefold(), _last(each.value).casefold()} for each in choices]
    same = [number for number, names in enumerate(called, start=1) if names & wanted]
    return str(same[0]) if len(same) == 1 else ""


def _last(value: str) -> str:
    """The last part of a path."""
    return value.rstrip("/").rpartition("/")[2]


def picked(choices: tuple[Choice, ...], answer: str) -> str:
    """The value of a number; anything else is the value itself."""
    number = int(answer) if answer.isascii() and answer.isdigit() else 0
    return choices[number - 1].value if 0 < number <= len(choices) else answer
