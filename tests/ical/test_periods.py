"""VFREEBUSY and VAVAILABILITY: what somebody else worked out, and when somebody can be had at all."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.ical import Policy, Reading, read
from calbridge.ical.availability import LOWEST, Availability, unavailable
from calbridge.interval import Interval, merge

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    """Epoch seconds of a time in Berlin."""
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp())


WEEK = Interval(at("2026-03-02 00:00"), at("2026-03-09 00:00"))


def seen(*lines: str, policy: Policy | None = None) -> Reading:
    """A calendar of these lines, in the first week of March 2026."""
    text = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR"])
    return read(text.encode(), window=WEEK, zone=BERLIN, policy=policy)


def busy(found: Reading) -> list[str]:
    """Busy time as "02 10:00/11:00"."""
    return ["/".join(f"{datetime.fromtimestamp(each, BERLIN):%d %H:%M}" for each in span) for span in found.busy]


def test_free_and_busy_periods() -> None:
    found = seen(
        "BEGIN:VFREEBUSY", "UID:f", "DTSTART:20260302T000000Z", "DTEND:20260309T000000Z",
        "FREEBUSY:20260303T090000Z/20260303T100000Z,20260303T120000Z/PT90M",
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260304T090000Z/PT1H",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260305T090000Z/PT1H",
        "FREEBUSY;FBTYPE=FREE:20260306T090000Z/PT1H",
        "FREEBUSY;FBTYPE=X-DENTIST:20260307T090000Z/PT1H",
        "END:VFREEBUSY",
    )  # fmt: skip
    assert not found.refused
    assert busy(found) == [
        "03 10:00/03 11:00", "03 13:00/03 14:30", "04 10:00/04 11:00", "05 10:00/05 11:00", "07 10:00/07 11:00",
    ]  # fmt: skip
    assert [one.why for one in found.occurrences if not one.busy] == ["free"]
    assert [one.tentative for one in found.occurrences].count(True) == 1


def test_tentative_periods_count_as_the_connection_says() -> None:
    lines = ["BEGIN:VFREEBUSY", "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260305T090000Z/PT1H", "END:VFREEBUSY"]
    assert busy(seen(*lines, policy=Policy(tentative="free"))) == []


@pytest.mark.parametrize(
    ("period", "why"),
    [
        ("20260305T090000Z", "FREEBUSY is no period"),
        ("20260305T090000Z/never", "FREEBUSY is no date or time"),
        ("20260305T090000Z/20260305T080000Z", "FREEBUSY ends before it begins"),
        ("99991231T000000Z/P9999W", "FREEBUSY lies outside the calendar"),
    ],
)
def test_a_broken_period_costs_no_other(period: str, why: str) -> None:
    found = seen("BEGIN:VFREEBUSY", "UID:f", f"FREEBUSY:{period},20260306T090000Z/PT1H", "END:VFREEBUSY")
    assert [(one.line, one.uid, one.why) for one in found.refused] == [(5, "f", why)]
    assert busy(found) == ["06 10:00/06 11:00"]


def available(*lines: str) -> list[str]:
    """One AVAILABLE."""
    return ["BEGIN:AVAILABLE", "UID:av", *lines, "END:AVAILABLE"]


def availability(*lines: str, uid: str = "a") -> list[str]:
    """One VAVAILABILITY."""
    return ["BEGIN:VAVAILABILITY", f"UID:{uid}", *lines, "END:VAVAILABILITY"]


MORNINGS = available(
    "DTSTART;TZID=Europe/Berlin:20260105T090000", "DURATION:PT3H", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
)


def test_what_is_not_available_is_busy() -> None:
    """Bounds that are not given lie beyond what is looked at."""
    found = seen(*availability(*MORNINGS))
    assert busy(found)[1:4] == ["02 12:00/03 09:00", "03 12:00/04 09:00", "04 12:00/05 09:00"]
    assert found.busy[0].start < WEEK.start
    assert found.busy[-1].end > WEEK.end
    assert [one.why for one in found.occurrences if not one.busy] == ["available"] * 5


def test_only_in_what_it_covers() -> None:
    bounds = ["DTSTART:20260303T000000", "DTEND:20260305T000000"]
    assert busy(seen(*availability(*bounds, *MORNINGS))) == [
        "03 00:00/03 09:00", "03 12:00/04 09:00", "04 12:00/05 00:00",
    ]  # fmt: skip
    assert busy(seen(*availability("DTSTART:20260303T000000", "DURATION:P1D"))) == ["03 00:00/04 00:00"]


def test_a_higher_priority_decides_where_both_cover() -> None:
    usual = availability("PRIORITY:5", *MORNINGS)
    holiday = availability("PRIORITY:1", "DTSTART:20260303T000000", "DTEND:20260304T000000", uid="holiday")
    for lines in ([*usual, *holiday], [*holiday, *usual]):
        assert "02 12:00/04 09:00" in busy(seen(*lines))
    lower = availability("PRIORITY:0", "DTSTART:20260303T000000", "DTEND:20260304T000000", uid="lower")
    assert "02 12:00/03 09:00" in busy(seen(*usual, *lower))


def test_of_equals_both_must_call_it_available() -> None:
    nine = availability(
        "DTSTART:20260303T000000", "DTEND:20260304T000000", *available("DTSTART:20260303T090000", "DURATION:PT2H")
    )
    ten = availability(
        "DTSTART:20260303T000000",
        "DTEND:20260304T000000",
        *available("DTSTART:20260303T100000", "DURATION:PT2H"),
        uid="b",
    )
    assert busy(seen(*nine, *ten)) == ["03 00:00/03 10:00", "03 11:00/04 00:00"]


def test_unavailable_may_be_only_pencilled_in() -> None:
    lines = availability("BUSYTYPE:BUSY-TENTATIVE", "DTSTART:20260303T000000", "DURATION:P1D")
    assert busy(seen(*lines)) == ["03 00:00/04 00:00"]
    assert busy(seen(*lines, policy=Policy(tentative="free"))) == []


def test_what_cannot_be_read_is_unavailable() -> None:
    broken = availability("DTSTART:20260303T000000", "DURATION:P1D", *available("DTSTART:never"))
    found = seen(*broken)
    assert busy(found) == ["03 00:00/04 00:00"]
    assert [one.why for one in found.refused] == ["DTSTART is no date or time"]
    exploding = available("DTSTART:20260303T000000", "DURATION:PT1H", "RRULE:FREQ=SECONDLY")
    found = seen(*availability("DTSTART:20260303T000000", "DURATION:P1D", *exploding))
    assert busy(found) == ["03 00:00/04 00:00"]
    assert len(seen(*availability("DTSTART:never")).refused) == 1
    assert busy(seen(*availability("DTSTART:never")))


seconds = st.integers(0, 30)
short = st.builds(lambda start, length: Interval(start, start + length), seconds, st.integers(1, 15))
components = st.builds(
    Availability,
    uid=st.just(""), line=st.just(1), rank=st.sampled_from([1, 5, LOWEST]), kind=st.just("BUSY"), covers=short,
    available=st.lists(short, max_size=2).map(tuple),
)  # fmt: skip


@given(st.lists(components, max_size=4))
def test_against_asking_second_by_second(some: list[Availability]) -> None:
    def taken(second: int) -> bool:
        over = [one for one in some if one.covers.start <= second < one.covers.end]
        first = [one for one in over if one.rank == min(other.rank for other in over)]
        return any(not any(free.start <= second < free.end for free in one.available) for one in first)

    spans = merge(span for _one, span in unavailable(some))
    assert {second for span in spans for second in range(span.start, span.end)} == {s for s in range(60) if taken(s)}
