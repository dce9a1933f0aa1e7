"""The working copy of one reconciliation. Private to this package; the Plan is read off it at the end."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from calbridge.facts import Facts
from calbridge.feeds import Complete, Delta, Entry
from calbridge.hub import Agreement, Answers, Foreign, HubState, JournalEntry, Link, Observation, Plan, Shadow, Task
from calbridge.interval import Interval
from calbridge.lifecycle import TOO_LATE, Event, Refused, step
from calbridge.model import Appointment, Clinic, Place, State
from calbridge.reconcile.compare import fingerprint
from calbridge.reconcile.diary import Almanac, Diary
from calbridge.reconcile.facts import facts, overlapping
from calbridge.views import View, project


def derive_id(*parts: str) -> str:
    """A booking id from where it was first seen: the same after a lost answer, a crash or a lost database."""
    raw = hashlib.sha256("\x1f".join(parts).encode()).digest()[:12]
    return "b" + base64.b32encode(raw).decode().rstrip("=").lower()


class Draft:
    """Mutable copies of the hub state, with the journal and tasks that explain every change to them."""

    def __init__(self, state: HubState, clinic: Clinic, now: int, answers: Answers) -> None:
        self.state = state
        self.clinic = clinic
        self.now = now
        self.answers = answers
        self.appointments: dict[str, Appointment] = dict(state.appointments)
        self.shadows: dict[tuple[str, str], Shadow] = dict(state.shadows)
        self.foreign = Almanac(state.foreign)
        self.diary = Diary(self.appointments.values())
        self.by_ref = {
            (shadow.connection, shadow.ref): shadow.appointment for shadow in self.shadows.values() if shadow.ref
        }
        self.reads: dict[str, Observation] = {}
        self.journal: list[JournalEntry] = []
        self.tasks: dict[str, Task] = {}
        self.settled: set[str] = set()
        self.commands: list[int] = []
        self.agreements: dict[str, Agreement] = {}
        self.touched: set[str] = set()
        self.moved: set[str] = set()
        self.too_late: set[str] = set()
        self.not_moved: set[str] = set()
        self.refused: set[str] = set()
        self.conflicts: dict[tuple[str, str], View] = dict(answers.conflicts)
        self.edited: dict[tuple[str, str], int] = {}
        self.seen: set[tuple[str, str]] = set()

    # --- records ---

    def current(self) -> HubState:
        """The draft as a state, for everything that reads states."""
        return replace(self.state, appointments=self.appointments, shadows=self.shadows, foreign=self.foreign)

    def fresh_id(self, link: Link, entry: Entry) -> str:
        """The id of a booking first seen as this entry; never that of one there is: what has ended stays ended."""
        parts = [self.clinic.key, link.name, entry.ref]
        while (key := derive_id(*parts)) in self.appointments:
            parts.append(entry.version)
        return key

    def put(self, appointment: Appointment) -> Appointment:
        """Keep this version; its exclusive claim follows from what else is there, and from what a side said is."""
        before = self.appointments.get(appointment.id)
        if not appointment.state.gone:
            over = appointment.written_over and (before is None or before.place == appointment.place)
            rivals = [each for each in self.overlapping(appointment) if each.exclusive]
            appointment = replace(appointment, exclusive=not rivals and not over, written_over=over)
        if before is not None:
            self.diary.strike(before)
        self.diary.enter(appointment)
        self.appointments[appointment.id] = appointment
        return appointment

    def overlapping(self, appointment: Appointment) -> list[Appointment]:
        """Every other appointment that takes some of the same time."""
        near = (self.appointments[key] for key in self.diary.near(appointment))
        return overlapping(near, appointment, self.now)

    def facts(self, *, without: str, around: Interval) -> Facts:
        """The slot facts of `around`, looked up by its days. `without` leaves one appointment out."""
        near = {key: self.appointments[key] for key in self.diary.around(around)}
        days = replace(self.current(), appointments=near, foreign=self.foreign.around(around))
        return facts(days, self.clinic, self.now, without=without, around=around)

    def sighted(self, link: Link, appointment_id: str, entry: Entry, *, edited: bool) -> None:
        """The side's shadow becomes what was just seen; after an edit the next projection is compared afresh."""
        old = self.shadows.get((link.name, appointment_id))
        if old and old.ref != entry.ref:
            self.by_ref.pop((link.name, old.ref), None)
        waits = entry.pending and (old is None or old.pending or old.view != entry.view)
        self.shadows[link.name, appointment_id] = Shadow(
            connection=link.name,
            appointment=appointment_id,
            ref=entry.ref,
            version=entry.version,
            view=entry.view,
            asked="" if edited or old is None else old.asked,
            unwritten=old.unwritten and not edited if old else False,
            revision=old.revision if old else 0,
            confirmed=old.confirmed if old else self.now,
            pending=waits,
            before=(old.before if old.pending else old.view) if old and waits else None,
            manage_url=entry.manage_url or (old.manage_url if old else ""),
        )
        self.seen.add((link.name, appointment_id))
        self.by_ref[link.name, entry.ref] = appointment_id
        self.foreign.pop((link.name, entry.ref), None)
        self.settled.add(f"missing:{link.name}/{appointment_id}")

    def agree(self, link: Link, appointment_id: str) -> None:
        """The side already shows what it should: remember that it was, in effect, asked for."""
        shadow = self.shadows[link.name, appointment_id]
        desired = project(link.role, self.appointments[appointment_id], self.clinic)
        self.shadows[link.name, appointment_id] = replace(shadow, asked=fingerprint(link, desired), unwritten=False)

    def forget(self, connection: str, appointment_id: str) -> None:
        """The side shows nothing of it any more."""
        shadow = self.shadows.pop((connection, appointment_id), None)
        if shadow:
            self.by_ref.pop((connection, shadow.ref), None)
            self.settled.add(f"missing:{connection}/{appointment_id}")

    def reread(self, link: Link) -> None:
        """Something this read shows cannot be judged yet and must be met again: its cursor is not kept."""
        observation = self.reads.get(link.name)
        if observation is not None and isinstance(observation.feed, Complete | Delta):
            feed: Any = observation.feed  # either kind has a cursor; `replace` takes no union
            self.reads[link.name] = replace(observation, feed=replace(feed, cursor=link.cursor))

    # --- decisions ---

    def step(
        self, appointment: Appointment, event: Event, *, connection: str = "", at: int | None = None, **facts: str
    ) -> Appointment | None:
        """The appointment after `event`, journalled; None (and journalled) when the life cycle refuses it.

        `at` is when it was asked for, where that was before now. What was refused before is over with it.
        """
        after = self.allowed(appointment, event, connection=connection, at=at)
        if after is None:
            return None
        self.note(event, appointment.id, connection, before=appointment.state, after=after, **facts)
        quiet = after is State.DECLINED and not self.clinic.rules.decline_notifies
        if after.gone:
            over = {f"{kind}:{appointment.id}" for kind in ("overbooked", "outside_hours", "link", "details")}
            self.settled |= over
            self.tasks = {name: task for name, task in self.tasks.items() if name not in over}
        back = None if after.gone else appointment.moved_from
        stepped = replace(appointment, state=State(after), decline_reason="", alternatives=(), wished=None)
        return self.put(replace(stepped, moved_from=back, quiet=quiet))

    def allowed(
        self, appointment: Appointment, event: Event, *, connection: str = "", at: int | None = None
    ) -> State | None:
        """Where `event` would lead; None (and journalled) when the life cycle refuses it."""
        asked = self.now if at is None else at
        after = step(appointment.state, event, start=appointment.start, now=asked, rules=self.clinic.rules)
        if not isinstance(after, Refused):
            return after
        self.note("refused", appointment.id, connection, event=event, why=after.code, state=appointment.state)
        if after.code in TOO_LATE:
            self.too_late.add(appointment.id)
        return None

    def refuse(self, appointment: Appointment, reason: str, wished: Place | None = None) -> None:
        """Keep why the client does not get what she asked for; `wished` is what she is offered alternatives to."""
        self.put(replace(appointment, decline_reason=reason, alternatives=(), wished=wished))
        self.refused.add(appointment.id)

    def note(self, code: str, appointment: str = "", connection: str = "", **facts: str) -> None:
        """One journal line; facts are codes, never a person's words."""
        values: Mapping[str, str] = {name: str(value) for name, value in facts.items() if value != ""}
        self.journal.append(JournalEntry(code=str(code), appointment=appointment, connection=connection, facts=values))

    def task(self, kind: str, key: str, sentence: str, *, appointment: str = "", connection: str = "") -> None:
        """Ask a person; one open task per key."""
        name = f"{kind}:{key}"
        self.tasks[name] = Task(key=name, kind=kind, sentence=sentence, appointment=appointment, connection=connection)

    # --- the result ---

    def plan(self) -> Plan:
        """Everything that differs from the state this draft began with (effects are added by the caller)."""
        return Plan(
            appointments=tuple(self._changed()),
            shadows=tuple(s for key, s in self.shadows.items() if self.state.shadows.get(key) != s),
            forgotten=tuple(key for key in self.state.shadows if key not in self.shadows),
            foreign=tuple(self._changed_foreign()),
            foreign_gone=tuple(key for key in self._touched_foreign() if key not in self.foreign),
            reads=self.reads,
            journal=tuple(self.journal),
            tasks=tuple(self.tasks.values()),
            settled=tuple(sorted(self.settled - set(self.tasks))),
            commands=tuple(self.commands),
            agreements=tuple(self.agreements.values()),
        )

    def _touched_foreign(self) -> list[tuple[str, str]]:
        """What was there before and may be another now."""
        return sorted(key for key in self.foreign.touched if key in self.state.foreign)

    def _changed_foreign(self) -> Iterator[tuple[str, Foreign]]:
        for key in sorted(self.foreign.touched):
            record = self.foreign.get(key)
            if record is not None and self.state.foreign.get(key) != record:
                yield key[0], record

    def _changed(self) -> list[Appointment]:
        changed = []
        for key, appointment in self.appointments.items():
            before = self.state.appointments.get(key)
            if before == appointment and key not in self.touched:
                continue
            versioned = self._versioned(before, appointment)
            self.appointments[key] = versioned
            changed.append(versioned)
        return changed

    def _versioned(self, before: Appointment | None, after: Appointment) -> Appointment:
        """One revision per reconciliation that changed what a person sees; bookkeeping alone is no new revision."""
        if before is None:
            return replace(after, revision=1, created=self.now, changed=self.now)
        same = replace(before, written=after.written, reserved=after.reserved, exclusive=after.exclusive)
        same = replace(same, showing=after.showing, moved_from=after.moved_from, written_over=after.written_over)
        if same == after and after.id not in self.touched:
            return after
        return replace(after, revision=before.revision + 1, changed=self.now)
