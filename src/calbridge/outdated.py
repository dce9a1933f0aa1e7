"""On which dates of which resources the offer may differ between two states of knowledge. Too many, never too few.

A start depends on what its footprint touches and, by rules 12 to 14, on its date. A rule of a plugin that reaches as
far as the visit may look at all of the visit's dates, at any resource; one that reaches further may look anywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from calbridge import bookable
from calbridge.facts import Facts, Spans
from calbridge.interval import Interval
from calbridge.model import Clinic
from calbridge.wall import date_interval, days, local_date, next_on_grid

Day = tuple[str, date]
"""A resource and a local date."""
Difference = tuple[Collection[str], Iterable[date]]
"""What may differ: every one of these resources on every one of these dates."""
_SHORTEST_DAY = 82_800


def outdated(clinic: Clinic, before: Facts, after: Facts, first: date, last: date) -> set[Day]:
    """Which days between local dates `first` and `last`, both inclusive, must be worked out anew."""
    scene, reaches = _Scene(clinic, first, last), {rule.reach for rule in clinic.extra}
    found: Iterable[Difference] = scene.differences(before, after)
    if "clinic" in reaches:
        found = [(scene.everybody, scene.always)]
    elif "visit" in reaches:
        further = scene.with_visits_ends().differences(before, after)
        found = [(scene.everybody, scene.reaching(dates)) for _, dates in further]
    return {(key, day) for resources, dates in found for key in resources for day in dates}


@dataclass(frozen=True)
class _Scene:
    clinic: Clinic
    first: date
    last: date

    def differences(self, before: Facts, after: Facts) -> Iterator[Difference]:
        """Everything that two states of knowledge do not agree on."""
        yield self._time(before, after)
        for key in before.stale.keys() ^ after.stale.keys():
            yield self._users(key), self.always
        for old, new in ((before.taken, after.taken), (before.absences, after.absences)):
            yield from ((self._users(key), dates) for key, dates in self._spans(old, new))
        for key, dates in self._spans(before.closures, after.closures):
            yield (key,) if key else self.everybody, dates
        for old, new in ((before.windows, after.windows), (before.work, after.work)):
            yield from (((key,), dates) for key, dates in self._spans(old, new))
            yield from (((key,), self.always) for key in old.keys() ^ new.keys())  # none left is not none at all
        yield from self._counts(before, after)

    def _time(self, before: Facts, after: Facts) -> Difference:
        """The starts between the two first bookable ones. (Dates that come into the horizon are new, not changed.)"""
        tz, grid = self.clinic.time_zone, self.clinic.rules.grid_minutes
        soonest = (bookable.earliest(self.clinic, each.now, local_date(tz, each.now)) for each in (before, after))
        low, high = sorted(next_on_grid(tz, instant, grid) for instant in soonest)
        return self.everybody, self._between(low, high)

    def _spans(self, before: Spans, after: Spans) -> Iterator[tuple[str, list[date]]]:
        """Whatever is between the first and the last difference of two sorted lists is compared as sets."""
        for key in before.keys() | after.keys():
            old, new = before.get(key, ()), after.get(key, ())
            if old != new:
                for start, end in _unshared(old, new):
                    yield key, self._between(start - self._behind, end + self._ahead)

    def _counts(self, before: Facts, after: Facts) -> Iterator[Difference]:
        for service, day in {key for key, _ in before.counts.items() ^ after.counts.items()}:
            if service in self.clinic.services and self.first <= day <= self.last:
                yield self.clinic.services[service].resources, (day,)

    # --- how far a difference reaches ---

    def _between(self, low: int, high: int) -> list[date]:
        """The dates of the instants from `low` to before `high`, of those looked at."""
        tz = self.clinic.time_zone
        whole = date_interval(tz, self.first, self.last)
        low, high = max(low, whole.start), min(high, whole.end)
        return list(days(local_date(tz, low), local_date(tz, high - 1))) if low < high else []

    def reaching(self, dates: Iterable[date]) -> set[date]:
        """The dates on which a visit can start that ends on one of these."""
        back = range(self._nights + 1)
        return {day - timedelta(days=number) for day in dates for number in back} & set(self.always)

    def with_visits_ends(self) -> _Scene:
        """The dates behind the last one too on which a visit can end that starts on it."""
        return _Scene(self.clinic, self.first, self.last + timedelta(days=self._nights))

    @property
    def _nights(self) -> int:
        """How many midnights a visit can lie over, at most."""
        return self._behind // _SHORTEST_DAY + 1

    @cached_property
    def _behind(self) -> int:
        return max((s.minutes + s.buffer_after for s in self.clinic.services.values()), default=0) * 60

    @cached_property
    def _ahead(self) -> int:
        return max((s.buffer_before for s in self.clinic.services.values()), default=0) * 60

    @cached_property
    def always(self) -> list[date]:
        """Every date looked at."""
        return list(days(self.first, self.last))

    @cached_property
    def everybody(self) -> list[str]:
        """Every resource."""
        return list(self.clinic.resources)

    def _users(self, key: str) -> set[str]:
        """The resource, and those with a service that may need it too."""
        services = self.clinic.services.values()
        needed = (s.resources for s in services if any(key in group for group in s.requires))
        return {key}.union(*needed)


def _unshared(old: tuple[Interval, ...], new: tuple[Interval, ...]) -> set[Interval]:
    """Intervals of one list only. Both are long and mostly the same at both ends."""
    shorter = min(len(old), len(new))
    head = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    tail = next((n for n in range(shorter - head) if old[-1 - n] != new[-1 - n]), shorter - head)
    return set(old[head : len(old) - tail]) ^ set(new[head : len(new) - tail])
