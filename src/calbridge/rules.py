"""The rules of rules.md section 3, one small callable each, named by its reason code, in the order of the catalogue.

A rule looks at one `Case` and says whether it passes and on what facts (plain values, no personal data), so that
`explain` can put every verdict into words. `RULES` is the order; the first rule that fails gives the reason code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from calbridge import bookable
from calbridge.facts import Facts
from calbridge.interval import Interval, covering, first_overlap
from calbridge.model import Clinic, Resource, Service
from calbridge.wall import date_interval, local, local_date, on_grid

Plain = int | str | tuple[Interval, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What somebody wants; `start` in epoch seconds.

    `client` is None until it is matched. `species` is None where nobody asked yet and "" where it is unknown.
    `scope="reschedule"` is the move of a confirmed appointment of the same service; its facts leave that appointment
    out. `minutes` is how long what is moved really is, where staff made it another length than its service has.
    `listed` asks whether it would be in a list, where `slots_per_hour` counts; when booking it does not.
    """

    service: str
    resource: str
    start: int
    client: Literal["new", "known"] | None = None
    species: str | None = None
    scope: Literal["book", "reschedule"] = "book"
    minutes: int | None = None
    listed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One candidate with everything a rule may look at, worked out once; its service is as long as what is wanted.

    `visit` must lie inside bookable time; `footprint`, the visit with its buffers, must be free. `dates` are the local
    dates of the visit's first and last second. `day_starts` are the starts of its first date that pass all rules but
    the throttles, which judge only these; a clinic without throttles does not look at them.
    """

    clinic: Clinic
    facts: Facts
    service: Service
    resource: Resource
    wanted: Candidate
    visit: Interval
    footprint: Interval
    dates: tuple[date, date]
    today: date
    day_starts: Sequence[int] = ()

    @property
    def start(self) -> int:
        """The instant that is judged."""
        return self.visit.start

    @property
    def species(self) -> str | None:
        """Species keys are compared without regard to case."""
        return self.wanted.species.casefold() if self.wanted.species else self.wanted.species

    @property
    def wide(self) -> bool:
        """A known client moving a confirmed appointment may use all opening hours where the clinic allows it (S4)."""
        wide = self.clinic.rules.reschedule_scope == "opening_hours"
        return wide and self.wanted.scope == "reschedule" and self.wanted.client == "known"


def case_of(clinic: Clinic, facts: Facts, wanted: Candidate) -> Case | None:
    """The case of one candidate; None where its service or resource does not exist."""
    service, resource = clinic.services.get(wanted.service), clinic.resources.get(wanted.resource)
    if service is None or resource is None:
        return None
    if wanted.minutes is not None:
        service = replace(service, minutes=wanted.minutes)
    tz, start, end = clinic.time_zone, wanted.start, wanted.start + service.minutes * 60
    return Case(
        clinic=clinic,
        facts=facts,
        service=service,
        resource=resource,
        wanted=wanted,
        visit=Interval(start, end),
        footprint=Interval(start - service.buffer_before * 60, end + service.buffer_after * 60),
        dates=(local_date(tz, start), local_date(tz, end - 1)),
        today=local_date(tz, facts.now),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One rule's answer."""

    code: str
    ok: bool
    facts: Mapping[str, Plain] = field(default_factory=dict)


Answer = tuple[bool, Mapping[str, Plain]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`code` is the reason a person sees. A `fixed` rule gives the same verdict for every start."""

    code: str
    answer: Callable[[Case], Answer]
    fixed: bool = False

    def check(self, case: Case) -> Verdict:
        """The verdict on one case."""
        ok, facts = self.answer(case)
        return Verdict(code=self.code, ok=ok, facts=facts)


# --- who may book what ----------------------------------------------------------------------------


def not_offered(case: Case) -> Answer:
    """Off until switched on: clinic, service and resource; and the service names the resource."""
    doubts = {
        "clinic": case.clinic.online,
        "service": case.service.online,
        "resource": case.resource.online,
        "assignment": case.resource.key in case.service.resources,
    }
    missing = ", ".join(name for name, ok in doubts.items() if not ok)
    return not missing, {"off": missing} if missing else {}


def client_not_admitted(case: Case) -> Answer:
    """New or known clients only; a client who is not matched yet passes and is checked again once she is.

    A move passes: she was admitted when she booked, and whoever booked as a new client is a known one by then.
    """
    admits = case.service.clients
    asked = case.wanted.client is not None and case.wanted.scope == "book"
    return not asked or admits in ("all", case.wanted.client), {"clients": admits}


def species_not_admitted(case: Case) -> Answer:
    """An unknown species ("") is refused where the service names any; None means that nobody has asked yet."""
    admitted, refused = case.service.species, case.service.excluded_species
    facts = {"species": ", ".join(sorted(admitted)), "excluded_species": ", ".join(sorted(refused))}
    if case.species is None or not (admitted or refused):
        return True, facts
    return bool(case.species) and case.species not in refused and (not admitted or case.species in admitted), facts


# --- when -----------------------------------------------------------------------------------------


def too_soon(case: Case) -> Answer:
    """Exactly the lead time is enough."""
    earliest = bookable.earliest(case.clinic, case.facts.now, case.today)
    return case.start >= earliest, {"earliest": earliest}


def beyond_horizon(case: Case) -> Answer:
    """The last day is bookable."""
    last = bookable.horizon_date(case.clinic, case.today)
    return case.dates[0] <= last, {"last_day": last.isoformat()}


def outside_hours(case: Case) -> Answer:
    """The visit lies inside one merged window; its buffers need not."""
    windows = bookable.hours(case.clinic, case.facts, case.resource, *case.dates, wide=case.wide)
    around = date_interval(case.clinic.time_zone, *case.dates)
    shown = tuple(window for window in windows if window.overlaps(around))
    return covering(windows, case.visit) is not None, {"windows": shown}


def closed(case: Case) -> Answer:
    """No part of the visit is in a closure."""
    return _free_of(bookable.closures(case.clinic, case.facts, case.resource.key), case.visit)


def absent(case: Case) -> Answer:
    """The resource is there, and one of each required group is."""
    ok, facts = _free_of(bookable.absences(case.clinic, case.facts, case.resource.key), case.visit)
    if not ok:
        return False, {"resource": case.resource.key, **facts}
    return _found(choose(case, _present))


def excluded(case: Case) -> Answer:
    """No exclusion that applies touches the visit."""
    found = bookable.exclusions(case.clinic, case.service.key, case.resource.key, case.species, dates=case.dates)
    return _free_of(found, case.visit)


def off_grid(case: Case) -> Answer:
    """The grid is the wall clock's, from local midnight: it never depends on what was asked (R21)."""
    grid = case.clinic.rules.grid_minutes
    return on_grid(case.clinic.time_zone, case.start, grid), {"grid_minutes": grid}


def busy(case: Case) -> Answer:
    """The footprint is free on the resource, and one of each required group is free for all of it."""
    ok, facts = _free_of(case.facts.taken.get(case.resource.key, ()), case.footprint)
    if not ok:
        return False, {"resource": case.resource.key, **facts}
    return _found(choose(case, _present, _free))


def _free_of(merged: Sequence[Interval], wanted: Interval) -> Answer:
    hit = first_overlap(merged, wanted)
    return hit is None, {"from": hit.start, "until": hit.end} if hit else {}


def day_full(case: Case) -> Answer:
    """Online bookings of the service on the local date, whoever takes them."""
    most, made = case.service.max_per_day, case.facts.counts.get((case.service.key, case.dates[0]), 0)
    return most is None or made < most, {} if most is None else {"max_per_day": most, "booked": made}


# --- required co-resources ------------------------------------------------------------------------


def choose(case: Case, *tests: Callable[[Case, str], bool]) -> tuple[str, ...] | int:
    """One resource of each required group that meets every test, or the index of the first group without one.

    The first in the listed order that is not already used by the slot; where that would leave a later group without
    any, the next. With fewer resources to choose from it never finds more: so where the strictest tests find a choice,
    rules 8, 11 and 15 all do.
    """

    def rest(groups: Sequence[tuple[str, ...]], used: tuple[str, ...]) -> tuple[str, ...] | int:
        reached = 0
        for key in groups[0] if groups else ():
            if key in used or not all(test(case, key) for test in tests):
                continue
            chosen = rest(groups[1:], (*used, key))
            if not isinstance(chosen, int):
                return (key, *chosen)
            reached = max(reached, chosen + 1)
        return reached if groups else ()

    return rest(case.service.requires, (case.resource.key,))


def co_resources(case: Case) -> tuple[str, ...] | int:
    """What the slot would take: there, free for the whole footprint, and known to be free."""
    return choose(case, _present, _free, _fresh)


def _found(chosen: tuple[str, ...] | int) -> Answer:
    return (False, {"group": chosen + 1}) if isinstance(chosen, int) else (True, {})


def _present(case: Case, key: str) -> bool:
    return first_overlap(bookable.absences(case.clinic, case.facts, key), case.visit) is None


def _free(case: Case, key: str) -> bool:
    return first_overlap(case.facts.taken.get(key, ()), case.footprint) is None


def _fresh(case: Case, key: str) -> bool:
    return key not in case.facts.stale


# --- throttles on the day's passing list ----------------------------------------------------------


def earliest_of_hour(tz: str, starts: Iterable[int], most: int) -> Iterator[int]:
    """The earliest `most` starts of each local clock hour; an hour that happens twice is one, also in two pieces."""
    shown: Counter[datetime] = Counter()
    for start in starts:
        hour = local(tz, start).replace(minute=0, second=0, fold=0, tzinfo=None)
        shown[hour] += 1
        if shown[hour] <= most:
            yield start


def hour_full(case: Case) -> Answer:
    """Only a list is thinned: a start that was not listed but passes all else is not refused for this."""
    most = case.clinic.rules.slots_per_hour
    if most is None or not case.wanted.listed or case.wide or case.start not in case.day_starts:
        return True, {}
    return case.start in earliest_of_hour(case.clinic.time_zone, case.day_starts, most), {"slots_per_hour": most}


def kept_back(case: Case) -> Answer:
    """The last slots of the day are the phone's; they are counted in the list as it would be shown."""
    kept, most = case.clinic.rules.reserved_per_day, case.clinic.rules.slots_per_hour
    if not kept or case.wide or case.start not in case.day_starts:
        return True, {}
    starts = case.day_starts
    shown = starts if most is None else earliest_of_hour(case.clinic.time_zone, starts, most)
    return sum(start > case.start for start in shown) >= kept, {"reserved_per_day": kept}


def source_stale(case: Case) -> Answer:
    """What has not been read for too long may be taken by now: fails closed."""
    source = case.facts.stale.get(case.resource.key)
    if source is not None:
        return False, {"resource": case.resource.key, "source": source}
    if isinstance(choose(case, _present, _free), int):
        return True, {}  # rule 8 or 11 has said so already
    return _found(co_resources(case))


RULES: tuple[Rule, ...] = (
    Rule(code="not_offered", answer=not_offered, fixed=True),
    Rule(code="client_not_admitted", answer=client_not_admitted, fixed=True),
    Rule(code="species_not_admitted", answer=species_not_admitted, fixed=True),
    Rule(code="too_soon", answer=too_soon),
    Rule(code="beyond_horizon", answer=beyond_horizon),
    Rule(code="outside_hours", answer=outside_hours),
    Rule(code="closed", answer=closed),
    Rule(code="absent", answer=absent),
    Rule(code="excluded", answer=excluded),
    Rule(code="off_grid", answer=off_grid),
    Rule(code="busy", answer=busy),
    Rule(code="day_full", answer=day_full),
    Rule(code="hour_full", answer=hour_full),
    Rule(code="kept_back", answer=kept_back),
    Rule(code="source_stale", answer=source_stale),
)
"""Rules 1 to 15 of the catalogue."""
