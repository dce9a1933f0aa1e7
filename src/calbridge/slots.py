"""What may be booked when: `decide` is the one truth for listing, holding, booking, moving and explaining.

`offers` gives exactly the starts that `decide` would list, found as sets (`calbridge.starts`) and not one by one; an
oracle in the tests holds both to the same answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Literal, NamedTuple

from calbridge import bookable
from calbridge.facts import Facts
from calbridge.model import Clinic
from calbridge.rules import Candidate, Case, Verdict, case_of, co_resources, earliest_of_hour
from calbridge.ruleset import ruleset
from calbridge.starts import Start, passing
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
        case = replace(case, day_starts=tuple(start for start, _ in passing(case, case.dates[0], case.dates[0])))
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
) -> tuple[Slot, ...]:
    """Every slot that starts on local dates `first` to `last`, inclusive, by start, then resource key."""
    found: list[Slot] = []
    for key in clinic.resources if resource is None else (resource,):
        wanted = Candidate(
            service=service,
            resource=key,
            start=facts.now,
            client=client,
            species=species,
            scope=scope,
            listed=True,
        )
        case = case_of(clinic, facts, wanted)
        if case is not None:
            length = case.service.minutes * 60
            found += [Slot(at, key, at + length, service, chosen) for at, chosen in _shown(case, first, last)]
    return tuple(sorted(found))


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


def _shown(case: Case, first: date, last: date) -> Sequence[Start]:
    """What passes, thinned by rules 13 and 14 day by day."""
    starts = passing(case, first, last)
    if not _throttled(case):
        return starts
    by_day = groupby(starts, key=lambda start: local_date(case.clinic.time_zone, start[0]))
    return [start for _, day in by_day for start in _thinned(case, list(day))]


def _thinned(case: Case, day: list[Start]) -> list[Start]:
    rules = case.clinic.rules
    if rules.slots_per_hour is not None:
        kept = set(earliest_of_hour(case.clinic.time_zone, (at for at, _ in day), rules.slots_per_hour))
        day = [start for start in day if start[0] in kept]
    return day[: max(len(day) - rules.reserved_per_day, 0)]


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
    )
    return (slot for slot in found if slot.start >= candidate.start)


def _one_per_start(slots: Iterator[Slot], candidate: Candidate) -> Iterator[Slot]:
    """The wanted resource where it is free, else the first by key; never what was asked for itself."""
    for _, same in groupby(slots, key=lambda slot: slot.start):
        choice = [s for s in same if (s.start, s.resource) != (candidate.start, candidate.resource)]
        own = [s for s in choice if s.resource == candidate.resource]
        yield from (own or choice)[:1]
