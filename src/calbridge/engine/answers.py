"""Putting the core's questions to the sides: is it really gone, who may this be, and a record for somebody new.

What cannot be asked stays unanswered, and is asked again by the next cycle.
"""

from __future__ import annotations

from calbridge.engine.pull import failed
from calbridge.engine.session import Session
from calbridge.errors import BridgeError, SkipItem
from calbridge.feeds import ClientQuery, ClientRecord, Probe, Unknown
from calbridge.folding import spaced
from calbridge.hub import Answers, Creation, Lookup, Questions
from calbridge.model import Details


def ask(session: Session, wanted: Questions) -> Answers:
    """Put the core's questions to the sides; what cannot be asked stays unanswered."""
    clients = {lookup.key: records for lookup in wanted.lookups if (records := _clients(session, lookup)) is not None}
    created = {each.appointment: made for each in wanted.creations if (made := _created(session, each)) is not None}
    return Answers(
        created=created,
        probes={(name, ref): _probe(session, name, ref) for name, ref in wanted.probes},
        clients=clients,
        conflicts=dict(session.conflicts),
    )


def _probe(session: Session, name: str, ref: str) -> Probe:
    try:
        return session.host.probe(name, ref)
    except BridgeError as error:
        return Unknown(why=error.hint)


def _clients(session: Session, lookup: Lookup) -> tuple[ClientRecord, ...] | None:
    """Records from every side that keeps clients; None where one of them could not be asked: then none is."""
    keepers = session.host.keepers("find_clients")
    if not keepers or not session.waiting.keys().isdisjoint(keepers):
        return None
    found: dict[str, ClientRecord] = {}
    query = ClientQuery(id=lookup.client) if lookup.client else query_of(lookup.details)
    for name in keepers:
        try:
            found |= {record.id: record for record in session.host.find_clients(name, query)}
        except BridgeError as error:
            failed(session, name, error)
            return None
    return tuple(found.values())


def query_of(details: Details) -> ClientQuery:
    """What a side is asked: as little as matching needs."""
    return ClientQuery(
        email=spaced(details.email),
        phone=spaced(details.phone),
        first_name=spaced(details.first_name),
        last_name=spaced(details.last_name),
    )


def _created(session: Session, wanted: Creation) -> ClientRecord | str | None:
    """The new record, the sentence why there is none, or None: not now, it is asked for again."""
    keepers = session.host.keepers("create_client")
    if not keepers:
        return "no connection can make one"
    if session.dry or keepers[0] in session.waiting:
        return None
    consent = session.store.consent(session.clinic.key, wanted.appointment)
    try:
        return session.host.create_client(keepers[0], wanted.details, wanted.key, consent)
    except SkipItem as error:
        return error.hint
    except BridgeError as error:
        failed(session, keepers[0], error)
        return None
