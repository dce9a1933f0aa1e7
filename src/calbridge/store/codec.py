"""Records to JSON text and back, and the column type that does so by itself.

The types come from the dataclasses' own annotations; only a view needs a tag, because views share their fields.
A text that does not fit is reported without its content: it may be personal data.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from calbridge.changes import Change, change_of
from calbridge.errors import ConfigError
from calbridge.feeds import AbsenceRecord, AccountRecord, Busy, ClosureRecord, Unreadable, WindowRecord
from calbridge.hub import Command, Foreign
from calbridge.messages import MessageDue
from calbridge.model import Alternative, Appointment, Details
from calbridge.provider import Role
from calbridge.views import CalendarView, PmsView, View, fields_of, view_from

T = TypeVar("T")

REMEMBERED = 20_000
"""Decoded records kept of each kind: more than a clinic has in its horizon, about 20 MB at the most."""


@dataclass(frozen=True, eq=False)
class Codec(Generic[T]):
    """How one type becomes JSON text. `name` is for the error."""

    name: str
    encode: Callable[[T], str]
    decode: Callable[[str], T]

    def read(self, text: str) -> T:
        """`decode`, or one sentence that does not repeat the text."""
        try:
            return self.decode(text)
        except (ValueError, TypeError, KeyError) as error:
            fault = type(error).__name__
        raise ConfigError(
            f"the database holds a record of kind '{self.name}' that this version cannot read ({fault}); "
            "install the version that wrote it, or restore the latest backup"
        )


class Encoded(TypeDecorator[T]):
    """A text column whose Python side is the record itself."""

    impl = Text
    cache_ok = True

    def __init__(self, codec: Codec[T]) -> None:
        super().__init__()
        self.codec = codec

    def process_bind_param(self, value: T | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Record to text; None stays NULL."""
        return None if value is None else self.codec.encode(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> T | None:  # noqa: ARG002 - SQLAlchemy's
        """Text to record; NULL stays None."""
        return None if value is None else self.codec.read(value)


def _frozen(name: str, encode: Callable[[T], str], decode: Callable[[str], T]) -> Codec[T]:
    """A codec of frozen records: equal text gives the same object, because a cycle loads the same rows many times."""
    return Codec(name, encode, lru_cache(maxsize=REMEMBERED)(decode))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Made when it is first needed: most commands meet few of these types, and each takes milliseconds."""
    return TypeAdapter(kind)


def _plain(kind: Any) -> tuple[Callable[[T], str], Callable[[str], T]]:
    return lambda value: _adapter(kind).dump_json(value).decode(), lambda text: _adapter(kind).validate_json(text)


# --- views ----------------------------------------------------------------------------------------


def _role_of(view: View) -> Role:
    if isinstance(view, CalendarView):
        return "calendar"
    return "pms" if isinstance(view, PmsView) else "portal"


def _tagged(view: View | None) -> list[Any] | None:
    return None if view is None else [_role_of(view), fields_of(view)]


def _untagged(pair: list[Any] | None) -> View | None:
    return None if pair is None else view_from(pair[0], pair[1])


# --- foreign records ------------------------------------------------------------------------------

_FOREIGN: dict[str, Any] = {
    kind.__name__: kind for kind in (Busy, WindowRecord, AbsenceRecord, ClosureRecord, Unreadable, AccountRecord)
}


def _foreign_text(record: Foreign) -> str:
    kind = type(record).__name__
    return f'["{kind}",{_adapter(_FOREIGN[kind]).dump_json(record).decode()}]'


def _foreign_from(text: str) -> Foreign:
    """Without reading the JSON twice: there may be ten thousand of these."""
    kind, _, values = text.removeprefix('["').partition('",')
    record: Foreign = _adapter(_FOREIGN[kind]).validate_json(values.removesuffix("]"))
    return record


# --- changes: frozen in the outbox, so that a retry after a restart repeats the same words ----------

_RECORDS: dict[str, Any] = {"details": Details | None, "alternatives": tuple[Alternative, ...]}
"""The fields of a change that are records themselves."""


def _change_text(change: Change) -> str:
    values = {each.name: getattr(change, each.name) for each in fields(change)}
    values["view"] = _tagged(change.view)
    values["previous"] = _tagged(change.previous)
    values |= {
        name: _adapter(_RECORDS[name]).dump_python(values[name], mode="json")
        for name in _RECORDS.keys() & values.keys()
    }
    return json.dumps(values, ensure_ascii=False)


def _change_from(text: str) -> Change:
    values = json.loads(text)
    values["view"] = _untagged(values["view"])
    values["previous"] = _untagged(values["previous"])
    for name in _RECORDS.keys() & values.keys():
        values[name] = _adapter(_RECORDS[name]).validate_python(values[name])
    return change_of(values.pop("view"), **values)


# --- the codecs -----------------------------------------------------------------------------------

APPOINTMENT: Codec[Appointment] = _frozen("appointment", *_plain(Appointment))
FACTS: Codec[dict[str, str]] = Codec("facts", *_plain(dict[str, str]))
MESSAGE: Codec[MessageDue] = _frozen("message", *_plain(MessageDue))
FOREIGN: Codec[Foreign] = Codec("foreign", _foreign_text, _foreign_from)
COMMAND: Codec[Command] = Codec("command", *_plain(Command))
CHANGE: Codec[Change] = _frozen("change", _change_text, _change_from)
VIEW: Codec[View | None] = _frozen(
    "view",
    lambda view: json.dumps(_tagged(view), ensure_ascii=False),
    lambda text: _untagged(json.loads(text)),
)
