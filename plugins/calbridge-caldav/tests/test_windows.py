"""Online windows and absences out of calendars: a calendar of their own, or categories, on real servers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from calbridge.interval import Interval
from calbridge.provider import (
    AbsenceRecord,
    Busy,
    Complete,
    Delta,
    Entry,
    NotModified,
    Unknown,
    Unreadable,
    WindowRecord,
)
from calbridge_caldav.settings import CaldavSettings

WINDOW = Interval(1_771_800_000, 1_780_200_000)
SETTINGS = {"window_categories": ["Onlinebuchung"], "absence_categories": ["Urlaub", "krank"]}
WEEKLY = ("DTSTART;TZID=Europe/Berlin:20260302T090000", "DTEND;TZID=Europe/Berlin:20260302T120000")
HOLIDAY = ("DTSTART;VALUE=DATE:20260309", "DTEND;VALUE=DATE:20260314", "TRANSP:TRANSPARENT", "CATEGORIES:URLAUB")


@dataclass
class Desk:
    """A practice whose calendars mean something; `read` goes on from what the bridge knows."""

    practice: Any
    cursor: str = ""
    known: dict[str, str] = field(default_factory=dict)

    def read(self) -> Any:
        feed = self.practice.provider.import_schedule(self.cursor, WINDOW, self.known)
        self.cursor = feed.cursor
        if isinstance(feed, Complete):
            self.known = {item.ref: item.version for item in feed.items}
        if isinstance(feed, Delta):
            self.known |= {item.ref: item.version for item in feed.changed}
            for ref in feed.removed:
                del self.known[ref]
        return feed

    def records(self) -> dict[str, Any]:
        """What is new, by ref, without the markers."""
        feed = self.read()
        records = feed.changed if isinstance(feed, Delta) else feed.items
        return {record.ref: record for record in records if "//" not in record.ref}


@pytest.fixture
def desk(practice: Any) -> Iterator[Desk]:
    """Anna has a calendar for her online windows; categories mean something in every other."""
    practice.paths["~anna"] = practice.server.make_calendar(f"anna-online-{secrets.token_hex(4)}")
    own = {key: path for key, path in practice.paths.items() if key != "~anna"}
    practice.paths, every = own, practice.paths
    practice.provider = practice.again(windows={"anna": every["~anna"]}, **SETTINGS)
    practice.paths = every
    yield Desk(practice)
    practice.provider.close()


def test_what_each_entry_means(desk: Desk, make: Any) -> None:
    put, event, span = desk.practice.put, make.event, make.span
    put("~anna/mornings.ics", event("mornings", *WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=2", "SUMMARY:Frau Geheim"))
    put("ben/open.ics", event("open", *WEEKLY, "CATEGORIES:Praxis,Onlinebuchung"))
    put("anna/away.ics", event("away", *HOLIDAY))
    put("anna/team.ics", event("team", *WEEKLY))
    found = desk.records()
    morning = span("2026-03-02 09:00", "2026-03-02 12:00")
    assert {ref: (type(one), one.resource, one.spans) for ref, one in found.items()} == {
        "~anna/mornings.ics": (
            WindowRecord, "anna", (morning, span("2026-03-09 09:00", "2026-03-09 12:00")),
        ),
        "ben/open.ics": (Busy, "ben", ()),
        "ben/open.ics/windows": (WindowRecord, "ben", (morning,)),
        "anna/away.ics": (Busy, "anna", ()),
        "anna/away.ics/absences": (AbsenceRecord, "anna", (span("2026-03-09 00:00", "2026-03-14 00:00"),)),
        "anna/team.ics": (Busy, "anna", (morning,)),
    }  # fmt: skip
    assert "Geheim" not in repr(found)
    assert isinstance(desk.read(), NotModified)


def test_whoever_may_have_windows_has_them_also_where_none_is_left(desk: Desk) -> None:
    marks = [item for item in desk.read().items if "//" in item.ref]
    assert sorted((mark.ref, mark.resource, mark.spans, mark.kind) for mark in marks) == [
        ("anna//windows", "anna", (), "online"),
        ("ben//windows", "ben", (), "online"),
        ("~anna//windows", "anna", (), "online"),
    ]


def test_without_such_settings_nothing_means_anything(practice: Any, make: Any) -> None:
    practice.put("anna/open.ics", make.event("open", *WEEKLY, "CATEGORIES:Onlinebuchung"))
    (record,) = practice.read().items
    assert (type(record), record.ref) == (Busy, "anna/open.ics")


def test_what_an_entry_means_may_change(desk: Desk, make: Any) -> None:
    desk.practice.put("anna/a.ics", make.event("a", *WEEKLY, "CATEGORIES:Onlinebuchung"))
    desk.practice.put("~anna/b.ics", make.event("b", *WEEKLY))
    desk.read()
    desk.practice.edit("anna/a.ics", ("CATEGORIES:Onlinebuchung", "CATEGORIES:krank"))
    feed = desk.read()
    assert {item.ref: type(item) for item in feed.changed} == {
        "anna/a.ics": Busy,
        "anna/a.ics/absences": AbsenceRecord,
    }
    assert feed.removed == ("anna/a.ics/windows",)
    desk.practice.edit("anna/a.ics", ("CATEGORIES:krank", "CATEGORIES:Team"))
    desk.practice.delete("~anna/b.ics")
    feed = desk.read()
    assert sorted(feed.removed) == ["anna/a.ics/absences", "~anna/b.ics"]
    assert [(item.ref, len(item.spans)) for item in feed.changed] == [("anna/a.ics", 1)]
    desk.practice.delete("anna/a.ics")
    assert desk.read().removed == ("anna/a.ics",)
    assert isinstance(desk.read(), NotModified)


def test_instances_move_and_are_cancelled(desk: Desk, make: Any) -> None:
    desk.practice.put("~anna/w.ics", make.event("w", *WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=5"))
    before = desk.records()["~anna/w.ics"].spans
    assert [after.start - earlier.start for earlier, after in pairwise(before)] == [
        604_800, 604_800, 604_800, 601_200  # 29 March is the day the clocks go forward
    ]  # fmt: skip
    moved = (
        "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:w\r\nDTSTAMP:20260101T000000Z\r\n"
        "RECURRENCE-ID;TZID=Europe/Berlin:20260309T090000\r\nDTSTART;TZID=Europe/Berlin:20260310T140000\r\n"
        "DTEND;TZID=Europe/Berlin:20260310T150000\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:w\r\n"
        "DTSTAMP:20260101T000000Z\r\nRECURRENCE-ID;TZID=Europe/Berlin:20260316T090000\r\n"
        "DTSTART;TZID=Europe/Berlin:20260316T090000\r\nDTEND;TZID=Europe/Berlin:20260316T120000\r\n"
        "STATUS:CANCELLED\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    desk.practice.edit("~anna/w.ics", ("END:VEVENT\r\nEND:VCALENDAR", moved))
    after = desk.records()["~anna/w.ics"].spans
    assert after == (before[0], make.span("2026-03-10 14:00", "2026-03-10 15:00"), *before[3:])


def test_a_window_that_cannot_be_read_opens_nothing_and_takes_nothing(desk: Desk, make: Any) -> None:
    broken = (*WEEKLY, "EXRULE:FREQ=WEEKLY;COUNT=1")  # no longer part of iCalendar: what it leaves out is not known
    desk.practice.put("~anna/w.ics", make.event("online", *broken))
    desk.practice.put("anna/w.ics", make.event("w", *broken, "CATEGORIES:Onlinebuchung"))
    desk.practice.put("anna/away.ics", make.event("away", *broken, "CATEGORIES:Urlaub"))
    found = desk.records()
    assert {ref: (type(one), one.resource, len(one.spans)) for ref, one in found.items()} == {
        "~anna/w.ics": (Unreadable, "anna", 0),
        "anna/w.ics": (Unreadable, "anna", 0),
        "anna/away.ics": (Unreadable, "anna", 1),
    }


def test_nothing_is_written_among_the_windows(desk: Desk) -> None:
    practice = desk.practice
    entry = practice.write()
    assert entry.ref == "anna/abc123.ics"
    assert not practice.exists("~anna/abc123.ics")
    # staff drags it there by mistake: it opens nothing, and it is not gone
    desk.read()
    practice.drag(entry.ref, "~anna/abc123.ics")
    feed = desk.read()
    assert not any(isinstance(record, Entry | WindowRecord) for record in getattr(feed, "changed", ()))
    assert practice.provider.probe(entry.ref) == Unknown(why="it was moved into windows.anna")


def test_check_looks_at_them_too(desk: Desk, make: Any) -> None:
    desk.practice.put("~anna/a.ics", make.event("a", *WEEKLY))
    found = {each.field: each for each in desk.practice.provider.check()}
    assert found["windows.anna"].level == "ok"
    assert "is there with 1 entries, each of them an online window" in found["windows.anna"].message
    desk.practice.staff.delete(desk.practice.paths["~anna"])
    found = {each.field: each for each in desk.practice.provider.check()}
    assert found["windows.anna"].level == "error"
    assert "There is no calendar at the address in windows.anna" in found["windows.anna"].message


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"windows": {"ben": "/b/"}}, "windows.ben has no calendars.ben beside it: give the resource's own too"),
    (
        {"windows": {"anna": "/a/"}},
        "windows.anna and calendars.anna are the same calendar /a/: give each resource a calendar of its own",
    ),
    ({"windows": {"anna": "https://other.example/a/"}}, "is on another server than the url"),
    ({"window_categories": [" "]}, '" " is no category: write each one as a text of its own'),
    ({"absence_categories": ["Urlaub, krank"]}, '"Urlaub, krank" is no category: write each one as a text of its own'),
    (
        {"window_categories": ["Frei"], "absence_categories": ["frei "]},
        '"frei" cannot be both a window and an absence: take it out of one of them',
    ),
    ({"calendars": {"~anna": "/a/"}}, '"~anna" is not the key of a resource'),
]


@pytest.mark.parametrize(("given", "sentence"), FAULTS)
def test_settings_that_contradict_themselves_are_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match="validation error") as refused:
        CaldavSettings.model_validate({"url": "https://cal.example/", "calendars": {"anna": "/a/"}, **given})
    assert sentence in str(refused.value)
