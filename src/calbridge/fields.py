"""Field types for settings models, the bridge's own and the plugins': a secret, a duration, an address.

A field declared as `SecretText` is masked by `config show`, may take its value from the secrets directory,
and is never printed. `context.secrets(settings.password)` gives the text.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, get_args

import httpx
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

__all__ = ["MailAddress", "OneLine", "Seconds", "SecretReference", "SecretText", "ServerUrl", "is_secret", "seconds"]


class SecretReference(BaseModel):
    """Where a secret is: one of a file (relative to the secrets directory), a variable, a command."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str | None = None
    env: str | None = None
    command: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> SecretReference:
        if sum(place is not None for place in (self.file, self.env, self.command)) != 1:
            raise ValueError("a secret names exactly one of file, env and command")
        return self


SecretText = SecretStr | SecretReference
"""The text itself (discouraged), or `{ file = "..." }`, `{ env = "..." }`, `{ command = "..." }`."""

_DURATION = TypeAdapter(timedelta)


def seconds(text: Any) -> int:
    """Whole seconds of an ISO 8601 duration such as "PT4H" or "P1D"; anything else is a ValueError."""
    try:
        if isinstance(text, str) and text.startswith("P"):
            return int(_DURATION.validate_python(text).total_seconds())
    except ValidationError:
        pass
    raise ValueError('a duration is written like "PT30M", "PT4H" or "P2D"')


Seconds = Annotated[int, BeforeValidator(seconds)]
"""A duration, written in ISO 8601, held in whole seconds."""


def _server(text: str) -> str:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError('a server is written like "https://calendar.example/dav/"')
    if url.userinfo:
        raise ValueError("a url holds no user name or password: give them in their own fields")
    return text


ServerUrl = Annotated[str, AfterValidator(_server)]
"""An http or https address with a host and without credentials."""


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("this is one line of text: take line ends, tabs and other control characters out")
    return text.strip()


OneLine = Annotated[str, AfterValidator(_one_line)]
"""Text that may stand in a header or a subject."""


def _address(text: str) -> str:
    name, at, domain = text.rpartition("@")
    if text and not (at and name and domain and not any(mark.isspace() or mark in "<>,;" for mark in text)):
        raise ValueError('a mail address is written like "praxis@example.org", without a name before it')
    return text


MailAddress = Annotated[OneLine, AfterValidator(_address)]
"""A mail address alone, or nothing."""


def is_secret(annotation: Any) -> bool:
    """True when a model's field was declared as `SecretText` (or SecretStr), also inside a union."""
    if annotation in {SecretReference, SecretStr}:
        return True
    return any(is_secret(part) for part in get_args(annotation) if not isinstance(part, str))
