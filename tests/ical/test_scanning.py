"""Stepping over lines finds the same as parsing every one of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.ical.lines import Line
from calbridge.ical.scanning import scan

NAMES = {
    "BEGIN", "END", "UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID",
    "STATUS", "TRANSP", "SEQUENCE", "CATEGORIES", "FREEBUSY", "BUSYTYPE", "PRIORITY", "X-WR-TIMEZONE",
}  # fmt: skip


def slowly(text: str) -> list[tuple[int, str, str]]:
    """The lines of interest inside events: number, name and value, by the plainest means."""
    found: list[tuple[int, str, str]] = []
    inside = alarm = zone = False
    logical: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line[:1] in {" ", "\t"} and logical:
            logical[-1] = (logical[-1][0], logical[-1][1] + line[1:])
        else:
            logical.append((number, line))
    for number, line in logical:
        head, colon, value = line.partition(":")
        name = head.partition(";")[0].strip().upper()
        if not colon or name not in NAMES:
            continue
        if name in {"BEGIN", "END"}:
            opened = name == "BEGIN"
            alarm = opened if value == "VALARM" else alarm
            zone = opened if value == "VTIMEZONE" else zone
            inside = opened if value == "VEVENT" else inside
        elif inside and not alarm and not zone:
            found.append((number, name, value.strip()))
    return found


values = st.text(
    st.characters(codec="utf-8", exclude_characters='\n\r\0"', exclude_categories=["Zs", "Cc"]), max_size=30
)
names = st.sampled_from(
    ["SUMMARY", "DESCRIPTION", "UID", "DTSTART", "STATUS", "X-FOO", "RRULE", "DTSTAMP", "SEQUENCES"]
)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """One content line, perhaps folded, perhaps with a parameter, perhaps in small letters."""
    name = draw(names)
    parameter = draw(st.sampled_from(["", ";TZID=Europe/Berlin", ";VALUE=DATE", ";X=a,b"]))
    mixed = name if name.startswith("X-") else name[:2] + name[2:].title()
    text = f"{draw(st.sampled_from([name, name, name.lower(), mixed]))}{parameter}:{draw(values)}"
    fold = draw(st.integers(1, max(1, len(text))))
    return text[:fold] + draw(st.sampled_from(["", "\n ", "\n\t"])) + text[fold:]


alarm = st.just("BEGIN:VALARM\nTRIGGER:-PT5M\nUID:alarm\nEND:VALARM")
events = st.lists(lines() | alarm, max_size=8).map(lambda inner: "\n".join(["BEGIN:VEVENT", *inner, "END:VEVENT"]))
zone = st.just("BEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nDTSTART:20200101T000000\nEND:STANDARD\nEND:VTIMEZONE")


@given(st.lists(events | zone, max_size=4), st.sampled_from(["\n", "\r\n", "\r"]))
def test_the_same_lines_with_the_same_numbers(parts: list[str], end: str) -> None:
    text = "\n".join(["BEGIN:VCALENDAR", *parts, "END:VCALENDAR", ""])
    found = scan(text.replace("\n", end).encode())
    assert not found.faults
    seen: list[Line] = [line for event in found.all("VEVENT") for line in event.lines]
    assert [(line.number, line.name, line.value) for line in seen] == slowly(text)


@pytest.mark.parametrize("name", ["DTStart", "dtstart", "Dtstart", "DTSTARt"])
def test_a_name_in_any_letters(name: str) -> None:
    (event,) = scan(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{name}:20260305\nEND:VEVENT\nEND:VCALENDAR".encode()).all("VEVENT")
    assert event.text("DTSTART") == "20260305"


def test_a_definition_in_small_letters_is_one() -> None:
    body = "BEGIN:VCALENDAR\nBEGIN:vtimezone\nTZID:x\nEND:vtimezone\nBEGIN:VEVENT\nUID:a\nEND:VEVENT\nEND:VCALENDAR"
    assert [calendar.zones for calendar in scan(body.encode()).calendars if calendar.zones] == [
        [(2, b"BEGIN:vtimezone\nTZID:x\nEND:vtimezone")]
    ]


def test_a_colon_in_quotes_is_part_of_the_head() -> None:
    (event,) = scan(
        b'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;X="a:b";TZID="C:D":20260305\nEND:VEVENT\nEND:VCALENDAR'
    ).all("VEVENT")
    assert event.lines[0].params == {"X": "a:b", "TZID": "C:D"}
    assert event.lines[0].value == "20260305"


def test_a_quote_that_is_never_closed_ends_with_the_head() -> None:
    (event,) = scan(b'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;X="a:20260305\nEND:VEVENT\nEND:VCALENDAR').all("VEVENT")
    assert event.lines[0].value == "20260305"


def test_events_in_a_component_that_nobody_knows_are_found() -> None:
    found = scan(b"BEGIN:VCALENDAR\nBEGIN:X-BOX\nBEGIN:VEVENT\nUID:a\nEND:VEVENT\nEND:X-BOX\nEND:VCALENDAR")
    assert [event.text("UID") for event in found.all("VEVENT")] == ["a"]
    assert not found.faults


def test_components_in_one_another_without_end_are_not_followed() -> None:
    found = scan(b"BEGIN:VCALENDAR\n" + b"BEGIN:X\n" * 100 + b"END:X\n" * 100 + b"END:VCALENDAR\n")
    assert [fault.what for fault in found.faults] == ["components stand in one another without end"]


TOO_MUCH = "the file holds more than anybody's calendar: nothing after this line is read, export a shorter time"


def test_a_file_without_end_is_read_so_far_and_says_where_that_is() -> None:
    """What is open there is torn, and says so too: the END that is missing is not the file's fault."""
    event = b"BEGIN:VEVENT\nUID:a\nDTSTART:20260305\nEND:VEVENT\n"
    found = scan(b"BEGIN:VCALENDAR\n" + event * 2000 + b"END:VCALENDAR\n", most=1500)
    (fault,) = found.faults
    assert (fault.what, found.whole) == (TOO_MUCH, False)
    read = found.all("VEVENT")
    assert 100 < len(read) == (fault.line - 2) // 4 + 1
    assert [event.fault for event in read if event.fault] == [fault]


def test_a_file_of_ordinary_size_is_whole() -> None:
    event = "BEGIN:VEVENT\nUID:a\nSTATUS:CONFIRMED\nTRANSP:OPAQUE\nDTSTART:20260305\nDTEND:20260306\nEND:VEVENT\n"
    found = scan(f"BEGIN:VCALENDAR\n{event * 12_000}END:VCALENDAR\n".encode())
    assert (len(found.all("VEVENT")), found.whole, found.faults) == (12_000, True, [])


@pytest.mark.parametrize("filler", ["\n", "\r", "x\n", " \n", "SUMMARY:x\n"])
def test_lines_without_end_are_stepped_over_so_far(filler: str) -> None:
    text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nEND:VEVENT\n"
    assert scan(f"{text}{filler * 90}END:VCALENDAR\n".encode(), physical=100).whole
    found = scan(f"{text}{filler * 200}{text}".encode(), physical=100)
    assert [(fault.what, fault.line) for fault in found.faults] == [(TOO_MUCH, 100)]
    assert len(found.all("VEVENT")) == 1


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("UID:" + "x" * 1_000_001, "UID is longer than 1,000,000 bytes"),
        ("UID;X=" + "x" * 1_001 + ":a", "the parameters of UID are longer than 1,000 characters"),
    ],
)
def test_a_line_longer_than_anybodys_is_left_out(line: str, why: str) -> None:
    found = scan(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260305\n{line}\nEND:VEVENT\nEND:VCALENDAR\n".encode())
    (event,) = found.all("VEVENT")
    assert [kept.name for kept in event.lines] == ["DTSTART"]
    assert event.fault is not None
    assert (event.fault.what, event.fault.line) == (why, 4)
    assert found.whole
