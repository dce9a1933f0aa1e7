"""What a notifier is given: one message with all it may say, and no more (rules.md section 6).

A `ClientNotice` holds the client's own name and address and what she may know of her own visit. A `ClinicNotice` says
that something is waiting and holds no person at all: mail boxes are read over shoulders, and the clinic has its own
screens. Neither has a field for a private title or note.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from calbridge.lifecycle import Event, Refused, step
from calbridge.messages import Kind, MessageDue
from calbridge.model import Alternative, Appointment, Clinic, Details, Language, State
from calbridge.public import PublicClinic, public


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom it is for. Personal data. `phone` is as she typed it."""

    name: str = ""
    email: str = ""
    phone: str = ""
    language: Language = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Her visit. Instants are epoch seconds. `end` is None and `resource` "" where the clinic does not show them.

    `previous` is the start she was told before. `patient` is her animal's name, or the names of several.
    """

    state: State
    start: int
    end: int | None = None
    service: str = ""
    resource: str = ""
    description: str = ""
    patient: str = ""
    instructions: str = ""
    previous: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientNotice:
    """A message for a client. `key` is its name for ever: what bears the same key is the same message.

    `booking` is "" and `visit` None for an invitation. `revision` grows with every change of the booking. `manage_url`
    is there where she may still cancel or move online. `reason` is why she was declined: a code of the bridge, or the
    clinic's sentence where the clinic shows it. `alternatives` are times she may have instead. `had_confirmed`: who
    delivers this has told her before that it is confirmed, so an entry for her calendar may stand there. `ref` is what
    her own portal calls the booking, where the portal is asked to tell her; a notifier does not learn it.
    """

    key: str
    kind: Kind
    clinic: PublicClinic
    to: Recipient
    booking: str = ""
    ref: str = ""
    revision: int = 0
    visit: Visit | None = None
    manage_url: str = ""
    reason: str = ""
    alternatives: tuple[Alternative, ...] = ()
    had_confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicNotice:
    """A message for the clinic's staff: which booking waits, when and what for, and nobody's name."""

    key: str
    kind: Kind
    clinic: PublicClinic
    booking: str
    revision: int
    start: int
    end: int
    service: str = ""
    resource: str = ""


Notice = ClientNotice | ClinicNotice
INSTEAD = frozenset({Kind.DECLINED, Kind.MOVE_REFUSED})
"""She did not get what she wanted, and may choose something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyReceipt:
    """What became of a notice.

    sent: the next system has taken it. refused: it never will, for `why` (a sentence without personal data). later: it
    surely was not taken and may be tried again. unknown: it was handed over and no answer came. What fails before it is
    handed over may as well be an exception (RetryLater, NeedsHuman); an exception after that is taken for unknown.
    """

    outcome: Literal["sent", "refused", "later", "unknown"] = "sent"
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierAbilities:
    """What a notifier delivers.

    `repeats_safely`: the same key twice is one message there, whatever happened between. `reaches` are the fields of a
    `Recipient` of which it needs one.
    """

    kinds: frozenset[str] = frozenset(Kind)
    audiences: frozenset[str] = frozenset({"client", "clinic"})
    reaches: frozenset[str] = frozenset({"email"})
    repeats_safely: bool = False


# --- making them ------------------------------------------------------------------------------------


def clinic_notice(due: MessageDue, clinic: Clinic) -> ClinicNotice:
    """For staff."""
    service, resource = clinic.services.get(due.service), clinic.resources.get(due.resource)
    return ClinicNotice(
        key=due.key,
        kind=due.kind,
        clinic=public(clinic),
        booking=due.appointment,
        revision=due.revision,
        start=due.start,
        end=due.end,
        service=service.name if service else "",
        resource=resource.name if resource else "",
    )


def client_notice(
    due: MessageDue, clinic: Clinic, details: Details, *, appointment: Appointment | None, manage_url: str, now: int
) -> ClientNotice:
    """For the client. `details` are her own; `appointment` is the booking as it now stands, where there is one."""
    may = appointment is not None and may_change(appointment, clinic, now)
    return ClientNotice(
        key=due.key,
        kind=due.kind,
        clinic=public(clinic),
        to=_recipient(details, clinic),
        booking=due.appointment,
        revision=due.revision,
        visit=_visit(due, clinic, appointment, details) if appointment is not None else None,
        manage_url=manage_url if may else "",
        reason=due.reason,
        alternatives=appointment.alternatives if appointment is not None and due.kind in INSTEAD else (),
    )


def may_change(appointment: Appointment, clinic: Clinic, now: int) -> bool:
    """May its client cancel or move it online at this moment? (S0: else she gets no link, S1: she phones.)"""
    events = (Event.CLIENT_CANCEL, Event.CLIENT_MOVE)
    answers = (step(appointment.state, event, start=appointment.start, now=now, rules=clinic.rules) for event in events)
    return appointment.start > now and any(not isinstance(answer, Refused) for answer in answers)


def _recipient(details: Details, clinic: Clinic) -> Recipient:
    return Recipient(
        name=f"{details.first_name} {details.last_name}".strip(),
        email=details.email,
        phone=details.phone,
        language=language(details.language) or clinic.spoken,
    )


def language(tag: str) -> Language | None:
    """The language of a tag such as "de-AT" (RFC 5646), where messages are written in it."""
    wanted = tag.partition("-")[0].lower()
    return next((known for known in get_args(Language) if known == wanted), None)


def _visit(due: MessageDue, clinic: Clinic, appointment: Appointment, details: Details) -> Visit:
    shown = public(clinic)
    service, resource = shown.services.get(due.service), shown.resources.get(due.resource)
    over = due.state.ended
    return Visit(
        state=due.state,
        start=due.start,
        end=due.end if clinic.rules.show_duration else None,
        service=service.name if service else "",
        resource=resource.name if resource else "",
        description=appointment.description,
        patient=", ".join(each.name for each in details.animals),
        instructions=service.instructions if service and not over else "",
        previous=due.previous,
    )
