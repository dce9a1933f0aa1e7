"""Wall-clock windows on ordinary days and on the days when clocks change, in both hemispheres."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.interval import Interval
from calbridge.model import WallWindow
from calbridge.wall import (
    day_interval,
    instant_of,
    local,
    local_date,
    merge_windows,
    minute_of_day,
    next_on_grid,
    on_grid,
    parity,
    parse_windows,
    part_of_day,
    segments,
    window_interval,
    windows_on,
    zone,
)

ZONES = st.sampled_from(
    [
        "Europe/Berlin",
        "Europe/Helsinki",
        "Atlantic/Azores",  # the clock goes back from 01:00 to midnight: the first hour happens twice
        "America/New_York",
        "America/Santiago",  # the gap is the first hour of the day, in the south
        "America/Havana",
        "America/Nuuk",  # the gap is the last hour of the day
        "Asia/Beirut",
        "Africa/Cairo",
        "Africa/Casablanca",  # the offset is smaller during Ramadan
        "Asia/Kathmandu",
        "Australia/Lord_Howe",  # half an hour
        "Australia/Sydney",
        "Pacific/Chatham",
        "Antarctica/Troll",  # two hours
    ]
)
DAYS = st.dates(date(2023, 1, 1), date(2032, 12, 31))
MINUTES = st.integers(0, 1440)
WINDOWS = st.tuples(MINUTES, MINUTES).filter(lambda w: w[0] < w[1]).map(lambda w: WallWindow(start=w[0], end=w[1]))


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def window(text: str) -> WallWindow:
    (parsed,) = parse_windows([text])
    return parsed


# --- one row per thing a clock can do to a window; instants in UTC ---------------------------------

SPRING, AUTUMN = date(2027, 3, 28), date(2026, 10, 25)
CASES = [
    # zone, date, window, start, end
    ("Europe/Berlin", date(2026, 11, 2), "09:00-12:00", "2026-11-02T08:00", "2026-11-02T11:00"),
    ("Europe/Berlin", date(2026, 7, 6), "09:00-12:00", "2026-07-06T07:00", "2026-07-06T10:00"),
    ("Europe/Berlin", date(2026, 11, 2), "22:00-24:00", "2026-11-02T21:00", "2026-11-02T23:00"),
    ("Europe/Berlin", SPRING, "00:00-24:00", "2027-03-27T23:00", "2027-03-28T22:00"),
    ("Europe/Berlin", SPRING, "01:00-02:30", "2027-03-28T00:00", "2027-03-28T01:00"),
    ("Europe/Berlin", SPRING, "02:30-04:00", "2027-03-28T01:00", "2027-03-28T02:00"),
    ("Europe/Berlin", SPRING, "02:00-04:00", "2027-03-28T01:00", "2027-03-28T02:00"),
    ("Europe/Berlin", SPRING, "01:00-03:00", "2027-03-28T00:00", "2027-03-28T01:00"),
    ("Europe/Berlin", SPRING, "02:10-02:50", None, None),
    ("Europe/Berlin", SPRING, "02:00-03:00", None, None),
    ("Europe/Berlin", AUTUMN, "00:00-24:00", "2026-10-24T22:00", "2026-10-25T23:00"),
    ("Europe/Berlin", AUTUMN, "02:00-02:30", "2026-10-25T00:00", "2026-10-25T01:30"),
    ("Europe/Berlin", AUTUMN, "02:30-04:00", "2026-10-25T00:30", "2026-10-25T03:00"),
    ("Europe/Berlin", AUTUMN, "01:00-02:00", "2026-10-24T23:00", "2026-10-25T01:00"),
    ("Europe/Berlin", AUTUMN, "03:00-04:00", "2026-10-25T02:00", "2026-10-25T03:00"),
    # The southern spring is in October, the autumn in April.
    ("Australia/Sydney", date(2026, 10, 4), "01:00-03:30", "2026-10-03T15:00", "2026-10-03T16:30"),
    ("Australia/Sydney", date(2027, 4, 4), "02:00-03:00", "2027-04-03T15:00", "2027-04-03T17:00"),
    # Lord Howe moves by half an hour: 02:00 becomes 02:30, and 01:30 to 02:00 happens twice.
    ("Australia/Lord_Howe", date(2026, 10, 4), "01:00-02:15", "2026-10-03T14:30", "2026-10-03T15:30"),
    ("Australia/Lord_Howe", date(2026, 10, 4), "02:15-03:00", "2026-10-03T15:30", "2026-10-03T16:00"),
    ("Australia/Lord_Howe", date(2027, 4, 4), "01:45-01:50", "2027-04-03T14:45", "2027-04-03T15:20"),
    # Santiago: midnight itself is in the gap, so the day begins at 01:00.
    ("America/Santiago", date(2026, 9, 6), "00:00-02:00", "2026-09-06T04:00", "2026-09-06T05:00"),
    ("America/Santiago", date(2026, 9, 5), "22:00-24:00", "2026-09-06T02:00", "2026-09-06T04:00"),
    # Santiago: the last hour of the day happens twice, and 24:00 is after both.
    ("America/Santiago", date(2027, 4, 3), "23:00-24:00", "2027-04-04T02:00", "2027-04-04T04:00"),
    ("America/Santiago", date(2027, 4, 3), "22:00-23:30", "2027-04-04T01:00", "2027-04-04T03:30"),
    # Havana: the first hour of the day happens twice; both belong to that day, not to the one before.
    ("America/Havana", date(2026, 11, 1), "00:00-00:30", "2026-11-01T04:00", "2026-11-01T05:30"),
    ("America/Havana", date(2026, 10, 31), "23:00-24:00", "2026-11-01T03:00", "2026-11-01T04:00"),
    # Nuuk: the last hour of the day is in the gap.
    ("America/Nuuk", date(2027, 3, 27), "22:30-23:30", "2027-03-28T00:30", "2027-03-28T01:00"),
    ("America/Nuuk", date(2027, 3, 27), "23:00-24:00", None, None),
    # Samoa had no 30 December 2011 at all.
    ("Pacific/Apia", date(2011, 12, 30), "09:00-12:00", None, None),
    ("Asia/Kathmandu", date(2026, 11, 2), "09:00-12:00", "2026-11-02T03:15", "2026-11-02T06:15"),
]


@pytest.mark.parametrize(("tz", "day", "text", "start", "end"), CASES)
def test_a_window_becomes_instants(tz, day, text, start, end):
    expected = Interval(utc(start), utc(end)) if start else None
    assert window_interval(tz, day, window(text)) == expected


@pytest.mark.parametrize(
    ("tz", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 11, 2), 24),
        ("Europe/Berlin", SPRING, 23),
        ("Europe/Berlin", AUTUMN, 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2027, 4, 4), 24.5),
        ("America/Santiago", date(2026, 9, 6), 23),
        ("America/Havana", date(2026, 11, 1), 25),
        ("Antarctica/Troll", date(2027, 3, 28), 22),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_a_day_is_as_long_as_the_clock_makes_it(tz, day, hours):
    start, end = day_interval(tz, day)
    assert end - start == hours * 3600


# --- what holds for every zone and day ------------------------------------------------------------


@given(ZONES, DAYS)
def test_consecutive_days_touch_and_hold_only_their_own_date(tz, day):
    start, end = day_interval(tz, day)
    assert end == day_interval(tz, day + timedelta(days=1)).start
    assert local_date(tz, start) == local_date(tz, end - 1) == day
    assert local_date(tz, start - 1) == day - timedelta(days=1)


@given(ZONES, DAYS, WINDOWS)
def test_a_window_lies_in_its_day_and_holds_every_minute_the_wall_shows_inside_it(tz, day, wall):
    span, whole = window_interval(tz, day, wall), day_interval(tz, day)
    inside = [t for t in range(whole.start, whole.end, 60) if wall.start <= minute_of_day(tz, t) < wall.end]
    if span is None:
        assert inside == []
    else:
        assert whole.contains(span)
        assert all(span.start <= t < span.end for t in inside)


@given(ZONES, DAYS, WINDOWS)
def test_a_window_begins_and_ends_where_the_wall_says_so(tz, day, wall):
    span, whole = window_interval(tz, day, wall), day_interval(tz, day)
    shown = [(t, minute_of_day(tz, t)) for t in range(whole.start, whole.end, 60)]
    starts, ends = ([t for t, minute in shown if minute == edge] for edge in (wall.start, wall.end))
    if span is not None and starts:
        assert span.start == starts[0]
    if span is not None and ends:
        assert span.end == ends[-1]
    if wall.end == 1440:
        assert span is None or span.end == whole.end


@given(ZONES, DAYS, st.integers(0, 1439), st.booleans())
def test_an_instant_shows_the_wall_time_it_was_made_from_or_the_end_of_the_gap(tz, day, minute, last):
    instant = instant_of(tz, day, minute, last=last)
    shown = minute_of_day(tz, instant)
    assert shown == minute or (shown > minute or local_date(tz, instant) > day)
    if shown != minute:
        before = instant - 60  # the day before, where midnight is in the gap
        assert (local_date(tz, before), minute_of_day(tz, before)) < (day, minute)


@given(ZONES, DAYS)
def test_segments_tile_the_day_and_shift_to_the_wall(tz, day):
    pieces = segments(tz, day)
    assert (pieces[0].start, pieces[-1].end) == day_interval(tz, day)
    assert all(left.end == right.start for left, right in pairwise(pieces))
    for piece in pieces:
        for t in (piece.start, piece.end - 60):
            assert (t + piece.shift) // 60 == minute_of_day(tz, t)


def test_a_skipped_day_has_no_segments():
    assert segments("Pacific/Apia", date(2011, 12, 30)) == ()


@pytest.mark.parametrize(
    ("instant", "grid", "expected"),
    [
        ("2026-11-02T08:15", 15, True),
        ("2026-11-02T08:15:01", 15, False),
        ("2026-11-02T08:15", 30, False),
        ("2026-10-25T00:30", 30, True),  # 02:30, the first time
        ("2026-10-25T01:30", 30, True),  # 02:30, the second time
        ("2026-10-25T01:30", 60, False),
    ],
)
def test_the_grid_is_the_wall_clocks(instant, grid, expected):
    assert on_grid("Europe/Berlin", utc(instant), grid) is expected


@given(ZONES, DAYS, st.integers(0, 90_000), st.sampled_from([5, 15, 20, 60]))
def test_the_next_start_on_the_grid_is_the_first_that_is_on_it(tz, day, second, grid):
    instant = day_interval(tz, day).start + second
    found = next_on_grid(tz, instant, grid)
    later = range(instant + -instant % 60, instant + 3 * 3600, 60)
    assert found == next(t for t in later if on_grid(tz, t, grid))


def test_the_next_start_on_the_grid_leaves_out_a_date_that_was_skipped():
    evening = day_interval("Pacific/Apia", date(2011, 12, 29)).end - 60
    assert local("Pacific/Apia", next_on_grid("Pacific/Apia", evening, 60)).isoformat() == "2011-12-31T00:00:00+14:00"


@given(ZONES, DAYS, st.lists(WINDOWS, max_size=3))
def test_windows_of_a_plain_day_need_no_clock(tz, day, windows):
    one_by_one = [window_interval(tz, day, window) for window in windows]
    assert windows_on(tz, day, windows) == [span for span in one_by_one if span]


def test_the_grid_follows_a_zone_with_an_odd_offset():
    assert on_grid("Asia/Kathmandu", utc("2026-11-02T03:15"), 60)
    assert not on_grid("Asia/Kathmandu", utc("2026-11-02T03:00"), 60)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 12, 28), "odd"),  # 2026-W53
        (date(2027, 1, 3), "odd"),  # still W53: the date's week, not the year's
        (date(2027, 1, 4), "odd"),  # 2027-W01: two odd weeks in a row
        (date(2027, 1, 11), "even"),
    ],
)
def test_the_parity_is_the_iso_weeks(day, expected):
    assert parity(day) == expected


def test_local_is_aware():
    assert local("Europe/Berlin", utc("2026-11-02T08:00")).isoformat() == "2026-11-02T09:00:00+01:00"


@pytest.mark.parametrize("name", ["Europe/Berlyn", "Europe", "", "../etc/passwd", "CEST+X"])
def test_an_unknown_zone_is_refused_in_one_sentence(name):
    with pytest.raises(ValueError, match=r'is not a known time zone: write an IANA name such as "Europe/Berlin"\.$'):
        zone(name)


# --- text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], []),
        (["09:00-12:00"], [(540, 720)]),
        (["14:00-18:00", "10:00-12:00"], [(600, 720), (840, 1080)]),
        (["10:00-12:00", "12:00-13:00"], [(600, 780)]),
        (["10:00-12:00", "11:00-11:30"], [(600, 720)]),
        (["00:00-24:00"], [(0, 1440)]),
        ([" 09:00-12:00 "], [(540, 720)]),
    ],
)
def test_windows_are_read_and_merged(texts, expected):
    assert [(w.start, w.end) for w in parse_windows(texts)] == expected


@pytest.mark.parametrize(
    "text",
    ["9-12", "9:00-12:00", "09:00", "09:00-25:00", "24:00-24:00", "09:00-24:01", "09:60-10:00", "09:00 - 10:00", ""],
)
def test_what_is_no_window_is_refused_with_the_right_form(text):
    with pytest.raises(ValueError, match="is not a window: write") as caught:
        parse_windows([text])
    assert f'"{text}"' in str(caught.value)


@pytest.mark.parametrize("text", ["12:00-09:00", "09:00-09:00", "22:00-02:00"])
def test_a_window_that_ends_before_it_starts_is_refused(text):
    with pytest.raises(ValueError, match=r"ends before it starts.*two, the first ending"):
        parse_windows([text])


@given(st.lists(WINDOWS, max_size=6))
def test_merged_windows_cover_the_same_minutes_without_touching(some):
    merged = merge_windows(some)
    assert {m for w in merged for m in range(w.start, w.end)} == {m for w in some for m in range(w.start, w.end)}
    assert all(left.end < right.start for left, right in pairwise(merged))


@pytest.mark.parametrize(
    ("clock", "part"),
    [
        ("00:00", "morning"), ("11:59", "morning"), ("12:00", "afternoon"), ("16:59", "afternoon"),
        ("17:00", "evening"), ("23:59", "evening"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("day", [date(2026, 11, 23), date(2026, 10, 25), date(2027, 3, 28)])
def test_parts_of_the_day_go_by_the_wall_clock(day, clock, part):
    minute = int(clock[:2]) * 60 + int(clock[3:])
    assert part_of_day("Europe/Berlin", instant_of("Europe/Berlin", day, minute)) == part


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 3, 30), 24), (date(2026, 10, 25), 25)])
def test_r14_windows_on_the_days_the_clock_changes(day, hours):
    """calrs 1.7 never ended on a window until 24:00, and lost or gained an hour on these two days."""
    whole = window_interval("Europe/Berlin", day, window("00:00-24:00"))
    until_eleven = window_interval("Europe/Berlin", day, window("00:00-23:00"))
    last = window_interval("Europe/Berlin", day, window("23:00-24:00"))
    assert whole.end - whole.start == hours * 3600
    assert until_eleven.end == last.start == whole.end - 3600
    night = window_interval("Europe/Berlin", day, window("02:00-03:00"))
    assert (night.end - night.start if night else 0) == (hours - 23) * 3600
