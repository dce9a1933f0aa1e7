"""Clients who connected with the clinic at a portal (S1): whose account is it, and a record for somebody new.

An account opens a client's appointments to whoever has it, so it is linked by nothing but the e-mail address that the
portal has seen to be hers, whatever `client_match` says of bookings: equal names prove nothing here (decision 0040).
What it told of her is forgotten as soon as it is known who she is, or that a person must say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from calbridge.details import lacking
from calbridge.feeds import AccountRecord, ClientRecord, Complete, Delta
from calbridge.hub import Agreement, Creation, Foreign, HubState, Link, Lookup, Observation
from calbridge.matching import Linked, Unmatched, match
from calbridge.model import Details
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.missing import items
from calbridge.reconcile.turns import bounded, news, turn

Key = tuple[str, str]
"""(connection, ref)."""
WHY = {
    "ambiguous": "several records have its e-mail address",
    "unmatched": "no record has its e-mail address",
}


def accounts(records: Mapping[Key, Foreign]) -> dict[Key, AccountRecord]:
    """The accounts among what the sides hold."""
    return {key: record for key, record in records.items() if isinstance(record, AccountRecord)}


def name_of(key: Key) -> str:
    """How questions, answers and consents name an account."""
    return "/".join(key)


# --- questions ------------------------------------------------------------------------------------


def account_lookups(state: HubState, observations: Mapping[str, Observation], now: int) -> Iterator[Lookup]:
    """Who may have it? Asked of what is new or changed, of what the PMS could not be asked about yet, and, a bounded
    number at once, of what waits for a person and is met again.

    The PMS is told no more of her than what she is linked by: her address.
    """
    known = accounts(state.foreign)
    met = {(n, r.ref): r for n, o in observations.items() for r in items(o) if isinstance(r, AccountRecord)}
    again = [key for key in sorted(met) if _as_before(known.get(key), met[key])]
    chosen = set(bounded([key for key in again if _turn(state, observations, key)], now))
    unanswered = {key: record for key, record in known.items() if not record.match}
    for key, record in sorted({**unanswered, **met}.items()):
        asked = key not in again or key in chosen
        if record.details is not None and not _decided(known.get(key)) and asked:
            yield Lookup(key=name_of(key), details=Details(email=record.details.email))


def _as_before(known: Foreign | None, met: AccountRecord) -> bool:
    """It waits for a person, and its owner has told nothing since that was not asked about."""
    return isinstance(known, AccountRecord) and known.match in WHY and known.version == met.version


def _turn(state: HubState, observations: Mapping[str, Observation], key: Key) -> bool:
    """In the read that news of records called for, or that came with it; else once in a quarter of an hour."""
    link, observation = state.links[key[0]], observations[key[0]]
    if news(state, observations):
        return True
    whole = isinstance(observation.feed, Complete)
    return whole and (link.full_due or turn(name_of(key), link.people.asked, observation.started))


def account_creations(state: HubState) -> Iterator[Creation]:
    """Records that are due for somebody new."""
    for key, record in sorted(accounts(state.foreign).items()):
        if record.match == "creating" and record.details is not None:
            yield Creation(appointment=name_of(key), details=record.details, key=f"{name_of(key)}-client")


def to_be_made(record: Foreign) -> bool:
    """A record of hers is to be made now."""
    return isinstance(record, AccountRecord) and record.match == "creating"


def _decided(known: AccountRecord | None) -> bool:
    """Linked once is linked for good, and what is on its way is not asked for a second time."""
    return known is not None and known.match in {"linked", "creating"}


def waiting_accounts(state: HubState) -> frozenset[str]:
    """Portals with an account that a person was asked about. What its owner told is forgotten: the portal has it."""
    return frozenset(name for (name, _), each in accounts(state.foreign).items() if each.match in WHY)


def to_be_met_again(state: HubState, observations: Mapping[str, Observation]) -> frozenset[str]:
    """Portals with such an account that are to be read in full, because a record may be hers now."""
    whole = {name for name, each in observations.items() if isinstance(each.feed, Complete)}
    return waiting_accounts(state) - whole if news(state, observations) else frozenset()


# --- reading --------------------------------------------------------------------------------------


def read_accounts(draft: Draft, reads: Iterable[tuple[Link, Observation]]) -> None:
    """Take in what portals show of accounts, and decide whose each is."""
    asked = {each.key for each in account_lookups(draft.state, draft.reads, draft.now)} | set(draft.answers.clients)
    for link, observation in reads:
        for record in items(observation):
            key = (link.name, record.ref)
            known = draft.foreign.get(key)
            if isinstance(record, AccountRecord) and (name_of(key) in asked or not _as_before(known, record)):
                _meet(draft, key, record)
        for key in _gone(draft, link, observation):
            del draft.foreign[key]
            draft.settled.add(f"account:{name_of(key)}")
            draft.note("account_gone", "", key[0], account=key[1])
    for key, record in sorted(accounts(draft.foreign).items()):
        if not record.match and name_of(key) in draft.answers.clients:
            _keep(draft, key, _identified(draft, key, record))
    _take_created(draft)


def _meet(draft: Draft, key: Key, record: AccountRecord) -> None:
    known = draft.foreign.get(key)
    if isinstance(known, AccountRecord) and _decided(known):
        _keep(draft, key, replace(known, version=record.version))
        return
    if record.consent is not None:
        draft.agreements[name_of(key)] = Agreement(appointment=name_of(key), consent=record.consent)
    _keep(draft, key, _identified(draft, key, record))


def _keep(draft: Draft, key: Key, record: AccountRecord) -> None:
    if draft.foreign.get(key) != record:
        draft.foreign[key] = record


def _gone(draft: Draft, link: Link, observation: Observation) -> list[Key]:
    known = [key for key in accounts(draft.foreign) if key[0] == link.name]
    match observation.feed:
        case Delta():
            return [key for key in known if key[1] in observation.feed.removed]
        case Complete():
            shown = {record.ref for record in observation.feed.items}
            return [key for key in known if key[1] not in shown]
        case _:
            return []


# --- whose it is ----------------------------------------------------------------------------------


def _identified(draft: Draft, key: Key, record: AccountRecord) -> AccountRecord:
    records = draft.answers.clients.get(name_of(key))
    if record.details is None or records is None:
        return record
    rules = replace(draft.clinic.rules, client_match="email")
    found = match(record.details, records, rules, draft.clinic.region)
    if isinstance(found, Linked):
        draft.note("account_linked", "", key[0], account=key[1], client=found.found.client)
        return _linked(draft, key, record, found.found.client)
    return _unknown(draft, key, record, new=isinstance(found, Unmatched))


def _linked(draft: Draft, key: Key, record: AccountRecord, client: str) -> AccountRecord:
    draft.settled.add(f"account:{name_of(key)}")
    return replace(record, client=client, match="linked", details=None, consent=None)


def _unknown(draft: Draft, key: Key, record: AccountRecord, *, new: bool) -> AccountRecord:
    """Somebody new gets a record where the clinic wants that and she said enough (S1); all else is a person's."""
    rules, outcome = draft.clinic.rules, "unmatched" if new else "ambiguous"
    way = rules.on_unmatched if new and rules.client_match != "propose" else "ask"
    missing = _missing(draft, record) if way == "create_if_complete" else ()
    if way.startswith("create") and not missing:
        draft.note("account_creating", "", key[0], account=key[1])
        return replace(record, match="creating", consent=None)
    known = draft.foreign.get(key)
    if not isinstance(known, AccountRecord) or known.match != outcome:  # else it was asked again, and is as it was
        draft.note("account_open", "", key[0], account=key[1], match=outcome, missing=",".join(missing))
    if way != "book_unlinked":
        _ask(draft, key, WHY[outcome] + (f" and for a new one it lacks: {', '.join(missing)}" if missing else ""))
    return replace(record, match="unmatched" if new else "ambiguous", details=None, consent=None)


def _missing(draft: Draft, record: AccountRecord) -> tuple[str, ...]:
    """S1: she can connect only with her full address and phone, and by agreeing to the privacy notice."""
    lacks = lacking(record.details, draft.clinic.region) if record.details else ()
    unasked = bool(draft.clinic.privacy_notice) and record.consent is None
    return (*lacks, *(("privacy_notice",) if unasked else ()))


def _take_created(draft: Draft) -> None:
    for key, record in sorted(accounts(draft.foreign).items()):
        made = draft.answers.created.get(name_of(key))
        if record.match == "creating" and made is not None:
            _keep(draft, key, _created(draft, key, record, made))


def _created(draft: Draft, key: Key, record: AccountRecord, made: ClientRecord | str) -> AccountRecord:
    if isinstance(made, str):
        draft.note("creation_refused", "", key[0], account=key[1])
        _ask(draft, key, f"the PMS made no record ({made})")
        return replace(record, match="unmatched", details=None)
    draft.note("client_created", "", key[0], account=key[1], client=made.id)
    return _linked(draft, key, record, made.id)


def _ask(draft: Draft, key: Key, why: str) -> None:
    draft.task(
        "account",
        name_of(key),
        f"Clinic {draft.clinic.key}, connection {key[0]}: account {key[1]} is not linked to a client, because {why}; "
        "its owner sees none of the appointments that the clinic makes for her. See to it that exactly one record in "
        "the PMS has her e-mail address: she is looked up again by itself, within a quarter of an hour.",
        connection=key[0],
    )
