"""What one section says about another: names that must exist.

Works on the raw document, so that a fault elsewhere in the clinic hides none of these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from calbridge.settings.faults import Fault
from calbridge.settings.lines import Path
from calbridge.settings.values import nearest

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
NAMED = ("resources", "services", "connections")


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
        yield from _references(("services", key, "resources"), service.get("resources"), resources, "resource")
        groups = service.get("requires")
        for index, group in enumerate(groups if isinstance(groups, list) else ()):
            wanted = group.get("any_of") if isinstance(group, dict) else None
            yield from _references(("services", key, "requires", index), wanted, resources, "resource")


def _exclusions(clinic: dict[str, Any]) -> Iterator[Fault]:
    listed = clinic.get("exclusions")
    for index, exclusion in enumerate(listed if isinstance(listed, list) else ()):
        for kind in ("services", "resources"):
            wanted = exclusion.get(kind) if isinstance(exclusion, dict) else None
            yield from _references(("exclusions", index, kind), wanted, _table(clinic, kind), kind[:-1])


def _system_of_record(clinic: dict[str, Any]) -> Iterator[Fault]:
    named = clinic.get("system_of_record")
    wanted = [named] if isinstance(named, str) and named else []
    yield from _references(("system_of_record",), wanted, _table(clinic, "connections"), "connection")


def _references(path: Path, wanted: Any, known: Iterable[str], noun: str) -> Iterator[Fault]:
    names = list(known)
    for name in wanted if isinstance(wanted, list) else ():
        if isinstance(name, str) and name not in names:
            advice = nearest(name, names) or f"; add a section for it or take the {noun} out"
            yield Fault(path=path, text=f'names the {noun} "{name}", which does not exist{advice}')


def _table(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}
