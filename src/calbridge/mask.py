"""Sets of instants as the bits of one integer: a rule for a whole quarter is a few shifts, an AND and an OR.

Bit `i` of an axis is the cell `[origin + i * tick, origin + (i + 1) * tick)`. Everything here is exact as long as the
starts asked for lie on ticks and every length is a whole number of ticks; the intervals themselves may begin and end
at any second. No time zones here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import compress
from typing import NamedTuple

from calbridge.interval import Interval

_FLAGS = bytes.maketrans(b"01", b"\0\1")


class Axis(NamedTuple):
    """`size` cells of `tick` seconds from the instant `origin` on. `spans` are always sorted and disjoint."""

    origin: int
    tick: int
    size: int

    @property
    def span(self) -> Interval:
        """From its first to behind its last cell."""
        return Interval(self.origin, self.origin + self.size * self.tick)

    @property
    def everything(self) -> int:
        """Every cell."""
        return (1 << self.size) - 1

    def at(self, instant: int) -> int:
        """The first cell that starts at `instant` or later; `size` where none does."""
        return min(max(-((self.origin - instant) // self.tick), 0), self.size)

    def between(self, start: int, end: int) -> int:
        """The cells that start from `start` on and before `end`."""
        low, high = self.at(start), self.at(end)
        return (1 << high) - (1 << low) if low < high else 0

    def touched(self, spans: Iterable[Interval]) -> int:
        """Cells that share a second with a span."""
        return self._painted(spans, 0, self.tick - 1)

    def inside(self, spans: Iterable[Interval]) -> int:
        """Cells that lie wholly in a span."""
        return self._painted(spans, self.tick - 1, 0)

    def starting(self, spans: Iterable[Interval]) -> int:
        """Cells that start in a span."""
        return self._painted(spans, self.tick - 1, self.tick - 1)

    def every(self, seconds: int, spans: Iterable[Interval]) -> int:
        """Cells that start where a span does, and every so many seconds later as long as it lasts. All on ticks."""
        step, found = seconds // self.tick, 0
        for start, end in spans:
            low, high = self.at(start), self.at(end)
            if low < high:
                count = -((low - high) // step)
                found |= ((1 << count * step) - 1) // ((1 << step) - 1) << low
        return found

    def cells(self, instants: Iterable[int]) -> int:
        """The cells that start at these instants, which lie on ticks."""
        return sum(1 << (instant - self.origin) // self.tick for instant in instants)

    def instants(self, mask: int) -> Iterator[int]:
        """When the cells of a mask start, in order."""
        flags = f"{mask:b}"[::-1].encode().translate(_FLAGS)
        return compress(range(self.origin, self.origin + len(flags) * self.tick, self.tick), flags)

    def _painted(self, spans: Iterable[Interval], late: int, early: int) -> int:
        """Where the spans end minus where they begin: to set bit by bit would copy the integer for each of 40,000."""
        tick, end, done = self.tick, self.size, 0
        lower, upper = self.origin - late, self.origin - early
        begins, ends = bytearray(end // 8 + 1), bytearray(end // 8 + 1)
        for start, stop in spans:
            low, high = (start - lower) // tick, (stop - upper) // tick
            if low < done:  # noqa: PLR1730 - calling max() would take as long as all else here
                low = done
            if high > end:  # noqa: PLR1730
                high = end
            if low < high:
                begins[low >> 3] |= 1 << (low & 7)
                ends[high >> 3] |= 1 << (high & 7)
                done = high
        return int.from_bytes(ends, "little") - int.from_bytes(begins, "little")


def spread(mask: int, before: int, after: int = 0) -> int:
    """Every cell that has one of the mask's at most `after` cells before it or `before` cells behind it."""
    wide, width = mask, 1
    while width <= before + after:
        step = min(width, before + after + 1 - width)
        wide |= wide << step
        width += step
    return wide >> before


def without(mask: int, other: int) -> int:
    """`mask & ~other`, without a detour over negative numbers."""
    return mask ^ (mask & other)


def lowest(mask: int, blocks: tuple[int, int], most: int) -> int:
    """The lowest `most` cells of each block. `blocks` are the cells of every other block, and of those between.

    In each block `v & ~(v - 1)` is the lowest bit; adding all ones subtracts 1 and carries into the gap behind.
    """
    found = 0
    for block in blocks:
        rest = mask & block
        for _ in range(most):
            first = without(rest, rest + block)
            found |= first
            rest ^= first
    return found


def lowest_of(mask: int, most: int) -> int:
    """The lowest `most` cells of all."""
    rest = mask
    for _ in range(most):
        rest &= rest - 1 if rest else 0
    return mask ^ rest
