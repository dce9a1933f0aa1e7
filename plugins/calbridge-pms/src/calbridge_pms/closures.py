"""A closure of the practice or of its only site closes the clinic; one of another site those who work there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from calbridge.interval import Interval
from calbridge.provider import ClosureRecord, Record
from calbridge_pms.names import Names
from calbridge_pms.torn import before, fields_of, ref_of, torn
from calbridge_pms.wire import PmsClosure, misfit

Sites = Callable[[], Mapping[str, str]]
"""The PMS's resource id to its location, asked for only where it matters."""


def closure_records(raw: Any, names: Names, known: Mapping[str, str], sites: Sites) -> list[Record]:
    """One record of a closure: a record here for all of the clinic, or for each resource that it keeps away."""
    try:
        found = PmsClosure.model_validate(raw)
    except ValidationError as error:
        return torn("closure", raw, misfit(error), _shut(raw, names, known, sites), known)
    spans = (Interval(int(found.start.timestamp()), int(found.end.timestamp())),)
    places = _affected(f"closure/{found.id}", found.location, names, sites)
    return [ClosureRecord(ref=ref, version=found.revision, spans=spans, resource=key) for ref, key in places.items()]


def _affected(ref: str, location: str | None, names: Names, sites: Sites) -> dict[str, str]:
    """Ref to resource ("": all of the clinic) of a closure of that site; nothing where the site is not the clinic's."""
    if location is None or location == names.location:
        return {ref: ""}
    if names.location:
        return {}
    there = sorted(key for key, ident in names.resources.items() if sites().get(ident) == location)
    return {ref: ""} if len(there) == len(names.resources) else {f"{ref}@{key}": key for key in there}


def _shut(raw: Any, names: Names, known: Mapping[str, str], sites: Sites) -> dict[str, str]:
    """What it closes: the site it names, where that can be read, else what it closed before, else all of the clinic."""
    fields, ref = fields_of(raw), ref_of("closure", raw)
    location = fields.get("location")
    said = "location" in fields and (location is None or isinstance(location, str))
    return _affected(ref, location, names, sites) if said else before(ref, known) or {ref: ""}
