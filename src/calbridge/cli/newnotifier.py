"""A notifier's section of the file that `calbridge init` writes: few questions, the rest as comments to choose from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from calbridge.cli.newfile import Answers, Place, quoted
from calbridge.fields import is_secret

if TYPE_CHECKING:
    from calbridge.provider import NotifierKind

LOGIN = "username"
"""The one optional setting that is asked for: most servers want to know who sends."""


@dataclass(slots=True, kw_only=True)
class Post(Place):
    """One notifier."""

    @classmethod
    def of_notifier(cls, kind: NotifierKind) -> Post:
        """What this kind needs to be told, by its own settings model."""
        models = kind.settings.model_fields.items()
        return cls(
            kind=kind.name,
            name=kind.name,
            fields={key: info for key, info in models if not is_secret(info.annotation)},
            secrets=[key for key, info in models if is_secret(info.annotation)],
            required=frozenset(key for key, info in models if info.is_required()),
        )

    def questions(self, answers: Answers) -> Iterator[tuple[str, str]]:
        """Whatever must be there, and who logs in."""
        del answers
        for key, info in self.fields.items():
            if info.is_required() or key == LOGIN:
                yield key, f"{key} ({info.description})" if info.description else key

    def lines(self) -> Iterator[str]:
        """Its section; what was not asked stands there with what it is without being set."""
        yield f'kind = "{self.kind}"'
        given = {key: value for key, value in self.values.items() if value}
        yield from (f"{key} = {self.written(key, value)}" for key, value in given.items())
        yield from (self._secret(key) for key in self.secrets)
        for key, info in self.fields.items():
            if key not in given and isinstance(info.default, str | bool):
                default = str(info.default).lower() if isinstance(info.default, bool) else quoted(info.default)
                yield f"# {key} = {default}   # {info.description}"
