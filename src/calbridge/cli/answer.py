"""The base of what each command prints with `--json`, and what any of them prints when it cannot do its work."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """One JSON object."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Errors(Answer):
    """What any command prints when it cannot do its work."""

    errors: list[str] = Field(description="one sentence each")


class FindingLine(Answer):
    """One thing that was looked at."""

    level: Literal["ok", "warning", "error"]
    message: str
    field: str = Field(description="configuration key it is about, or empty")
