"""Which zone a TZID means, and a calendar's own definition against the system's zone of the same place."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Timezone

from calbridge.ical.definition import compiled
from calbridge.ical.steps import Steps
from calbridge.ical.zones import Zones, olson


@pytest.mark.parametrize(
    ("tzid", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ('"Europe/Berlin"', "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
        ("/citadel.org/20190914_1/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("w. europe standard time", "Europe/Berlin"),
        ("FLE Standard Time", "Europe/Kiev"),
        ("UTC", "UTC"),
        ("Mars/Olympus", None),
        ("Customized Time Zone", None),
        ("", None),
        ("../../etc/passwd", None),
    ],
)
def test_names(tzid: str, name: str | None) -> None:
    found = olson(tzid)
    assert found == name or {found, name} == {"Europe/Kyiv", "Europe/Kiev"}


def block(*observances: str, tzid: str = "own", more: str = "") -> bytes:
    """A VTIMEZONE."""
    return f"BEGIN:VTIMEZONE\nTZID:{tzid}\n{more}{''.join(observances)}END:VTIMEZONE".encode()


def observance(kind: str, first: str, before: str, after: str, *more: str) -> str:
    """One STANDARD or DAYLIGHT."""
    lines = [f"DTSTART:{first}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", *more]
    return f"BEGIN:{kind}\n" + "".join(f"{line}\n" for line in lines) + f"END:{kind}\n"


EXCHANGE = block(
    observance("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10"),
    observance("DAYLIGHT", "16010101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3"),
)
BERLIN = ZoneInfo("Europe/Berlin")
hours = st.integers(0, 24 * 365 * 40).map(lambda hour: datetime(1996, 11, 1) + timedelta(hours=hour / 2))  # noqa: DTZ001


@given(hours, st.sampled_from([0, 1]))
def test_exchanges_definition_is_berlin_in_the_gap_and_in_the_overlap_too(wall: datetime, fold: int) -> None:
    own = compiled(EXCHANGE)
    assert own is not None
    wall = wall.replace(fold=fold)
    assert wall.replace(tzinfo=own).utcoffset() == wall.replace(tzinfo=BERLIN).utcoffset()


@pytest.mark.parametrize(
    "place", ["America/New_York", "Australia/Sydney", "Asia/Kolkata", "Europe/Dublin", "Africa/Cairo"]
)
def test_a_definition_with_every_onset_is_that_zone(place: str) -> None:
    zone = ZoneInfo(place)
    definition = Timezone.from_tzinfo(zone, "own", date(2020, 1, 1), date(2030, 1, 1))
    for one in definition.subcomponents:  # the library writes onsets by the new offset, the standard wants the old one
        skipped = one.TZOFFSETTO - one.TZOFFSETFROM
        if skipped > timedelta():
            one.DTSTART -= skipped
            onsets = one.pop("RDATE", None)
            if onsets is not None:
                one.add("RDATE", [onset.dt - skipped for onset in onsets.dts])
    own = compiled(definition.to_ical().replace(b"\r\n", b"\n").rstrip())
    assert own is not None
    for hour in range(0, 24 * 365 * 8, 7):
        wall = datetime(2021, 1, 1) + timedelta(hours=hour)  # noqa: DTZ001  # a wall clock's
        assert wall.replace(tzinfo=own).utcoffset() == wall.replace(tzinfo=zone).utcoffset(), wall


def offset(definition: bytes, text: str) -> str:
    """The offset there and then, in hours."""
    own = compiled(definition)
    assert own is not None
    found = datetime.fromisoformat(text).replace(tzinfo=own).utcoffset()
    assert found is not None
    return f"{found.total_seconds() / 3600:+g}"


def test_before_the_first_onset_the_old_offset_holds() -> None:
    late = block(observance("STANDARD", "20101031T030000", "+0200", "+0100"))
    assert offset(late, "2010-10-01") == "+2"
    assert offset(late, "2011-07-01") == "+1"


def test_onsets_by_dates_and_odd_offsets() -> None:
    assert offset(block(observance("STANDARD", "20200101T000000", "+0530", "+0530")), "2026-01-01") == "+5.5"
    dates = block(
        observance("DAYLIGHT", "20260101T000000", "+0000", "+0100", "RDATE:20260201T000000,20260401T000000"),
        observance("STANDARD", "20260115T000000", "+0100", "+0000", "RDATE:20260301T000000"),
    )
    assert [offset(dates, f"2026-{day}") for day in ("01-10", "01-20", "02-10", "03-10", "04-10")] == [
        "+1", "+0", "+1", "+0", "+1",
    ]  # fmt: skip


@pytest.mark.parametrize("until", ["20260329T010000Z", "20260329T020000Z", "20260329T020000", "20260329T030000Z"])
def test_a_rule_ends_with_its_last_onset_though_until_is_in_utc(until: str) -> None:
    """Two o'clock there is one o'clock in Greenwich; some write the wall clock's digits with a Z."""
    berlin = block(
        observance("STANDARD", "20001029T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"),
        observance(
            "DAYLIGHT", "20000326T020000", "+0100", "+0200", f"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;UNTIL={until}"
        ),
    )
    assert [offset(berlin, f"{year}-07-01") for year in (2025, 2026, 2027)] == ["+2", "+2", "+1"]


@pytest.mark.parametrize("until", ["20060402T070000Z", "20060402T020000Z"])
def test_the_same_in_the_west(until: str) -> None:
    york = block(
        observance("STANDARD", "20001029T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"),
        observance(
            "DAYLIGHT", "20000402T020000", "-0500", "-0400", f"RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4;UNTIL={until}"
        ),
    )
    assert [offset(york, f"{year}-07-01") for year in (2005, 2006, 2007)] == ["-4", "-4", "-5"]


@pytest.mark.parametrize(
    "definition",
    [
        block(),
        block(observance("STANDARD", "never", "+0100", "+0100")),
        block(observance("STANDARD", "20200101T000000", "+9900", "+0100")),
        block(observance("STANDARD", "20200101T000000", "east", "+0100")),
        block(observance("STANDARD", "20200101T000000", "+0100", "+0100", "RRULE:FREQ=SOMETIMES")),
        block("BEGIN:STANDARD\nDTSTART:20200101T000000\nEND:STANDARD\n"),
    ],
)
def test_a_definition_that_says_nothing(definition: bytes) -> None:
    assert compiled(definition) is None


PLENTY = Steps(10**9, 10**9)


def test_a_windows_name_is_the_calendars_own_where_it_defines_it() -> None:
    """A server in another country sends its own idea of it, and means that."""
    own = block(observance("STANDARD", "16010101T000000", "+0300", "+0300"), tzid="W. Europe Standard Time")
    assert Zones(PLENTY).zone("W. Europe Standard Time") == BERLIN
    found = Zones(PLENTY, [(1, own)]).zone("W. Europe Standard Time")
    assert datetime(2026, 1, 1, tzinfo=found).utcoffset() == timedelta(hours=3)
    assert (
        Zones(PLENTY, [(1, own.replace(b"W. Europe Standard Time", b"Europe/Berlin"))]).zone("Europe/Berlin") == BERLIN
    )


@pytest.mark.parametrize("name", ["EST", "est", "/vendor.example/EST"])
def test_an_abbreviation_is_the_calendars_own_where_it_defines_it(name: str) -> None:
    """As the system has it, EST has no summer time; whoever defines it with one means New York."""
    eastern = block(
        observance("STANDARD", "20071104T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11"),
        observance("DAYLIGHT", "20070311T020000", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3"),
        tzid=name,
    )
    summer = datetime(2026, 7, 1)  # noqa: DTZ001  # a wall clock's
    assert summer.replace(tzinfo=Zones(PLENTY, [(1, eastern)]).zone(name)).utcoffset() == timedelta(hours=-4)
    assert summer.replace(tzinfo=Zones(PLENTY).zone(name)).utcoffset() == timedelta(hours=-5)


def test_the_place_stands_in_for_a_definition_that_says_nothing() -> None:
    named = block(more="X-LIC-LOCATION:Europe/Berlin\n")
    assert Zones(PLENTY, [(1, named)]).zone("own") == BERLIN
    assert Zones(PLENTY, [(1, block())]).zone("own") is None


def test_names_with_commas_are_escaped_in_the_definition_and_quoted_in_the_time() -> None:
    own = block(observance("STANDARD", "16010101T000000", "+0800", "+0800"), tzid="Kuala Lumpur\\, Singapore")
    assert Zones(PLENTY, [(1, own)]).zone("Kuala Lumpur, Singapore") is not None


def test_a_hostile_definition_is_bounded() -> None:
    every_second = block(
        observance("STANDARD", "20200101T000000", "+0100", "+0100", "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30")
    )
    steps = Steps(50_000, 20_000)
    assert Zones(steps, [(1, every_second)]).zone("own") is None
    assert 29_000 < steps.left < 31_000


@pytest.mark.parametrize(("tzid", "offset"), [("Own Time", 5), ("OWN TIME", 7), ("own time", 7), ("oWN tIME", 7)])
def test_a_name_may_differ_in_its_capitals(tzid: str, offset: int) -> None:
    """Parameters have none (RFC 5545, section 2), and what is defined under exactly this name comes first."""
    blocks = [
        (number, block(observance("STANDARD", "16010101T000000", east, east), tzid=name))
        for number, (name, east) in enumerate([("OWN TIME", "+0700"), ("Own Time", "+0500")])
    ]
    found = Zones(Steps(10_000, 10_000), blocks).zone(tzid)
    assert datetime(2026, 1, 1, tzinfo=found).utcoffset() == timedelta(hours=offset)
