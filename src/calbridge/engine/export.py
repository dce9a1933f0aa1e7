"""Availability for portals: every offered slot, sent only for the resource and local date where it changed."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta

from calbridge.changes import Offer, OfferedSlot, OfferWindow
from calbridge.engine.pull import failed
from calbridge.engine.session import Session
from calbridge.errors import BridgeError
from calbridge.hub import HubState, Link
from calbridge.public import PublicClinic, public
from calbridge.reconcile import facts
from calbridge.slots import offers
from calbridge.wall import day_interval, local

Day = tuple[str, str]
"""(resource, local date as ISO text)."""
CLINIC: Day = ("", "clinic")
"""Stands for what a portal shows of the clinic itself: its services, names and rules."""
UNKNOWN = "?"
"""The digest of a day that is being offered: until the answer is stored nobody knows what the portal shows of it."""


def export(session: Session, state: HubState) -> None:
    """Offer what changed to every portal that takes offers; one that fails is tried again in the next cycle."""
    portals = [link for link in state.links.values() if _takes(session, link)]
    if not portals:
        return
    offered = compute(session, state)
    for link in portals:
        _to(session, link, offered)


def _takes(session: Session, link: Link) -> bool:
    return link.approved and link.capabilities.takes_offers and link.name not in session.waiting


def unpublished(session: Session, state: HubState) -> dict[str, int]:
    """Portals not approved yet -> how many days of a resource the first export will publish, empty days included."""
    new = [link.name for link in state.links.values() if not link.approved and link.capabilities.takes_offers]
    return dict.fromkeys(new, len(_days(session))) if new else {}


def compute(session: Session, state: HubState) -> dict[Day, tuple[OfferedSlot, ...]]:
    """All offered slots by resource and local date, over the whole horizon, empty days included."""
    clinic = session.clinic
    known = facts(state, session.clinic, session.clock.now())
    first, last = _span(session)
    days: dict[Day, list[OfferedSlot]] = defaultdict(list, {day: [] for day in _days(session)})
    for service in clinic.services:
        for slot in offers(clinic, known, service, first, last):
            day = local(clinic.time_zone, slot.start).date().isoformat()
            days[slot.resource, day].append(OfferedSlot(service=service, start=slot.start, end=slot.end))
    return {day: tuple(slots) for day, slots in days.items()}


def _span(session: Session) -> tuple[date, date]:
    first = local(session.clinic.time_zone, session.clock.now()).date()
    return first, first + timedelta(days=session.clinic.rules.horizon_days)


def _days(session: Session) -> list[Day]:
    first, last = _span(session)
    dates = [(first + timedelta(days=offset)).isoformat() for offset in range((last - first).days + 1)]
    return [(resource.key, day) for resource in session.clinic.resources.values() if resource.online for day in dates]


def _to(session: Session, link: Link, offered: Mapping[Day, tuple[OfferedSlot, ...]]) -> None:
    digests = {day: _digest(slots) for day, slots in offered.items()} | {CLINIC: _described(public(session.clinic))}
    published = session.store.published(session.clinic.key, link.name)
    changed = {day for day in digests if published.get(day) != digests[day]}
    today = min((day for _, day in offered), default="")
    changed |= {day for day in published if day not in digests and day[1] >= today}
    if not changed:
        return
    revision = session.store.next_revision(session.clinic.key)
    _remember(session, link, dict.fromkeys(changed, UNKNOWN), revision)
    windows = tuple(_window(session, day, offered.get(day, ())) for day in sorted(changed - {CLINIC}))
    try:
        receipt = session.host.offer(
            link.name, Offer(clinic=public(session.clinic), revision=revision, windows=windows)
        )
    except BridgeError as error:
        failed(session, link.name, error)
        return
    session.report.wrote(link.name, receipt.accepted)
    for sentence in receipt.rejected:
        session.report.failures.setdefault(link.name, sentence)
    if not receipt.rejected:
        _remember(session, link, {day: digests.get(day, "") for day in changed}, revision)


def _remember(session: Session, link: Link, digests: Mapping[Day, str], revision: int) -> None:
    """Fenced: a cycle that was overtaken offers nothing, and a crash or a lost answer leaves UNKNOWN behind."""
    session.store.publish(session.clinic.key, session.epoch, link.name, digests, revision=revision)


def _window(session: Session, day: Day, slots: tuple[OfferedSlot, ...]) -> OfferWindow:
    whole = day_interval(session.clinic.time_zone, date.fromisoformat(day[1]))
    return OfferWindow(resource=day[0], window=whole, slots=slots)


def _described(clinic: PublicClinic) -> str:
    """The same on every start: sets have no order of their own."""
    text = json.dumps(asdict(clinic), sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, frozenset) else str(value)


def _digest(slots: tuple[OfferedSlot, ...]) -> str:
    text = ";".join(f"{slot.service},{slot.start},{slot.end}" for slot in slots)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
