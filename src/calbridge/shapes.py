"""Is a record what its type says? A dataclass does not check, and one wrong field would stop a whole clinic's commit.

Texts must be storable (no half characters) and whole numbers must be instants that exist: a plugin's record that
breaks either is refused at the door, by its field's name, never by its content.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from calbridge.interval import Interval

EARLIEST, LATEST = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999, both whole: calendars hold events that end on the last day there is."""

Check = Callable[[object], str]
"""The path of what is wrong: "" nothing, "." the value itself, ".view.start" something in it."""


def wrong_part(record: object) -> str:
    """Which part of a record (a dataclass) is not of its type, as "view.start"; "" when all are."""
    kind: Any = type(record)
    return _of_class(kind)(record).strip(".")


@functools.cache
def _of_class(kind: type) -> Check:
    hints = get_type_hints(kind)
    checks = [(each.name, _check(hints[each.name])) for each in fields(kind)]

    def check(value: object) -> str:
        if type(value) is not kind:
            return "."
        return next((f".{name}{found}" for name, each in checks if (found := each(getattr(value, name)))), "")

    return check


def _check(hint: Any) -> Check:
    origin = get_origin(hint)
    if origin in _COMPOUND:
        return _COMPOUND[origin](get_args(hint))
    if is_dataclass(hint):
        checked: Any = hint
        return _of_class(checked)
    return _SIMPLE.get(hint) or _plain(origin or hint)


def _any_of(hints: tuple[Any, ...]) -> Check:
    """The longest path tells the alternative that was meant."""
    checks = [_check(hint) for hint in hints]

    def check(value: object) -> str:
        found = [each(value) for each in checks]
        return "" if "" in found else max(found, key=len)

    return check


def _each_of(hints: tuple[Any, ...]) -> Check:
    one = _check(hints[0])

    def check(value: object) -> str:
        if not isinstance(value, tuple):
            return "."
        return next((found for each in value if (found := one(each))), "")

    return check


def _plain(kind: type) -> Check:
    return lambda value: "" if isinstance(value, kind) else "."


def _text(value: object) -> bool:
    return isinstance(value, str) and (value.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in value))


def _instant(value: object) -> bool:
    return type(value) is int and EARLIEST <= value <= LATEST


def _span(value: object) -> bool:
    return isinstance(value, Interval) and all(_instant(edge) for edge in value)


_COMPOUND: Mapping[Any, Callable[[tuple[Any, ...]], Check]] = {
    Union: _any_of,
    UnionType: _any_of,
    tuple: _each_of,
    Literal: lambda words: lambda value: "" if value in words else ".",
}
_SIMPLE: Mapping[Any, Check] = {
    str: lambda value: "" if _text(value) else ".",
    int: lambda value: "" if _instant(value) else ".",
    Interval: lambda value: "" if _span(value) else ".",
    NoneType: _plain(NoneType),
}
