"""What a server says of one calendar: its name, what it takes, what the account may do there, what it can report."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from calbridge_caldav import multistatus as ms
from calbridge_caldav.hrefs import path_of

PROPERTIES = (
    "D:displayname",
    "D:resourcetype",
    "C:supported-calendar-component-set",
    "D:current-user-privilege-set",
    "D:supported-report-set",
    "D:sync-token",
    "S:getctag",
)
_WRITES = frozenset({"write", "write-content", "bind", "all"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One collection. None: the server does not say.

    `components` are what it takes (VEVENT, VTODO); `writable`: may the account change entries there; `reports` are the
    names of the reports it answers.
    """

    path: str
    name: str = ""
    calendar: bool = False
    components: frozenset[str] | None = None
    writable: bool | None = None
    reports: frozenset[str] | None = None
    token: bool = False
    ctag: bool = False

    @property
    def holds_events(self) -> bool:
        """Is it a calendar of events, as far as it says?"""
        return self.calendar and (self.components is None or "VEVENT" in self.components)

    def title(self) -> str:
        """Its name for people, or its path."""
        return self.name or self.path


def described(part: ms.Part) -> Described:
    """One response of a PROPFIND for `PROPERTIES`."""
    return Described(
        path=path_of(part.href).rstrip("/") + "/",
        name=" ".join(part.text(f"{ms.DAV}displayname").split())[:200],
        calendar=part.has(f"{ms.DAV}resourcetype", f"{ms.CAL}calendar"),
        components=_components(part),
        writable=_writable(part),
        reports=_reports(part),
        token=bool(part.text(f"{ms.DAV}sync-token")),
        ctag=bool(part.text(ms.CTAG)),
    )


def _components(part: ms.Part) -> frozenset[str] | None:
    found = part.props.get(f"{ms.CAL}supported-calendar-component-set")
    if found is None:
        return None
    return frozenset(str(each.get("name", "")).upper() for each in found.iterfind(f"{ms.CAL}comp")) or None


def _writable(part: ms.Part) -> bool | None:
    names = _names(part, f"{ms.DAV}current-user-privilege-set", f"{ms.DAV}privilege/*")
    return None if names is None else not _WRITES.isdisjoint(names)


def _reports(part: ms.Part) -> frozenset[str] | None:
    names = _names(part, f"{ms.DAV}supported-report-set", f"{ms.DAV}supported-report/{ms.DAV}report/*")
    return None if names is None else frozenset(names)


def _names(part: ms.Part, prop: str, path: str) -> Collection[str] | None:
    found = part.props.get(prop)
    if found is None:
        return None
    return {str(each.tag).rpartition("}")[2] for each in found.iterfind(path)} or None
