"""A practice-management system in memory, its reception, and the provider over it.

It refuses overlapping visits unless somebody overbooks on purpose, finds visits by the bridge's `client_ref`
and keeps cancelled visits with that status. Reception's own visits bear no stamp and become appointments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from calbridge.errors import SkipItem
from calbridge.hookspecs import hookimpl
from calbridge.interval import Interval
from calbridge.model import Consent, Details, State
from calbridge.provider import (
    AbsenceRecord,
    Capabilities,
    Change,
    ClientQuery,
    ClientRecord,
    Clock,
    Delta,
    Entry,
    Feed,
    Finding,
    Gone,
    PatientRecord,
    Present,
    Probe,
    Receipt,
    Record,
    Stamp,
)
from calbridge.testing.changelog import ChangeLog, read
from calbridge.testing.conditional import settled
from calbridge.views import PmsView

PERSON = "client/"
"""What the change log calls news of a client's record; each has a number of its own."""


class Taken(Exception):
    """The time is taken by another visit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One appointment as this system keeps it. `by` is who changed it last."""

    ref: str
    resource: str
    start: int
    end: int
    service: str = ""
    co_resources: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    note: str = ""
    client: str = ""
    patient: str = ""
    marked: bool = False
    status: State = State.CONFIRMED
    client_ref: str = ""
    client_revision: int = 0
    version: str = ""
    modified: int = 0

    @property
    def span(self) -> Interval:
        """When it is."""
        return Interval(self.start, self.end)

    def clashes(self, other: Visit) -> bool:
        """Both take time, share a resource, and overlap."""
        mine, theirs = {self.resource, *self.co_resources}, {other.resource, *other.co_resources}
        both = not self.status.gone and not other.status.gone
        return both and bool(mine & theirs) and self.span.overlaps(other.span)


class PmsModel:
    """The system's own state and what reception does to it."""

    def __init__(self, clock: Clock, *, clients: Iterable[ClientRecord] = ()) -> None:
        self.clock = clock
        self.clients = list(clients)
        self.log = ChangeLog()
        self.visits: dict[str, Visit] = {}
        self.absences: dict[str, AbsenceRecord] = {}
        self.overbooked: set[str] = set()
        self.writes = 0
        self._count = 0
        self.documents: dict[str, Consent] = {}
        self._created: dict[str, ClientRecord] = {}

    # reception

    def phone(self, visit: Visit, *, overbook: bool = False) -> str:
        """Somebody called: reception books; returns the visit's ref. `Taken` unless overbooked on purpose."""
        return self._reception(replace(visit, ref=self.new_ref()), overbook=overbook)

    def move(self, ref: str, start: int, resource: str = "", *, overbook: bool = False) -> None:
        """Reception gives a visit another time; it keeps its length."""
        old = self.visits[ref]
        moved = replace(old, start=start, end=start + old.end - old.start, resource=resource or old.resource)
        self._reception(moved, overbook=overbook)

    def edit(self, ref: str, **fields: Any) -> None:
        """Reception writes, links or marks."""
        self._reception(replace(self.visits[ref], **fields), overbook=True)

    def set_status(self, ref: str, status: State) -> None:
        """Reception cancels, or marks arrived, gone home, not come."""
        self._reception(replace(self.visits[ref], status=status), overbook=True)

    def book_again(self, ref: str, start: int) -> None:
        """Reception takes an old visit's record for a new one."""
        old = self.visits[ref]
        again = replace(old, status=State.CONFIRMED, start=start, end=start + old.end - old.start)
        self._reception(again, overbook=False)

    def enter(self, record: ClientRecord) -> None:
        """Reception makes a client's record, or makes it anew."""
        self.clients = [each for each in self.clients if each.id != record.id] + [record]
        self.log.note(f"{PERSON}{self._next()}")

    def cancel(self, ref: str) -> None:
        """Reception cancels a visit."""
        self.set_status(ref, State.CANCELLED)

    def delete(self, ref: str) -> None:
        """Reception takes a visit out for good."""
        del self.visits[ref]
        self.log.note(ref)

    def away(self, resource: str, start: int, end: int) -> str:
        """Somebody is sick from `start` to `end`."""
        ref = f"away-{self._next()}"
        self.absences[ref] = AbsenceRecord(
            ref=ref, version=f"v{self._count}", resource=resource, spans=(Interval(start, end),)
        )
        self.log.note(ref)
        return ref

    # the system

    def clash(self, visit: Visit) -> Visit | None:
        """Another visit that takes the same time."""
        return next((v for v in self.visits.values() if v.ref != visit.ref and v.clashes(visit)), None)

    def store(self, visit: Visit) -> Visit:
        """Save one visit as its next version."""
        kept = replace(visit, version=f"v{self._next()}", modified=self.clock.now())
        self.visits[kept.ref] = kept
        self.log.note(kept.ref)
        return kept

    def new_ref(self) -> str:
        """An id of this system's own."""
        return f"visit-{self._next()}"

    def live(self) -> Iterator[Visit]:
        """Every visit that takes time or took place."""
        return (visit for visit in self.visits.values() if not visit.status.gone)

    def create_client(self, details: Details, key: str, consent: Consent | None = None) -> ClientRecord:
        """A new client's record with her animal and what she agreed to; the same `key` gives the same record."""
        if key not in self._created:
            animals = tuple(
                PatientRecord(id=f"patient-{self._next()}", name=each.name, species=each.species)
                for each in details.animals
            )
            record = ClientRecord(
                id=f"client-{self._next()}",
                first_name=details.first_name,
                last_name=details.last_name,
                emails=(details.email,) if details.email else (),
                phones=(details.phone,) if details.phone else (),
                addresses=(details.address,) if details.address else (),
                patients=animals,
            )
            self.clients.append(record)
            self._created[key] = record
            if consent is not None:
                self.documents[record.id] = consent
        return self._created[key]

    def _reception(self, visit: Visit, *, overbook: bool) -> str:
        if self.clash(visit) is not None:
            if not overbook:
                raise Taken(f"{visit.resource} is taken at {visit.start}")
            self.overbooked.add(visit.ref)
        return self.store(visit).ref

    def _next(self) -> int:
        self._count += 1
        return self._count


class MemoryPms:
    """The provider over a `PmsModel`."""

    capabilities: Capabilities = Capabilities(
        fields=frozenset(
            {
                "state",
                "resource",
                "start",
                "end",
                "service",
                "co_resources",
                "title",
                "description",
                "note",
                "client",
                "patient",
                "marked",
            }
        ),
        mirrors=True,
        adopts=True,
        matches_clients=True,
    )

    def __init__(self, model: PmsModel, *, holds: bool = True) -> None:
        self.model = model
        self.capabilities = replace(type(self).capabilities, holds=holds)

    @hookimpl
    def check(self) -> tuple[Finding, ...]:
        """Nothing can be wrong with it."""
        return (Finding(level="ok", message="The practice-management system answers."),)

    @hookimpl
    def import_schedule(
        self,
        cursor: str,
        window: Interval,
        known: Mapping[str, str],  # noqa: ARG002 - the hook's signature; this side has a change log
    ) -> Feed[Record]:
        """Visits and absences of the window, or the changes since `cursor`."""
        feed = read(self.model.log, cursor, window, listing=lambda: self._listing(window), look=self._look)
        if not isinstance(feed, Delta):
            return feed
        removed = tuple(ref for ref in feed.removed if not ref.startswith(PERSON))
        return replace(feed, removed=removed, people=" ".join(ref for ref in feed.removed if ref.startswith(PERSON)))

    @hookimpl
    def probe(self, ref: str) -> Probe:
        """Is the visit or the absence there? A cancelled one is."""
        return Present() if self._look(ref) is not None else Gone()

    @hookimpl
    def find_clients(self, query: ClientQuery) -> tuple[ClientRecord, ...]:
        """Everybody who shares one of the query's values."""
        return tuple(record for record in self.model.clients if _may_be(record, query))

    @hookimpl
    def create_client(self, details: Details, key: str, consent: Consent | None) -> ClientRecord:
        """A new client, once per `key`."""
        return self.model.create_client(details, key, consent)

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        """Create, change or cancel a visit; taken time is a conflict unless staff wants it."""
        current = self._find(change)
        answer = settled(change, _entry(current) if current else None, self.capabilities.fields)
        if answer is not None:
            return answer
        return self._cancel(current) if change.remove and current else self._save(change, current)

    def _cancel(self, current: Visit) -> Receipt:
        self.model.writes += 1
        self.model.store(replace(current, status=State.CANCELLED))
        return Receipt(outcome="written")

    def _save(self, change: Change, current: Visit | None) -> Receipt:
        wanted = _wanted(change, current.ref if current else self.model.new_ref())
        if _takes_time(current, wanted) and self.model.clash(wanted) is not None:
            if not change.overbook:
                return Receipt(outcome="conflict", entry=_entry(current) if current else None, why="the time is taken")
            self.model.overbooked.add(wanted.ref)
        self.model.writes += 1
        return Receipt(outcome="written", entry=_entry(self.model.store(wanted)))

    def _find(self, change: Change) -> Visit | None:
        named = self.model.visits.get(change.ref)
        if named is not None:
            return named
        return next((v for v in self.model.visits.values() if v.client_ref == change.appointment), None)

    def _listing(self, window: Interval) -> Iterable[Record]:
        visits = [_entry(visit) for visit in self.model.visits.values() if visit.span.overlaps(window)]
        return [*visits, *(a for a in self.model.absences.values() if a.spans[0].overlaps(window))]

    def _look(self, ref: str) -> Record | None:
        visit = self.model.visits.get(ref)
        return _entry(visit) if visit else self.model.absences.get(ref)


def _takes_time(old: Visit | None, new: Visit) -> bool:
    """True when the write asks for time that the visit does not have yet: only then is an overlap refused."""
    return old is None or old.status.gone or (old.resource, old.span) != (new.resource, new.span)


def _may_be(record: ClientRecord, query: ClientQuery) -> bool:
    """Loosely, as such systems search; the core compares exactly."""
    name = query.last_name.strip().casefold()
    email, phone = query.email.strip().casefold(), _digits(query.phone)
    return (
        (bool(query.id) and record.id == query.id)
        or (bool(name) and record.last_name.strip().casefold() == name)
        or (bool(email) and email in {each.casefold() for each in record.emails})
        or (bool(phone) and phone in {_digits(each) for each in record.phones})
    )


def _digits(text: str) -> str:
    """The last seven: how a front desk looks a number up, however it was written."""
    return "".join(sign for sign in text if sign.isdigit())[-7:]


def _entry(visit: Visit) -> Entry:
    view = PmsView(
        state=visit.status,
        resource=visit.resource,
        start=visit.start,
        end=visit.end,
        service=visit.service,
        co_resources=visit.co_resources,
        title=visit.title,
        description=visit.description,
        note=visit.note,
        client=visit.client,
        patient=visit.patient,
        marked=visit.marked,
    )
    stamp = Stamp(appointment=visit.client_ref, revision=visit.client_revision) if visit.client_ref else None
    return Entry(ref=visit.ref, version=visit.version, view=view, stamp=stamp, modified=visit.modified)


def _wanted(change: Change, ref: str) -> Visit:
    view = change.view
    if not isinstance(view, PmsView):
        raise SkipItem("A PMS takes PMS views only.", item=change.appointment)
    return Visit(
        ref=ref,
        resource=view.resource,
        start=view.start,
        end=view.end,
        service=view.service,
        co_resources=view.co_resources,
        title=view.title,
        description=view.description,
        note=view.note,
        client=view.client,
        patient=view.patient,
        marked=view.marked,
        status=view.state,
        client_ref=change.appointment,
        client_revision=change.revision,
    )
