"""What a plugin registers, checked one by one: a wrong registration is refused with a sentence, never half taken."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, get_args

from pydantic import BaseModel

from calbridge.glossary import TERMS, Vocabulary
from calbridge.model import Reach
from calbridge.nearest import did_you_mean
from calbridge.provider import NotifierKind, ProviderKind
from calbridge.rules import RULES, Answer, Case

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
CODE = re.compile(r"[a-z][a-z0-9_]{0,62}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class RegistrationError(Exception):
    """What a plugin registers, or how, is against the contract. The text is ours, never the plugin's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKind:
    """A slot rule that clinics may turn on; `settings` is None where it has none. `source` is the plugin it is from."""

    code: str
    answer: Callable[[Case, Any], Answer]
    words: str
    settings: type[BaseModel] | None = None
    reach: Reach = "clinic"
    source: str = ""

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.answer) or "").partition("\n")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What plugins bring, by name."""

    kinds: Mapping[str, ProviderKind] = field(default_factory=dict)
    notifiers: Mapping[str, NotifierKind] = field(default_factory=dict)
    rules: Mapping[str, RuleKind] = field(default_factory=dict)
    presets: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    words: tuple[Vocabulary, ...] = ()

    def __or__(self, other: Brought) -> Brought:
        """Both; no name is in both, for `Registration` refuses one that is taken."""
        return Brought(
            kinds={**self.kinds, **other.kinds},
            notifiers={**self.notifiers, **other.notifiers},
            rules={**self.rules, **other.rules},
            presets={**self.presets, **other.presets},
            words=(*self.words, *other.words),
        )


class Registration:
    """The `Registry` that one plugin is given; nothing of it counts before the plugin's hook returned."""

    def __init__(self, taken: Brought, source: str) -> None:
        self._taken = taken
        self._source = source
        self._rules: dict[str, RuleKind] = {}
        self._kinds: dict[str, ProviderKind] = {}
        self._notifiers: dict[str, NotifierKind] = {}
        self._presets: dict[str, Mapping[str, object]] = {}
        self._words: list[Vocabulary] = []

    @property
    def brought(self) -> Brought:
        """Everything that was registered."""
        return Brought(
            kinds=self._kinds,
            notifiers=self._notifiers,
            rules=self._rules,
            presets=self._presets,
            words=tuple(self._words),
        )

    def provider(self, kind: ProviderKind) -> None:
        """Add `kind = "<name>"` for connections."""
        if not isinstance(kind, ProviderKind) or not kind.name:
            raise RegistrationError("it registers something that is not a ProviderKind with a name")
        _refuse_taken("kind", kind.name, self._kinds, self._taken.kinds)
        _refuse_loose(f'kind "{kind.name}"', kind.settings)
        self._kinds[kind.name] = kind

    def notifier(self, kind: NotifierKind) -> None:
        """Add `kind = "<name>"` for notifiers."""
        if not isinstance(kind, NotifierKind) or not kind.name:
            raise RegistrationError("it registers something that is not a NotifierKind with a name")
        _refuse_taken("notifier", kind.name, self._notifiers, self._taken.notifiers)
        _refuse_loose(f'notifier "{kind.name}"', kind.settings)
        self._notifiers[kind.name] = kind

    def rule(
        self,
        code: str,
        answer: Callable[[Case, Any], Answer],
        *,
        words: str,
        settings: type[BaseModel] | None = None,
        reach: Reach = "clinic",
    ) -> None:
        """Add a slot rule that a clinic turns on in `rules.extra`."""
        if not (isinstance(code, str) and CODE.fullmatch(code)):
            raise RegistrationError("it registers a rule whose code is not made of small letters, digits and _")
        _refuse_taken("rule", code, self._rules, self._taken.rules, [rule.code for rule in RULES])
        _refuse_no_rule(code, answer)
        _refuse_odd_words(code, words)
        if settings is not None:
            _refuse_loose(f'rule "{code}"', settings)
        if reach not in get_args(Reach):
            raise RegistrationError(f'the reach of rule "{code}" is not one of {", ".join(get_args(Reach))}')
        kind = RuleKind(code=code, answer=answer, words=words, settings=settings, reach=reach, source=self._source)
        self._rules[code] = kind

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


def _refuse_no_rule(code: str, answer: Any) -> None:
    """Its name must lead back to it: the portal is told anew when a clinic's rules change, and knows them by name."""
    if not inspect.isfunction(answer) or "<" in answer.__qualname__:
        raise RegistrationError(
            f'rule "{code}" is not a plain function of a module, but a lambda, an inner one or an object'
        )
    if inspect.iscoroutinefunction(answer) or inspect.isgeneratorfunction(answer) or inspect.isasyncgenfunction(answer):
        raise RegistrationError(f'rule "{code}" is asynchronous or a generator; a rule is a plain function')
    try:
        inspect.signature(answer).bind(None, None)
    except TypeError:
        raise RegistrationError(f'rule "{code}" does not take a case and its options') from None


def _refuse_odd_words(code: str, words: Any) -> None:
    """Facts are put into the sentence by their plain names."""
    try:
        parts = [part[1:] for part in Formatter().parse(words) if part[1] is not None] if _text(words) else [("",)]
    except ValueError:
        parts = [("",)]
    if not all(str(part[0]).isidentifier() and not any(part[1:]) for part in parts):
        raise RegistrationError(f'the words of rule "{code}" are not one sentence with facts in it like {{minutes}}')


def _refuse_unknown_terms(vendor: str, words: Iterable[str]) -> None:
    known = [term.name for term in TERMS]
    for name in words:
        if name not in known:
            text = f'the words of "{vendor}" translate "{name}", which is no term of the glossary'
            raise RegistrationError(f"{text}{did_you_mean(name, known)}")
