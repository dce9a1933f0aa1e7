"""Every file is read or refused with its line, within bounds, by both ways alike, in any order in one process."""

from __future__ import annotations

import os
import random
import time
import tracemalloc
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pytest
from real_files import ZONE, Window, body, files, windows

from calbridge.ical import Policy, Reading, read
from calbridge.ical.glimpse import extent
from calbridge.ical.reading import Reader, allowance
from calbridge.ical.scanning import scan
from calbridge.ical.steps import Steps
from calbridge.interval import Interval

LONG = bool(os.environ.get("CALBRIDGE_LONG"))
PLENTY = 10**9
FEW = 400
MEGABYTE = 1024 * 1024

GONE = {
    "Christian32Holidays.ics": "its only occurrence is in EXDATE",
    "ICal.ics": "UNTIL is before DTSTART",
    "ProdID2.ics": "it is in 1969",
    "blalor.ics": "moved occurrences that EXDATE leaves out",
    "duplicate-rrule-sequence.ics": "an earlier SEQUENCE",
    "google_aus_holidays.ics": "moved occurrences of an earlier SEQUENCE",
    "lotr.ics": "UNTIL is before DTSTART",
    "recurrence-sequence.ics": "an earlier SEQUENCE",
}
"""Files with events that rightly take place never."""


def whole(file: str) -> Interval:
    """All that a file speaks of."""
    return extent(body(file)) or Interval(0, 86_400)


@pytest.mark.parametrize("file", files())
def test_a_file_is_read_or_refused_with_its_line(file: str) -> None:
    """Nothing raises, nothing is lost: each event takes place, or is refused, or is known to take place never."""
    found = read(body(file), window=whole(file), zone=ZoneInfo("Europe/Berlin"))
    lines = body(file).count(b"\n") + body(file).count(b"\r") + 1
    assert all(1 <= refusal.line <= lines and refusal.why for refusal in found.refused)
    events = {event.begin.number: event.text("UID") for event in scan(body(file)).all("VEVENT")}
    told = {one.line for one in found.occurrences} | {one.line for one in found.refused}
    refused = {one.uid for one in found.refused}
    lost = {line for line, uid in events.items() if line not in told and uid not in refused}
    assert not lost or file.rpartition("/")[2] in GONE, lost


def test_a_file_costs_little(capsys: pytest.CaptureFixture[str]) -> None:
    """At most 2 s and 200 MB a file: time is told, work and memory are asserted."""
    costs: list[tuple[float, int, float, str]] = []
    for file in files():
        steps = allowance(body(file))
        allowed = steps.left
        started = time.process_time()
        Reader(whole(file), ZONE, Policy(), steps).read(body(file))
        took = time.process_time() - started
        tracemalloc.start()
        read(body(file), window=whole(file), zone=ZONE)
        peak = tracemalloc.get_traced_memory()[1] / MEGABYTE
        tracemalloc.stop()
        costs.append((took, allowed - steps.left, peak, file))
        assert peak < 200, file
        assert steps.left > -1000, file
    slowest, largest = max(costs), max(costs, key=lambda one: one[2])
    with capsys.disabled():
        print(f"\ncorpus: slowest {slowest[0]:.2f} s, {slowest[1]:,} steps ({slowest[3]})")
        print(f"corpus: largest {largest[2]:.1f} MB ({largest[3]})")


def test_both_ways_say_the_same_on_every_file() -> None:
    """The short way of plain events and the library, over every file and every window.

    What gives more than `FEW` occurrences takes the library minutes, and is for the long run.
    """
    looks = [(window.file, window.interval) for window in windows()] + [(file, _weeks(file)) for file in files()]
    for file, interval in looks:
        short = _by(file, interval, short=True)
        if LONG or len(short.occurrences) <= FEW:
            assert short == _by(file, interval, short=False), (file, interval)


def _by(file: str, interval: Interval, *, short: bool) -> Reading:
    return Reader(interval, ZONE, Policy(), Steps(PLENTY, PLENTY), short=short).read(body(file))


def _weeks(file: str) -> Interval:
    """Six weeks from the first day in a file."""
    start = whole(file).start
    return Interval(start, start + 42 * 86_400)


@pytest.mark.parametrize("seed", range(20 if LONG else 1))
def test_the_order_of_files_does_not_matter(seed: int) -> None:
    """One process, all files in order, backwards and shuffled: Exchange calls every time zone the same."""
    given = list(windows())
    shuffled = random.Random(seed).sample(given, len(given))
    answers = _answers(given)
    assert _answers(reversed(given)) == answers
    assert _answers(shuffled) == answers


def _answers(some: Iterable[Window]) -> dict[tuple[str, str, str], Reading]:
    return {
        (window.file, window.first, window.last): read(
            window.body, window=window.interval, zone=ZoneInfo("Europe/Berlin")
        )
        for window in some
    }
