"""What one section says about another: names that must exist, and resources enough for a service.

Works on the raw document, so that a fault elsewhere in the clinic hides none of these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from calbridge.nearest import did_you_mean
from calbridge.settings.faults import Fault
from calbridge.settings.lines import Path

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
NAMED = ("resources", "services", "connections", "notifiers")


def clinic_faults(key: str, clinic: dict[str, Any]) -> list[Fault]:
    """Every broken reference of one clinic."""
    root: Path = ("clinics", key)
    checks: tuple[Callable[[dict[str, Any]], Iterator[Fault]], ...] = (
        _keys,
        _services,
        _exclusions,
        _system_of_record,
    )
    found = [fault for check in checks for fault in check(clinic)]
    return [Fault(path=root + fault.path, text=fault.text) for fault in found]


def key_fault(path: Path) -> Iterator[Fault]:
    """Keys go into addresses and the database."""
    if not KEY.fullmatch(str(path[-1])):
        yield Fault(path=path, text="is not a usable key: use small letters, digits, - and _")


def _keys(clinic: dict[str, Any]) -> Iterator[Fault]:
    for kind in NAMED:
        for key in _table(clinic, kind):
            yield from key_fault((kind, key))


def _services(clinic: dict[str, Any]) -> Iterator[Fault]:
    resources = _table(clinic, "resources")
    for key, service in _table(clinic, "services").items():
        if not isinstance(service, dict):
            continue
        path: Path = ("services", key)
        yield from _references((*path, "resources"), service.get("resources"), resources, "resource")
        groups = [each.get("any_of") if isinstance(each, dict) else None for each in _list(service, "requires")]
        for index, group in enumerate(groups):
            yield from _references((*path, "requires", index, "any_of"), group, resources, "resource")
        yield from _never_met(path, _list(service, "resources"), groups)


def _never_met(path: Path, booked: list[Any], groups: list[Any]) -> Iterator[Fault]:
    """A group with nobody left to choose, whoever is booked and with everybody free (rules.md section 3)."""
    if not booked or not all(isinstance(group, list) and group for group in groups):
        return  # said by the clinic's own model
    lacking = [_group_without_choice(key, groups) for key in booked]
    if None not in lacking:
        index = min(each for each in lacking if each is not None)
        text = "can never be met: whoever it names is taken by the slot already; name another resource or take it out"
        yield Fault(path=(*path, "requires", index), text=text)


def _group_without_choice(booked: Any, groups: list[list[Any]]) -> int | None:
    """The first that cannot be met, however the groups before it are."""
    ways = {frozenset([booked])}
    for index, group in enumerate(groups):
        ways = {used | {key} for used in ways for key in group if key not in used}
        if not ways:
            return index
    return None


def _exclusions(clinic: dict[str, Any]) -> Iterator[Fault]:
    for index, exclusion in enumerate(_list(clinic, "exclusions")):
        for kind in ("services", "resources"):
            wanted = exclusion.get(kind) if isinstance(exclusion, dict) else None
            yield from _references(("exclusions", index, kind), wanted, _table(clinic, kind), kind[:-1])


def _system_of_record(clinic: dict[str, Any]) -> Iterator[Fault]:
    named = clinic.get("system_of_record")
    wanted = [named] if isinstance(named, str) and named else []
    for fault in _references((), wanted, _table(clinic, "connections"), "connection"):
        yield Fault(path=("system_of_record",), text=fault.text)


def _references(path: Path, wanted: Any, known: Iterable[str], noun: str) -> Iterator[Fault]:
    names = list(known)
    for index, name in enumerate(wanted if isinstance(wanted, list) else ()):
        if isinstance(name, str) and name not in names:
            advice = did_you_mean(name, names) or f"; add a section for it or take the {noun} out"
            yield Fault(path=(*path, index), text=f'names the {noun} "{name}", which does not exist{advice}')


def _table(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _list(document: dict[str, Any], key: str) -> list[Any]:
    value = document.get(key)
    return value if isinstance(value, list) else []
