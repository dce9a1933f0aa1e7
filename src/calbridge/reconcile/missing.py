"""What a read says is no longer there, and the guard against cancelling too much at once.

Absence is evidence only in a `Complete` or `Delta`, inside its window, for what the shadow knew before the read began.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from calbridge.feeds import Complete, Delta, Entry, NotModified, Partial, Record, Unreadable
from calbridge.hub import HubState, Link, Observation, Shadow, horizon
from calbridge.interval import Interval
from calbridge.model import Side, State
from calbridge.views import PortalView

DAY = 86_400


def items(observation: Observation) -> tuple[Record, ...]:
    """The records of any feed."""
    match observation.feed:
        case Complete() | Partial():
            return observation.feed.items
        case Delta():
            return observation.feed.changed
        case NotModified():
            return ()


def entries(observation: Observation) -> Iterator[Entry]:
    """The appointments of any feed."""
    return (record for record in items(observation) if isinstance(record, Entry))


def over(entry: Entry, now: int) -> bool:
    """It ended before what the bridge looks at: its history may be known without being loaded, so it is left alone."""
    return entry.view.end <= horizon(now, 0).start


def missing(state: HubState, link: Link, observation: Observation) -> list[Shadow]:
    """Live shadows of this connection that the read does not show any more, unless it shows them under another ref."""
    return [
        shadow
        for shadow in _absent(state, link, observation)
        if _covered(shadow, observation) and not _unanswered(state, shadow)
    ]


def undecided(state: HubState, link: Link, observation: Observation) -> bool:
    """Something is absent that cannot be judged yet: a write of it is unanswered, or was answered since the read began.

    Were the cursor of this read kept, a deletion among them would not be told again before the daily full read.
    """
    feed, absent = observation.feed, _absent(state, link, observation)
    match feed:
        case Complete():
            open_ = (s for s in absent if _inside(s, feed.window))
            return any(s.confirmed >= observation.started or _unanswered(state, s) for s in open_)
        case Delta():
            return any(s.ref in feed.removed and _unanswered(state, s) for s in absent)
        case NotModified() | Partial():
            return False


def _unanswered(state: HubState, shadow: Shadow) -> bool:
    return (shadow.connection, shadow.appointment) in state.unresolved


def _absent(state: HubState, link: Link, observation: Observation) -> Iterator[Shadow]:
    shown = {record.ref for record in items(observation) if isinstance(record, Entry | Unreadable)}
    renamed = {entry.stamp.appointment for entry in entries(observation) if entry.stamp}
    replaced = {entry.replaces for entry in entries(observation) if entry.replaces}
    return (
        shadow
        for shadow in _of(state, link)
        if shadow.ref not in shown | replaced and shadow.appointment not in renamed
    )


def _of(state: HubState, link: Link) -> Iterator[Shadow]:
    """What the side is known to show. What it only accepted it need not list yet, unless it is to go away."""
    return (
        shadow
        for (connection, key), shadow in state.shadows.items()
        if connection == link.name and shadow.view is not None and not shadow.view.state.gone
        if not shadow.pending or (key in state.appointments and state.appointments[key].state.gone)
    )


def _covered(shadow: Shadow, observation: Observation) -> bool:
    match observation.feed:
        case Delta():
            return shadow.ref in observation.feed.removed or _awaited(shadow, observation)
        case Complete():
            return shadow.confirmed < observation.started and _inside(shadow, observation.feed.window)
        case NotModified():
            return _awaited(shadow, observation)
        case Partial():
            return False


def _awaited(shadow: Shadow, observation: Observation) -> bool:
    """A read before this one proved it gone, and no list of changes says so twice. Not a day ago: see `trusted`."""
    return shadow.awaited is not None and observation.started - shadow.awaited <= DAY


def _inside(shadow: Shadow, window: Interval) -> bool:
    return shadow.view is not None and window.start <= shadow.view.start and shadow.view.end <= window.end


def would_cancel(state: HubState, link: Link, observation: Observation) -> int:
    """How many future bookings this read would end if it were believed; what an earlier one ended was counted then."""
    absent = (s for s in missing(state, link, observation) if s.awaited is None)
    ended = {s.appointment for s in absent if not _only_shown(state, s)}
    refs = {shadow.ref: shadow.appointment for shadow in _of(state, link)}
    ended |= {refs[e.ref] for e in entries(observation) if e.ref in refs and e.view.state.gone}
    return sum(1 for key in ended if key in state.appointments and _is_booking(state.appointments[key].state))


def _only_shown(state: HubState, shadow: Shadow) -> bool:
    """What a portal only shows of the clinic's own appointments does not end with being shown."""
    appointment = state.appointments.get(shadow.appointment)
    shown = isinstance(shadow.view, PortalView) and appointment is not None
    return shown and appointment is not None and appointment.origin is Side.CLINIC


def _is_booking(state: State) -> bool:
    """Holds end all the time: five clients who close their browsers are no reason to stop reading a portal."""
    return not state.ended and state is not State.HELD


def limit(state: HubState, link: Link, *, at_least: int, now: int) -> int:
    """`max_cancellations`, or 5 % of the connection's future bookings, whichever is more."""
    views = (shadow.view for shadow in _of(state, link))
    future = sum(1 for view in views if view and _is_booking(view.state) and view.start > now)
    return max(at_least, future * 5 // 100)


def trusted(link: Link, observation: Observation) -> Observation:
    """After an outage of more than a day the first cycle only adds: absences wait for the next one."""
    since = link.last_success if observation.silent_since is None else observation.silent_since
    silent = since is not None and observation.started - since > DAY
    if not silent or link.side is Side.CLIENT:
        return observation
    feed = observation.feed
    match feed:
        case Complete():
            return replace(observation, feed=Delta(changed=feed.items, cursor=""))
        case Delta():
            return replace(observation, feed=replace(feed, removed=(), cursor=link.cursor))
        case NotModified() | Partial():
            return observation
