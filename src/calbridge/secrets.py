"""Finding a secret's text: a file, a variable of the environment, a command, or the text itself.

What is found is never printed; what is not found is one sentence that names every place that was looked at.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from calbridge.errors import ConfigError
from calbridge.fields import SecretReference

CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Where systemd puts the credentials of a service."""

OURS = "CALBRIDGE_"
"""Variables that may hold other secrets of the configuration: a program that gives one secret needs none of them."""

COMMAND_LIMIT = 15.0
LARGEST = 64 * 1024


class SecretResolver:
    """The `Secrets` of one connection. `directories` are looked through in order."""

    def __init__(self, connection: str, directories: Iterable[Path], environ: Mapping[str, str]) -> None:
        self._connection = connection
        self._directories = tuple(directories)
        self._environ = environ

    def __call__(self, reference: Any) -> str:
        """The secret's text, or ConfigError that names where it was looked for."""
        match _as_reference(reference):
            case SecretStr() as text:
                return text.get_secret_value()
            case SecretReference(file=str(name)):
                return self._file(name)
            case SecretReference(env=str(name)):
                return self._variable(name)
            case SecretReference(command=str(command)):
                return self._command(command)
        raise self._missing("a secret is missing: name a file, an env or a command for it")

    def _file(self, name: str) -> str:
        path = found_in_directory(name, self._directories)
        if path is None:
            looked = places(self._directories)
            raise self._missing(f'the secret file "{name}" was not found: looked in {looked}; put it there')
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise self._missing(f"the secret file {path} cannot be read: let this user read it, as text") from None
        return self._some(text, f"the secret file {path}")

    def _variable(self, name: str) -> str:
        if name not in self._environ:
            raise self._missing(f"the secret's variable {name} is not set: set it in the environment")
        return self._some(self._environ[name], f"the secret's variable {name}")

    def _command(self, command: str) -> str:
        program = command.split()[:1] or ["(empty)"]
        try:
            done = subprocess.run(  # noqa: S603  # the clinic's own configuration names it
                shlex.split(command),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                check=True,
                timeout=COMMAND_LIMIT,
                env={name: each for name, each in self._environ.items() if not name.startswith(OURS)},
            )
            text = done.stdout[:LARGEST].decode("utf-8")
        except (OSError, subprocess.SubprocessError, ValueError, IndexError):
            # a ValueError: a quotation without an end, or an output that is no text
            raise self._missing(f"the secret's command {program[0]} failed: run it by hand as this user") from None
        return self._some(text, "the output of the secret's command")

    def _some(self, text: str, source: str) -> str:
        """Without the line end that editors add."""
        stripped = text.rstrip("\r\n")
        if not stripped:
            raise self._missing(f"{source} is empty: put the secret into it")
        return stripped

    def _missing(self, sentence: str) -> ConfigError:
        return ConfigError(sentence, connection=self._connection)


def found_in_directory(name: str, directories: Iterable[Path]) -> Path | None:
    """The first directory's file of that name; an absolute name is itself."""
    return next((path for each in directories if (path := each / name).is_file()), None)


def places(directories: Iterable[Path]) -> str:
    """Directories for a sentence."""
    return ", ".join(str(each) for each in directories)


def _as_reference(reference: Any) -> SecretStr | SecretReference | None:
    if isinstance(reference, str):
        return SecretStr(reference)
    if isinstance(reference, Mapping):
        try:
            return SecretReference.model_validate(dict(reference))
        except ValidationError:
            return None
    return reference if isinstance(reference, SecretStr | SecretReference) else None
