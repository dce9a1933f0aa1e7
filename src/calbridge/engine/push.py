"""Carrying out what is due, one effect at a time: intent, sent, answer. It only interprets the plan."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field, replace

from calbridge.changes import Receipt, change_as, names_times
from calbridge.engine.pull import failed
from calbridge.engine.recovery import backoff, lasts, verdict, waiting_task, write_task
from calbridge.engine.session import Session
from calbridge.errors import BridgeError, SkipItem
from calbridge.hub import HubState, JournalEntry
from calbridge.reconcile import Outcome, effects, given_up, keeps_record, outcome
from calbridge.store import OutboxRow, Superseded
from calbridge.views import placeholder

ROUNDS = 8
"""A write may make another due (confirmed in the PMS, then told to the portal); more rounds than sides can need."""


@dataclass
class _Progress:
    """`held_up`: appointments whose write was refused here; nothing more of them goes out before a new decision."""

    loaded: InitVar[HubState]
    state: HubState = field(init=False)
    again: bool = False
    held_up: set[str] = field(default_factory=set)

    def __post_init__(self, loaded: HubState) -> None:
        self.shadows, self.appointments = dict(loaded.shadows), dict(loaded.appointments)
        self.state = replace(loaded, shadows=self.shadows, appointments=self.appointments)

    def allows(self, session: Session, row: OutboxRow) -> bool:
        """May this row go out now?"""
        reachable = row.connection in session.host.connections and row.connection not in session.waiting
        return reachable and row.effect.change.appointment not in self.held_up

    def learned(self, row: OutboxRow, result: Outcome) -> None:
        """Keep the loaded state in step with what was just stored; `state` shows these same tables."""
        key = (row.connection, row.effect.change.appointment)
        self.shadows.pop(key, None)
        if result.shadow is not None:
            self.shadows[key] = result.shadow
        if result.appointment is not None:
            self.appointments[result.appointment.id] = result.appointment


def finish(session: Session) -> None:
    """Ask again what was sent and not answered. What was only meant waits until the sides have been read.

    So does a refusal that names other times: nobody knows before which of them are still free.
    """
    due = session.store.outbox(session.clinic.key, now=session.clock.now())
    sent = [row for row in due if row.state == "sent" and not names_times(row.effect.change)]
    if not sent:
        return
    progress = _Progress(session.state())
    for row in sent:
        if progress.allows(session, row):
            _send(session, row, progress)


def push(session: Session) -> bool:
    """Drain the outbox and whatever becomes due by it. True when the sides must be read again."""
    due = session.store.outbox(session.clinic.key, now=session.due_by())
    if not due:
        _ask_about_waiting(session)
        return False
    progress = _Progress(session.state())
    for _ in range(ROUNDS):
        rows = [row for row in due if progress.allows(session, row)]
        if not rows:
            break
        for row in rows:
            if progress.allows(session, row):
                _send(session, row, progress)
        _follow_up(session, progress)
        due = session.store.outbox(session.clinic.key, now=session.due_by())
    _ask_about_waiting(session)
    return progress.again


def _ask_about_waiting(session: Session) -> None:
    """What is put off again and again is in no other task: a side that can be read seems well."""
    now = session.clock.now()
    late = [row for row in session.store.waiting(session.clinic.key) if lasts(row.attempts, row.created, now)]
    tasks = [
        waiting_task(session.clinic, row.why, row.connection, row.effect.change.appointment, row.created)
        for row in late
    ]
    for task in tasks:
        session.open_task(task)
    session.settle("waiting", but={task.key for task in tasks})


def _follow_up(session: Session, progress: _Progress) -> None:
    """What the answers made due: confirmed in the PMS, so the portal may be told."""
    due = effects(progress.state, session.clinic, session.clock.now())
    fresh = [e for e in due if e.change.appointment not in progress.held_up]
    if fresh:
        session.store.enqueue(session.clinic.key, session.epoch, fresh, now=session.clock.now(), run=session.report.run)


def _send(session: Session, row: OutboxRow, progress: _Progress) -> None:
    try:
        session.store.mark_sent(session.clinic.key, session.epoch, row, now=session.clock.now())
    except Superseded:
        return
    try:
        receipt = _written(session, row)
    except BridgeError as error:
        _failed(session, row, error, progress)
        return
    _answered(session, row, receipt, progress)


def _written(session: Session, row: OutboxRow) -> Receipt:
    """The side's answer. One without holds is given a placeholder, and its echo is read as what it stands for."""
    change = row.effect.change
    if session.host.connections[row.connection].capabilities.holds:
        return session.host.change(row.connection, change)
    given = change_as(change, placeholder)
    receipt = session.host.change(row.connection, given)
    echo = receipt.entry
    if echo is None or receipt.outcome not in {"written", "pending"} or echo.view.state is not given.view.state:
        return receipt
    return replace(receipt, entry=replace(echo, view=replace(echo.view, state=change.view.state)))


def _answered(session: Session, row: OutboxRow, receipt: Receipt, progress: _Progress) -> None:
    appointment = progress.state.appointments[row.effect.change.appointment]
    link = progress.state.links[row.connection]
    keeper = keeps_record(progress.state, link, appointment)
    known = progress.state.shadows.get((link.name, appointment.id))
    result = outcome(row.effect, receipt, appointment, link, known=known, keeper=keeper, now=session.clock.now())
    if result.done:
        _confirm(session, row, result, progress)
        session.report.wrote(row.connection)
        if result.again:
            _to_be_read(session, row.connection, receipt)
            progress.held_up.add(appointment.id)
            progress.again = True
        progress.again |= not appointment.reserved and link.capabilities.mirrors
    else:
        _refused(session, row, receipt, result, progress)


def _to_be_read(session: Session, connection: str, receipt: Receipt) -> None:
    """What the answer shows counts as seen by the next read, whatever its cursor says."""
    if receipt.entry is not None:
        session.moved.setdefault(connection, []).append(receipt.entry)
    if receipt.gone:
        session.gone.setdefault(connection, []).append(receipt.gone)


def _confirm(session: Session, row: OutboxRow, result: Outcome, progress: _Progress) -> None:
    session.store.confirm(
        session.clinic.key,
        session.epoch,
        row,
        shadow=result.shadow,
        appointment=result.appointment,
        journal=result.journal,
        tasks=result.tasks,
        settled=result.settled,
        now=session.clock.now(),
        run=session.report.run,
    )
    progress.learned(row, result)
    session.report.ask(result.tasks)
    session.report.codes.update(line.code for line in result.journal)


def _refused(session: Session, row: OutboxRow, receipt: Receipt, result: Outcome, progress: _Progress) -> None:
    key = row.effect.change.appointment
    if result.shadow is not None:
        progress.learned(row, result)
    if receipt.outcome == "conflict" and row.effect.change.overbook:
        _give_up(session, row, SkipItem("the time is taken there and it takes no second one: move one there"), progress)
        return
    if _unmoved(row, receipt) and row.effect.change.key in session.unmoved:
        _give_up(session, row, SkipItem("nobody changed it there, and it does not go where it should"), progress)
        return
    session.unmoved |= {row.effect.change.key} if _unmoved(row, receipt) else set()
    if receipt.outcome == "conflict":
        session.conflicts[row.connection, key] = row.effect.change.view
    _to_be_read(session, row.connection, receipt)
    _set_aside(session, row, result, progress)
    progress.again = True
    progress.held_up.add(key)


def _set_aside(session: Session, row: OutboxRow, result: Outcome, progress: _Progress) -> None:
    """What becomes of the booking is decided anew, over what was learnt of this side."""
    if result.shadow is not None:
        _confirm(session, row, result, progress)
    else:
        _drop(session, row, result.journal)


def _unmoved(row: OutboxRow, receipt: Receipt) -> bool:
    """ "Moved", and it stands as we know it: asked a second time for the same it will say so for ever.

    What a side cancelled, for one, may have no way back there.
    """
    change, shown = row.effect.change, receipt.entry
    same = shown is not None and (shown.ref, shown.version) == (change.ref, change.version)
    return receipt.outcome == "moved" and same and bool(change.version)


def _failed(session: Session, row: OutboxRow, error: BridgeError, progress: _Progress) -> None:
    decided = verdict(error)
    if decided.keep:
        until = session.clock.now() + backoff(error, row.attempts, session.random.random())
        session.store.defer(session.clinic.key, session.epoch, row, until=until, why=error.hint)
        failed(session, row.connection, error)
    elif decided.again:
        _drop(session, row, (_line(row, "write_replanned"),))
        progress.again = True
        progress.held_up.add(row.effect.change.appointment)
    else:
        _give_up(session, row, error, progress)


def _give_up(session: Session, row: OutboxRow, error: BridgeError, progress: _Progress) -> None:
    """Quarantine: the same body is not sent again until somebody changes something (keep#616)."""
    change = row.effect.change
    known = progress.state.shadows.get((row.connection, change.appointment))
    task = write_task(session.clinic.key, error, row.connection, change.appointment)
    _confirm(
        session,
        row,
        Outcome(
            shadow=given_up(row.effect, known),
            journal=(_line(row, "write_given_up"),),
            tasks=(task,),
        ),
        progress,
    )


def _line(row: OutboxRow, code: str) -> JournalEntry:
    return JournalEntry(code=code, appointment=row.effect.change.appointment, connection=row.connection)


def _drop(session: Session, row: OutboxRow, journal: tuple[JournalEntry, ...]) -> None:
    session.store.drop(
        session.clinic.key,
        session.epoch,
        row,
        journal=journal,
        now=session.clock.now(),
        run=session.report.run,
    )
    session.report.codes.update(line.code for line in journal)
