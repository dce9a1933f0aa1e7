"""The commands as a person calls them, in this process: what several files of this folder share."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner, Result

from calbridge.cli import main
from calbridge.cli.answers import ANSWERS


def call(*words: str, **options: Any) -> Result:
    return CliRunner().invoke(main, list(words), catch_exceptions=False, **options)


def ask(*words: str, code: int = 0) -> Any:
    """The JSON answer of a command, checked against the schema it promises."""
    result = call(*words, "--json")
    assert result.exit_code == code, result.output
    name = next(name for name in (" ".join(words[:2]), words[0]) if name in ANSWERS)
    ANSWERS[name].model_validate_json(result.stdout)
    return json.loads(result.stdout)


def refused(*words: str) -> str:
    """What is said to standard error by a command that cannot do its work."""
    result = call(*words)
    assert result.exit_code == 2, result.output
    return result.stderr
