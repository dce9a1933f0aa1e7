"""What may be booked when: `decide` is the one truth for listing, holding, booking, moving and explaining.

`offers` gives exactly the starts that `decide` would list, found as sets (`calbridge.board`) and not one by one;
an oracle in the tests holds both to the same answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Literal, NamedTuple

from calbridge import bookable
from calbridge.board import Board, starts_of
from calbridge.facts import Facts
from calbridge.model import Clinic
from calbridge.rules import Candidate, Case, Verdict, case_of, co_resources
from calbridge.ruleset import ruleset
from calbridge.wall import local_date

__all__ = ["Candidate", "Decision", "Facts", "Slot", "alternatives", "decide", "offers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`code` is the first rule that failed, or "". `co_resources` are fixed when the slot is held.

    `verdicts` are all rules in order; one only where the service or the resource does not exist.
    """

    ok: bool
    code: str
    verdicts: tuple[Verdict, ...]
    co_resources: tuple[str, ...] = ()


class Slot(NamedTuple):
    """One offered slot. A tuple, because a list holds 10^5 of them; its order is the order of a list."""

    start: int
    resource: str
    end: int
    service: str
    co_resources: tuple[str, ...] = ()


def decide(clinic: Clinic, facts: Facts, candidate: Candidate) -> Decision:
    """May this be booked, and what does each rule say?"""
    case = case_of(clinic, facts, candidate)
    if case is None:
        unknown = Verdict(code="not_offered", ok=False, facts={"off": "unknown"})
        return Decision(ok=False, code=unknown.code, verdicts=(unknown,))
    if _throttled(case):
        case = replace(case, day_starts=_day_starts(case))
    verdicts = tuple(rule.check(case) for rule in ruleset(clinic))
    code = next((verdict.code for verdict in verdicts if not verdict.ok), "")
    chosen = co_resources(case)
    taken = () if code or isinstance(chosen, int) else chosen
    return Decision(ok=not code, code=code, verdicts=verdicts, co_resources=taken)


def offers(
    clinic: Clinic,
    facts: Facts,
    service: str,
    first: date,
    last: date,
    *,
    resource: str | None = None,
    client: Literal["new", "known"] | None = None,
    species: str | None = None,
    scope: Literal["book", "reschedule"] = "book",
    minutes: int | None = None,
) -> tuple[Slot, ...]:
    """Every slot that starts on local dates `first` to `last`, inclusive, by start, then resource key."""
    first, last = _within(clinic, facts, first, last)
    wanted = Candidate(
        service=service,
        resource="",
        start=facts.now,
        client=client,
        species=species,
        scope=scope,
        minutes=minutes,
        listed=True,
    )
    keys = clinic.resources if resource is None else (resource,)
    cases = [case for key in keys if (case := case_of(clinic, facts, replace(wanted, resource=key))) is not None]
    if not cases or first > last:
        return ()
    board = Board(clinic, facts, (cases[0].service,), first, last)
    return tuple(sorted(slot for case in cases for slot in _shown(board, case)))


def alternatives(clinic: Clinic, facts: Facts, candidate: Candidate, n: int = 3) -> tuple[Slot, ...]:
    """The next `n` offered starts of the same service, each on the wanted resource where that is free."""
    tz = clinic.time_zone
    today = local_date(tz, facts.now)
    first, last = max(local_date(tz, candidate.start), today), bookable.horizon_date(clinic, today)
    found: list[Slot] = []
    days = 1
    while first <= last and len(found) < n:
        until = min(first + timedelta(days=days - 1), last)
        found += _one_per_start(_around(clinic, facts, candidate, first, until), candidate)
        first, days = until + timedelta(days=1), days * 2
    return tuple(found[:n])


# --- the parts ------------------------------------------------------------------------------------


def _throttled(case: Case) -> bool:
    rules = case.clinic.rules
    return not case.wide and bool(rules.slots_per_hour is not None or rules.reserved_per_day)


def _within(clinic: Clinic, facts: Facts, first: date, last: date) -> tuple[date, date]:
    """The dates between which anything can be offered: nobody is made to walk a century for an empty list."""
    tz = clinic.time_zone
    today = local_date(tz, facts.now)
    earliest = local_date(tz, bookable.earliest(clinic, facts.now, today))
    return max(first, earliest), min(last, bookable.horizon_date(clinic, today))


def _day_starts(case: Case) -> tuple[int, ...]:
    """What rules 13 and 14 count: the starts of the same date that pass all others."""
    board = Board(case.clinic, case.facts, (case.service,), case.dates[0], case.dates[0])
    return tuple(board.axis.instants(starts_of(board.passing(case))))


def _shown(board: Board, case: Case) -> Iterator[Slot]:
    """What passes and is left by the throttles."""
    groups = board.passing(case)
    by_date = board.listed(case, starts_of(groups))
    shown = sum(starts << low for starts, (low, _) in zip(by_date, board.cells, strict=True))
    length = case.service.minutes * 60
    for starts, chosen in groups:
        for at in board.axis.instants(starts & shown):
            yield Slot(at, case.resource.key, at + length, case.service.key, chosen)


def _around(clinic: Clinic, facts: Facts, candidate: Candidate, first: date, last: date) -> Iterator[Slot]:
    found = offers(
        clinic,
        facts,
        candidate.service,
        first,
        last,
        client=candidate.client,
        species=candidate.species,
        scope=candidate.scope,
        minutes=candidate.minutes,
    )
    return (slot for slot in found if slot.start >= candidate.start)


def _one_per_start(slots: Iterator[Slot], candidate: Candidate) -> Iterator[Slot]:
    """The wanted resource where it is free, else the first by key; never what was asked for itself."""
    for _, same in groupby(slots, key=lambda slot: slot.start):
        choice = [s for s in same if (s.start, s.resource) != (candidate.start, candidate.resource)]
        own = [s for s in choice if s.resource == candidate.resource]
        yield from (own or choice)[:1]
