"""Availability for portals: only days that changed are worked out anew, only windows whose slots changed are sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date

from calbridge.availability import Availability, Offered, compute
from calbridge.bookable import horizon_date
from calbridge.changes import Offer, OfferWindow
from calbridge.engine.pull import failed
from calbridge.engine.session import Session
from calbridge.errors import BridgeError
from calbridge.hub import HubState, Link, Task
from calbridge.public import PublicClinic, public
from calbridge.reconcile import facts
from calbridge.wall import day_interval, local_date

Day = tuple[str, str]
"""(resource, local date as ISO text)."""
CLINIC: Day = ("", "clinic")
"""Stands for what a portal shows of the clinic itself: its services, names and rules."""
UNKNOWN = "?"
"""The digest of a day that is being offered: until the answer is stored nobody knows what the portal shows of it."""
MOST = 20_000
"""Slots in one offer, about: a first one of a big clinic has a million, and they need not all be in memory at once."""


def export(session: Session, state: HubState, before: Availability | None) -> Availability | None:
    """Offer what changed to every portal that takes offers; one that fails is tried again in the next cycle.

    `before` is what this gave the last time: it only spares work.
    """
    portals = [link for link in state.links.values() if _takes(session, link)]
    if not portals:
        return before
    known = facts(state, session.clinic, session.clock.now())
    availability = compute(session.clinic, known, before)
    session.report.renewed = len(availability.renewed)
    _ask_about_faults(session, availability)
    offered = {(resource, day.isoformat()): each for (resource, day), each in availability.days.items()}
    for link in portals:
        _to(session, link, offered, today=availability.first.isoformat())
    return availability


def _takes(session: Session, link: Link) -> bool:
    return link.approved and link.capabilities.takes_offers and link.name not in session.waiting


def unpublished(session: Session, state: HubState) -> dict[str, int]:
    """Portals not approved yet -> how many days of a resource the first export will publish, empty days included."""
    new = [link.name for link in state.links.values() if not link.approved and link.capabilities.takes_offers]
    online = sum(resource.online for resource in session.clinic.resources.values())
    today = local_date(session.clinic.time_zone, session.clock.now())
    dates = (horizon_date(session.clinic, today) - today).days + 1
    return dict.fromkeys(new, online * dates) if new else {}


def _ask_about_faults(session: Session, availability: Availability) -> None:
    """A rule of a plugin that fails closes what it should judge: a person must know why nothing is offered."""
    faults = availability.faults if session.clinic.extra else {}
    for rule in session.clinic.extra:
        if rule.code in faults:
            sentence = (
                f'Clinic {session.clinic.key}: the slot rule "{rule.code}" of {rule.source or "a plugin"} fails '
                f"({faults[rule.code]}), so nothing that it should judge is offered or booked online. Update the "
                f"plugin, or take [clinics.{session.clinic.key}.rules.extra.{rule.code}] out."
            )
            session.open_task(Task(key=f"rule:{rule.code}", kind="rule", sentence=sentence))
    session.settle("rule", but={f"rule:{code}" for code in faults})


# --- one portal -----------------------------------------------------------------------------------


def _to(session: Session, link: Link, offered: Mapping[Day, Offered], *, today: str) -> None:
    digests = {day: each.digest for day, each in offered.items()} | {CLINIC: _described(public(session.clinic))}
    published = session.store.published(session.clinic.key, link.name)
    changed = {day for day in digests if published.get(day) != digests[day]}
    changed |= {day for day in published if day not in digests and day[1] >= today}
    for some in _in_parts(sorted(changed), offered):
        if not _sent(session, link, some, offered, digests):
            return


def _in_parts(changed: Iterable[Day], offered: Mapping[Day, Offered]) -> Iterator[list[Day]]:
    part: list[Day] = []
    size = 0
    for day in changed:
        size += len(offered[day]) if day in offered else 0
        if part and size > MOST:
            yield part
            part, size = [], len(offered[day]) if day in offered else 0
        part.append(day)
    if part:
        yield part


def _sent(
    session: Session, link: Link, changed: list[Day], offered: Mapping[Day, Offered], digests: Mapping[Day, str]
) -> bool:
    """False when the portal did not answer."""
    revision = session.store.next_revision(session.clinic.key)
    _remember(session, link, dict.fromkeys(changed, UNKNOWN), revision)
    windows = tuple(_window(session, day, offered.get(day)) for day in changed if day != CLINIC)
    try:
        receipt = session.host.offer(
            link.name, Offer(clinic=public(session.clinic), revision=revision, windows=windows)
        )
    except BridgeError as error:
        failed(session, link.name, error)
        return False
    session.report.wrote(link.name, receipt.accepted)
    for sentence in receipt.rejected:
        session.report.failures.setdefault(link.name, sentence)
    if not receipt.rejected:
        _remember(session, link, {day: digests.get(day, "") for day in changed}, revision)
    return True


def _remember(session: Session, link: Link, digests: Mapping[Day, str], revision: int) -> None:
    """Fenced: a cycle that was overtaken offers nothing, and a crash or a lost answer leaves UNKNOWN behind."""
    session.store.publish(session.clinic.key, session.epoch, link.name, digests, revision=revision)


def _window(session: Session, day: Day, offered: Offered | None) -> OfferWindow:
    whole = day_interval(session.clinic.time_zone, date.fromisoformat(day[1]))
    slots, moves = (tuple(offered.slots()), tuple(offered.targets())) if offered else ((), ())
    return OfferWindow(resource=day[0], window=whole, slots=slots, moves=moves)


def _described(clinic: PublicClinic) -> str:
    """The same on every start: sets have no order of their own."""
    text = json.dumps(asdict(clinic), sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, frozenset) else str(value)
