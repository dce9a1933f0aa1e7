"""The pipeline without any outside: apply plans and receipts to a state in memory, for tests of the core alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from calbridge.hub import Answers, Effect, HubState, Link, Observation, Plan
from calbridge.interval import Interval
from calbridge.messages import TELLING, MessageDue
from calbridge.model import Clinic
from calbridge.provider import Capabilities, Complete, Delta, Entry, Feed, Receipt, Record, Stamp
from calbridge.reconcile import keeps_record, outcome, questions, reconcile

ALL_TIME = Interval(0, 2**40)
CALENDAR = Capabilities(
    fields=frozenset({"state", "resource", "start", "end", "title", "description", "note", "marked"}), mirrors=True
)
PMS = Capabilities(
    fields=frozenset(
        {"state", "resource", "co_resources", "start", "end", "service", "title", "description", "note"}
        | {"client", "patient", "marked"}
    ),
    mirrors=True,
    adopts=True,
    matches_clients=True,
)
PORTAL = Capabilities(
    fields=frozenset({"state", "resource", "start", "end", "service", "description", "account", "wide_moves"}),
    takes_offers=True,
    publishes=True,
)


def links(now: int) -> dict[str, Link]:
    """A PMS of record, a calendar and a portal, all read a moment ago."""
    return {
        "pms": Link(name="pms", role="pms", capabilities=PMS, rank=0, last_success=now, last_full=now),
        "calendar": Link(name="calendar", role="calendar", capabilities=CALENDAR, last_success=now, last_full=now),
        "portal": Link(name="portal", role="portal", capabilities=PORTAL, rank=2, last_success=now, last_full=now),
    }


@dataclass(slots=True)
class PureHub:
    """A hub whose sides are whatever the test says they show. `now` moves only when the test moves it."""

    clinic: Clinic
    now: int
    state: HubState = field(default_factory=HubState)
    plans: list[Plan] = field(default_factory=list)

    def see(self, answers: Answers | None = None, /, **feeds: Feed[Record]) -> Plan:
        """One reconciliation over these feeds; the plan is applied to the state."""
        observations = {name: Observation(feed=feed, started=self.now) for name, feed in feeds.items()}
        plan = reconcile(self.state, observations, answers or Answers(), self.clinic, self.now)
        self._apply(plan, observations)
        self.plans.append(plan)
        return plan

    def asks(self, /, **feeds: Feed[Record]) -> tuple[tuple[str, str], ...]:
        """The probes the core wants before it decides over these feeds."""
        observations = {name: Observation(feed=feed, started=self.now) for name, feed in feeds.items()}
        return questions(self.state, observations, self.clinic, self.now).probes

    def write(self, effect: Effect, receipt: Receipt | None = None) -> None:
        """The side did what was asked (or answers `receipt`)."""
        key = (effect.connection, effect.change.appointment)
        given = receipt or Receipt(outcome="written", entry=None if effect.change.remove else echo(effect))
        appointment, link = self.state.appointments[key[1]], self.state.links[key[0]]
        keeper = keeps_record(self.state, link, appointment)
        known = self.state.shadows.get(key)
        result = outcome(effect, given, appointment, link, known=known, keeper=keeper, now=self.now)
        if not result.done and result.shadow is None:
            return
        shadows = {k: s for k, s in self.state.shadows.items() if k != key}
        if result.shadow:
            shadows[key] = result.shadow
        appointments = dict(self.state.appointments)
        if result.appointment:
            appointments[key[1]] = result.appointment
        self.state = replace(self.state, shadows=shadows, appointments=appointments)

    def settle(self, rounds: int = 6) -> list[Effect]:
        """Write everything due until nothing is; every write of the whole settling, in order."""
        written: list[Effect] = []
        for _ in range(rounds):
            plan = self.see(**{name: Delta[Record](changed=()) for name in self.state.links})
            if not plan.effects:
                return written
            for effect in plan.effects:
                self.write(effect)
                written.append(effect)
            self.now += 1
        raise AssertionError(f"still writing after {rounds} rounds: {[e.connection for e in written]}")

    def _apply(self, plan: Plan, observations: Mapping[str, Observation]) -> None:
        known = self.state
        self.state = replace(
            known,
            appointments={**known.appointments, **{a.id: a for a in plan.appointments}},
            shadows={
                **{k: s for k, s in known.shadows.items() if k not in plan.forgotten},
                **{(s.connection, s.appointment): s for s in plan.shadows},
            },
            foreign={
                **{k: f for k, f in known.foreign.items() if k not in plan.foreign_gone},
                **{(name, f.ref): f for name, f in plan.foreign},
            },
            links={name: _read(link, plan, observations.get(name)) for name, link in known.links.items()},
            commands=(),
            told={**known.told, **{each.message.appointment: each.message.told for each in plan.letters.silent}},
        )

    def deliver(self) -> list[MessageDue]:
        """The messages that may go now, told to whom they are for; future reminders stay where they are."""
        letters = self.plans[-1].letters
        sent = [letter for letter in (*letters.due, *letters.notices) if letter.at <= self.now]
        telling = [letter for letter in sent if letter.kind in TELLING and letter.audience == "client"]
        told = {letter.appointment: replace(letter.told, at=self.now) for letter in telling}
        self.state = replace(self.state, told={**self.state.told, **told})
        return sent


def _read(link: Link, plan: Plan, observation: Observation | None) -> Link:
    """The link after this plan, as a store keeps it; feeds here have no cursors."""
    if observation is not None:
        whole = isinstance(observation.feed, Complete)
        link = replace(link, last_success=observation.started, full_due=link.full_due and not whole)
    people = plan.people.get(link.name, link.people)
    return replace(link, people=people, full_due=link.full_due or link.name in plan.full_due)


def echo(effect: Effect, *, version: str = "") -> Entry:
    """What a faithful side shows after a write."""
    change = effect.change
    return Entry(
        ref=change.ref or f"{effect.connection}/{change.appointment}",
        version=version or f"{change.appointment}-{change.revision}",
        view=change.view,
        stamp=Stamp(appointment=change.appointment, revision=change.revision),
    )


def everything(*items: Record) -> Complete[Record]:
    """A complete read."""
    return Complete(window=ALL_TIME, items=items)


def changed(*items: Record, removed: tuple[str, ...] = ()) -> Delta[Record]:
    """A delta."""
    return Delta(changed=items, removed=removed)
