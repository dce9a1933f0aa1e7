"""What the commands about plugins print with `--json`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from calbridge.cli.answer import Answer, FindingLine


class PluginLine(Answer):
    """One entry point."""

    name: str
    distribution: str
    version: str
    kinds: list[str]
    notifiers: list[str]
    rules: list[str]
    presets: list[str]
    words: list[str] = Field(description="vendors whose words it brings, each with the language")
    fault: str = Field(description="one sentence, empty when it loaded")


class Plugins(Answer):
    """`plugins list`"""

    plugins: list[PluginLine]


class KindLine(Answer):
    """One kind of system."""

    name: str
    role: str = Field(description="calendar, pms or portal")
    summary: str


class NotifierLine(Answer):
    """One kind of notifier."""

    name: str
    summary: str


class RuleKindLine(Answer):
    """One slot rule."""

    code: str
    summary: str
    words: str = Field(description="the sentence of a refusal, facts in braces")
    settings: list[str] = Field(description="keys of its table in rules.extra")


class WordsLine(Answer):
    """A vendor's words in one language."""

    vendor: str
    language: str
    words: dict[str, str] = Field(description="term of the glossary: the vendor's word")


class PluginShown(Answer):
    """`plugins show`"""

    name: str
    distribution: str
    version: str
    kinds: list[KindLine]
    notifiers: list[NotifierLine]
    rules: list[RuleKindLine]
    presets: dict[str, dict[str, Any]] = Field(description="values for the keys of [rules]")
    words: list[WordsLine]
    fault: str = Field(description="one sentence, empty when it loaded")


class PluginMade(Answer):
    """`plugins new`"""

    path: str = Field(description="the directory that was written")
    files: list[str]
    next: list[str] = Field(description="what to do now")


class PluginTried(Answer):
    """`plugins test`"""

    name: str
    distribution: str
    version: str
    ok: bool
    findings: list[FindingLine]
