"""What a plugin registers, checked one by one: a wrong registration is refused with a sentence, never half taken."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from calbridge.glossary import TERMS, Vocabulary
from calbridge.provider import ProviderKind

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class RegistrationError(Exception):
    """What a plugin registers, or how, is against the contract. The text is ours, never the plugin's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What plugins bring, by name."""

    kinds: Mapping[str, ProviderKind] = field(default_factory=dict)
    presets: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    words: tuple[Vocabulary, ...] = ()

    def __or__(self, other: Brought) -> Brought:
        """Both; no name is in both, for `Registration` refuses one that is taken."""
        return Brought(
            kinds={**self.kinds, **other.kinds},
            presets={**self.presets, **other.presets},
            words=(*self.words, *other.words),
        )


class Registration:
    """The `Registry` that one plugin is given; nothing of it counts before the plugin's hook returned."""

    def __init__(self, taken: Brought) -> None:
        self._taken = taken
        self._kinds: dict[str, ProviderKind] = {}
        self._presets: dict[str, Mapping[str, object]] = {}
        self._words: list[Vocabulary] = []

    @property
    def brought(self) -> Brought:
        """Everything that was registered."""
        return Brought(kinds=self._kinds, presets=self._presets, words=tuple(self._words))

    def provider(self, kind: ProviderKind) -> None:
        """Add `kind = "<name>"` for connections."""
        if not isinstance(kind, ProviderKind) or not kind.name:
            raise RegistrationError("it registers something that is not a ProviderKind with a name")
        _refuse_taken("kind", kind.name, self._kinds, self._taken.kinds)
        _refuse_loose(f'kind "{kind.name}"', kind.settings)
        self._kinds[kind.name] = kind

    def preset(self, name: str, rules: Mapping[str, object]) -> None:
        """Add `preset = "<name>"`."""
        _refuse_odd_name("preset", name)
        _refuse_taken("preset", name, self._presets, self._taken.presets)
        if not isinstance(rules, Mapping) or not all(isinstance(key, str) for key in rules):
            raise RegistrationError(f'the rules of preset "{name}" are not a table of names and values')
        self._presets[name] = dict(rules)

    def words(self, vendor: str, language: str, words: Mapping[str, str]) -> None:
        """Add a vendor's words for the terms of the glossary."""
        if not _text(vendor):
            raise RegistrationError("it registers words of a vendor without a name")
        if not (isinstance(language, str) and LANGUAGE.fullmatch(language)):
            raise RegistrationError(f'the words of "{vendor}" name a language that is none: write a code such as "de"')
        if any((each.vendor, each.language) == (vendor, language) for each in (*self._words, *self._taken.words)):
            raise RegistrationError(f'words of "{vendor}" in "{language}" are already registered')
        if not isinstance(words, Mapping) or not all(_text(word) for pair in words.items() for word in pair):
            raise RegistrationError(f'the words of "{vendor}" are not a table of terms and texts')
        _refuse_unknown_terms(vendor, words)
        self._words.append(Vocabulary(vendor=vendor, language=language, words=dict(words)))


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """`, did you mean x?`, or nothing when none is near."""
    near = difflib.get_close_matches(wrong, list(known), n=1)
    return f", did you mean {near[0]}?" if near else ""


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _refuse_odd_name(noun: str, name: Any) -> None:
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        raise RegistrationError(f"it registers a {noun} whose name is not made of small letters, digits, - and _")


def _refuse_taken(noun: str, name: str, *registered: Iterable[str]) -> None:
    if any(name in names for names in registered):
        raise RegistrationError(f'{noun} "{name}" is already registered')


def _refuse_loose(owner: str, settings: Any) -> None:
    """A misspelt key must be an error in every section of a configuration."""
    if not (inspect.isclass(settings) and issubclass(settings, BaseModel)):
        raise RegistrationError(f"the settings of {owner} are not a pydantic model")
    if settings.model_config.get("extra") != "forbid":
        raise RegistrationError(f'the settings of {owner} do not say extra="forbid"')


def _refuse_unknown_terms(vendor: str, words: Iterable[str]) -> None:
    known = [term.name for term in TERMS]
    for name in words:
        if name not in known:
            text = f'the words of "{vendor}" translate "{name}", which is no term of the glossary'
            raise RegistrationError(f"{text}{did_you_mean(name, known)}")
