"""Who takes time when, by day: a question about one footprint looks at its days, not at everybody.

(A first import of 2,000 appointments compared every one with every other for seven seconds; a hundred bookings beside
10,000 events took three.)
"""

from __future__ import annotations

from collections import UserDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from calbridge.feeds import WindowRecord
from calbridge.hub import Foreign
from calbridge.interval import Interval
from calbridge.model import Appointment

DAY = 86_400
LONG = 100 * DAY
"""A span of more days is on no page but always in view: an absence without an end has millions of days."""


class Diary:
    """Appointment ids by what they may overlap. It finds too many, never too few."""

    def __init__(self, appointments: Iterable[Appointment]) -> None:
        self._pages: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self._days: defaultdict[int, set[str]] = defaultdict(set)
        for appointment in appointments:
            self.enter(appointment)

    def enter(self, appointment: Appointment) -> None:
        """Note its footprint."""
        for page in _pages(appointment):
            self._pages[page].add(appointment.id)
            self._days[page[1]].add(appointment.id)

    def strike(self, appointment: Appointment) -> None:
        """Forget its footprint."""
        for page in _pages(appointment):
            self._pages[page].discard(appointment.id)
            self._days[page[1]].discard(appointment.id)

    def near(self, appointment: Appointment) -> list[str]:
        """Ids of all that share a resource and a day with it, in an order of their own."""
        return sorted(set().union(*(self._pages.get(page, ()) for page in _pages(appointment))))

    def on(self, resource: str, span: Interval) -> set[str]:
        """Ids of all that share a day with it on that resource; on any, where that is ""."""
        if span.end - span.start > LONG:
            pages = [page for page in self._pages if resource in {"", page[0]}]
            return set().union(*(self._pages[page] for page in pages if page[1] in _days(span)))
        if not resource:
            return set(self.around(span))
        return set().union(*(self._pages.get((resource, day), ()) for day in _days(span)))

    def around(self, span: Interval) -> list[str]:
        """Ids of all that share a day with it, in an order of their own."""
        return sorted(set().union(*(self._days.get(day, ()) for day in _days(span))))


class Almanac(UserDict[tuple[str, str], Foreign]):
    """Foreign records by (connection, ref), as the draft's own mapping, which also finds those of some days.

    Windows are always in view: that a resource has any says that it has no other time (rules.md section 2). Its pages
    are written when somebody first asks for a day: most cycles do not, and there may be ten thousand records.
    """

    def __init__(self, records: Mapping[tuple[str, str], Foreign]) -> None:
        super().__init__()
        self.data = dict(records)
        self.touched: set[tuple[str, str]] = set()
        self._pages: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
        self._always: set[tuple[str, str]] = set()
        self._entered = False

    def __setitem__(self, key: tuple[str, str], record: Foreign) -> None:
        if key in self.data:
            self._strike(key)
        super().__setitem__(key, record)
        self.touched.add(key)
        if self._entered:
            self._enter(key, record)

    def __delitem__(self, key: tuple[str, str]) -> None:
        self._strike(key)
        super().__delitem__(key)
        self.touched.add(key)

    def around(self, span: Interval) -> dict[tuple[str, str], Foreign]:
        """All windows, and whatever else shares a day with `span`; too many, never too few."""
        if not self._entered:
            self._entered = True
            for key, record in self.data.items():
                self._enter(key, record)
        keys = self._always.union(*(self._pages.get(day, ()) for day in _days(span)))
        return {key: self.data[key] for key in sorted(keys)}

    def _enter(self, key: tuple[str, str], record: Foreign) -> None:
        for page in self._of(record):
            page.add(key)

    def _strike(self, key: tuple[str, str]) -> None:
        if self._entered:
            for page in self._of(self.data[key]):
                page.discard(key)

    def _of(self, record: Foreign) -> Iterator[set[tuple[str, str]]]:
        if isinstance(record, WindowRecord):
            yield self._always
            return
        for span in record.spans:
            if span.end - span.start > LONG:
                yield self._always
            else:
                yield from (self._pages[day] for day in _days(span))


def _days(span: Interval) -> range:
    return range(span.start // DAY, span.end // DAY + 1)


def _pages(appointment: Appointment) -> Iterator[tuple[str, int]]:
    for place in appointment.places:
        for resource in place.resources:
            for day in _days(place.footprint):
                yield resource, day
