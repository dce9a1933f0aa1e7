"""Reconciling is total and safe: whatever a hub remembers and its sides show, no promise of the core is broken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from calbridge.hub import Answers, Command, HubState, Observation, Plan
from calbridge.interval import Interval
from calbridge.lifecycle import TABLE
from calbridge.model import Appointment, Clinic, Details, Resource, Rules, Service, State, WallWindow
from calbridge.provider import (
    AbsenceRecord,
    Busy,
    ClientRecord,
    ClosureRecord,
    Complete,
    Delta,
    Entry,
    Gone,
    NotModified,
    Partial,
    Present,
    Record,
    Stamp,
    Unknown,
    Unreadable,
    WindowRecord,
)
from calbridge.reconcile import questions, reconcile
from calbridge.testing.pure import ALL_TIME, PureHub, links
from calbridge.views import CalendarView, PmsView, PortalView, View

NOW = 1_795_420_800  # 2026-11-23 08:00 UTC, a Monday
DAY = 86_400
MARK = "§private§"
SIDES = ("pms", "calendar", "portal")
VETS = ("anna", "bernd")
RECORD = ClientRecord(id="c1", first_name="Mara", last_name="Voss", emails=("mara@example.org",))
DETAILS = (None, Details(first_name="Mara", last_name="Voss", patient_name="Bo"), Details(last_name=MARK))

# --- what may happen --------------------------------------------------------------------------------

starts = st.integers(0, 11).map(lambda n: NOW + DAY + n * 900)
lengths = st.sampled_from((900, 1_800, 3_600))
states = st.sampled_from(State)
versions = st.integers(0, 3).map(str)
resources = st.sampled_from((*VETS, "room", "nobody"))
texts = st.sampled_from(("", MARK, f"Reserviert: {MARK}"))


@st.composite
def views(draw: st.DrawFn, side: str) -> View:
    start = draw(starts)
    common: dict[str, Any] = {"state": draw(states), "resource": draw(resources), "start": start}
    common["end"] = start + draw(lengths)
    service = draw(st.sampled_from(("checkup", "scan", "unheard-of", "")))
    match side:
        case "calendar":
            return CalendarView(**common, title=draw(texts), note=draw(st.sampled_from((None, "", MARK))))
        case "pms":
            client = draw(st.sampled_from(("", "c1")))
            return PmsView(**common, service=service, title=draw(texts), note=draw(texts), client=client)
    return PortalView(**common, service=service, description=draw(st.sampled_from(("", "limps"))))


@st.composite
def entries(draw: st.DrawFn, side: str, refs: list[str], known: list[str]) -> Entry:
    stamp = None
    if side != "portal" and known and draw(st.booleans()):
        stamp = Stamp(appointment=draw(st.sampled_from(known)), revision=draw(st.integers(0, 3)))
    return Entry(
        ref=draw(st.sampled_from(refs)),
        version=draw(versions),
        view=draw(views(side)),
        stamp=stamp,
        modified=draw(st.none() | st.integers(NOW - 600, NOW + 600)),
        replaces=draw(st.sampled_from(["", *refs])) if side == "portal" else "",
        details=draw(st.sampled_from(DETAILS)) if side == "portal" else None,
        expires=draw(st.none() | st.integers(NOW - 300, NOW + 600)) if side == "portal" else None,
        pending=side == "pms" and draw(st.booleans()),
    )


@st.composite
def foreign(draw: st.DrawFn, side: str) -> Record:
    kind = draw(st.sampled_from((Busy, AbsenceRecord, WindowRecord, ClosureRecord, Unreadable)))
    start = draw(starts)
    fields: dict[str, Any] = {"ref": f"{side}/foreign/{draw(st.integers(0, 3))}", "version": draw(versions)}
    fields |= {
        "resource": draw(st.just("") if kind is ClosureRecord else resources),
        "spans": (Interval(start, start + draw(lengths)),),
    }
    return kind(**fields, **({"why": "line 3"} if kind is Unreadable else {}))


@st.composite
def feeds(draw: st.DrawFn, side: str, hub: HubState) -> Any:
    """Any feed the contract lets through: refs are unique, none both changed and removed."""
    owned = [s.ref for s in hub.shadows.values() if s.connection == side and s.ref]
    refs = [*owned, *(f"{side}/{n}" for n in range(3))]
    kinds: list[st.SearchStrategy[Any]] = [entries(side, refs, sorted(hub.appointments))]
    if side != "portal":
        kinds.append(foreign(side))
    listed = {item.ref: item for item in draw(st.lists(st.one_of(kinds), max_size=4))}
    items = tuple(listed.values())
    match draw(st.sampled_from(("complete", "delta", "partial", "nothing"))):
        case "complete":
            window = draw(st.sampled_from((ALL_TIME, Interval(NOW, NOW + DAY + 7_200))))
            return Complete(window=window, items=items, cursor="c")
        case "delta":
            removed = draw(st.lists(st.sampled_from(refs), max_size=2, unique=True))
            return Delta(changed=items, removed=tuple(r for r in removed if r not in listed), cursor="d")
        case "partial":
            return Partial(window=ALL_TIME, items=items)
    return NotModified(cursor="n")


@st.composite
def answers(draw: st.DrawFn, it: PureHub, observations: dict[str, Observation]) -> Answers:
    asked = questions(it.state, observations, it.clinic, it.now)
    probes = {probe: draw(st.sampled_from((Gone(), Present(), Unknown(why="401")))) for probe in asked.probes}
    found = st.sampled_from((None, (), (RECORD,), (RECORD, replace(RECORD, id="c2"))))
    clients = {lookup.key: records for lookup in asked.lookups if (records := draw(found)) is not None}
    new = st.sampled_from((None, "refused", replace(RECORD, id="c9")))
    created = {each.appointment: made for each in asked.creations if (made := draw(new)) is not None}
    pairs = sorted((side, key) for side in SIDES for key in it.state.appointments)
    conflicts = draw(st.sets(st.sampled_from(pairs), max_size=1)) if pairs else set()
    return Answers(probes=probes, clients=clients, created=created, conflicts=frozenset(conflicts))


@st.composite
def hubs(draw: st.DrawFn) -> PureHub:
    rules = Rules(
        availability="opening_hours",
        booking_mode=draw(st.sampled_from(("instant", "request"))),
        late_confirm=draw(st.sampled_from(("retry", "refuse"))),
        on_unmatched=draw(st.sampled_from(("book_unlinked", "ask", "create"))),
        client_match=draw(st.sampled_from(("unique", "propose"))),
        calendar_names=draw(st.sampled_from(("full", "pseudonym", "none"))),
        client_cancel_cutoff=draw(st.sampled_from((None, 2 * DAY))),
        max_cancellations=draw(st.sampled_from((0, 3))),
    )
    clinic = Clinic(
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
    known = links(NOW)
    for name in draw(st.sets(st.sampled_from(SIDES), max_size=1)):
        known[name] = replace(known[name], approved=False)
    return PureHub(clinic, NOW, HubState(links=known))


@st.composite
def steps(draw: st.DrawFn, it: PureHub) -> tuple[Answers, dict[str, Any]]:
    """One more reconciliation of a random hub, with people's commands, broken plugins and open answers."""
    it.now += draw(st.sampled_from((0, 60, 400, 2 * DAY)))
    keys = sorted(it.state.appointments)
    commands: tuple[Command, ...] = ()
    if keys and draw(st.booleans()):
        kind = draw(st.sampled_from(("accept", "decline", "link", "unlink", "create", "cancel")))
        key = draw(st.sampled_from([*keys, "nobody"]))
        commands = (Command(id=1, kind=kind, appointment=key, reason=MARK, client="c1"),)
    open_ = draw(st.sets(st.sampled_from(sorted(it.state.shadows)), max_size=1)) if it.state.shadows else set()
    it.state = replace(it.state, commands=commands, unresolved=frozenset(open_))
    sides = draw(st.sets(st.sampled_from(SIDES)))
    shown = {side: draw(feeds(side, it.state)) for side in sorted(sides)}
    observations = {side: Observation(feed=feed, started=it.now) for side, feed in shown.items()}
    return draw(answers(it, observations)), shown


# --- what must hold ---------------------------------------------------------------------------------


def _reachable() -> dict[State, set[State]]:
    """Where the table leads to, in any number of its steps: one reconciliation may see several."""
    near = {state: {state, *TABLE.get(state, {}).values()} for state in State}
    for _ in State:
        near = {state: set().union(*(near[each] for each in after)) for state, after in near.items()}
    return near


REACHABLE = _reachable()


def _lives_by_the_table(before: HubState, plan: Plan) -> None:
    """What ended stays ended, and nothing goes backwards. A new id may begin in any state a side shows."""
    for after in plan.appointments:
        old = before.appointments.get(after.id)
        assert old is None or after.state in REACHABLE[old.state], (old, after)


def _exclusive(appointments: list[Appointment]) -> None:
    claims = [a for a in appointments if a.exclusive and not a.state.gone]
    for index, one in enumerate(claims):
        for other in claims[index + 1 :]:
            shared = set(one.resources) & set(other.resources)
            swept = State.HELD in (one.state, other.state)  # a hold past its end guards nothing any more
            assert swept or not (shared and one.footprint.overlaps(other.footprint)), (one, other)


def _ours_only(it: PureHub, plan: Plan) -> None:
    """A write goes to what the bridge has a shadow of, never to what is foreign; nothing goes out unapproved."""
    own = {(s.connection, s.ref) for s in it.state.shadows.values()}
    for effect in plan.effects:
        place = (effect.connection, effect.change.ref)
        assert not effect.change.ref or (place in own and place not in it.state.foreign), effect
        assert it.state.links[effect.connection].approved


def _silent(plan: Plan) -> None:
    """Nothing private reaches a portal, the journal or a task."""
    portals = [effect.change for effect in plan.effects if effect.connection == "portal"]
    assert MARK not in repr((portals, plan.journal, plan.tasks))


def _reconciled(it: PureHub, given_answers: Answers, shown: dict[str, Any]) -> None:
    before = it.state
    plan = it.see(given_answers, **shown)
    _lives_by_the_table(before, plan)
    _exclusive(list(it.state.appointments.values()))
    _ours_only(it, plan)
    _silent(plan)


quick = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),  # shrinking such histories takes minutes and helps little
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


@quick
@given(st.data())
def test_any_history_keeps_every_promise_and_comes_to_rest(data: st.DataObject) -> None:
    it = data.draw(hubs())
    for _ in range(data.draw(st.integers(1, 4))):
        given_answers, shown = data.draw(steps(it))
        _reconciled(it, given_answers, shown)
    it.state = replace(it.state, unresolved=frozenset())
    it.settle(rounds=8)
    quiet = it.see(**{side: Delta[Record](changed=()) for side in SIDES})
    assert (quiet.effects, quiet.appointments, quiet.shadows, quiet.journal) == ((), (), (), ())


@quick
@given(st.data())
def test_the_order_of_a_feed_and_of_the_hub_does_not_matter(data: st.DataObject) -> None:
    it = data.draw(hubs())
    _reconciled(it, *data.draw(steps(it)))
    given_answers, shown = data.draw(steps(it))
    observations = {side: Observation(feed=feed, started=it.now) for side, feed in shown.items()}
    one = reconcile(it.state, observations, given_answers, it.clinic, it.now)
    turned = {side: replace(o, feed=_turned(o.feed)) for side, o in reversed(observations.items())}
    other = reconcile(_shuffled(it.state), turned, given_answers, it.clinic, it.now)
    assert _by_id(one) == _by_id(other)
    assert one.effects == other.effects


def _turned(feed: Any) -> Any:
    if isinstance(feed, Complete | Partial):
        return replace(feed, items=feed.items[::-1])
    return replace(feed, changed=feed.changed[::-1]) if isinstance(feed, Delta) else feed


def _shuffled(state: HubState) -> HubState:
    tables = ("appointments", "shadows", "foreign", "links")
    return replace(state, **{name: dict(reversed(list(getattr(state, name).items()))) for name in tables})


def _by_id(plan: Plan) -> dict[str, Appointment]:
    return {each.id: each for each in plan.appointments}
