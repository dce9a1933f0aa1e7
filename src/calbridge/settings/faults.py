"""One sentence for one fault: file and line, clinic, connection, field, what is wrong, what to do.

Values are not repeated unless they are names: a wrong value may be a password in the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from calbridge.nearest import did_you_mean
from calbridge.settings.lines import Path, Place, place_for

OTHERWISE = {
    "uneven": "odd",
    "ungerade": "odd",
    "gerade": "even",
    "pariton": "odd",
    "parillinen": "even",
    "mo": "mon",
    "di": "tue",
    "mi": "wed",
    "do": "thu",
    "fr": "fri",
    "sa": "sat",
    "so": "sun",
    "ma": "mon",
    "ti": "tue",
    "ke": "wed",
    "to": "thu",
    "pe": "fri",
    "la": "sat",
    "su": "sun",
}
"""What the nearest word would not be: "uneven" is not "even", and clinics write weekdays in German and in Finnish."""
KEYS = {"von": "from", "start": "from", "bis": "until", "to": "until", "till": "until", "end": "until"}
"""The same for keys."""
_PLACES = {
    "clinics": "clinic",
    "connections": "connection",
    "services": "service",
    "resources": "resource",
    "notifiers": "notifier",
}

_SENTENCES = {
    "missing": "is missing: add it",
    "string_type": "must be text in quotes",
    "string_too_short": "must have at least {min_length} characters",
    "bool_type": "must be true or false, without quotes",
    "bool_parsing": "must be true or false, without quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "list_type": "must be a list in [ ]",
    "tuple_type": "must be a list in [ ]",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "literal_error": "must be one of {expected}",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "too_short": "must have at least {min_length} entries",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`path` of the key in the document, and what is wrong with it; `meant` is the key it is taken for."""

    path: Path
    text: str
    meant: str = ""


def sentence(fault: Fault, source: str, places: Mapping[Path, Place]) -> str:
    """The whole sentence."""
    line = place_for(places, fault.path).line
    where = f"{source}, line {line}" if line else source
    return f"{where}: {_subject(fault.path)} {fault.text}"


def faults_of(
    error: ValidationError, model: type[BaseModel], document: Any, root: Path, *, also: Iterable[str] = ()
) -> list[Fault]:
    """The faults that pydantic found in `document`, which stands at `root`; `also` are further keys it may have."""
    errors = error.errors(include_url=False, include_input=False)
    errors.sort(key=lambda each: each["type"].endswith("_type"))  # of a union's branches, the one that came further
    found = [_fault(each, model, document, also) for each in errors]
    deeper = {fault.path[:length] for fault in found for length in range(len(fault.path))}
    misspelt = {(*fault.path[:-1], fault.meant) for fault in found if fault.meant}
    firsts: dict[Path, Fault] = {}
    for fault in found:
        if fault.path not in deeper | misspelt:
            firsts.setdefault(fault.path, fault)
    return [replace(fault, path=root + path) for path, fault in firsts.items()]


def read_by_plugin(
    model: type[BaseModel],
    document: Any,
    root: Path,
    faults: list[Fault],
    *,
    also: Iterable[str] = (),
    context: Any = None,
) -> BaseModel | None:
    """What a plugin's own model makes of `document`, or None with the faults noted.

    Its validators are foreign code and may raise anything: of that only the type is told.
    """
    try:
        return model.model_validate(document, context=context)
    except ValidationError as error:
        faults += faults_of(error, model, document, root, also=also)
    except Exception as error:  # noqa: BLE001  # as above
        text = f"cannot be read by its plugin ({type(error).__name__}): update the plugin or tell its maker"
        faults.append(Fault(path=root, text=text))
    return None


def unknown_key(path: Path, known: Iterable[str], below: Iterable[str] = ()) -> Fault:
    """A key that no section has. `below` are keys of the sections in this one, dotted."""
    key = str(path[-1])
    belongs = next((f'; did you mean "{name}"?' for name in below if name.endswith(f".{key}")), "")
    advice = belongs or did_you_mean(KEYS.get(key.casefold(), key), known)
    return Fault(path=path, text=f"is not a setting{advice or '; remove it'}", meant=_quoted(advice))


def _fault(error: ErrorDetails, model: type[BaseModel], document: Any, also: Iterable[str]) -> Fault:
    missing = error["type"] == "missing"
    path = tuple(_existing(error["loc"], document)) + ((error["loc"][-1],) if missing else ())
    if error["type"] == "extra_forbidden":
        further = also if len(path) == 1 else ()
        section = _section_at(model, error["loc"])
        return unknown_key(path, [*_names(section), *further], _names_below(section))
    return Fault(path=path, text=_text(error) + _meant(error, path, document))


def _meant(error: ErrorDetails, path: Path, document: Any) -> str:
    """The word that is nearest to what was written, where only some words are allowed."""
    if error["type"] != "literal_error":
        return ""
    for part in path:
        document = document[part]
    given = str(path[-1] if error["loc"][-1] == "[key]" else document)
    given = given.casefold()
    return did_you_mean(OTHERWISE.get(given, given), re.findall(r"'([^']*)'", error["ctx"]["expected"]))


def _quoted(advice: str) -> str:
    return advice.partition('"')[2].partition('"')[0]


def _text(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return f"is wrong: {str(context['error']).rstrip('.')}"
    if context.get("min_length") == 1:
        return "must not be empty"
    known = _SENTENCES.get(error["type"])
    return known.format(**context) if known else f"is wrong ({error['type'].replace('_', ' ')})"


def _existing(loc: Path, document: Any) -> Iterator[str | int]:
    """The parts of pydantic's place that are keys of the document; the others name the branch of a union."""
    for part in loc:
        known = range(len(document)) if isinstance(document, list) else document
        if isinstance(document, list | dict) and part in known:
            document = document[part]  # type: ignore[index]  # an index of a list, a key of a table
            yield part


def _section_at(model: type[BaseModel], loc: Path) -> type[BaseModel]:
    for part in loc[:-1]:
        fields = {info.alias or name: info for name, info in model.model_fields.items()}
        if part in fields:
            model = _model_in(fields[str(part)].annotation) or model
    return model


def _names(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]


def _names_below(model: type[BaseModel]) -> list[str]:
    tables = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
    inner = {name: kind for name, kind in tables.items() if isinstance(kind, type) and issubclass(kind, BaseModel)}
    return [f"{name}.{key}" for name, kind in inner.items() for key in _names(kind)]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _subject(path: Path) -> str:
    """`clinic hafen, connection portal: url`; entries of lists are counted from 1."""
    places, rest = [], list(path)
    while len(rest) > 1 and rest[0] in _PLACES and isinstance(rest[1], str):
        places.append(f"{_PLACES[str(rest[0])]} {rest[1]}")
        rest = rest[2:]
    field = "".join(f" entry {part + 1}," if isinstance(part, int) else f" {part}" for part in rest)
    return ": ".join(part for part in (", ".join(places), field.strip().rstrip(",")) if part)
