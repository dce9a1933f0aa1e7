"""One cycle: finish what was begun, read, decide, commit, write, and read again around what was just reserved."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from calbridge.availability import Availability
from calbridge.engine.answers import ask
from calbridge.engine.export import export, unpublished
from calbridge.engine.pull import pull
from calbridge.engine.push import finish, push
from calbridge.engine.recovery import connection_task
from calbridge.engine.report import Report
from calbridge.engine.session import DRY, Session
from calbridge.engine.telling import tell
from calbridge.hub import HubState, Observation, Plan
from calbridge.model import Clinic
from calbridge.notify import Notifiers
from calbridge.provider import Clock
from calbridge.reconcile import more_to_ask, questions, reconcile
from calbridge.store import Overlap, Store

if TYPE_CHECKING:
    from calbridge.host import ClinicHost

PASSES = 5
"""Read-decide-write rounds in one cycle: a hold is written, read again around, and perhaps refused."""


class Engine:
    """Runs cycles for one clinic. Everything from outside is given: store, host, clock, randomness, log."""

    def __init__(
        self,
        *,
        store: Store,
        clinic: Clinic,
        host: ClinicHost,
        clock: Clock,
        random: random.Random,
        log: Any,
        first_run: Mapping[str, str] | None = None,
        notifiers: Notifiers | None = None,
    ) -> None:
        self._store = store
        self._clinic = clinic
        self._host = host
        self._clock = clock
        self._random = random
        self._log = log
        self._first_run = dict(first_run or {})
        self._offered: Availability | None = None
        self._notifiers = notifiers or Notifiers({})

    def cycle(self, *, at_once: bool = False) -> Report:
        """Bring all sides together once. Failing connections are in the report; they never raise.

        `at_once`: a person asked for it, perhaps after mending something, so nothing waits for its back-off.
        """
        session = self._session(self._store.begin_cycle(self._clinic.key), at_once=at_once)
        self._approve()
        self._report_broken(session)
        self._retire_removed()
        finish(session)
        for _ in range(PASSES):
            if not self._pass(session):
                break
        state = session.state()
        self._offered = export(session, state, self._offered)
        tell(session, state)
        report = session.report
        self._log.info(
            "cycle", clinic=self._clinic.key, run=report.run, writes=report.writes, days_renewed=report.renewed
        )
        return report

    def preview(self) -> Report:
        """What a cycle would write, with every connection approved. Reads the sides, writes nothing anywhere."""
        session = self._session(DRY, at_once=True)
        stored = session.state()
        session.report.offers |= unpublished(session, stored)
        state = _approved(stored)
        observations = pull(session, state)
        plan = self._decide(session, state, observations)
        now = self._clock.now()
        for effect in plan.effects:
            session.report.plan(effect)
        session.report.ask(plan.tasks)
        session.report.codes.update(line.code for line in plan.journal)
        letters = (*plan.letters.due, *plan.letters.notices)
        session.report.told.update(letter.kind for letter in letters if letter.at <= now)
        return session.report

    def state(self) -> HubState:
        """What is known right now, from the last reads. Reads and writes nothing outside."""
        return self._session(DRY).state()

    # --- inside ---

    def _session(self, epoch: int, *, at_once: bool = False) -> Session:
        run = f"{self._clock.now():x}-{self._random.getrandbits(32):08x}"
        now = self._clock.now()
        known = self._store.connections(self._clinic.key)
        return Session(
            store=self._store,
            host=self._host,
            clinic=self._clinic,
            clock=self._clock,
            random=self._random,
            log=self._log,
            epoch=epoch,
            report=Report(run=run, clinic=self._clinic.key),
            notifiers=self._notifiers,
            at_once=at_once,
            waiting={} if at_once else {c.name: c.why for c in known if c.retry_at is not None and c.retry_at > now},
            attempts={c.name: c.attempts for c in known},
            failing={c.name: c.failing_since for c in known if c.failing_since is not None},
        )

    def _approve(self) -> None:
        approved = {known.name for known in self._store.connections(self._clinic.key) if known.approved}
        for name, choice in self._first_run.items():
            if choice == "apply" and name not in approved:
                self._store.approve(self._clinic.key, name)

    def _report_broken(self, session: Session) -> None:
        for name, error in self._host.broken.items():
            session.report.failures[name] = error.hint
            session.open_task(connection_task(self._clinic.key, error, "plugin", name))

    def _retire_removed(self) -> None:
        """A connection that was taken out of the configuration must not block time, or ask for a person, for ever."""
        key = self._clinic.key
        known = {each.name for each in self._store.connections(key)} | {
            each.connection for each in self._store.tasks(key)
        }
        for name in sorted(known - {"", *self._host.connections, *self._host.broken}):
            self._store.retire(key, name)

    def _pass(self, session: Session) -> bool:
        state = session.state()
        observations = pull(session, state)
        plan = self._decide(session, state, observations)
        self._plan_unapproved(session, state, observations)
        try:
            self._store.commit(self._clinic.key, session.epoch, plan, now=self._clock.now(), run=session.report.run)
        except Overlap:
            return True
        session.conflicts.clear()
        session.report.ask(plan.tasks)
        session.report.codes.update(line.code for line in plan.journal)
        return push(session) or more_to_ask(plan) or bool(plan.full_due - session.waiting.keys())

    def _decide(self, session: Session, state: HubState, observations: Mapping[str, Observation]) -> Plan:
        """Where a side shows again what ended so long ago that it was not loaded, with that: its id is not free."""
        plan = self._decided(session, state, observations)
        fresh = [each.id for each in plan.appointments if each.id not in state.appointments]
        old = self._store.known(self._clinic.key, fresh) if fresh else frozenset()
        if not old:
            return plan
        past = session.state(also=old)
        appointments, shadows = past.appointments, past.shadows
        known = replace(state, appointments=appointments, shadows=shadows, told=past.told)
        return self._decided(session, known, observations)

    def _decided(self, session: Session, state: HubState, observations: Mapping[str, Observation]) -> Plan:
        now = self._clock.now()
        answers = ask(session, questions(state, observations, self._clinic, now))
        return reconcile(state, observations, answers, self._clinic, now)

    def _plan_unapproved(self, session: Session, state: HubState, observations: Mapping[str, Observation]) -> None:
        """The first run of a new connection only says what it would do."""
        waiting = {link.name for link in state.links.values() if not link.approved}
        if not waiting or session.report.planned:
            return
        session.report.offers |= unpublished(session, state)
        for effect in self._decide(session, _approved(state), observations).effects:
            session.report.plan(effect)


def _approved(state: HubState) -> HubState:
    return replace(state, links={name: replace(link, approved=True) for name, link in state.links.items()})
