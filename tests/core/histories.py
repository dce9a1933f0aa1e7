"""Any history of a hub, from one seed: what its sides may show, how its writes may end, what people may ask for.

The sides are not faithful ones: within the contract of `calbridge.contract` they may show anything at any time. Writes
are answered, refused, only accepted, lost and answered later, as the engine meets them; `promises` says what must hold.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, get_args

from calbridge.hub import Answers, Command, Effect, HubState, Link, Observation, Plan, Shadow, Task
from calbridge.interval import Interval
from calbridge.lifecycle import CommandKind
from calbridge.messages import MessageDue
from calbridge.model import (
    Animal,
    Appointment,
    Authority,
    Clinic,
    Details,
    Resource,
    Rules,
    Service,
    Side,
    State,
    WallWindow,
)
from calbridge.provider import (
    AbsenceRecord,
    Busy,
    ClientRecord,
    ClosureRecord,
    Complete,
    Delta,
    Entry,
    Feed,
    Gone,
    NotModified,
    Partial,
    PatientRecord,
    Present,
    Receipt,
    Record,
    Stamp,
    Unknown,
    Unreadable,
    WindowRecord,
)
from calbridge.reconcile import given_up, questions, reconcile
from calbridge.testing.pure import ALL_TIME, PureHub, echo, links
from calbridge.views import UNDECIDED, CalendarView, PmsView, PortalView, View, project

NOW = 1_795_420_800  # 2026-11-23 08:00 UTC, a Monday
QUARTER, DAY = 900, 86_400
PRIVATE, REASON = "§private§", "§reason§"
VETS = ("anna", "bernd")
WAYS_OUT = ("retry", "keep", "take_back")
THE_OTHER = {"calendar": "calendar", "annex": "calendar", "portal": "portal", "fair": "portal", "pms": "pms"}
SHAPES = (
    *[("pms", "calendar", "portal")] * 4,
    ("pms", "calendar", "annex", "portal", "fair"),
    ("pms", "portal", "fair"),
    ("calendar", "portal"),
    ("calendar", "annex", "portal", "fair"),
    ("portal", "fair"),
)
"""Which connections there are: most clinics have one of each."""
MARA = Details(first_name="Mara", last_name="Voss", email="mara@example.org", patient_name="Bo", species="dog")
TWO = replace(MARA, others=(Animal(name="Rex", species="cat"),))
DETAILS = (None, MARA, MARA, replace(MARA, patient_name="", species="cat"), TWO, Details(last_name=PRIVATE))
BO = PatientRecord(id="p1", name="Bo", species="dog")
RECORD = ClientRecord(id="c1", first_name="Mara", last_name="Voss", emails=("mara@example.org",), patients=(BO,))
FOUND = ((), (RECORD,), (RECORD, replace(RECORD, id="c2")))
ThingT = TypeVar("ThingT")
ROUNDS = 6
"""After these every side agrees: a hold ends, is taken off the sides, and what it made room for is written."""
VISITED = frozenset({State.ARRIVED, State.FULFILLED, State.NO_SHOW})
"""What a PMS takes only from a confirmed visit."""
Place = tuple[str, str]
"""(connection, appointment)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One reconciliation: what it was given, what it decided, and the hub before and after it."""

    now: int
    before: HubState
    after: HubState
    observations: Mapping[str, Observation]
    answers: Answers
    plan: Plan


def _between(effect: Effect) -> View | None:
    """What stands there when a PMS has taken the first step of this write, where it takes more than one."""
    before, change = effect.change.previous, effect.change
    if not isinstance(before, PmsView) or change.remove:
        return None
    long = (before.state in UNDECIDED and change.view.state in VISITED) or (
        (before.state, change.view.state) == (State.ARRIVED, State.NO_SHOW)
    )
    if long:
        return replace(before, state=State.CONFIRMED)
    state = replace(change.view, state=before.state)
    return state if change.view.state is not before.state and state != before else None


@dataclass
class History:
    """A hub with everything that happened to it. `play` makes the next step; the same seed makes the same steps."""

    seed: int
    chance: random.Random = field(init=False)
    it: PureHub = field(init=False)
    lost: dict[Place, Effect] = field(default_factory=dict)
    moved: dict[str, list[Entry]] = field(default_factory=dict)
    conflicts: dict[Place, View] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    consumed: set[tuple[str, str]] = field(default_factory=set)
    tasks: dict[str, Task] = field(default_factory=dict)
    heard: list[MessageDue] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    half_way: int = 0
    calmed: bool = False

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        clinic = a_clinic(self.chance)
        self.it = PureHub(clinic, NOW, HubState(links=self._links(), broken=self._broken()))

    @property
    def state(self) -> HubState:
        """The hub as it is."""
        return self.it.state

    # --- the connections ---

    def _links(self) -> dict[str, Link]:
        known, shape = links(NOW), self._one(SHAPES)
        found = {name: replace(known[THE_OTHER[name]], name=name) for name in shape}
        if "pms" not in found and "calendar" in found:
            found["calendar"] = replace(found["calendar"], rank=0)
        found = {name: replace(link, capabilities=self._abilities(link)) for name, link in found.items()}
        if self._maybe(0.15):
            name = self._one(sorted(found))
            found[name] = replace(found[name], approved=False)
        return found

    def _abilities(self, link: Link) -> Any:
        able = link.capabilities
        if link.name == "annex":
            return replace(able, resources=frozenset({"bernd"}))
        if link.role == "pms" and self._maybe(0.3):
            return replace(able, holds=False)
        if link.role == "pms" and self._maybe(0.2):
            return replace(able, shown_as={State.HELD: State.REQUESTED})
        if link.role == "portal" and self._maybe(0.3):
            return replace(able, tells=frozenset({"confirmed", "cancelled"}))
        return able

    def _broken(self) -> frozenset[str]:
        return frozenset({"lab"}) if self._maybe(0.05) else frozenset()

    # --- one step ---

    def play(self) -> Step:
        """Time passes, lost answers come, sides are read, people ask; then what is due is written, somehow."""
        self.it.now += self._one((*(0, 60, 60, 60, 400, 1_200) * 5, 2 * DAY))
        self._answer_late()
        names = [name for name in self.state.links if self._maybe(0.6)]
        return self.step({name: self._feed(name) for name in names}, self._commands())

    def step(self, feeds: Mapping[str, Feed[Record]], commands: tuple[Command, ...] = ()) -> Step:
        """One reconciliation over these feeds, and what follows from it."""
        step = self.decide(feeds, commands)
        self._write(step.plan.effects)
        self._deliver()
        return step

    def decide(self, feeds: Mapping[str, Feed[Record]], commands: tuple[Command, ...] = ()) -> Step:
        """The reconciliation alone."""
        it = self.it
        it.state = replace(it.state, commands=commands, unresolved=frozenset(self.lost))
        observations = {name: Observation(feed=feed, started=it.now) for name, feed in feeds.items()}
        answers, before = self._answers(observations), it.state
        plan = it.see(answers, **feeds)
        self.conflicts.clear()
        self.tasks |= {task.key: task for task in plan.tasks}
        for key in plan.settled:
            self.tasks.pop(key, None)
        step = Step(now=it.now, before=before, after=it.state, observations=observations, answers=answers, plan=plan)
        self.steps.append(step)
        return step

    def again(self, step: Step) -> Plan:
        """The same reads once more, over what came of them."""
        answers = replace(step.answers, conflicts={}, created={})
        return reconcile(replace(step.after, commands=()), step.observations, answers, self.it.clinic, step.now)

    # --- what is asked and answered ---

    def _answers(self, observations: Mapping[str, Observation]) -> Answers:
        asked = questions(self.state, observations, self.it.clinic, self.it.now)
        probes = {probe: self._one((Gone(), Gone(), Present(), Unknown(why="401"))) for probe in asked.probes}
        clients = {each.key: self._one(FOUND) for each in asked.lookups if self._answered(0.8)}
        made: tuple[Any, ...] = ("refused", replace(RECORD, id="c9"))
        created = {each.appointment: self._one(made) for each in asked.creations if self._answered(0.7)}
        return Answers(probes=probes, clients=clients, created=created, conflicts=dict(self.conflicts))

    def _answered(self, chance: float) -> bool:
        return self.calmed or self._maybe(chance)

    def _commands(self) -> tuple[Command, ...]:
        keys = sorted(self.state.appointments)
        if not keys or self._maybe(0.5):
            return ()
        return tuple(self._command(number, [*keys, "nobody"]) for number in range(1, self._one((1, 1, 2)) + 1))

    def _command(self, number: int, keys: Sequence[str]) -> Command:
        kind: CommandKind = self._one(get_args(CommandKind))
        key = self._one(keys)
        stuck = [task for task in self.tasks.values() if task.kind in {"failed", "timed_out", "write"}]
        connection = ""
        if kind in WAYS_OUT:
            connection, key = self._stuck(stuck, key)
        start = self._start()
        return Command(
            id=number,
            kind=kind,
            appointment=key,
            connection=connection,
            reason=REASON,
            notify=self._one((None, True, False)),
            client=self._one(("c1", "c2")) if kind == "link" or self._maybe(0.2) else "",
            resource=self._one(VETS),
            start=start,
            end=start + self._length(),
        )

    def _stuck(self, tasks: Sequence[Task], key: str) -> Place:
        if tasks and self._maybe(0.8):
            task = self._one(tasks)
            return task.connection, task.appointment
        return self._one((*self.state.links, "unplugged")), key

    # --- what becomes of writes, as the engine meets it ---

    def _write(self, due: Iterable[Effect]) -> None:
        held_up: set[str] = set()
        for effect in due:
            place = (effect.connection, effect.change.appointment)
            if place in self.lost or place[1] in held_up or self._maybe(0.15):  # it waits, or the process was killed
                continue
            fate = self._one(("written",) * 8 + ("pending", "moved", "conflict", "given up", "lost"))
            fate = self._one((fate, "half way")) if _between(effect) else fate
            if fate == "lost":
                self.lost[place] = effect
            elif not self.answer(effect, fate):
                held_up.add(place[1])

    def _answer_late(self) -> None:
        for place, effect in list(self.lost.items()):
            if self._maybe(0.6):
                del self.lost[place]
                self.answer(effect, self._one(("written", "written", "pending", "moved", "conflict", "given up")))

    def answer(self, effect: Effect, fate: str) -> bool:
        """The side answers; False where nothing more of this booking goes out before a new decision."""
        place = (effect.connection, effect.change.appointment)
        two_stage = self.state.links[effect.connection].role == "pms"
        match fate:
            case "pending" if two_stage:
                entry = None if effect.change.remove else replace(echo(effect), pending=True)
                self.it.write(effect, Receipt(outcome="pending", entry=entry))
            case "moved" if effect.change.ref:
                return self._has_moved(effect)
            case "half way":
                return self._stopped(effect)
            case "conflict" if effect.change.overbook or effect.change.remove:
                self._give_up(effect)
            case "conflict":
                self.conflicts[place] = effect.change.view
                return False
            case "given up":
                self._give_up(effect)
            case _:
                self.it.write(effect)
                for kind in ("failed", "timed_out", "write"):
                    self.tasks.pop(f"{kind}:{place[0]}/{place[1]}", None)
        return True

    def _has_moved(self, effect: Effect) -> bool:
        """Somebody was there first: the entry is another, or is gone, and the next read shows it."""
        base = self.state.shadows.get((effect.connection, effect.change.appointment))
        entry = self._edited(effect.connection, base) if base is not None and self._maybe(0.7) else None
        self.it.write(effect, Receipt(outcome="moved", entry=entry))
        if entry is not None:
            self.moved.setdefault(effect.connection, []).append(entry)
        return False

    def _stopped(self, effect: Effect) -> bool:
        """It is taken step by step, and not all steps were: somebody came between them, or the last one was refused."""
        place, left = (effect.connection, effect.change.appointment), _between(effect)
        assert left is not None
        self.half_way += 1
        known = self.state.shadows[place]
        half = replace(known, version=f"{known.version}h", view=left, pending=False, before=None)
        entry = self._edited(effect.connection, half) if self._maybe(0.6) else self._entry_of(half)
        outcome: Any = "conflict" if self._maybe(0.3) and not effect.change.overbook else "moved"
        self.it.write(effect, Receipt(outcome=outcome, entry=entry, wrote=left))
        self.moved.setdefault(effect.connection, []).append(entry)
        if outcome == "conflict":
            self.conflicts[place] = effect.change.view
        return False

    def _give_up(self, effect: Effect) -> None:
        place = (effect.connection, effect.change.appointment)
        shadow = given_up(effect, self.state.shadows.get(place))
        self.it.state = replace(self.state, shadows={**self.state.shadows, place: shadow})
        key = f"write:{place[0]}/{place[1]}"
        self.tasks[key] = Task(key=key, kind="write", sentence="", appointment=place[1], connection=place[0])

    def _deliver(self) -> None:
        """What is due is sent once by its key, now or after a while."""
        if self._maybe(0.7):
            self.heard += self._sent()

    def _sent(self) -> list[MessageDue]:
        known = {letter.key for letter in self.heard}
        return [letter for letter in self.it.deliver() if letter.key not in known]

    # --- coming to rest ---

    def calm(self) -> Step:
        """Nobody acts any more and every side does as it is asked; the step that had nothing left to do."""
        self.calmed = True
        for place, effect in list(self.lost.items()):
            del self.lost[place]
            self.answer(effect, "written")
        for _ in range(ROUNDS):
            step = self.decide({name: self._faithful(name) for name in self.state.links})
            self.heard += self._sent()
            for effect in step.plan.effects:
                self.answer(effect, "written")
            self.it.now += 1
        return self.decide({name: self._faithful(name) for name in self.state.links})

    def _faithful(self, name: str) -> Feed[Record]:
        """What was only accepted is written by now; all else is as it was."""
        waiting = [s for s in self.state.shadows.values() if s.connection == name and s.pending and s.view]
        return Delta(changed=(*self.moved.pop(name, []), *(self._entry_of(shadow) for shadow in waiting)))

    def _entry_of(self, shadow: Shadow) -> Entry:
        assert shadow.view is not None
        ref = shadow.ref or f"{shadow.connection}/{shadow.appointment}"
        stamp = Stamp(appointment=shadow.appointment, revision=shadow.revision)
        over = self.state.appointments[shadow.appointment].state.gone
        view = replace(shadow.view, state=State.CANCELLED) if over else shadow.view
        return Entry(ref=ref, version=f"{shadow.version}w", view=view, stamp=stamp)

    # --- what the sides show ---

    def _feed(self, name: str) -> Feed[Record]:
        """Any feed that the contract lets through: refs are unique, none is both changed and removed."""
        listed = {each.ref: each for each in self.moved.pop(name, [])}
        for _ in range(self._one((0, 1, 1, 2, 3, 4))):
            record = self._record(name)
            listed.setdefault(record.ref, record)
        items = tuple(each for ref, each in listed.items() if (name, ref) not in self.consumed)
        kind = self._one(("complete", "delta", "delta", "delta", "partial", "nothing" if not items else "delta"))
        match kind:
            case "complete":
                window = self._one((ALL_TIME, Interval(NOW, NOW + DAY + 7_200)))
                return Complete(window=window, items=items, cursor="c")
            case "delta":
                known = [ref for ref in self._refs(name) if ref not in listed]
                refs = [ref for ref in known if ref in self.left or self._maybe(0.1)]
                return Delta(changed=items, removed=tuple(refs), cursor="d")
            case "partial":
                return Partial(window=ALL_TIME, items=items)
        return NotModified(cursor="n")

    def _refs(self, name: str) -> list[str]:
        owned = [shadow.ref for shadow in self.state.shadows.values() if shadow.connection == name and shadow.ref]
        return sorted({*owned, *(ref for (where, ref) in self.state.foreign if where == name)})

    def _record(self, name: str) -> Record:
        role = self.state.links[name].role
        if role != "portal" and self._maybe(0.25):
            return self._foreign(name)
        owned = [s for s in self.state.shadows.values() if s.connection == name and s.ref]
        if owned and self._maybe(0.7):
            return self._edited(name, self._one(owned))
        return self._new(name)

    def _edited(self, name: str, shadow: Shadow) -> Entry:
        """What the side had, after somebody changed a thing or two, or what became of a write it had accepted."""
        link, appointment = self.state.links[name], self.state.appointments[shadow.appointment]
        view = shadow.view or project(link.role, appointment, self.it.clinic)
        failed: Any = ""
        if shadow.pending and shadow.before is not None and self._maybe(0.3):
            view = shadow.before  # listed as it was, without a word of what is on its way
        elif shadow.pending and self._maybe(0.5):
            failed = self._one(("slot_unavailable", "unknown"))
            view = shadow.before or replace(view, state=State.CANCELLED)
        elif not shadow.pending or self._maybe(0.5):
            for _ in range(self._one((0, 1, 1, 2))):
                view = self._changed(view)
        entry = Entry(
            ref=self._whereabouts(name, shadow),
            version=f"{shadow.version}{self._one('xy')}",
            view=view,
            stamp=self._stamp(name, shadow),
            modified=self._instant(),
            failed=failed,
            pending=link.role == "pms" and not failed and self._maybe(0.1),
        )
        return self._by_client(entry, shadow) if link.role == "portal" else entry

    def _whereabouts(self, name: str, shadow: Shadow) -> str:
        """Where it was, or elsewhere with its mark: put into another calendar, made anew by its system."""
        if shadow.ref and (self.state.links[name].role == "portal" or self._maybe(0.9)):
            return shadow.ref
        self.left.add(shadow.ref)
        return self._ref(name)

    def _by_client(self, entry: Entry, shadow: Shadow) -> Entry:
        """A hold may have become a booking, under a ref of its own: then nobody sees the hold again."""
        details = self._one(DETAILS)
        if entry.view.state is State.HELD and self._maybe(0.6):
            view = replace(entry.view, state=State.REQUESTED)
            ref = f"{shadow.connection}/booking/{self.chance.randrange(9)}"
            self.consumed.add((shadow.connection, shadow.ref))
            return replace(entry, ref=ref, replaces=shadow.ref, view=view, details=details)
        return replace(entry, details=details, expires=self._expiry())

    def _changed(self, view: View) -> View:
        start = self._start()
        ways: list[dict[str, Any]] = [
            {"start": start, "end": start + view.end - view.start},
            {"end": view.start + self._length()},
            {"resource": self._one((*VETS * 4, "nobody"))},
            {"state": self._one(tuple(State))},
            {"state": self._one((State.CONFIRMED, State.CANCELLED, State.ARRIVED))},
            {"description": self._one(("limps", ""))},
        ]
        if not isinstance(view, PortalView):
            ways += [{"title": PRIVATE}, {"note": self._one(("", PRIVATE))}]
        if not isinstance(view, CalendarView):
            ways.append({"service": self._one(("checkup", "scan", "unheard-of"))})
        if isinstance(view, PmsView):
            ways += [{"client": self._one(("", "c1", "c2"))}, {"patient": "p1"}, {"co_resources": ("room",)}]
        changed: View = replace(view, **self._one(ways))
        return changed

    def _new(self, name: str) -> Entry:
        role, ref = self.state.links[name].role, self._ref(name)
        entry = Entry(ref=ref, version=self._one("012"), view=self._view(role), modified=self._instant())
        if role == "portal":
            return replace(entry, details=self._one(DETAILS), expires=self._expiry())
        pending = role == "pms" and self._maybe(0.1)
        failed: Any = self._one(("slot_unavailable", "unknown")) if role == "pms" and self._maybe(0.05) else ""
        return replace(entry, stamp=self._stamp(name, None), pending=pending and not failed, failed=failed)

    def _view(self, role: str) -> View:
        start = self._start()
        place: dict[str, Any] = {"resource": self._one((*VETS * 20, "room", "nobody")), "start": start}
        place["end"] = start + self._length()
        service = self._one((*["checkup"] * 20, *["scan"] * 10, "unheard-of", ""))
        match role:
            case "calendar":
                return CalendarView(
                    state=self._one(tuple(State)), title=PRIVATE, note=self._one((None, PRIVATE)), **place
                )
            case "pms":
                client = self._one(("", "c1"))
                state = self._one((*[State.CONFIRMED] * 8, *State))
                return PmsView(state=state, service=service, title=PRIVATE, client=client, **place)
        state = self._one((*[State.HELD] * 30, *[State.REQUESTED] * 20, *State))
        return PortalView(state=state, service=service, description=self._one(("", "limps")), **place)

    def _stamp(self, name: str, shadow: Shadow | None) -> Stamp | None:
        """The bridge's mark: mostly kept, sometimes lost, copied or of a booking that nobody knows any more."""
        if self.state.links[name].role == "portal":
            return None
        known = sorted(self.state.appointments)
        if shadow is not None and self._maybe(0.9):
            return Stamp(appointment=shadow.appointment, revision=shadow.revision)
        if known and self._maybe(0.3):
            return Stamp(appointment=self._one(known), revision=self.chance.randrange(4))
        return Stamp(appointment="bforgotten", revision=1) if self._maybe(0.1) else None

    def _foreign(self, name: str) -> Record:
        kind = self._one((Busy, Busy, AbsenceRecord, WindowRecord, ClosureRecord, Unreadable))
        start = self._start()
        fields: dict[str, Any] = {"ref": f"{name}/foreign/{self.chance.randrange(4)}", "version": self._one("012")}
        fields["resource"] = "" if kind is ClosureRecord else self._one((*VETS, "room", "nobody"))
        fields["spans"] = (Interval(start, start + self._length()),)
        return kind(**fields, **({"why": "line 3"} if kind is Unreadable else {}))

    # --- small things ---

    def _ref(self, name: str) -> str:
        free = [ref for n in range(12) if (name, ref := f"{name}/{n}") not in self.consumed]
        return self._one(free[:5])

    def _start(self) -> int:
        if self._maybe(0.04):
            return NOW - 3 * DAY
        tomorrow = NOW + DAY * (1 + (self.it.now - NOW) // DAY)
        return tomorrow + QUARTER * self.chance.randrange(16)

    def _length(self) -> int:
        return self._one((QUARTER, 2 * QUARTER, 2 * QUARTER, 4 * QUARTER))

    def _instant(self) -> int | None:
        return self._one(
            (None, self.it.now, self.it.now - 30, self.it.now - self.chance.randrange(900), self.it.now + 60)
        )

    def _expiry(self) -> int | None:
        return self._one((None, self.it.now + 300, self.it.now + 200, self.it.now - 30))

    def _maybe(self, chance: float) -> bool:
        return self.chance.random() < chance

    def _one(self, things: Sequence[ThingT] | Iterable[ThingT]) -> ThingT:
        return self.chance.choice(list(things))


def a_clinic(chance: random.Random) -> Clinic:
    """Open from 8 to 18 every day, with any rules that the pipeline's decisions depend on."""
    one: Callable[..., Any] = lambda *values: chance.choice(values)  # noqa: E731
    rules = Rules(
        availability="opening_hours",
        lead_time=one(0, 0, 3_600),
        booking_mode=one("instant", "request"),
        late_confirm=one("retry", "refuse"),
        client_cancel_cutoff=one(None, None, 2 * DAY),
        client_move_cutoff=one(None, None, 2 * DAY),
        auto_confirm_known_only=one(False, True),
        decline_reason_visible=one(False, True),
        decline_notifies=one(True, False),
        late_change_policy=one("apply", "task"),
        client_match=one("unique", "propose", "strict", "email"),
        on_ambiguous=one("book_unlinked", "ask", "create", "create_if_complete"),
        on_unmatched=one("book_unlinked", "ask", "create", "create_if_complete"),
        one_patient_per_booking=one(False, False, True),
        reschedule_scope=one("online", "opening_hours"),
        calendar_names=one("full", "pseudonym", "none"),
        reminders=one((), (3_600,)),
        max_cancellations=one(0, 3),
        write_timeout=one(60, 900),
        recreated_within=one(0, 120, 600),
        authority=Authority(
            time=one("clinic", "clinic", "last_edit", "pms", "calendar"),
            cancel=one("clinic", "clinic", "pms", "calendar"),
            service=one("portal", "clinic", "last_edit"),
            description=one("portal", "clinic", "last_edit"),
            text=one("clinic", "pms", "calendar"),
        ),
    )
    return Clinic(
        key="hafen",
        name="Hafen",
        time_zone="Europe/Berlin",
        region="DE",
        online=True,
        opening_hours={day: (WallWindow(start=480, end=1_080),) for day in range(7)},
        resources={key: Resource(key=key, name=key, online=key != "room") for key in (*VETS, "room")},
        services={
            "checkup": Service(key="checkup", name="C", minutes=30, buffer_after=15, online=True, resources=VETS),
            "scan": Service(key="scan", name="S", minutes=30, online=True, resources=VETS, requires=(("room",),)),
        },
        rules=rules,
    )


def of_a_client(appointment: Appointment) -> bool:
    """It came from a portal."""
    return appointment.origin is Side.CLIENT
