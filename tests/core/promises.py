"""What no history may break, each promise one function over a step (or over all of them at rest)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

from histories import PRIVATE, REASON, History, Step, of_a_client

from calbridge.hub import Foreign, HubState, JournalEntry, Shadow
from calbridge.lifecycle import TABLE, Event
from calbridge.messages import TELLING, MessageDue
from calbridge.model import Appointment, State
from calbridge.provider import AbsenceRecord, Busy, ClosureRecord, Complete, Delta, Entry, Gone, Partial, Unreadable
from calbridge.reconcile.compare import carried
from calbridge.reconcile.effects import promised
from calbridge.views import PmsView, project

TAKEN = "slot_unavailable"
WAITED_FOR = frozenset({State.REQUESTED, State.CONFIRMED, State.ARRIVED})
BY_STAFF = frozenset({"moved_over", "overbooked", "clinic moves", "adopted", "attached", "recovered", "edited"})
"""Codes after which a booking may stand without an exclusive claim: staff put it there, or a side had it there."""


def broken(history: History, step: Step) -> list[str]:
    """Every promise that this step broke, in a sentence each."""
    return [
        sentence
        for promise in (
            _lives_by_the_table,
            _what_ended_stays,
            _exclusive,
            _nobody_loses_a_claim_in_silence,
            _one_owner,
            _ids_are_kept,
            _no_silent_end,
            _every_change_is_journalled,
            _every_refusal_is_answered,
            _nothing_is_told_too_early,
            _nothing_waits_for_ever,
            _only_ours_is_written,
            _silent,
        )
        for sentence in promise(history, step)
    ]


# --- the life cycle ---------------------------------------------------------------------------------


def _reachable() -> dict[State, set[State]]:
    """Where the table leads to, in any number of its steps: one reconciliation may see several."""
    near = {state: {state, *TABLE.get(state, {}).values()} for state in State}
    for _ in State:
        near = {state: set().union(*(near[each] for each in after)) for state, after in near.items()}
    return near


REACHABLE = _reachable()


def _lives_by_the_table(_history: History, step: Step) -> list[str]:
    """What ended stays ended, and nothing goes backwards. A new id may begin in any state a side shows."""
    lost = [f"lost: {key}" for key in step.before.appointments if key not in step.after.appointments]
    return lost + [
        f"table: {old.id} went from {old.state} to {new.state}"
        for old, new in _changes(step)
        if new.state not in REACHABLE[old.state]
    ]


def _what_ended_stays(_history: History, step: Step) -> list[str]:
    """Nobody moves what is over."""
    return [
        f"moved after its end: {old.id} {old.state}"
        for old, new in _changes(step)
        if old.state.ended and (old.start, old.end, old.resource) != (new.start, new.end, new.resource)
    ]


def _changes(step: Step) -> list[tuple[Appointment, Appointment]]:
    known = step.before.appointments
    return [(known[new.id], new) for new in step.plan.appointments if new.id in known]


# --- time -------------------------------------------------------------------------------------------


def _exclusive(_history: History, step: Step) -> list[str]:
    """Of two that overlap on a resource at most one claims it. (A hold past its end guards nothing any more.)"""
    claims = [a for a in step.after.appointments.values() if a.exclusive and not a.state.gone]
    return [
        f"double booked: {one.id} {one.state} and {other.id} {other.state}"
        for one, other in combinations(claims, 2)
        if State.HELD not in {one.state, other.state} and _overlap(one, other)
    ]


def _overlap(one: Appointment, other: Appointment) -> bool:
    return bool(set(one.resources) & set(other.resources)) and one.footprint.overlaps(other.footprint)


def _nobody_loses_a_claim_in_silence(history: History, step: Step) -> list[str]:
    """A client's booking without its claim was put there by somebody, and a person was asked."""
    codes = {(line.appointment, line.code) for each in history.steps for line in each.plan.journal}
    live = (a for a in step.after.appointments.values() if of_a_client(a) and not a.state.gone and not a.exclusive)
    return [f"overbooked in silence: {a.id} {a.state}" for a in live if not any((a.id, c) in codes for c in BY_STAFF)]


# --- identity ---------------------------------------------------------------------------------------


def _one_owner(_history: History, step: Step) -> list[str]:
    """An entry is of one booking, or foreign; never both, never of two."""
    owners = Counter((s.connection, s.ref) for s in step.after.shadows.values() if s.ref)
    return [
        *(f"two owners: {place}" for place, count in owners.items() if count > 1),
        *(f"ours and foreign: {place}" for place in owners if isinstance(step.after.foreign.get(place), Busy)),
    ]


def _ids_are_kept(_history: History, step: Step) -> list[str]:
    """The entry that was one booking's is another's only after that one has ended, or shows elsewhere on that side."""
    before, after = _owners(step.before), _owners(step.after)
    return [
        f"another id: {place} was {key} and is {after[place]}"
        for place, key in before.items()
        if after.get(place, key) != key and not step.after.appointments[key].state.ended
        if (place[0], key) not in step.after.shadows
    ]


def _owners(state: HubState) -> dict[tuple[str, str], str]:
    return {(s.connection, s.ref): s.appointment for s in state.shadows.values() if s.ref}


# --- ends -------------------------------------------------------------------------------------------


def _no_silent_end(history: History, step: Step) -> list[str]:
    """What stood reserved ends only because somebody ended it, or a side says that its time was taken."""
    return [
        f"silent end: {old.id} {old.state} -> {new.state}"
        for old, new in _changes(step)
        if new.state.gone and not old.state.gone and old.reserved and not _cause(history, step, old)
    ]


def _cause(history: History, step: Step, old: Appointment) -> bool:
    if old.state is State.HELD and (old.hold_expires is None or old.hold_expires <= step.now):
        return True
    if any(old.id == key for _, key in step.answers.conflicts):
        return True
    if any(c.appointment == old.id and c.kind in {"decline", "cancel", "take_back"} for c in step.before.commands):
        return True
    whys = {
        line.facts.get("why", "") for line in _lines(step, old) if line.code in {Event.DECLINE, Event.CLINIC_CANCEL}
    }
    not_hers = bool(whys - {"", TAKEN})
    return not_hers or any(_shown_gone(step, name, old) for name in step.observations)


def _lines(step: Step, of: Appointment) -> list[JournalEntry]:
    return [line for line in step.plan.journal if line.appointment == of.id]


def _shown_gone(step: Step, name: str, old: Appointment) -> bool:
    """The side shows it as over, says that the time was taken, or proved that it is gone."""
    shadow = step.before.shadows.get((name, old.id))
    if shadow is None:
        return False
    mine = [entry for entry in _entries(step, name) if _is_of(entry, shadow.ref, old)]
    moved = any(not entry.view.state.gone and entry.ref != shadow.ref for entry in mine)
    if isinstance(step.answers.probes.get((name, shadow.ref)), Gone) and not moved:
        return True
    return any((entry.view.state.gone and not _put_back(shadow, entry)) or entry.failed == TAKEN for entry in mine)


def _put_back(shadow: Shadow, entry: Entry) -> bool:
    """The side could not write what it took: that is nobody's edit."""
    return shadow.pending and bool(entry.failed)


def _is_of(entry: Entry, ref: str, old: Appointment) -> bool:
    stamped = entry.stamp is not None and entry.stamp.appointment == old.id
    return stamped or ref in {entry.ref, entry.replaces}


def _entries(step: Step, name: str) -> list[Entry]:
    feed = step.observations[name].feed
    items = feed.items if isinstance(feed, Complete | Partial) else feed.changed if isinstance(feed, Delta) else ()
    return [item for item in items if isinstance(item, Entry)]


def _every_refusal_is_answered(_history: History, step: Step) -> list[str]:
    """Where a side says that the time is taken, the booking gives way, goes back, or stands on purpose; unless it is to
    have another time by now, which nobody has refused yet."""
    answers = {"clinic cancels", "clinic declines", "move_refused", "overbooked"}
    found = []
    for (name, key), refused in step.answers.conflicts.items():
        old = step.before.appointments[key]
        said = {line.code for line in _lines(step, old)}
        new = step.after.appointments[key]
        stands = old.state.ended or new.state.ended or not old.exclusive
        rooms = refused.co_resources if isinstance(refused, PmsView) else new.co_resources
        place = (refused.start, refused.end, refused.resource, *rooms)
        elsewhere = place != (new.start, new.end, *new.resources)
        if not (said & answers or stands or elsewhere):
            found.append(f"unanswered: {name} refused {key} {old.state}")
    return found


def _every_change_is_journalled(_history: History, step: Step) -> list[str]:
    """A new revision has a reason in the journal."""
    named = {line.appointment for line in step.plan.journal}
    return [
        f"unexplained: {old.id} revision {new.revision}: {old} -> {new}"
        for old, new in _changes(step)
        if new.revision != old.revision and new.id not in named
    ]


def _nothing_is_told_too_early(_history: History, step: Step) -> list[str]:
    """A client hears "confirmed" of what the record has and what nobody had come before."""
    portals = {name for name, link in step.before.links.items() if link.role == "portal"}
    told = (e.change for e in step.plan.effects if e.connection in portals and e.change.view.state is State.CONFIRMED)
    known = step.after.appointments
    return [f"too early: {c.appointment}" for c in told if not _may_count_on(known[c.appointment])]


def _may_count_on(appointment: Appointment) -> bool:
    return appointment.written and appointment.reserved


def _nothing_waits_for_ever(history: History, step: Step) -> list[str]:
    """Of what a side took long ago and did not write a person is told."""
    limit = step.now - history.it.clinic.rules.write_timeout
    late = (s for s in step.after.shadows.values() if s.pending and s.confirmed <= limit)
    keys = (f"timed_out:{s.connection}/{s.appointment}" for s in late)
    return [f"waits for ever: {key}" for key in keys if key not in {t.key for t in step.plan.tasks}]


# --- writes -----------------------------------------------------------------------------------------


def _only_ours_is_written(_history: History, step: Step) -> list[str]:
    """A write goes to what the bridge has a shadow of, never to what is foreign; none to an unapproved side."""
    own = _owners(step.after)
    wrong = []
    for effect in step.plan.effects:
        place = (effect.connection, effect.change.ref)
        if effect.change.ref and own.get(place) != effect.change.appointment:
            wrong.append(f"not ours: {place}")
        if not step.before.links[effect.connection].approved:
            wrong.append(f"not approved: {place}")
    return wrong


def _silent(history: History, step: Step) -> list[str]:
    """Nothing private reaches a portal, the journal or a task; the clinic's words only where it shows them."""
    portals = {name for name, link in step.before.links.items() if link.role == "portal"}
    handed = [effect.change for effect in step.plan.effects if effect.connection in portals]
    told = [PRIVATE] if PRIVATE in repr((handed, step.plan.journal, step.plan.tasks, step.plan.letters)) else []
    shows = history.it.clinic.rules.decline_reason_visible
    told += [REASON] if REASON in repr((step.plan.journal, step.plan.tasks, () if shows else handed)) else []
    return [f"private: {mark} is told" for mark in told]


# --- at rest ----------------------------------------------------------------------------------------


def unfinished(history: History, last: Step) -> list[str]:
    """What is still open although everybody did as asked, and everything that was ever said to clients."""
    plan = last.plan
    quiet = (plan.effects, plan.appointments, plan.shadows, plan.journal) == ((), (), (), ())
    return [
        *([] if quiet else [f"not quiet: {plan}"]),
        *_waiting(history),
        *_different(history),
        *_holds(history),
        *_silent_overlaps(history),
        *_messages(history),
    ]


def _waiting(history: History) -> list[str]:
    """A confirmed booking is promised in the end, unless a side of the clinic is missing or a person was asked."""
    state = history.state
    whole = not state.broken and all(link.approved for link in state.links.values())
    asked = {t.appointment for t in history.tasks.values() if t.kind in {"write", "failed", "timed_out", "missing"}}
    return [
        f"never promised: {a}"
        for a in state.appointments.values()
        if whole and a.state is State.CONFIRMED and a.end > history.it.now
        if not promised(a) and a.id not in asked
    ]


def _different(history: History) -> list[str]:
    """Each side shows what it should, unless its write was given up and a person was asked, or wants it so."""
    state, clinic, found = history.state, history.it.clinic, []
    lines = [line for step in history.steps for line in step.plan.journal]
    kept = {(line.appointment, line.connection) for line in lines if line.code in {"write_kept", "write_taken_back"}}
    for (name, key), shadow in state.shadows.items():
        link, appointment = state.links[name], state.appointments[key]
        asked = any(task.appointment == key and task.connection == name for task in history.tasks.values())
        asked |= (key, name) in kept
        if shadow.view is None or not link.approved or asked or (appointment.state.gone and shadow.view.state.gone):
            continue
        wanted, held = carried(link, project(link.role, appointment, clinic)), carried(link, shadow.view)
        shown = {name: held.get(name) for name in wanted}
        told = link.role != "portal" or (promised(appointment) and appointment.state is not State.EXPIRED)
        if told and wanted != shown:
            found.append(f"differs: {name} shows {shown} for {wanted}")
    return found


def _holds(history: History) -> list[str]:
    live = (a for a in history.state.appointments.values() if a.state is State.HELD)
    return [f"hold: {a.id} stands" for a in live if a.hold_expires is None or a.hold_expires <= history.it.now]


def _silent_overlaps(history: History) -> list[str]:
    """Whatever overlaps a client's booking that is to come is named to a person, together with the booking."""
    state, now = history.state, history.it.now
    live = [a for a in state.appointments.values() if a.state in WAITED_FOR and a.end > now]
    named = [task.sentence for task in history.tasks.values() if task.kind == "overbooked"]
    zone = ZoneInfo(history.it.clinic.time_zone)
    pairs: list[tuple[str, tuple[str, ...]]] = [
        (one.id, (other.id,))
        for one, other in combinations(live, 2)
        if _overlap(one, other) and (of_a_client(one) or of_a_client(other))
    ]
    hers = [a for a in live if of_a_client(a)]
    pairs += [
        (a.id, _names(name, record, zone))
        for a in hers
        for (name, _), record in state.foreign.items()
        if _covers(record, a, state) and not _copied(history, name, record, a)
    ]
    return [
        f"in silence: {one} and {names}"
        for one, names in pairs
        if not any(one in sentence and any(name in sentence for name in names) for sentence in named)
    ]


def _names(connection: str, record: Foreign, zone: ZoneInfo) -> tuple[str, ...]:
    """What a task may call an entry: by its side and a time of it, with the date where it lasts into another."""
    times = [[datetime.fromtimestamp(at, zone) for at in (span.start, span.end)] for span in record.spans]
    forms = ("from {:%H:%M} to {:%H:%M}", "from {:%Y-%m-%d %H:%M} to {:%Y-%m-%d %H:%M}")
    return tuple(f"of {connection} {form.format(*each)}" for each in times for form in forms)


def _covers(record: Foreign, a: Appointment, state: HubState) -> bool:
    """Foreign time on one of its resources; not what comes back from a feed."""
    match record:
        case ClosureRecord() | Unreadable(closes=True):
            return record.resource in {"", a.resource} and any(span.overlaps(a.span) for span in record.spans)
        case Busy():
            echo = record.echo in state.appointments and record.resource in state.appointments[record.echo].resources
            mine = record.resource in a.resources and not echo
            return mine and any(span.overlaps(a.footprint) for span in record.spans)
        case Unreadable():
            return record.resource in a.resources and any(span.overlaps(a.footprint) for span in record.spans)
        case AbsenceRecord():
            return record.resource in a.resources and any(span.overlaps(a.span) for span in record.spans)
    return False


def _copied(history: History, connection: str, record: Foreign, a: Appointment) -> bool:
    """Staff's own copy of it, kept by hand where the bridge has nothing: then its history says so."""
    shadow = history.state.shadows.get((connection, a.id))
    exact = isinstance(record, Busy) and record.spans == (a.span,) and (shadow is None or shadow.view is None)
    lines = (line for step in history.steps for line in step.plan.journal) if exact else ()
    return any((each.code, each.appointment, each.connection) == ("copied", a.id, connection) for each in lines)


def _messages(history: History) -> list[str]:
    """Nobody hears the same twice in a row, nor anything after she was told that it is over."""
    heard: dict[str, list[MessageDue]] = {}
    for letter in history.heard:
        if letter.kind in TELLING and letter.audience == "client":
            heard.setdefault(letter.appointment, []).append(letter)
    found = []
    for key, letters in heard.items():
        for one, other in pairwise(letters):
            if _said(one) == _said(other):
                found.append(f"told twice: {key} {other.kind}")
            if one.state.gone:
                found.append(f"told after the end: {key} {other.kind}")
    return found


def _said(letter: MessageDue) -> tuple[object, ...]:
    return (letter.state, letter.start, letter.end, letter.resource)
