"""A record that cannot be read: told, without a word of what stands in it, and its time kept.

It never stops the others. Its time is what it says now, where that much can be read, else what it was last seen to
take.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from calbridge.interval import Interval
from calbridge.provider import Record, Unreadable
from calbridge_pms.names import Names
from calbridge_pms.wire import PmsWindow

_ID = re.compile(r"[^\s,;<>@]{1,200}")
"""An id as every system makes them. What does not look like one is somebody's data in the wrong place."""


def known_of(ref: str, known: Mapping[str, str]) -> set[str]:
    """Every ref we hold of one PMS record: its own, and those of the rooms it takes or of the people it keeps away."""
    return {one for one in known if one == ref or one.startswith((f"{ref}@", f"{ref}/"))}


def torn(kind: str, raw: Any, why: str, places: Mapping[str, str], known: Mapping[str, str]) -> list[Record]:
    """The record at each of its `places` (ref to resource); without a time it keeps what is `known` of any of them."""
    fields = fields_of(raw)
    revision, spans = fields.get("revision"), _time_of(fields)
    earlier = sorted(known_of(ref_of(kind, raw), known))
    return [
        Unreadable(
            ref=ref,
            version=str(revision) if isinstance(revision, str | int) else "",
            why=why,
            resource=resource,
            spans=spans,
            keeps=tuple(dict.fromkeys((ref, *earlier))) if _ident(fields) and not spans else (),
            closes=kind == "closure",
        )
        for ref, resource in places.items()
    ]


def taken(kind: str, raw: Any, names: Names, known: Mapping[str, str]) -> dict[str, str]:
    """Whose time it takes: that of the rooms it was known for only, else of the resource it names."""
    ref = ref_of(kind, raw)
    return before(ref, known) or {ref: names.resource_key(str(fields_of(raw).get("resource", "")))}


def before(ref: str, known: Mapping[str, str]) -> dict[str, str]:
    """The parts of a record that each are of one resource, as they were known."""
    return {one: one.partition("@")[2] for one in sorted(known_of(ref, known)) if one.startswith(f"{ref}@")}


def fields_of(raw: Any) -> Mapping[str, Any]:
    """Its fields; none where it is no record at all."""
    return raw if isinstance(raw, dict) else {}


def _ident(fields: Mapping[str, Any]) -> str:
    """Its id, "" where it has none that could be asked for."""
    ident = fields.get("id")
    return ident if isinstance(ident, str) and _ID.fullmatch(ident) else ""


def ref_of(kind: str, raw: Any) -> str:
    """How it is named here."""
    return f"{kind}/{_ident(fields_of(raw)) or 'without-id'}"


def _time_of(fields: Mapping[str, Any]) -> tuple[Interval, ...]:
    try:
        found = PmsWindow.model_validate({"start": fields.get("start"), "end": fields.get("end")})
    except ValidationError:
        return ()
    span = Interval(int(found.start.timestamp()), int(found.end.timestamp()))
    return (span,) if span.start < span.end else ()
