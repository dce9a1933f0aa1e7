"""Half-open intervals `[start, end)` on integer epoch seconds: merge, subtract, overlap. No time zones here."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Interval(NamedTuple):
    """`start` inclusive, `end` exclusive, epoch seconds. Empty when `end <= start`."""

    start: int
    end: int

    def overlaps(self, other: Interval) -> bool:
        """True when both share at least one second; touching is not overlapping."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Interval) -> bool:
        """True when `other` lies wholly inside."""
        return self.start <= other.start and other.end <= self.end


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted, disjoint intervals covering the same seconds; touching ones become one, empty ones vanish."""
    merged: list[Interval] = []
    reached: float = float("-inf")
    for span in sorted(intervals):
        start, end = span
        if start > reached and start < end:
            merged.append(span)
            reached = end
        elif end > reached and start < end:
            merged[-1] = Interval(merged[-1].start, end)
            reached = end
    return merged


def subtract(intervals: Iterable[Interval], holes: Iterable[Interval]) -> list[Interval]:
    """What remains of `intervals` (merged) after taking every hole out."""
    remaining: list[Interval] = []
    cuts = merge(holes)
    position = 0
    for start, end in merge(intervals):
        while position < len(cuts) and cuts[position].end <= start:
            position += 1
        cursor, index = start, position
        while index < len(cuts) and cuts[index].start < end:
            if cuts[index].start > cursor:
                remaining.append(Interval(cursor, cuts[index].start))
            cursor = max(cursor, cuts[index].end)
            index += 1
        if cursor < end:
            remaining.append(Interval(cursor, end))
    return remaining


def intersect(left: Iterable[Interval], right: Iterable[Interval]) -> list[Interval]:
    """What both cover, merged."""
    mine, theirs = merge(left), merge(right)
    both: list[Interval] = []
    i = j = 0
    while i < len(mine) and j < len(theirs):
        start, end = max(mine[i].start, theirs[j].start), min(mine[i].end, theirs[j].end)
        if start < end:
            both.append(Interval(start, end))
        if mine[i].end <= theirs[j].end:
            i += 1
        else:
            j += 1
    return both


def first_overlap(merged: Sequence[Interval], wanted: Interval) -> Interval | None:
    """The first of sorted, disjoint `merged` intervals that overlaps `wanted`, in O(log n)."""
    index = bisect_right(merged, (wanted.start, float("inf")))
    for candidate in merged[max(index - 1, 0) : index + 1]:
        if candidate.overlaps(wanted):
            return candidate
    return None


def near(merged: Sequence[Interval], around: Interval) -> Sequence[Interval]:
    """Those of sorted, disjoint `merged` intervals that overlap `around`, whole."""
    low = max(bisect_right(merged, (around.start, float("inf"))) - 1, 0)
    if low < len(merged) and merged[low].end <= around.start:
        low += 1
    return merged[low : bisect_left(merged, (around.end,))]


def covering(merged: Sequence[Interval], wanted: Interval) -> Interval | None:
    """The one of sorted, disjoint `merged` intervals that contains `wanted`, or None."""
    index = bisect_right(merged, (wanted.start, float("inf"))) - 1
    if index >= 0 and merged[index].contains(wanted):
        return merged[index]
    return None
