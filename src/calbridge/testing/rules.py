"""Does a plugin's slot rule keep what it promises? Tried on random candidates and facts of a clinic that has it on.

clinic = load(path, {}, load_plugins()).clinics["hafen"].clinic
for rule in clinic.extra:
    assert broken_promises(rule, clinic) == []
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from calbridge.facts import Facts, Spans
from calbridge.interval import Interval, intersect, merge
from calbridge.model import Clinic, ExtraRule
from calbridge.rules import Candidate, Case, Verdict, case_of
from calbridge.ruleset import extras
from calbridge.wall import date_interval, days, local, local_date

NOW = 1_795_352_400
"""2026-11-22, 13:00 UTC."""
DAY = 86_400


def broken_promises(rule: ExtraRule, clinic: Clinic, *, rounds: int = 300, seed: int = 1) -> list[str]:
    """One sentence for each promise that was broken, with the first case that broke it; none is a good sign."""
    dice = random.Random(seed)  # noqa: S311  # a run must be the same again
    found: dict[str, str] = {}
    for _ in range(rounds):
        case = _case(clinic, dice)
        if case is not None:
            for promise in _broken(rule, case, dice):
                found.setdefault(promise, _shown(clinic, case.wanted))
    return [f"{promise}: {shown}" for promise, shown in found.items()]


def _shown(clinic: Clinic, wanted: Candidate) -> str:
    return f"{wanted.service} with {wanted.resource} at {local(clinic.time_zone, wanted.start):%Y-%m-%d %H:%M}"


def _broken(rule: ExtraRule, case: Case, dice: random.Random) -> Iterator[str]:
    answer = _judge(rule)
    verdict = answer(case)
    if "fault" in verdict.facts:
        yield f"it gives no answer ({verdict.facts['fault']})"
        return
    if answer(case) != verdict:
        yield "it answers the same case in two ways"
    if not verdict.ok:
        yield from _unspeakable(rule, verdict)
    for what, other in _alike(rule, case, dice):
        if answer(other).ok != verdict.ok:
            yield f'its reach is "{rule.reach}", but its answer changes with {what}'


def _judge(rule: ExtraRule) -> Callable[[Case], Verdict]:
    """As a clinic asks it: what goes wrong in it is in the facts."""

    def judge(case: Case) -> Verdict:
        (asked,) = extras(replace(case.clinic, extra=(rule,)))
        return asked.check(case)

    return judge


def _unspeakable(rule: ExtraRule, verdict: Verdict) -> Iterator[str]:
    try:
        rule.words.format(**verdict.facts)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        yield f"its words cannot be said with the facts {', '.join(verdict.facts) or 'none'} ({type(error).__name__})"


# --- cases that a rule's reach must not tell apart ------------------------------------------------


def _alike(rule: ExtraRule, case: Case, dice: random.Random) -> Iterator[tuple[str, Case]]:
    if rule.reach == "fixed":
        later = replace(case.wanted, start=case.start + dice.randrange(-9, 10) * DAY + dice.randrange(0, 96) * 900)
        yield from _remade("the start", case, case.facts, later)
        yield from _remade("the facts", case, Facts(now=case.facts.now), case.wanted)
    if rule.reach in ("fixed", "visit"):
        yield from _remade("the present", case, replace(case.facts, now=case.facts.now - 40 * DAY), case.wanted)
        yield from _remade("facts of other dates", case, _of_dates(case), case.wanted)


def _remade(what: str, case: Case, facts: Facts, wanted: Candidate) -> Iterator[tuple[str, Case]]:
    other = case_of(case.clinic, facts, wanted)
    if other is not None:
        yield what, other


def _of_dates(case: Case) -> Facts:
    """The facts of the visit's own local dates."""
    span = date_interval(case.clinic.time_zone, *case.dates)

    def cut(spans: Spans) -> Spans:
        return {key: tuple(intersect(intervals, [span])) for key, intervals in spans.items()}

    facts, dates = case.facts, set(days(*case.dates))
    return replace(
        facts,
        taken=cut(facts.taken),
        absences=cut(facts.absences),
        closures=cut(facts.closures),
        windows=cut(facts.windows),
        work=cut(facts.work),
        stale={},
        counts={key: number for key, number in facts.counts.items() if key[1] in dates},
    )


# --- random cases ---------------------------------------------------------------------------------


def _case(clinic: Clinic, dice: random.Random) -> Case | None:
    if not (clinic.services and clinic.resources):
        return None
    wanted = Candidate(
        service=dice.choice(sorted(clinic.services)),
        resource=dice.choice(sorted(clinic.resources)),
        start=NOW + dice.randrange(0, 30 * 288) * 300,
        client=dice.choice([None, "new", "known"]),
        species=dice.choice([None, "", "dog", "cat"]),
        scope=dice.choice(["book", "book", "reschedule"]),
        listed=dice.choice([True, False]),
    )
    return case_of(clinic, _facts(clinic, dice), wanted)


def _facts(clinic: Clinic, dice: random.Random) -> Facts:
    keys, today = sorted(clinic.resources), local_date(clinic.time_zone, NOW)
    counted = [(service, today + timedelta(days=ahead)) for service in clinic.services for ahead in range(30)]
    return Facts(
        now=NOW,
        taken=_spans(keys, dice, most=8, hours=3),
        absences=_spans(keys, dice, most=2, hours=60),
        closures=_spans(["", *keys], dice, most=1, hours=30),
        windows=_spans(keys, dice, most=9, hours=12),
        work=_spans(keys, dice, most=9, hours=14),
        stale={key: "calendar" for key in keys if not dice.randrange(10)},
        counts={key: dice.randrange(0, 5) for key in counted},
    )


def _spans(keys: list[str], dice: random.Random, *, most: int, hours: int) -> Mapping[str, tuple[Interval, ...]]:
    """For about half of the keys; each span up to so many hours long."""

    def one() -> Interval:
        start = NOW + dice.randrange(-96, 30 * 96) * 900
        return Interval(start, start + dice.randrange(1, hours * 4) * 900)

    return {key: tuple(merge(one() for _ in range(dice.randrange(0, most)))) for key in keys if dice.randrange(2)}
