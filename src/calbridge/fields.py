"""Field types for settings models, the bridge's own and the plugins': a secret, a duration, an address, a key.

A field declared as `SecretText` is masked by `config show`, may take its value from the secrets directory,
and is never printed. `context.secrets(settings.password)` gives the text.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import Url

from calbridge.nearest import did_you_mean

__all__ = [
    "Category",
    "MailAddress",
    "OneLine",
    "ResourceKey",
    "Seconds",
    "SecretReference",
    "SecretText",
    "ServerUrl",
    "ServiceKey",
    "is_secret",
    "seconds",
]


class SecretReference(BaseModel):
    """Where a secret is: one of a file (relative to the secrets directory), a variable, a command.

    A command is given no variable that begins with `CALBRIDGE_`: it needs no other secret.
    """

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
_WRITTEN = re.compile(r"P(?=[\dT])(\d+W|(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)", re.ASCII)
LONGEST = 3_653 * 86_400
"""Beyond it a date may leave the calendar."""


def seconds(text: Any) -> int:
    """Whole seconds of an ISO 8601 duration such as "PT4H" or "P1D"; anything else is a ValueError.

    Years and months are no durations here: they are not always as long.
    """
    if not (isinstance(text, str) and _WRITTEN.fullmatch(text)):
        raise ValueError('a duration is written like "PT30M", "PT4H" or "P2D"')
    try:
        length = int(_DURATION.validate_python(text).total_seconds())
    except ValidationError:
        length = LONGEST + 1
    if length > LONGEST:
        raise ValueError("a duration is at most ten years")
    return length


Seconds = Annotated[int, BeforeValidator(seconds)]
"""A duration, written in ISO 8601, held in whole seconds."""


def _names_a_server(text: str) -> bool:
    """Said by two parsers: one takes "https:/x" for a host, the other any host and port."""
    try:
        parts = urlsplit(text)
        return text.isprintable() and parts.scheme in {"http", "https"} and bool(parts.hostname and Url(text).host)
    except ValueError:
        return False


def _server(text: str) -> str:
    if not _names_a_server(text):
        raise ValueError('a server is written like "https://calendar.example/dav/"')
    if "@" in urlsplit(text).netloc:
        raise ValueError("a url holds no user name or password: give them in their own fields")
    return text


ServerUrl = Annotated[str, AfterValidator(_server)]
"""An http or https address with a host and without credentials."""


def _one_of(noun: str, key: str, info: ValidationInfo) -> str:
    """Checked where the clinic is known: in the settings of a slot rule, not in those of a connection."""
    known = (info.context or {}).get(f"{noun}s")
    if known is not None and key not in known:
        raise ValueError(f'there is no {noun} "{key}"{did_you_mean(key, known)}')
    return key


def _service(key: str, info: ValidationInfo) -> str:
    return _one_of("service", key, info)


def _resource(key: str, info: ValidationInfo) -> str:
    return _one_of("resource", key, info)


ServiceKey = Annotated[str, AfterValidator(_service)]
"""The key of a service of the clinic, in the settings of a slot rule."""

ResourceKey = Annotated[str, AfterValidator(_resource)]
"""The key of a resource of the clinic, in the settings of a slot rule."""


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


def _category(text: str) -> str:
    if not text.strip() or "," in text:
        raise ValueError(f'"{text}" is no category: write each one as a text of its own')
    return text


Category = Annotated[str, AfterValidator(_category)]
"""One category of calendar entries, as staff writes it."""
