"""Reading the PMS: a snapshot and then its change feed; or what changed since; or the whole window each time.

Which one, the PMS's capabilities say. A first read, a refused cursor, or one of another strategy is Complete.
Weekly windows are read with a complete read, and again when the feed (or, without one, the listing) shows them changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import httpx

from calbridge.errors import NeedsHuman
from calbridge.http import classify, json_of
from calbridge.interval import Interval
from calbridge.provider import Complete, Delta, Feed, NotModified, Record, WindowRecord
from calbridge_pms.abilities import Abilities, Reading
from calbridge_pms.api import PAGES, Api, path_of, says_gone
from calbridge_pms.closures import closure_records
from calbridge_pms.convert import appointment_records, blocked_records, instant
from calbridge_pms.names import Names
from calbridge_pms.torn import known_of
from calbridge_pms.wire import PmsChanges, PmsEvent, PmsSnapshot, PmsWindow, PmsWindows, read

DAY = 86_400
MARGIN_S = 120
"""A change may be stored a little later than the time it bears."""
MANY = 300
"""More changed records than this are read faster as a snapshot than one by one."""
PEOPLE = "client"
"""What the feed calls a record of a client that is new, has changed, or has another animal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One read of one window."""

    api: Api
    names: Names
    window: Interval
    known: Mapping[str, str]

    def read(self, cursor: str) -> Feed[Record]:
        """What the cursor's strategy gives, or everything."""
        abilities = self.api.abilities(fresh=not cursor)
        strategy, _, place = cursor.partition(":")
        strategies: Mapping[Reading, Callable[[str, Abilities], Feed[Record]]] = {
            "cursor": self._by_feed,
            "modified_since": self._by_modified,
            "listing": self._by_listing,
        }
        return strategies[abilities.reading](place if strategy == abilities.reading else "", abilities)

    # --- a change feed ---

    def _by_feed(self, place: str, abilities: Abilities) -> Feed[Record]:
        events = self._events(place) if place else None
        if events is None or len(events[0]) > MANY:
            return self._snapshot(abilities)
        latest, last = events
        changed: dict[str, Record] = {}
        removed: set[str] = set()
        for event in latest.values():
            if not event.tombstone and self.known.get(f"{event.object}/{event.id}") == event.revision:
                continue  # no news: our own write, or seen already
            records = self._changed(event, abilities)
            changed |= {record.ref: record for record in records}
            removed |= self._known_of(f"{event.object}/{event.id}") - {record.ref for record in records}
        return _delta(changed.values(), removed, f"cursor:{last}", self.known, people=_people(latest.values()))

    def _events(self, cursor: str) -> tuple[dict[tuple[str, str], PmsEvent], str] | None:
        """The last event of each record, and the cursor after them; None when the feed cannot go on from here."""
        latest: dict[tuple[str, str], PmsEvent] = {}
        limit = self.api.abilities().page_max
        for _ in range(PAGES):
            response = self.api.ask("GET", "/v1/changes", params={"cursor": cursor, "limit": limit}, accept={410})
            if response.status_code == httpx.codes.GONE:
                return None
            page = read(PmsChanges, json_of(response), "list of changes")
            latest |= {(event.object, event.id): event for event in page.events}
            if page.has_more and (not page.events or page.next_cursor == cursor):
                break
            cursor = page.next_cursor
            if not page.has_more:
                return latest, cursor
            if len(latest) > MANY:
                return None
        raise NeedsHuman("the PMS's list of changes never ends; ask its maker for an update")

    def _changed(self, event: PmsEvent, abilities: Abilities) -> list[Record]:
        """What stands there now; nothing when it is deleted, or of a kind that is nothing to us."""
        if event.object == "windows":
            key = self.names.resource_key(event.id)
            return self._windows(key, abilities) if key else []
        if event.tombstone or event.object not in LISTS:
            return []
        raw = self.api.look(path_of(LISTS[event.object], event.id), f"{event.object}/{event.id}")
        return [] if raw is None else self._records(event.object, raw)

    def _snapshot(self, abilities: Abilities) -> Complete[Record]:
        """All of the window. The cursor is that of its first part, taken before the rest is read."""
        records: dict[str, Record] = {}
        cursor = ""
        for part in _parts(self.window, abilities.window_days):
            query = {"snapshot": 1, "from": instant(part.start), "to": instant(part.end)}
            answer = read(PmsSnapshot, self.api.get("/v1/changes", **query), "snapshot")
            cursor = cursor or answer.next_cursor
            found = {
                "appointment": answer.appointments,
                "block": answer.blocks,
                "absence": answer.absences,
                "closure": answer.closures,
            }
            records |= {r.ref: r for kind, raws in found.items() for raw in raws for r in self._records(kind, raw)}
        records |= {record.ref: record for record in self._all_windows(abilities)}
        return Complete(window=self.window, items=tuple(records.values()), cursor=f"cursor:{cursor}")

    # --- without one ---

    def _by_modified(self, place: str, abilities: Abilities) -> Feed[Record]:
        if not place:
            listed = self._listed(abilities, self._appointments(abilities))
            return Complete(
                window=self.window, items=tuple(listed.values()), cursor=f"modified_since:{_newest(listed, '')}"
            )
        since = instant(max(0, int(place) - MARGIN_S))
        listed = self._listed(abilities, self.api.each("/v1/appointments", updated_since=since))
        gone = {ref for ref in self.known if not ref.startswith("appointment/")} - listed.keys()
        for base in {ref.split("@")[0] for ref in listed if ref.startswith("appointment/")}:
            gone |= self._known_of(base) - listed.keys()
        changed = [record for record in listed.values() if self.known.get(record.ref) != record.version]
        return _delta(changed, gone, f"modified_since:{_newest(listed, place)}", self.known)

    def _by_listing(self, place: str, abilities: Abilities) -> Feed[Record]:
        listed = self._listed(abilities, self._appointments(abilities))
        if place and {ref: record.version for ref, record in listed.items()} == self.known:
            return NotModified(cursor="listing:again")
        return Complete(window=self.window, items=tuple(listed.values()), cursor="listing:again")

    def _listed(self, abilities: Abilities, appointments: Iterable[object]) -> dict[str, Record]:
        records = [record for raw in appointments for record in self._records("appointment", raw)]
        for part in _parts(self.window, abilities.window_days):
            query = {"from": instant(part.start), "to": instant(part.end)}
            for kind in ("block", "absence", *(["closure"] if abilities.closures else [])):
                for raw in self.api.each(f"/v1/{LISTS[kind]}", **query):
                    records += self._records(kind, raw)
        records += self._all_windows(abilities)
        return {record.ref: record for record in records}

    def _appointments(self, abilities: Abilities) -> Iterator[object]:
        for part in _parts(self.window, abilities.window_days):
            query = {"from": instant(part.start), "to": instant(part.end)}
            yield from self.api.each("/v1/appointments", **query)

    # --- what both need ---

    def _records(self, kind: str, raw: object) -> list[Record]:
        if kind == "appointment":
            return appointment_records(raw, self.names, self.known)
        if kind == "closure":
            return closure_records(raw, self.names, self.known, self.api.sites)
        return blocked_records(kind, raw, self.names, self.known)

    def _all_windows(self, abilities: Abilities) -> Iterator[Record]:
        for key in self.names.resources:
            yield from self._windows(key, abilities)

    def _windows(self, key: str, abilities: Abilities) -> list[Record]:
        """One record for each kind of window that a resource has, also where none is left in the time read.

        "No window any more" is not "no windows at all", which a clinic may take for "open at every hour". A PMS that
        does not say which kinds are planned is taken at its word of before.
        """
        if not abilities.windows:
            return []
        ident = self.names.resources[key]
        pages = [self._windows_in(key, part) for part in _parts(self.window, abilities.window_days)]
        spans: dict[str, list[Interval]] = {kind: [] for kind in self._planned(ident, pages)}
        for found in (read(PmsWindow, raw, "window") for page in pages for raw in page.items):
            span = Interval(int(found.start.timestamp()), int(found.end.timestamp()))
            spans.setdefault(found.kind, []).append(span)
        return [_window_record(ident, key, kind, times) for kind, times in spans.items()]

    def _planned(self, ident: str, pages: Iterable[PmsWindows]) -> list[str]:
        said = [page.planned for page in pages]
        return [
            kind
            for kind in KINDS
            if any(kind in planned for planned in said if planned is not None)
            or (None in said and f"windows/{ident}/{kind}" in self.known)
        ]

    def _windows_in(self, key: str, part: Interval) -> PmsWindows:
        query = {"from": instant(part.start), "to": instant(part.end)}
        path = f"{path_of('resources', self.names.resources[key])}/windows"
        response = self.api.ask("GET", path, params=query, accept={404})
        if response.status_code == httpx.codes.NOT_FOUND:
            raise _unknown_resource(response, key, self.names.resources[key])
        return read(PmsWindows, json_of(response), "list of windows")

    def _known_of(self, base: str) -> set[str]:
        """Every ref we hold of one PMS record: its own, and those of the rooms it takes."""
        return known_of(base, self.known)


LISTS = {"appointment": "appointments", "block": "blocks", "absence": "absences", "closure": "closures"}
KINDS = ("online", "work")


def _delta(
    changed: Iterable[Record],
    removed: Iterable[str],
    cursor: str,
    known: Mapping[str, str],
    *,
    people: str = "",
) -> Feed[Record]:
    news = tuple(changed)
    gone = tuple(sorted(ref for ref in removed if ref in known))
    if not (news or gone or people):
        return NotModified(cursor=cursor)
    return Delta(changed=news, removed=gone, cursor=cursor, people=people)


def _people(events: Iterable[PmsEvent]) -> str:
    """A name for all that the feed says of clients, which says nothing of who they are; "" where it says nothing."""
    told = sorted((event.id, event.revision) for event in events if event.object == PEOPLE)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16] if told else ""


def _parts(window: Interval, days: int) -> Iterator[Interval]:
    """The window in pieces the PMS takes."""
    start = window.start
    while start < window.end:
        end = min(start + days * DAY, window.end)
        yield Interval(start, end)
        start = end


def _newest(records: Mapping[str, Record], before: str) -> str:
    """The newest change seen, by the PMS's own clock: ours may go wrong, and then changes would be missed."""
    times = [getattr(record, "modified", None) or 0 for record in records.values()]
    return str(max([*times, int(before or 0)]))


def _window_record(ident: str, key: str, kind: str, spans: list[Interval]) -> WindowRecord:
    times = tuple(sorted(set(spans)))
    version = hashlib.sha256(repr(times).encode()).hexdigest()[:16]
    return WindowRecord(
        ref=f"windows/{ident}/{kind}",
        version=version,
        resource=key,
        spans=times,
        kind="work" if kind == "work" else "online",
    )


def _unknown_resource(response: httpx.Response, key: str, ident: str) -> Exception:
    if not says_gone(response):
        return classify(response)
    return NeedsHuman(
        f'the PMS has no resource "{ident}": write its id as resources.{key} of this connection, '
        f'or resources.{key} = "" if it has none'
    )
