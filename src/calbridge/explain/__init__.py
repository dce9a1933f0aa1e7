"""Why a slot is offered or not: the one decision, every rule of it in words, and what is offered instead.

Nothing is decided here. `decide` gives the verdicts; this package finds the words, and names who says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from calbridge.explain.told import Told, Words
from calbridge.explain.words import INSTANTS, said, title, words
from calbridge.facts import Facts
from calbridge.interval import Interval
from calbridge.model import Clinic
from calbridge.origins import Origin
from calbridge.rules import Candidate, Case, Verdict, case_of
from calbridge.slots import Slot, alternatives, decide

__all__ = ["INSTANTS", "Explanation", "Line", "Words", "explain", "said"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule: its verdict, its name for people, its words."""

    verdict: Verdict
    title: str
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`code` is that of the first rule that failed, "" when it is offered; `lines` are all rules in order.

    `co_resources` are what the slot would take too. `instead` are the next starts that are offered, one with the
    wanted resource among them where there is any.
    """

    code: str
    visit: Interval
    lines: tuple[Line, ...]
    co_resources: tuple[str, ...] = ()
    instead: tuple[Slot, ...] = ()

    @property
    def offered(self) -> bool:
        """Every rule passes."""
        return not self.code

    @property
    def first(self) -> Line | None:
        """The line that gives the reason."""
        return next((line for line in self.lines if not line.verdict.ok), None)


def explain(
    clinic: Clinic,
    facts: Facts,
    wanted: Candidate,
    *,
    origins: Sequence[Origin] = (),
    reads: Mapping[str, int] | None = None,
) -> Explanation:
    """The decision on one candidate, in words. `reads`: connection -> when its last good read began.

    `KeyError` where the clinic has no such service or resource: there is nothing to explain.
    """
    case = case_of(clinic, facts, wanted)
    if case is None:
        raise KeyError(wanted.service if wanted.service not in clinic.services else wanted.resource)
    decision = decide(clinic, facts, wanted)
    return Explanation(
        code=decision.code,
        visit=case.visit,
        lines=tuple(_line(case, verdict, tuple(origins), reads or {}) for verdict in decision.verdicts),
        co_resources=decision.co_resources,
        instead=() if decision.ok else _instead(clinic, facts, wanted),
    )


def _instead(clinic: Clinic, facts: Facts, wanted: Candidate) -> tuple[Slot, ...]:
    """The next three starts, and where none of them is with the wanted resource, its own next one too."""
    found, service = alternatives(clinic, facts, wanted), clinic.services[wanted.service]
    if wanted.resource not in service.resources or any(slot.resource == wanted.resource for slot in found):
        return found
    alone = {**clinic.services, service.key: replace(service, resources=(wanted.resource,))}
    return tuple(sorted((*found, *alternatives(replace(clinic, services=alone), facts, wanted, 1))))


def _line(case: Case, verdict: Verdict, origins: tuple[Origin, ...], reads: Mapping[str, int]) -> Line:
    told = Told(case=case, verdict=verdict, origins=origins, reads=reads)
    return Line(verdict=verdict, title=title(verdict.code), words=words(told))
