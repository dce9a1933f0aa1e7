"""A notifier's section of the file that `calbridge init` writes: few questions, the rest as comments to choose from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from calbridge.cli.newfile import Answers, Place, quoted

LOGIN = "username"
"""The one optional setting that is asked for: most servers want to know who sends."""


@dataclass(slots=True, kw_only=True)
class Post(Place):
    """One notifier."""

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
