"""One sentence for one fault: file and line, clinic, connection, field, what is wrong, what to do.

Values are not repeated unless they are names: a wrong value may be a password in the wrong place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from calbridge.settings.lines import Path, line_for
from calbridge.settings.values import nearest

_PLACES = {"clinics": "clinic", "connections": "connection", "services": "service", "resources": "resource"}

_SENTENCES = {
    "missing": "is missing: add it",
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
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
    """`path` of the key in the document, and what is wrong with it."""

    path: Path
    text: str


def sentence(fault: Fault, source: str, lines: Mapping[Path, int]) -> str:
    """The whole sentence."""
    line = line_for(lines, fault.path)
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
    leaves = [fault for fault in found if fault.path not in deeper]
    firsts = {fault.path: fault for fault in reversed(leaves)}
    return [Fault(path=root + path, text=fault.text) for path, fault in firsts.items()]


def unknown_key(path: Path, known: Iterable[str]) -> Fault:
    """A key that no section has."""
    return Fault(path=path, text=f"is not a setting{nearest(str(path[-1]), known) or '; remove it'}")


def _fault(error: ErrorDetails, model: type[BaseModel], document: Any, also: Iterable[str]) -> Fault:
    missing = error["type"] == "missing"
    path = tuple(_existing(error["loc"], document)) + ((error["loc"][-1],) if missing else ())
    if error["type"] == "extra_forbidden":
        further = also if len(path) == 1 else ()
        return unknown_key(path, [*_names_at(model, error["loc"]), *further])
    return Fault(path=path, text=_text(error))


def _text(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return f"is wrong: {str(context['error']).rstrip('.')}"
    known = _SENTENCES.get(error["type"])
    return known.format(**context) if known else f"is wrong ({error['type'].replace('_', ' ')})"


def _existing(loc: Path, document: Any) -> Iterator[str | int]:
    """The parts of pydantic's place that are keys of the document; the others name the branch of a union."""
    for part in loc:
        known = range(len(document)) if isinstance(document, list) else document
        if isinstance(document, list | dict) and part in known:
            document = document[part]  # type: ignore[index]  # an index of a list, a key of a table
            yield part


def _names_at(model: type[BaseModel], loc: Path) -> list[str]:
    for part in loc[:-1]:
        fields = {info.alias or name: info for name, info in model.model_fields.items()}
        if part in fields:
            model = _model_in(fields[str(part)].annotation) or model
    return [info.alias or name for name, info in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _subject(path: Path) -> str:
    """`clinic hafen, connection portal: url`; entries of lists are counted from 1."""
    places, rest = [], list(path)
    while len(rest) > 1 and rest[0] in _PLACES:
        places.append(f"{_PLACES[str(rest[0])]} {rest[1]}")
        rest = rest[2:]
    field = "".join(f" entry {part + 1}," if isinstance(part, int) else f" {part}" for part in rest)
    return ": ".join(part for part in (", ".join(places), field.strip().rstrip(",")) if part)
