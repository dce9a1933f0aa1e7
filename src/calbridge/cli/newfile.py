"""The file that `calbridge init` writes: answers in, commented TOML out. No prompts and no files here."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, get_origin

from pydantic import TypeAdapter, ValidationError

from calbridge.errors import ConfigError
from calbridge.fields import is_secret
from calbridge.settings.values import WEEKDAYS
from calbridge.wall import parse_windows

if TYPE_CHECKING:
    from typing import Self

    from calbridge.provider import NotifierKind, ProviderKind

DAY = re.compile(r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?\s+(?P<windows>[\d:,\s-]+)")


@dataclass(slots=True, kw_only=True)
class Place:
    """One connection. `values` by field, a table's entries by `field.key`. `secrets` are never asked.

    `has_secret`: its password lies in its file already.
    """

    kind: str
    name: str
    fields: dict[str, Any]
    secrets: list[str]
    required: frozenset[str] = frozenset()
    values: dict[str, str] = field(default_factory=dict)
    last_entry: dict[str, str] = field(default_factory=dict)
    allow_private: bool = False
    has_secret: bool = False

    @classmethod
    def of(cls, kind: ProviderKind | NotifierKind, name: str) -> Self:
        """What this kind needs to be told, by its own settings model."""
        models = kind.settings.model_fields.items()
        return cls(
            kind=kind.name,
            name=name,
            fields={key: info for key, info in models if not is_secret(info.annotation)},
            secrets=[key for key, info in models if is_secret(info.annotation)],
            required=frozenset(key for key, info in models if info.is_required()),
        )

    def questions(self, answers: Answers) -> Iterator[tuple[str, str]]:
        """(field, question) for texts, and for tables that must be there one question per resource."""
        for key, info in self.fields.items():
            if get_origin(info.annotation) is dict and info.is_required():
                self.last_entry[key] = f"{key}.{list(answers.resources)[-1]}"
                yield from ((f"{key}.{resource}", f"{key} for {resource}") for resource in answers.resources)
            elif info.is_required() or info.default == "":
                yield key, f"{key} ({info.description})" if info.description else key

    def found(self, key: str) -> bool:
        """Is its table filled already, by what was found at the server?"""
        table, dot, _entry = key.partition(".")
        return bool(dot) and any(name.startswith(f"{table}.") for name in self.values)

    def check(self, key: str, text: str) -> None:
        """ValueError where the plugin would refuse this text for this field; of a table's entries one is enough."""
        info = self.fields.get(key)
        if info is None:
            self._check_entry(key, text)
            return
        if not text and not info.is_required():
            return
        if not text:
            raise ValueError(f"{key} is needed: write it")
        try:
            kind: Any = Annotated[info.annotation, info]
            TypeAdapter(kind).validate_python(text)
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None

    @property
    def simple(self) -> list[str]:
        """The settings that one text can give."""
        return [key for key, info in self.fields.items() if get_origin(info.annotation) is not dict]

    def assigned(self, given: Mapping[str, str]) -> dict[str, str]:
        """What was given for it on the command line, by field; ConfigError for what the plugin would refuse."""
        found = {key.partition(".")[2]: text for key, text in given.items() if key.partition(".")[0] == self.kind}
        for key in found.keys() & self.fields.keys():
            try:
                self.check(key, found[key])
            except ValueError as error:
                raise ConfigError(f"--set {self.kind}.{key}: {error}") from None
        return found

    def _check_entry(self, key: str, text: str) -> None:
        table = key.partition(".")[0]
        given = text or any(value for name, value in self.values.items() if name.startswith(f"{table}."))
        if not given and key == self.last_entry.get(table):
            raise ValueError(f"{table} is needed for one resource at least: write it")

    @property
    def wanted(self) -> list[str]:
        """The secrets to put into files: of the optional ones the first, and only where somebody logs in by name."""
        optional = [key for key in self.secrets if key not in self.required][: 1 if self.values.get("username") else 0]
        return [key for key in self.secrets if key in self.required or key in optional]

    def _secret(self, key: str) -> str:
        line = f'{key} = {{ file = "{self.name}-{key}" }}'
        return line if key in self.wanted else f"# {line}"

    def written(self, key: str, value: str) -> str:
        """As TOML: a number or a truth value bare where the field is no text."""
        info = self.fields.get(key)
        kinds = getattr(info.annotation, "__args__", (info.annotation,)) if info is not None else (str,)
        bare = str not in kinds and (value.isdigit() or value in {"true", "false"})
        return value if bare else quoted(value)

    def lines(self) -> Iterator[str]:
        """Its section."""
        yield f'kind = "{self.kind}"'
        tables: dict[str, list[str]] = {}
        for key, value in self.values.items():
            name, dot, entry = key.partition(".")
            if value and dot:
                tables.setdefault(name, []).append(f"{entry} = {quoted(value)}")
            elif value:
                yield f"{key} = {self.written(key, value)}"
        yield from (f"{name} = {{ {', '.join(entries)} }}" for name, entries in tables.items())
        yield from (self._secret(key) for key in self.secrets)
        private = "" if self.allow_private else "# "
        yield f"{private}allow_private = true   # when the server is in the clinic's own network"
        yield '# first_run = "apply"    # write at once; else the first cycle only plans, until "calbridge apply"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What was asked."""

    name: str
    key: str
    time_zone: str
    region: str
    preset: str
    hours: dict[str, list[str]]
    practitioners: list[str]
    services: list[str]
    email: str = ""
    places: tuple[Place, ...] = ()
    notifiers: tuple[Place, ...] = ()

    @property
    def resources(self) -> dict[str, str]:
        """Key and name of each practitioner: the first name, or all of it where two share that."""
        found: dict[str, str] = {}
        for name in self.practitioners:
            first = slug("".join(name.split()[-2:-1]) or name)
            found[slug(name) if first in found else first] = name
        return found

    def with_places(self, places: list[Place], notifiers: list[Place]) -> Answers:
        """The same, with connections and notifiers."""
        return replace(self, places=tuple(places), notifiers=tuple(notifiers))


def slug(text: str) -> str:
    """A key: small ASCII letters, digits and `-`."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "clinic"


def quoted(text: str) -> str:
    """A TOML basic string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def hours(text: str) -> dict[str, list[str]]:
    """`mon-fri 09:00-12:00,14:00-18:00; sat 09:00-12:00` by weekday."""
    found: dict[str, list[str]] = {}
    for part in filter(None, (each.strip().casefold() for each in text.split(";"))):
        match = DAY.fullmatch(part)
        first = match["first"] if match else ""
        last = (match["last"] or first) if match else ""
        if match is None or first not in WEEKDAYS or last not in WEEKDAYS:
            raise ConfigError(f'opening hours "{part}" are wrong: write them like "mon-fri 09:00-12:00,14:00-18:00"')
        windows = [window.strip() for window in match["windows"].split(",")]
        _read(windows)
        names: list[str] = list(WEEKDAYS)
        for day in names[names.index(first) : names.index(last) + 1]:
            found[day] = windows
    return found


def _read(windows: list[str]) -> None:
    try:
        parse_windows(windows)
    except ValueError as error:
        raise ConfigError(f"opening hours: {error}") from None


def service(text: str) -> tuple[str, int]:
    """`Check-up 30` as a name and minutes."""
    name, _, minutes = text.rpartition(" ")
    if not (name and minutes.isascii() and minutes.isdigit() and int(minutes)):
        raise ConfigError(f'service "{text}" is wrong: write its name and its minutes, like "Check-up 30"')
    return name, int(minutes)


def render(answers: Answers) -> str:
    """The whole file."""
    return "\n".join([*_head(answers), *_resources(answers), *_services(answers), *_others(answers)]) + "\n"


def _head(answers: Answers) -> Iterator[str]:
    days = ", ".join(f"{day} = {json.dumps(windows)}" for day, windows in answers.hours.items())
    yield "# The configuration of calbridge. Every key is explained in docs/reference/configuration.md;"
    yield '# "calbridge config show" prints what it comes to, "calbridge check" tries every connection.'
    yield from ("", "[bridge]", "# One file a secret, named <connection>-<field>, readable by this user only.")
    yield from ('secrets_directory = "secrets"', '# every = "PT1M"   # how often each clinic is read', "")
    yield f"[clinics.{answers.key}]"
    yield f"name = {quoted(answers.name)}"
    yield f"time_zone = {quoted(answers.time_zone)}"
    yield f"region = {quoted(answers.region)}"
    yield f"{'' if answers.email else '# '}email = {quoted(answers.email)}   # sends messages, gets answers and its own"
    yield '# phone = ""         # told to clients who must call'
    yield '# booking_url = ""   # where clients book online; for invitations'
    yield f"preset = {quoted(answers.preset)}" if answers.preset else '# preset = "..."   # a vendor pair\'s rules'
    yield "# Nothing is offered to clients before clinic, resource and service all say online = true."
    yield "online = false"
    yield f"opening_hours = {{ {days} }}"
    yield from ("", f"[clinics.{answers.key}.rules]", '# lead_time = "PT4H"', "# horizon_days = 60")


def _resources(answers: Answers) -> Iterator[str]:
    alike: dict[str, list[str]] = {}
    for day, windows in answers.hours.items():
        alike.setdefault(json.dumps(windows), []).append(day)
    week = ", ".join(f"{{ days = {json.dumps(days)}, windows = {windows} }}" for windows, days in alike.items())
    for key, name in answers.resources.items():
        yield from ("", f"[clinics.{answers.key}.resources.{key}]", f"name = {quoted(name)}", 'kind = "practitioner"')
        yield from ("online = false", "# When clients may book; here the whole opening hours.", f"week = [{week}]")


def _services(answers: Answers) -> Iterator[str]:
    for text in answers.services:
        name, minutes = service(text)
        yield from ("", f"[clinics.{answers.key}.services.{slug(name)}]", f"name = {quoted(name)}")
        yield from (f"minutes = {minutes}", "online = false", f"resources = {json.dumps(list(answers.resources))}")


def _others(answers: Answers) -> Iterator[str]:
    for place in answers.places:
        yield from ("", f"[clinics.{answers.key}.connections.{place.name}]", *place.lines())
    for post in answers.notifiers:
        yield from ("", f"[clinics.{answers.key}.notifiers.{post.name}]", *post.lines())
