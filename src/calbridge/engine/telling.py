"""Sending what clients and the clinic must be told, after everything else of the cycle is done.

Each message is one row. It becomes `sending` in a transaction of its own right before the step that cannot be taken
back; what fails before that is tried again, what was handed over and not answered is a person's question, never a
second message (decision 0027). A notifier that is down lets its messages wait and touches nothing else (R29).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from calbridge.engine.addressing import Deliverer, addressed
from calbridge.engine.recovery import backoff, verdict
from calbridge.engine.session import Session
from calbridge.engine.undelivered import notifier_task, refused_task, unknown_tasks, unreachable_tasks
from calbridge.errors import BridgeError, RetryLater, SkipItem
from calbridge.hub import HubState, Task
from calbridge.messages import superseded, untrue, worth_sending
from calbridge.notices import Notice, NotifyReceipt
from calbridge.reconcile import telling
from calbridge.store import Fenced, MessageRow, MessageState, Superseded

MOST = 60
"""Seconds that one cycle spends on messages; the rest goes with the next."""


@dataclass(slots=True)
class _Round:
    """What one cycle learned of its deliverers: those that are down, each with the reason and the next attempt."""

    session: Session
    state: HubState
    down: dict[str, tuple[str, int]] = field(default_factory=dict)


def tell(session: Session, state: HubState) -> None:
    """Decide anew what is due, then send what may go now."""
    _ask_about_unanswered(session)
    _decide(session, state)
    now = session.clock.now()
    rows = session.store.messages_due(session.clinic.key, now=now, patient=not session.at_once)
    round_ = _Round(session, state)
    for row in rows:
        if session.clock.now() - now > MOST:
            break
        _one(round_, row, rows)
    if rows:
        _decide(session, session.state())  # who has just heard that it is confirmed will be reminded


def _decide(session: Session, state: HubState) -> None:
    now = session.clock.now()
    letters = telling(state, session.clinic, now)
    session.store.tell(session.clinic.key, session.epoch, letters, now=now, run=session.report.run)


def _ask_about_unanswered(session: Session) -> None:
    """The process that handed these over did not live to hear the answer."""
    for row in session.store.unanswered_messages(session.clinic.key):
        if _safe(session, row.notifier):
            _postpone(session, row, session.clock.now(), "handed over, and the bridge ended before the answer")
        else:
            _settle(session, row, "unknown", row.notifier, tasks=unknown_tasks(session.clinic.key, row))


def _safe(session: Session, name: str) -> bool:
    abilities = session.notifiers.abilities.get(name)
    return abilities.repeats_safely if abilities else name in session.host.connections


def _one(round_: _Round, row: MessageRow, rows: Iterable[MessageRow]) -> None:
    session, message = round_.session, row.message
    others = tuple(other.message for other in rows)
    too_late = superseded(message, others) or not worth_sending(message, session.clock.now())
    if too_late or untrue(message, round_.state.appointments.get(message.appointment), session.clinic.rules):
        _settle(session, row, "missed", "")
        return
    notice, deliverer = addressed(session, round_.state, message)
    if notice is None:
        return  # whom it is for cannot be asked now
    if deliverer is not None:
        _deliver(round_, row, notice, deliverer)
    elif session.notifiers.broken:
        name, error = next(iter(session.notifiers.broken.items()))
        _postpone(session, row, *_next(session, error, row), tasks=(notifier_task(session.clinic.key, name, error),))
    else:
        can = any(message.kind in each.kinds for each in session.notifiers.abilities.values())
        tasks = unreachable_tasks(session.clinic.key, message) if can else ()
        _settle(session, row, "nobody", "", tasks=tasks)


# --- handing over ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Gate:
    """Lets one message through once: what comes back after the call was given up is refused."""

    session: Session
    row: MessageRow
    name: str
    open: bool = True
    passed: bool = False

    def __call__(self) -> None:
        if not self.open:
            raise RetryLater("this message was given up meanwhile: send nothing")
        if not self.passed:
            session = self.session
            now = session.clock.now()
            session.store.hand_over(session.clinic.key, session.epoch, self.row, self.name, now=now)
            self.passed = True


def _deliver(round_: _Round, row: MessageRow, notice: Notice, deliverer: Deliverer) -> None:
    session = round_.session
    if deliverer.name in round_.down:
        why, until = round_.down[deliverer.name]
        _postpone(session, row, until, why)
        return
    gate = _Gate(session, row, deliverer.name)
    try:
        receipt = deliverer.call(notice, gate)
    except Fenced:
        raise
    except Superseded:
        return
    except BridgeError as error:
        _failed(round_, row, deliverer, error, passed=gate.passed)
    else:
        _answered(session, row, deliverer, receipt)
    finally:
        gate.open = False


def _answered(session: Session, row: MessageRow, deliverer: Deliverer, receipt: NotifyReceipt) -> None:
    key, message = session.clinic.key, row.message
    match receipt.outcome:
        case "sent":
            settled = (f"notifier:{deliverer.name}", f"message:{message.appointment or message.key}")
            _settle(session, row, "sent", deliverer.name, settled=settled)
            session.report.told[message.kind] += 1
        case "refused":
            task = refused_task(key, deliverer.name, message, receipt.why)
            _settle(session, row, "refused", deliverer.name, why=receipt.why, tasks=(task,))
        case "later" | "unknown" if receipt.outcome == "later" or deliverer.safe:
            _postpone(session, row, *_next(session, RetryLater(receipt.why), row))
        case "unknown":
            _settle(
                session, row, "unknown", deliverer.name, why=receipt.why, tasks=unknown_tasks(session.clinic.key, row)
            )


def _failed(round_: _Round, row: MessageRow, deliverer: Deliverer, error: BridgeError, *, passed: bool) -> None:
    session = round_.session
    if passed and not deliverer.safe:
        _settle(session, row, "unknown", deliverer.name, why=error.hint, tasks=unknown_tasks(session.clinic.key, row))
    elif isinstance(error, SkipItem):
        task = refused_task(session.clinic.key, deliverer.name, row.message, error.hint)
        _settle(session, row, "refused", deliverer.name, why=error.hint, tasks=(task,))
        return
    else:
        until, why = _next(session, error, row)
        tasks = (notifier_task(session.clinic.key, deliverer.name, error),) if verdict(error).task else ()
        _postpone(session, row, until, why, tasks=tasks)
    round_.down[deliverer.name] = (error.hint, session.clock.now() + backoff(error, row.attempts, 0.5))
    session.report.failures[f"notifier {deliverer.name}"] = error.hint


# --- rows -----------------------------------------------------------------------------------------


def _next(session: Session, error: BridgeError, row: MessageRow) -> tuple[int, str]:
    return session.clock.now() + backoff(error, row.attempts, session.random.random()), error.hint


def _postpone(session: Session, row: MessageRow, until: int, why: str, *, tasks: Iterable[Task] = ()) -> None:
    session.store.postpone_messages(session.clinic.key, session.epoch, [row], until=until, why=why, tasks=tuple(tasks))
    session.report.ask(tasks)


def _settle(
    session: Session,
    row: MessageRow,
    state: MessageState,
    notifier: str,
    *,
    why: str = "",
    tasks: Iterable[Task] = (),
    settled: Iterable[str] = (),
) -> None:
    session.store.message_answered(
        session.clinic.key,
        session.epoch,
        row,
        state,
        notifier=notifier,
        why=why,
        tasks=tuple(tasks),
        settled=settled,
        now=session.clock.now(),
        run=session.report.run,
    )
    session.report.ask(tasks)
    session.report.codes[f"message_{state}"] += 1
