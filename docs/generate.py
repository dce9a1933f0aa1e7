"""Writes the reference pages that follow from the code; `--check` says which are out of date instead.

Run by `make docs`; tests/meta runs the check, so a page cannot drift from what it describes.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
import tomllib
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from calbridge import errors, facts, hookspecs, lifecycle, messages, provider, rules, views
from calbridge.cli.reference import commands
from calbridge.glossary import TERMS
from calbridge.plugins import load_plugins
from calbridge.settings.sections import ConnectionSection, FileSection, NotifierSection
from calbridge.settings.values import Brief, HoldTime, Lasting, Seconds

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
SIMULTANEOUS = ROOT / "tests" / "core" / "simultaneous.toml"
NOTE = "<!-- Written by docs/generate.py; change the code, then run `make docs`. -->\n"


def pages() -> dict[Path, str]:
    """Every generated file with its text."""
    return {
        REFERENCE / "hooks.md": NOTE + hooks(),
        REFERENCE / "configuration.md": NOTE + configuration(),
        REFERENCE / "commands.md": NOTE + commands(),
        REFERENCE / "life-cycle.md": lifecycle.as_markdown(),
        REFERENCE / "messages.md": messages.as_markdown(),
        REFERENCE / "simultaneous-changes.md": NOTE + simultaneous(),
        REFERENCE / "glossary.md": NOTE + glossary(),
        REFERENCE / "articles.md": NOTE + articles(),
        ROOT / "src" / "calbridge" / "published.toml": published(),
    }


# --- hooks ----------------------------------------------------------------------------------------


def hooks() -> str:
    """The hooks with their exact signatures, and every record that passes through them."""
    parts = ["# Hooks\n", inspect.cleandoc(hookspecs.__doc__ or "") + "\n", HOOKS_INTRODUCTION]
    for spec in (hookspecs.PluginSpec, hookspecs.Registry, hookspecs.ProviderSpec, hookspecs.NotifierSpec):
        parts.append(f"## {inspect.cleandoc(spec.__doc__ or '')}\n")
        members = [each for each in vars(spec).items() if inspect.isfunction(each[1]) and not each[0].startswith("_")]
        parts += [_function(name, member) for name, member in members]
    parts.append("## Records\n")
    parts += [_record(kind) for kind in _records()]
    parts.append("## What a slot rule looks at\n")
    parts += [_record(kind) for kind in (rules.Case, rules.Candidate, facts.Facts)]
    parts.append("## Errors\n\n" + inspect.cleandoc(errors.__doc__ or "") + "\n")
    parts += [f"* `{kind.__name__}`: {_text(kind)}" for kind in _errors()]
    return "\n".join(parts) + "\n"


HOOKS_INTRODUCTION = """A plugin is a module named by an entry point of the group `calbridge`; it implements
`calbridge_register`. For each configured connection the bridge makes one provider object, and one for each notifier;
the methods of that object which bear a hook's name and `@hookimpl` (from `calbridge.hookspecs`) are its hooks.
See [Write a provider](../how-to/write-a-provider.md).
"""


def _function(name: str, member: Any) -> str:
    arguments = [p for p in inspect.signature(member).parameters.values() if p.name != "self"]
    shown = ", ".join(_argument(p) for p in arguments)
    returns = inspect.signature(member).return_annotation
    return f"### `{name}({shown}) -> {returns}`\n\n{_text(member)}\n"


def _argument(parameter: inspect.Parameter) -> str:
    default = "" if parameter.default is inspect.Parameter.empty else f" = {parameter.default!r}"
    return f"{parameter.name}: {parameter.annotation}{default}"


def _records() -> Iterator[type]:
    for name in provider.__all__:
        kind = getattr(provider, name)
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            yield kind
    yield from (views.CalendarView, views.PmsView, views.PortalView)


def _record(kind: type) -> str:
    rows = [f"| `{f.name}` | `{f.type}` | {_default(f)} |" for f in dataclasses.fields(kind)]
    table = "\n".join(["| field | type | default |", "|---|---|---|", *rows]) if rows else ""
    return f"### `{kind.__name__}`\n\n{_text(kind)}\n\n{table}\n"


def _default(field: dataclasses.Field[Any]) -> str:
    if isinstance(field.default, frozenset):
        return f"`{{{', '.join(sorted(map(str, field.default)))}}}`"
    if field.default is not dataclasses.MISSING:
        return f"`{getattr(field.default, '__name__', repr(field.default))}`"
    return "" if field.default_factory is dataclasses.MISSING else "empty"


def _errors() -> Iterable[type]:
    kinds = (kind for kind in vars(errors).values() if isinstance(kind, type))
    return (kind for kind in kinds if issubclass(kind, errors.BridgeError))


def _text(thing: Any) -> str:
    return inspect.cleandoc(thing.__doc__ or "")


# --- configuration --------------------------------------------------------------------------------


def configuration() -> str:
    """Every section and key of the file, the plugins' included."""
    parts = ["# Configuration\n", CONFIGURATION_INTRODUCTION]
    parts += [_section(model, path) for model, path in _sections(FileSection, "")]
    parts.append("## Connections\n\nThe bridge's own keys of every connection; the rest belongs to its plugin.\n")
    parts.append(_keys(ConnectionSection))
    for name, kind in sorted(load_plugins().kinds.items()):
        parts.append(f'### `kind = "{name}"`\n\n{kind.summary or _text(kind.settings)}\n\n{_keys(kind.settings)}')
    parts.append("## Notifiers\n\nThe bridge's own key of every notifier; the rest belongs to its plugin.\n")
    parts.append(_keys(NotifierSection))
    for name, notifier in sorted(load_plugins().notifiers.items()):
        summary = notifier.summary or _text(notifier.settings)
        parts.append(f'### `kind = "{name}"` of a notifier\n\n{summary}\n\n{_keys(notifier.settings)}')
    parts.append(EXTRA_INTRODUCTION)
    for code, rule in sorted(load_plugins().rules.items()):
        keys = _keys(rule.settings) if rule.settings else "It has no settings: `true` turns it on.\n"
        parts.append(f"### `{code}`\n\nWith {rule.source}. {rule.summary}\n\n{keys}")
    return "\n".join(parts) + "\n"


EXTRA_INTRODUCTION = """## Rules of plugins

A clinic turns one on in `clinics.<key>.rules.extra` by its code: with `true`, or with a table of its settings. `false`
turns off what the preset turned on; `true` keeps the preset's settings, a table changes only the keys it names.
See [Add a slot rule](../how-to/add-a-slot-rule.md).
"""

CONFIGURATION_INTRODUCTION = """One TOML file. Every key can be overridden by an environment variable: `CALBRIDGE_`,
then the path in capitals joined by two underscores. Unknown keys are errors. Secrets are given by reference and never
required in the file: `{ file = "..." }`, `{ env = "..." }` or `{ command = "..." }`.
Durations are ISO 8601 (`"PT4H"`), windows are
wall-clock text (`"09:00-12:00"`, `24:00` is a legal end), dates are TOML dates.
"""


def _sections(model: type[BaseModel], path: str) -> Iterator[tuple[type[BaseModel], str]]:
    if path:
        yield model, path
    for name, field in model.model_fields.items():
        key = field.alias or name
        inner, shape = _inner(field.annotation)
        if inner is not None:
            yield from _sections(inner, f"{path}.{key}{shape}".lstrip("."))


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    if origin is dict and isinstance(arguments[1], type) and issubclass(arguments[1], BaseModel):
        return arguments[1], ".<key>"
    if origin is list and isinstance(arguments[0], type) and issubclass(arguments[0], BaseModel):
        return arguments[0], "[]"
    return None, ""


def _section(model: type[BaseModel], path: str) -> str:
    return f"## `{path}`\n\n{_text(model)}\n\n{_keys(model)}"


def _keys(model: type[BaseModel]) -> str:
    rows = ["| key | default | meaning |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        if _inner(field.annotation)[0] is None:
            default = "required" if field.is_required() else _shown(_as_written(field))
            meaning = "; ".join(filter(None, (field.description, _choices(field.annotation))))
            rows.append(f"| `{field.alias or name}` | {default} | {meaning} |")
    return "\n".join(rows) + "\n"


def _as_written(field: FieldInfo) -> Any:
    """The default as a person writes it: a duration is held in seconds, but written in ISO 8601."""
    value = field.get_default(call_default_factory=True)
    durations = {
        validator.func for kind in (Seconds, HoldTime, Brief, Lasting) for validator in typing.get_args(kind)[1:]
    }
    if isinstance(value, int) and any(getattr(each, "func", None) in durations for each in field.metadata):
        hours, rest = divmod(value, 3600)
        minutes, seconds = divmod(rest, 60)
        parts = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes) + f"{seconds}S" * bool(seconds)
        return f"PT{parts or '0S'}"
    return value


def _choices(annotation: Any) -> str:
    """The words a key takes, from its Literal; a list's or table's words are those of what is in it."""
    literals = [each for each in _leaves(annotation) if typing.get_origin(each) is typing.Literal]
    words = [word for each in literals for word in typing.get_args(each) if word != ""]
    return f"one of {', '.join(f'`{json.dumps(word)}`' for word in words)}" if words else ""


def _leaves(annotation: Any) -> Iterator[Any]:
    if typing.get_origin(annotation) in (None, typing.Literal):
        yield annotation
        return
    for argument in typing.get_args(annotation):
        yield from _leaves(argument)


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "none"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


# --- glossary -------------------------------------------------------------------------------------


def glossary() -> str:
    """calbridge's terms beside the standards', then beside each vendor's own words."""
    standards = [(_spoken(t.name), t.meaning, t.fhir, t.icalendar) for t in TERMS]
    vendors = load_plugins().brought.words
    columns = [f"{each.vendor} ({each.language})" for each in vendors]
    used = [t.name for t in TERMS if any(t.name in each.words for each in vendors)]
    words = [(_spoken(name), *(each.words.get(name, "") for each in vendors)) for name in used]
    return "\n".join(
        [
            GLOSSARY_INTRODUCTION,
            _table(("calbridge", "meaning", "FHIR R4", "iCalendar"), standards),
            "## What vendors say\n\nFrom this repository's plugins; `calbridge plugins show NAME` has any other's.\n",
            _table(("calbridge", *columns), words),
        ]
    )


GLOSSARY_INTRODUCTION = """# Glossary

The words of this field, one for each thing. Configuration, commands, code and these pages use them and no others.
"""


# --- the vendors' articles ------------------------------------------------------------------------


def articles() -> str:
    """Each sentence of the five articles, with the tests that show it."""
    told = tomllib.loads((REFERENCE / "articles.toml").read_text(encoding="utf-8"))["article"]
    return "\n".join([ARTICLES_INTRODUCTION, *map(_article, told)])


ARTICLES_INTRODUCTION = """# What five vendors' articles say, and the tests that show it

From `articles.toml`. A sentence that states a behaviour names tests; a run of the whole suite fails when one of them
did not pass. Sentences about a vendor's own screen, and what is still missing, say so.
"""


def _article(article: dict[str, Any]) -> str:
    rows = ((str(each["n"]), each["says"], _shown_by(each)) for each in article["sentence"])
    return f"## {article['key']}: {article['title']}\n\n{_table(('', 'sentence', 'shown by'), rows)}"


def _shown_by(sentence: dict[str, Any]) -> str:
    if "screen" in sentence:
        return f"No bridge's business: {sentence['screen']}"
    if "not_yet" in sentence:
        return f"Not yet: {sentence['not_yet']}"
    return "<br>".join(f"`{name}`" for name in sentence["tests"])


# --- what is published ----------------------------------------------------------------------------


def published() -> str:
    """Which distribution of this repository brings which kind, preset and rule."""
    here = {
        tomllib.loads(path.read_text(encoding="utf-8"))["project"]["name"] for path in ROOT.glob("*/*/pyproject.toml")
    }
    found = [plugin for plugin in load_plugins().found if plugin.distribution in here]
    parts = [
        "# Written by docs/generate.py from what the distributions of this repository register; run `make docs`.\n"
    ]
    for noun in ("kinds", "notifiers", "presets", "rules"):
        names = {name: plugin.distribution for plugin in found for name in getattr(plugin.brought, noun)}
        lines = [f'{name} = "{distribution}"\n' for name, distribution in sorted(names.items())]
        parts.append("".join([f"[{noun}]\n", *lines]))
    return "\n".join(parts)


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(columns), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


# --- simultaneous changes -------------------------------------------------------------------------


def simultaneous() -> str:
    """The tables that the tests of simultaneous changes play, cell by cell."""
    tables = tomllib.loads(SIMULTANEOUS.read_text(encoding="utf-8"))
    parts = ["# When the clinic and its client change one booking at once\n", SIMULTANEOUS_INTRODUCTION]
    for state, table in tables.items():
        columns = [f"client {does}" if does != "nothing" else "client does nothing" for does in table["client"]]
        rows = [f"| {clinic} | {' | '.join(map(_cell, cells))} |" for clinic, cells in table["cells"].items()]
        head = f"| clinic | {' | '.join(columns)} |\n|---{'|---' * len(columns)}|"
        parts.append(f"## A booking that is {state}\n\n{head}\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


SIMULTANEOUS_INTRODUCTION = """Both sides change the same booking between two looks of the bridge. Rows are what the
clinic does: in its calendar, in its PMS (both lead to the same) or by command; columns are what the client does in the
portal. A cell says in what state the booking is afterwards, whose time it has where somebody's change of it stands, and
in italics what the portal is told, which journal codes explain it, which message its client gets where the portal sends
none itself, and what a person is asked. `tests/core/simultaneous.toml` holds the cells. Each is played in each way: by
the core alone, and by the whole engine with its store and all three sides, which are read back. A clinic may change who
wins in `[clinics.<c>.rules.authority]`; these are the defaults.

| word | meaning |
|---|---|
| *told: time* | the portal is given the time that stands; for a client whose move does not stand, with the reason |
| *told: confirmed*, *cancelled*, ... | the portal is given the state |
| *message: moved*, ... | what its client gets, once; also of what she did herself |
| *task: overbooked*, ... | the kind of the task that is opened |
| `overruled` | an edit did not count and was written back to the side it came from |
| `refused` | the life cycle has no such step from this state; nothing was changed |
| `restored` | a patient who is here cannot be deleted from a calendar: the event was made again |
| `patient_open` | it is linked to that client, and a person is asked which animal of hers it is |
| `late_confirmation`, `slot_refused` | the reservation had ended when its client confirmed it |
"""


_LABELS = {"told": "told", "because": "", "hears": "message", "asks": "task"}


def _cell(text: str) -> str:
    """`<state> <time>`, then parts that each begin with their word."""
    state, time, *words = text.split()
    whose = {"clinic": ", the clinic's time", "client": ", the client's time"}.get(time, "")
    parts: dict[str, list[str]] = {}
    for word in words:
        if word in _LABELS:
            part = parts[word] = []
        else:
            part.append(word)
    notes = [_note(_LABELS[name], found) for name, found in parts.items()]
    return f"{state.replace('_', ' ')}{whose}" + (f" *({'; '.join(notes)})*" if notes else "")


def _note(label: str, found: list[str]) -> str:
    return f"{label}: {', '.join(found)}" if label else "; ".join(found)


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare; 1 when a page is out of date."""
    stale = []
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    if "--check" in arguments and stale:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run `make docs`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
