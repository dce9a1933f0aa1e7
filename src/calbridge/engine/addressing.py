"""Whom a message is for, what it may say, and who delivers it: the booking's own portal first, else a notifier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from calbridge.engine.pull import failed
from calbridge.engine.session import Session
from calbridge.errors import BridgeError
from calbridge.feeds import ClientQuery, ClientRecord
from calbridge.hub import HubState
from calbridge.messages import MessageDue
from calbridge.model import Appointment, Details
from calbridge.notices import INSTEAD, Notice, NotifyReceipt, client_notice, clinic_notice
from calbridge.reconcile import instead

Call = Callable[[Notice, Callable[[], None]], NotifyReceipt]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverer:
    """Who sends: a notifier, or the portal that the booking came from. `safe`: a repetition does no harm there."""

    name: str
    call: Call
    safe: bool
    portal: bool = False


def addressed(session: Session, state: HubState, message: MessageDue) -> tuple[Notice | None, Deliverer | None]:
    """The notice and who sends it. No notice: whom it is for cannot be asked now. No deliverer: nobody can send it."""
    if message.audience == "clinic":
        notice: Notice = clinic_notice(message, session.clinic)
        return notice, _deliverer(session, message, reach=None)
    appointment = _subject(session, state, message)
    details = _details(session, appointment, message)
    if details is None:
        return None, None
    shadow = state.shadows.get((appointment.portal, appointment.id)) if appointment else None
    notice = client_notice(
        message,
        session.clinic,
        details,
        appointment=appointment,
        manage_url=shadow.manage_url if shadow else "",
        now=session.clock.now(),
    )
    source = appointment.portal if appointment else ""
    deliverer = _deliverer(session, message, reach=details, source=source)
    if deliverer and deliverer.portal and shadow:
        notice = replace(notice, ref=shadow.ref)
    if deliverer and appointment:
        had = session.store.had_confirmed(session.clinic.key, appointment.id, notifier=deliverer.name)
        notice = replace(notice, had_confirmed=had)
    return notice, deliverer


def _subject(session: Session, state: HubState, message: MessageDue) -> Appointment | None:
    """The booking it is about. A refusal that had to wait names what is free when it is handed over."""
    found = state.appointments.get(message.appointment)
    if found is None or message.kind not in INSTEAD:
        return found
    return replace(found, alternatives=instead(state, session.clinic, found, session.clock.now()))


def _details(session: Session, appointment: Appointment | None, message: MessageDue) -> Details | None:
    """What she told herself; of what the clinic made for her, or invites her by, what its record has."""
    if appointment is None:
        return _record(session, message.client)
    if appointment.details is None and appointment.showing is not None:
        return _record(session, appointment.client)
    return appointment.details or Details()


def _record(session: Session, client: str) -> Details | None:
    """A client's name and address, as the practice holds them; None when it cannot be asked for them now."""
    keepers = [name for name in session.host.connections if session.host.can(name, "find_clients")]
    records = [_asked(session, name, client) for name in keepers]
    found = next((record for each in records for record in each or () if record.id == client), None)
    if found is not None:
        email = found.emails[0] if found.emails else ""
        return Details(first_name=found.first_name, last_name=found.last_name, email=email)
    return None if None in records else Details()


def _asked(session: Session, name: str, client: str) -> tuple[ClientRecord, ...] | None:
    if name in session.waiting:
        return None
    try:
        return session.host.find_clients(name, ClientQuery(id=client))
    except BridgeError as error:
        failed(session, name, error)
        return None


def _deliverer(session: Session, message: MessageDue, *, reach: Details | None, source: str = "") -> Deliverer | None:
    """The booking's own portal where it sends such a message, else the first notifier that can."""
    link = session.host.connections.get(source)
    if link and message.kind in link.capabilities.notifies and session.host.can(source, "notify"):
        return Deliverer(name=source, call=_via_portal(session, source), safe=True, portal=True)
    for name in session.notifiers.able(message.kind, message.audience):
        abilities = session.notifiers.abilities[name]
        if reach is None or any(getattr(reach, way, "") for way in abilities.reaches):
            return Deliverer(name=name, call=_via_notifier(session, name), safe=abilities.repeats_safely)
    return None


def _via_portal(session: Session, name: str) -> Call:
    return lambda notice, hand_over: session.host.notify(name, notice, hand_over)


def _via_notifier(session: Session, name: str) -> Call:
    return lambda notice, hand_over: session.notifiers.notify(name, notice, hand_over)
