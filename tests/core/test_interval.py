"""Intervals against the sets of seconds they stand for."""

from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from calbridge.interval import Interval, covering, first_overlap, intersect, merge, near, subtract

INTERVALS = st.builds(Interval, st.integers(0, 40), st.integers(0, 40))
LISTS = st.lists(INTERVALS, max_size=8)


def seconds(intervals: list[Interval]) -> set[int]:
    return {second for interval in intervals for second in range(interval.start, interval.end)}


def is_canonical(intervals: list[Interval]) -> bool:
    gaps = all(left.end < right.start for left, right in pairwise(intervals))
    return gaps and all(i.start < i.end for i in intervals)


@given(LISTS)
def test_merge_covers_the_same_seconds_in_the_fewest_intervals(some):
    assert seconds(merge(some)) == seconds(some)
    assert is_canonical(merge(some))


@given(LISTS)
def test_merge_does_not_depend_on_the_order_of_its_input(some):
    assert merge(reversed(some)) == merge(some) == merge(merge(some))


@given(LISTS, LISTS)
def test_subtract_takes_exactly_the_holes_out(some, holes):
    assert seconds(subtract(some, holes)) == seconds(some) - seconds(holes)
    assert is_canonical(subtract(some, holes))


@given(LISTS, LISTS)
def test_intersect_keeps_what_both_cover(left, right):
    assert seconds(intersect(left, right)) == seconds(left) & seconds(right)
    assert is_canonical(intersect(left, right)) or intersect(left, right) == []


@given(INTERVALS, INTERVALS)
def test_overlaps_means_sharing_a_second_unless_one_is_empty(left, right):
    if left.start < left.end and right.start < right.end:
        assert left.overlaps(right) == bool(seconds([left]) & seconds([right]))


@given(INTERVALS, INTERVALS)
def test_contains_means_every_second_of_the_other(left, right):
    if right.start < right.end:
        assert left.contains(right) == (seconds([right]) <= seconds([left]))


@given(LISTS, INTERVALS.filter(lambda i: i.start < i.end))
def test_first_overlap_is_the_first_and_none_only_where_nothing_overlaps(some, wanted):
    merged = merge(some)
    hits = [interval for interval in merged if interval.overlaps(wanted)]
    assert first_overlap(merged, wanted) == (hits[0] if hits else None)


@given(LISTS, INTERVALS.filter(lambda i: i.start < i.end))
def test_covering_is_the_one_that_contains_all_of_it(some, wanted):
    merged = merge(some)
    hits = [interval for interval in merged if interval.contains(wanted)]
    assert covering(merged, wanted) == (hits[0] if hits else None)


def test_touching_intervals_are_one_and_do_not_overlap():
    left, right = Interval(0, 10), Interval(10, 20)
    assert merge([right, left]) == [Interval(0, 20)]
    assert not left.overlaps(right)


@given(LISTS, INTERVALS)
def test_near_are_those_that_overlap_whole(some, around):
    merged = merge(some)
    assume(around.start < around.end)
    assert list(near(merged, around)) == [span for span in merged if span.overlaps(around)]
