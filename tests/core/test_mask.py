"""Masks against the same questions asked cell by cell, and second by second where that matters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.interval import Interval, merge
from calbridge.mask import Axis, lowest, lowest_of, spread, without

AXES = st.builds(Axis, st.integers(-50, 50), st.integers(1, 12), st.integers(0, 40))
spans = st.lists(
    st.tuples(st.integers(-200, 500), st.integers(1, 90)).map(lambda s: Interval(s[0], s[0] + s[1])), max_size=12
).map(merge)
masks = st.integers(0, 2**60 - 1)


def bits(mask):
    return {at for at in range(mask.bit_length()) if mask >> at & 1}


def cells(axis):
    return [(at, axis.origin + at * axis.tick, axis.origin + (at + 1) * axis.tick) for at in range(axis.size)]


@given(AXES, spans)
def test_cells_are_touched_held_or_started_in(axis, given_spans):
    for mask, asked in (
        (axis.touched(given_spans), lambda start, end, s: s.start < end and start < s.end),
        (axis.inside(given_spans), lambda start, end, s: s.start <= start and end <= s.end),
        (axis.starting(given_spans), lambda start, end, s: s.start <= start < s.end),
    ):
        assert bits(mask) == {at for at, a, b in cells(axis) if any(asked(a, b, span) for span in given_spans)}


@given(AXES, spans, st.integers(1, 5))
def test_every_so_many_cells_from_the_start_of_each_span(axis, given_spans, step):
    on_ticks = [Interval(axis.origin + s.start * axis.tick, axis.origin + s.end * axis.tick) for s in given_spans]
    within = [s for s in on_ticks if s.start >= axis.origin]
    wanted = {start for span in within for start in range(span.start, span.end, step * axis.tick)}
    assert bits(axis.every(step * axis.tick, within)) == {at for at, start, _ in cells(axis) if start in wanted}


@given(AXES, masks)
def test_a_mask_is_its_instants(axis, mask):
    mask &= axis.everything
    found = list(axis.instants(mask))
    assert found == [start for at, start, _ in cells(axis) if mask >> at & 1]
    assert axis.cells(found) == mask


@given(AXES, st.integers(-300, 800))
def test_where_an_instant_is_on_the_axis(axis, instant):
    assert axis.at(instant) == sum(start < instant for _, start, _ in cells(axis))


@given(masks, st.integers(0, 20), st.integers(0, 20))
def test_a_mask_spreads_to_both_sides(mask, before, after):
    expected = {near for at in bits(mask) for near in range(at - before, at + after + 1) if near >= 0}
    assert bits(spread(mask, before, after)) == expected


@given(masks, masks)
def test_one_mask_without_another(mask, other):
    assert without(mask, other) == mask & ~other


@given(masks, st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(0, 5))
def test_the_lowest_of_each_block(mask, sizes, most):
    blocks, low = [0, 0], 0
    expected = set()
    for turn, size in enumerate(sizes):
        blocks[turn % 2] |= ((1 << size) - 1) << low
        expected |= set(sorted(at for at in bits(mask) if low <= at < low + size)[:most])
        low += size
    assert bits(lowest(mask, tuple(blocks), most)) == expected


@pytest.mark.parametrize("axis", [Axis(0, 300, 0), Axis(7, 60, 1)])
def test_a_tiny_axis_has_no_more_than_it_holds(axis):
    always = [Interval(-(10**12), 10**12)]
    for mask in (axis.touched(always), axis.inside(always), axis.starting(always)):
        assert mask == axis.everything
    assert axis.touched([]) == axis.inside([]) == axis.starting([]) == 0
    assert list(axis.instants(0)) == []


@given(masks, st.integers(0, 9))
def test_the_lowest_of_all(mask, most):
    assert bits(lowest_of(mask, most)) == set(sorted(bits(mask))[:most])


@given(st.integers(-50, 50), st.integers(1, 9), st.integers(0, 40), st.integers(-99, 99), st.integers(-99, 99))
def test_cells_between_two_instants(origin, tick, size, start, end):
    axis = Axis(origin, tick, size)
    assert bits(axis.between(start, end)) == {at for at in range(size) if start <= origin + at * tick < end}
