"""Asking the PMS, now and for one person: who may this client be, and is there such a record?

Nothing of an answer is kept. A PMS that cannot be reached is said; what the journal holds is still shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from calbridge.cli.answers_booking import ActionLine, AnimalLine, CandidateLine, GivenLine, Who
from calbridge.cli.texts import maybe_instant
from calbridge.details import given, lacking
from calbridge.errors import BridgeError, ConfigError, NeedsHuman
from calbridge.explain import who
from calbridge.feeds import ClientQuery, ClientRecord
from calbridge.matching import Likeness, compare
from calbridge.model import Appointment, Details, State
from calbridge.numbers import keeper_of, name_of

if TYPE_CHECKING:
    from calbridge.cli.workplace import Workplace
    from calbridge.hub import Command
    from calbridge.settings import ClinicConfig

NOBODY = "no connection of this clinic keeps clients"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the PMS says now. `why` is "" where it could be asked."""

    records: tuple[ClientRecord, ...] = ()
    why: str = ""


def candidates(workplace: Workplace, config: ClinicConfig, booking: Appointment) -> Found:
    """Everybody who shares something with what was given, and the one it is linked to."""
    from calbridge.engine.answers import query_of

    query = replace(query_of(booking.details or Details()), id=booking.client)
    try:
        return Found(records=_ask(workplace, config, query))
    except BridgeError as error:
        return Found(why=error.hint)


def named(workplace: Workplace, config: ClinicConfig, key: str) -> str:
    """The name of the record of this number, which says itself whose number it is or need not; nobody is asked."""
    keepers = workplace.host(config).keepers("find_clients")
    if keeper_of(key) in keepers or not keepers:
        return key
    if len(keepers) > 1:
        raise ConfigError(f'several connections keep clients: say whose number "{key}" is, as in {keepers[0]}/{key}')
    return name_of(keepers[0], key)


def record(workplace: Workplace, config: ClinicConfig, key: str) -> ClientRecord:
    """The record of this number, with or without the connection that keeps it, or one sentence."""
    keepers = workplace.host(config).keepers("find_clients")
    names = [key] if keeper_of(key) in keepers else [name_of(name, key) for name in keepers]
    asked = {each.id: each for name in names or [key] for each in _ask(workplace, config, ClientQuery(id=name))}
    found = [asked[name] for name in names if name in asked]
    if not found:
        raise ConfigError(f'the PMS has no client "{key}": look her number up there, or in "calbridge requests show"')
    if len(found) > 1:
        which = " or ".join(each.id for each in found)
        raise ConfigError(f'several connections have a client "{key}": say whose number it is, {which}')
    return found[0]


def _ask(workplace: Workplace, config: ClinicConfig, query: ClientQuery) -> tuple[ClientRecord, ...]:
    host = workplace.host(config)
    keepers = host.keepers("find_clients")
    if not keepers:
        broken = "; ".join(error.hint for error in host.broken.values())
        raise ConfigError(f"clinic {config.clinic.key}: {NOBODY}{f' ({broken})' if broken else ''}")
    found = {each.id: each for name in keepers for each in host.find_clients(name, query)}
    return tuple(found.values())


# --- before something is asked of the next cycle ----------------------------------------------------


def existing(workplace: Workplace, config: ClinicConfig, booking: Appointment, command: Command) -> Command:
    """The record must be there, and the animal must be hers; the one that fits is taken where none is named."""
    client = record(workplace, config, command.client)
    animals = [each.id for each in client.patients]
    if command.patient and command.patient not in animals:
        has = f"it has {', '.join(animals)}" if animals else "it has none"
        raise ConfigError(f'client {client.id} has no animal "{command.patient}": {has}')
    command = replace(command, client=client.id)
    if command.patient or booking.details is None:
        return command
    (found,) = compare(booking.details, [client], config.clinic.rules, config.clinic.region)
    return replace(command, patient=found.patient)


def can_be_made(workplace: Workplace, config: ClinicConfig, booking: Appointment) -> None:
    """A record needs somebody's details, and a PMS that takes one."""
    if booking.details is None:
        raise ConfigError(f"booking {booking.id} came without details: make the record in the PMS, then link it")
    if not workplace.host(config).keepers("create_client"):
        raise ConfigError(f"clinic {config.clinic.key}: no connection can make a client's record; make it in the PMS")


def nobody_yet(workplace: Workplace, config: ClinicConfig, booking: Appointment) -> None:
    """A twin makes every later match fail: whoever may be there already is named first."""
    details = booking.details or Details()
    found = candidates(workplace, config, booking)
    if found.why:
        raise NeedsHuman(f"it cannot be seen now whether she is there already: {found.why}")
    likenesses = compare(details, found.records, config.clinic.rules, config.clinic.region)
    fitting = [each.client for each in likenesses if each.fits and each.client not in booking.not_clients]
    if fitting:
        raise ConfigError(
            f"booking {booking.id} may be of {', '.join(fitting)}, in the PMS already: look with "
            f'"calbridge requests show {booking.id}"; for a new record all the same, add --anyway'
        )


# --- as it is shown ---------------------------------------------------------------------------------


def shown(config: ClinicConfig, booking: Appointment, found: Found, *, names: bool) -> Who:
    """What is known of a booking's client, with names only where they were asked for."""
    details, rules, region = booking.details or Details(), config.clinic.rules, config.clinic.region
    by_id = {each.id: each for each in found.records}
    likenesses = [each for each in compare(details, found.records, rules, region) if _worth(each, booking)]
    return Who(
        asked=found.why,
        match=booking.match,
        client=booking.client,
        patient=booking.patient,
        refused=list(booking.not_clients),
        corrected=list(booking.corrected),
        given=[GivenLine(field=name, value=value if names else None) for name, value in given(details)],
        agreed=maybe_instant(config.clinic.time_zone, booking.agreed),
        candidates=[_candidate(config, booking, each, by_id[each.client], names=names) for each in likenesses],
    )


def _worth(likeness: Likeness, booking: Appointment) -> bool:
    """A search narrows loosely: who agrees in nothing was only looked at."""
    return bool(likeness.agrees) or likeness.client == booking.client


def _candidate(
    config: ClinicConfig, booking: Appointment, found: Likeness, known: ClientRecord, *, names: bool
) -> CandidateLine:
    refused, linked = found.client in booking.not_clients, found.client == booking.client
    return CandidateLine(
        client=found.client,
        fits=found.fits,
        refused=refused,
        linked=linked,
        agrees=list(found.agrees),
        differs=list(found.differs),
        name=f"{known.first_name} {known.last_name}".strip() if names else None,
        patients=[
            AnimalLine(
                patient=each.patient,
                fits=each.fits,
                agrees=list(each.agrees),
                differs=list(each.differs),
                sentence=who.animal(each, config.clinic.rules),
            )
            for each in found.patients
        ],
        sentence=who.likeness(found, refused=refused, linked=linked),
    )


# --- what a person can do ---------------------------------------------------------------------------

LINKABLE = frozenset({State.REQUESTED, State.CONFIRMED, State.ARRIVED, State.FULFILLED, State.NO_SHOW})
"""States in which whose it is may be said; also after the visit, and that a link was wrong."""


def actions(config: ClinicConfig, booking: Appointment, found: Who) -> list[ActionLine]:
    """What each command would do to this booking now."""
    return [
        ActionLine(command=f"calbridge requests {command}", does=does)
        for command, does in _actions(config, booking, found)
    ]


def _actions(config: ClinicConfig, booking: Appointment, found: Who) -> list[tuple[str, str]]:
    key, lines = booking.id, []
    fitting = [each for each in found.candidates if each.fits and not each.refused and not each.linked]
    if booking.state is State.REQUESTED:
        lines.append((f"accept {key}", f"confirms it on all sides{_unlinked(booking)}; the client is told"))
        lines += [
            (f"accept {key} --client {each.client}", "the same, and links it in the same step") for each in fitting
        ]
        lines.append((f"decline {key}", "frees its time; the client is told, with --quiet she is not"))
    if booking.state not in LINKABLE:
        return lines
    lines += [(f"link {key} --client {each.client}{_animal(each)}", _linking(booking, each)) for each in fitting]
    if booking.client:
        lines.append((f"unlink {key}", "takes the link back: the details stand in its note again, and it waits here"))
    elif booking.details is not None:
        lines.append((f"create-client {key}", _creating(config, booking)))
    return lines


def _unlinked(booking: Appointment) -> str:
    return "" if booking.client else ", not linked to anybody"


def _animal(line: CandidateLine) -> str:
    fitting = [each.patient for each in line.patients if each.fits]
    return f" --patient {fitting[0]}" if len(fitting) == 1 else ""


def _linking(booking: Appointment, line: CandidateLine) -> str:
    animal = f" and animal {_animal(line).split()[-1]}" if _animal(line) else "; which animal stays open"
    instead = f" instead of {booking.client}, who is remembered as the wrong one" if booking.client else ""
    return f"links it to client {line.client}{animal}{instead}; the record itself is not changed"


def _creating(config: ClinicConfig, booking: Appointment) -> str:
    lacks = lacking(booking.details or Details(), config.clinic.region)
    without = f" (without {who.listed(lacks)})" if lacks else ""
    return f"makes a new record in the PMS from what was given{without}, and links it"
