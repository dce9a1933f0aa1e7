"""Reading every connection once; one that fails is left out and said so, the others go on."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from calbridge.engine.recovery import backoff, connection_task, lasting_task, lasts, verdict
from calbridge.engine.session import Session
from calbridge.errors import BridgeError, Replan
from calbridge.feeds import Delta, Entry, Feed, NotModified, Record
from calbridge.hub import HubState, Link, Observation, horizon
from calbridge.reconcile import EVERY, waiting_accounts

DAY = 86_400
WORKERS = 4


def pull(session: Session, state: HubState) -> dict[str, Observation]:
    """One observation per connection that answered; the same connection is never read twice at a time."""
    due = [link for link in state.links.values() if _due(session, link)]
    if session.host.threads and len(due) > 1:
        with ThreadPoolExecutor(max_workers=min(WORKERS, len(due))) as pool:
            results = list(pool.map(lambda link: _read(session, state, link), due))
    else:
        results = [_read(session, state, link) for link in due]
    observations = {}
    for link, result in zip(due, results, strict=True):
        if isinstance(result, BridgeError):
            failed(session, link.name, result)
        else:
            observations[link.name] = _with_moved(session, link.name, result)
            session.report.reads[link.name] = type(result.feed).__name__
            session.failing.pop(link.name, None)
            session.attempts.pop(link.name, None)
            if not session.dry:
                session.store.connection_ok(session.clinic.key, link.name, now=result.started)
    return observations


def _due(session: Session, link: Link) -> bool:
    waiting = session.waiting.get(link.name)
    if waiting is None:
        return True
    session.report.failures.setdefault(link.name, waiting)
    return False


def failed(session: Session, name: str, error: BridgeError) -> None:
    """Remember a failing connection: when to try again, and a task where only a person can help, or where it lasts."""
    now = session.clock.now()
    attempts = session.attempts.get(name, 0)
    until = now + backoff(error, attempts, session.random.random())
    since = session.failing.setdefault(name, now)
    session.waiting[name] = error.hint
    session.attempts[name] = attempts + 1
    session.report.failures[name] = error.hint
    if not session.dry:
        session.store.connection_failed(
            session.clinic.key, name, now=now, until=until, why=error.hint, recovery=error.recovery
        )
    if verdict(error).task:
        session.open_task(connection_task(session.clinic.key, error, "connection", name))
    elif lasts(attempts + 1, since, now):
        session.open_task(lasting_task(session.clinic, error, name, since))


def _read(session: Session, state: HubState, link: Link) -> Observation | BridgeError:
    started = session.clock.now()
    try:
        try:
            feed = _call(session, state, link, "" if _full(session, state, link, started) else link.cursor)
        except Replan:
            feed = _call(session, state, link, "")
    except BridgeError as error:
        return error
    return Observation(feed=feed, started=started, silent_since=session.silent_since.get(link.name))


def _full(session: Session, state: HubState, link: Link, now: int) -> bool:
    """Once a day, and when days are offered that the last full read did not reach: the horizon was set further.

    While one of its accounts waits for a record, as often as a booking that waits is looked up.
    """
    most = EVERY if link.name in waiting_accounts(state) else DAY
    offered = now + (session.clinic.rules.horizon_days + 1) * DAY
    if link.last_full is None or link.full_due:
        return True
    return now - link.last_full >= most or (link.reach is not None and link.reach < offered)


def _call(session: Session, state: HubState, link: Link, cursor: str) -> Feed[Record]:
    window = horizon(session.clock.now(), session.clinic.rules.horizon_days)
    return session.host.pull(link.name, cursor, window, _known(state, link.name))


def _known(state: HubState, name: str) -> dict[str, str]:
    ours = {s.ref: s.version for (c, _), s in state.shadows.items() if c == name and s.ref and s.view}
    return ours | {ref: record.version for (c, ref), record in state.foreign.items() if c == name}


def _with_moved(session: Session, name: str, observation: Observation) -> Observation:
    """What the answers to writes showed counts as seen, also when the cursor is already past it, or never meets it.

    What came and went between two reads need not be in any list of changes.
    """
    moved, gone = session.moved.pop(name, []), session.gone.pop(name, [])
    feed = observation.feed
    if isinstance(feed, NotModified) and (moved or gone):
        return replace(observation, feed=Delta(changed=tuple(moved), removed=tuple(gone), cursor=feed.cursor))
    if isinstance(feed, Delta):
        listed = {record.ref for record in feed.changed} | set(feed.removed)
        changed, removed = feed.changed + _fresh(moved, listed), feed.removed + tuple(set(gone) - listed)
        return replace(observation, feed=replace(feed, changed=changed, removed=removed))
    return observation


def _fresh(moved: Iterable[Entry], listed: set[str]) -> tuple[Entry, ...]:
    return tuple(entry for entry in moved if entry.ref not in listed)
