"""Any history of one booking whose PMS answers late: an answer speaks of the version it was sent for, and of no other.

The PMS here has a record of its own, takes one write at a time and answers it a few reconciliations later; what it
only accepted it files or fails later still. Meanwhile client and staff change the booking. The oracle is that record,
and the same reconciliation without the answer: one to an older version leaves the booking as it would be without it.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from stories import HALF, HOUR, TEN, booked, client, edited

from calbridge.hub import Answers, Effect, HubState, Plan, Shadow
from calbridge.model import Appointment, State
from calbridge.provider import Delta, Entry, Feed, Receipt, Record
from calbridge.reconcile import fingerprint, given_up
from calbridge.testing.pure import PureHub, changed, echo
from calbridge.views import PmsView, project

LONG = int(os.environ.get("CALBRIDGE_LONG", "0") or 0)
BLOCKS, BLOCK = range(6 * (10 if LONG else 1)), 40
STEPS, ROUNDS = 9, 12
KINDS = ("written", "written", "pending", "pending", "conflict", "moved", "given up")
ENDS = ("filed", "filed", "slot_unavailable", "unknown")
ASKED_ABOUT = ("failed", "timed_out", "write")
Feeds = dict[str, Feed[Record]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A write on its way: answered as `kind` once `wait` more reconciliations are over."""

    effect: Effect
    kind: str
    wait: int


@dataclass
class Late:
    """One booking in a hub whose PMS answers late. The same seed plays the same history."""

    seed: int
    chance: random.Random = field(init=False)
    it: PureHub = field(init=False)
    record: PmsView = field(init=False)
    version: int = 0
    sent: Sent | None = None
    accepted: PmsView | None = None
    calm: bool = False
    open: set[str] = field(default_factory=set)
    met: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.it = booked(booking_mode=self.chance.choice(("instant", "request")))
        self.record = self._shadow.view  # type: ignore[assignment]

    @property
    def _shadow(self) -> Shadow:
        return self.it.state.shadows["pms", client(self.it).id]

    # --- one step ---

    def play(self) -> Iterator[str]:
        """Somebody changes it, an answer comes, the sides are read; every promise that is broken then."""
        self.it.now += 60
        yield from self.step(self._change(), ends=True)

    def step(self, feeds: Feeds, *, ends: bool) -> Iterator[str]:
        """One reconciliation with what the PMS has to say by now."""
        answered = self._answered()
        settled = self._settled() if answered is None and self.sent is None and ends else None
        without = self.it.state
        answers = self._hear(answered) if answered else Answers()
        news = {"pms": changed(settled)} if settled else {}
        plan = self._see(answers, **{**feeds, **news})
        if answered or settled:
            yield from self._told_apart(plan, without, feeds, answered, settled)
        yield from self._broken(plan)
        self._write(plan)

    def _see(self, answers: Answers, **feeds: Feed[Record]) -> Plan:
        on_way = frozenset({("pms", client(self.it).id)}) if self.sent else frozenset()
        self.it.state = replace(self.it.state, unresolved=on_way)
        plan = self.it.see(answers, **feeds)
        self.open = (self.open | {task.key for task in plan.tasks}) - set(plan.settled)
        return plan

    # --- who changes it ---

    def _change(self) -> Feeds:
        booking, start = client(self.it), TEN + HOUR * self.chance.randrange(7)
        placed = {"start": start, "end": start + booking.end - booking.start}
        ways: list[tuple[str, dict[str, Any]]] = [
            ("portal", placed),
            ("portal", {"service": self.chance.choice(("checkup", "long"))}),
            ("calendar", placed),
            ("calendar", {"end": booking.start + HALF * self.chance.randrange(1, 4)}),
            ("calendar", {"note": f"n{self.chance.randrange(9)}"}),
            ("calendar", {"state": State.CONFIRMED}),
            ("portal", {"state": State.CANCELLED} if self.chance.random() < 0.3 else {}),
            *[("", {})] * 2,
        ]
        name, fields = self.chance.choice(ways)
        return self._by(name, **fields)

    def _by(self, name: str, **fields: Any) -> Feeds:
        shown = self.it.state.shadows.get((name, client(self.it).id))
        live = shown is not None and shown.view is not None and not shown.view.state.gone
        return {name: changed(edited(self.it, name, modified=self.it.now, **fields))} if live else {}

    # --- what the PMS says ---

    def _answered(self) -> Sent | None:
        """The write whose answer comes now."""
        if self.sent is None:
            return None
        if self.sent.wait:
            self.sent = replace(self.sent, wait=self.sent.wait - 1)
            return None
        done, self.sent = self.sent, None
        return done

    def _hear(self, sent: Sent) -> Answers:
        """Applied as the engine does it."""
        effect, kind = sent.effect, self._possible(sent)
        self.met[f"{kind}{' stale' if self._stale(effect) else ''}"] += 1
        match kind:
            case "written":
                self._carry_out(effect)
                self.it.write(effect)
            case "pending":
                assert isinstance(effect.change.view, PmsView)
                self.accepted = effect.change.view
                entry = replace(echo(effect), pending=True) if self.chance.random() < 0.7 else None
                self.it.write(effect, Receipt(outcome="pending", entry=entry))
            case "conflict":
                return Answers(conflicts={("pms", effect.change.appointment): effect.change.view})
            case "given up":
                place = ("pms", effect.change.appointment)
                shadow = given_up(effect, self.it.state.shadows.get(place))
                self.it.state = replace(self.it.state, shadows={**self.it.state.shadows, place: shadow})
                self.open.add(f"write:pms/{effect.change.appointment}")
        return Answers()

    def _possible(self, sent: Sent) -> str:
        """What is taken away is written at once; one that is to go over a taken time is not refused for that."""
        change = sent.effect.change
        if change.remove:
            return "written"
        return "given up" if sent.kind == "conflict" and change.overbook else sent.kind

    def _carry_out(self, effect: Effect) -> None:
        assert isinstance(effect.change.view, PmsView)
        gone = replace(self.record, state=State.CANCELLED)
        self.record, self.accepted = (gone if effect.change.remove else effect.change.view), None

    def _settled(self) -> Entry | None:
        """What became of the write that was accepted, once the PMS has got to it."""
        if self.accepted is None or self.chance.random() < 0.4:
            return None
        end = self.chance.choice(ENDS)
        accepted, self.accepted, self.version = self.accepted, None, self.version + 1
        if end == "filed":
            self.record = accepted
        failed: Any = "" if end == "filed" else end
        self.met[end] += 1
        return Entry(ref=self._shadow.ref, version=f"s{self.version}", view=self.record, failed=failed)

    # --- what is written ---

    def _write(self, plan: Plan) -> None:
        for effect in plan.effects:
            if effect.connection != "pms":
                self.it.write(effect)
            elif self.sent is None and (self.calm or self.chance.random() < 0.6):  # else it cannot be reached
                self.sent = Sent(effect=effect, kind=self.chance.choice(KINDS), wait=self.chance.randrange(4))

    # --- what must hold ---

    def _stale(self, effect: Effect) -> bool:
        return effect.asked != self._asked(client(self.it))

    def _asked(self, booking: Appointment) -> str:
        link = self.it.state.links["pms"]
        return fingerprint(link, project("pms", booking, self.it.clinic))

    def _told_apart(
        self, plan: Plan, without: HubState, feeds: Feeds, answered: Sent | None, settled: Entry | None
    ) -> Iterator[str]:
        """The booking as it is with the answer, and as it would be without it, where that is about another version."""
        other = PureHub(self.it.clinic, self.it.now, replace(without, unresolved=self.it.state.unresolved))
        usual, stands = other.see(**feeds), client(other)
        if self._meant(stands, without, answered, settled):
            return
        if _seen(client(self.it)) != _seen(stands):
            yield f"an older answer changed it: {answered} {settled}: {_seen(client(self.it))} for {_seen(stands)}"
        if _due(usual) and not _due(plan):
            yield f"an older answer held up what is wanted now: {answered} {settled}"
        if {task.key for task in plan.tasks} - {task.key for task in usual.tasks}:
            yield f"an older answer asked a person: {answered} {settled}: {plan.tasks}"

    def _meant(self, stands: Appointment, without: HubState, answered: Sent | None, settled: Entry | None) -> bool:
        """Is the answer about the booking as it stands without it? A taken time is so for every state and text."""
        if answered is not None:
            view: Any = answered.effect.change.view
            about_now = answered.effect.asked == self._asked(stands)
            return about_now or (answered.kind == "conflict" and _place(view) == _place(stands))
        shadow = without.shadows["pms", stands.id]
        assert settled is not None
        return shadow.asked == self._asked(stands) or _place(shadow.view) == _place(stands)

    def _broken(self, plan: Plan) -> Iterator[str]:
        booking, shadow = client(self.it), self.it.state.shadows.get(("pms", client(self.it).id))
        if booking.state is State.CONFIRMED and booking.written and _place(self.record) != _place(booking):
            kept = any(line.code == "write_kept" for each in self.it.plans for line in each.journal)
            yield from [] if kept else [f"promised: {_place(booking)}, and the record has {_place(self.record)}"]
        if _due(plan) or self.sent or self.accepted or booking.state.gone or shadow is None:
            return
        shown = shadow.view is not None and _place(shadow.view) == _place(booking) and not shadow.unwritten
        asked = any(f"{kind}:pms/{booking.id}" in self.open for kind in ASKED_ABOUT)
        if not shown and not asked:
            yield f"forgotten: {_place(booking)}, shown {shadow}, open {self.open}"

    # --- coming to rest ---

    def rest(self) -> Iterator[str]:
        """Nobody changes it any more, and the PMS does as it is asked."""
        self.calm = True
        for _ in range(ROUNDS):
            self.it.now += 1
            if self.sent:
                self.sent = replace(self.sent, kind="written", wait=0)
            if self.accepted is not None and self.sent is None:
                self.record, view = self.accepted, self.accepted
                self.accepted, self.version = None, self.version + 1
                filed = Entry(ref=self._shadow.ref, version=f"s{self.version}", view=view)
                yield from self.step({"pms": changed(filed)}, ends=False)
            else:
                yield from self.step({name: Delta(changed=()) for name in ("calendar", "portal")}, ends=False)
        booking = client(self.it)
        asked = any(f"{kind}:pms/{booking.id}" in self.open for kind in ASKED_ABOUT)
        agreed = (self.record.state.gone and booking.state.gone) or _place(self.record) == _place(booking)
        if not agreed and not asked:
            yield f"not at rest: {_place(booking)}, and the record has {_place(self.record)}"


def _due(plan: Plan) -> bool:
    return any(effect.connection == "pms" for effect in plan.effects)


def _place(shown: Any) -> tuple[Any, ...]:
    return (shown.start, shown.end, shown.resource)


def _seen(booking: Appointment) -> tuple[Any, ...]:
    """What an answer may change of it. Whether it is written is the record's to say."""
    return (booking.state, booking.place, booking.decline_reason, booking.moved_from, booking.exclusive)


def lived(seed: int) -> tuple[Late, list[str]]:
    late, wrong = Late(seed), []
    for _ in range(STEPS):
        wrong += list(late.play())
    wrong += list(late.rest())
    return late, wrong


@pytest.mark.parametrize("block", BLOCKS)
def test_an_answer_speaks_of_the_version_it_was_sent_for(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        _, wrong = lived(seed)
        assert not wrong, f"seed {seed}: {wrong}"


def test_the_histories_hold_every_answer_to_older_and_to_newer_versions() -> None:
    met: Counter[str] = Counter()
    for seed in range(4 * BLOCK):
        late, _ = lived(seed)
        met += late.met
    kinds = set(KINDS)
    assert set(met) >= kinds | {f"{kind} stale" for kind in kinds} | set(ENDS), met
