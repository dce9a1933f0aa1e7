"""`calbridge inspect`: what it prints, for people and as JSON, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from calbridge.cli import main
from calbridge.cli.answers import Inspected

FILE = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:series
SUMMARY:Frau Geheim\\, Katze
DTSTART;TZID=Europe/Berlin:20260302T080000
DTEND;TZID=Europe/Berlin:20260302T090000
RRULE:FREQ=WEEKLY;COUNT=3
END:VEVENT
BEGIN:VEVENT
UID:series
SUMMARY:Abgesagt
RECURRENCE-ID;TZID=Europe/Berlin:20260309T080000
DTSTART;TZID=Europe/Berlin:20260309T080000
DURATION:PT1H
STATUS:CANCELLED
END:VEVENT
BEGIN:VEVENT
UID:day
DTSTART;VALUE=DATE:20260310
END:VEVENT
BEGIN:VEVENT
UID:floating
DTSTART:20260311T100000
DURATION:PT30M
STATUS:TENTATIVE
END:VEVENT
END:VCALENDAR
"""
BROKEN = FILE.replace("DTSTART:20260311", "DTSTART:someday").replace("UID:day", "UID:[red]day")
MARCH = ("--from", "2026-03-01", "--to", "2026-04-01", "--time-zone", "Europe/Berlin")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "praxis.ics"
    path.write_text(FILE)
    return path


def call(*words: Any, **options: Any) -> Result:
    return CliRunner().invoke(main, ["inspect", *map(str, words)], catch_exceptions=False, **options)


def ask(*words: Any, code: int = 0, **options: Any) -> Any:
    result = call(*words, "--json", **options)
    assert result.exit_code == code, result.output
    Inspected.model_validate_json(result.stdout)
    return json.loads(result.stdout)


def test_every_instance_that_starts_in_the_window(file: Path) -> None:
    answer = ask(file, *MARCH)
    assert set(answer) == {"occurrences", "refused"}
    assert answer["refused"] == []
    assert [tuple(each.values()) for each in answer["occurrences"]] == [
        ("series", "2026-03-02T08:00:00+01:00", "2026-03-02T09:00:00+01:00", False, False, True, "", ""),
        ("series", "2026-03-09T08:00:00+01:00", "2026-03-09T09:00:00+01:00", False, False, False,
         "CANCELLED", "cancelled"),
        ("day", "2026-03-10", "2026-03-11", True, False, True, "", ""),
        ("floating", "2026-03-11T10:00:00+01:00", "2026-03-11T10:30:00+01:00", False, True, True, "TENTATIVE", ""),
        ("series", "2026-03-16T08:00:00+01:00", "2026-03-16T09:00:00+01:00", False, False, True, "", ""),
    ]  # fmt: skip
    assert list(answer["occurrences"][0]) == ["uid", "start", "end", "all_day", "floating", "busy", "status", "why"]


@pytest.mark.parametrize(
    ("first", "last", "uids"),
    [
        ("2026-03-02T07:00:00Z", "2026-03-02T07:00:01Z", ["series"]),
        ("20260302T070000Z", "20260302T070001Z", ["series"]),
        ("2026-03-02T08:00:00+01:00", "2026-03-09T08:00:00+01:00", ["series"]),
        ("2026-03-02T08:00:01+01:00", "2026-03-09T08:00:01+01:00", ["series"]),
        ("2026-03-10", "2026-03-11", ["day"]),
        ("2026-03-10T00:00:01+01:00", "2026-03-11", []),
        ("2026-03-11", "", ["floating", "series"]),
        ("", "2026-03-03", ["series"]),
    ],
)
def test_the_window_is_half_open(file: Path, first: str, last: str, uids: list[str]) -> None:
    window = [*(("--from", first) if first else ()), *(("--to", last) if last else ())]
    found = ask(file, *window, "--time-zone", "Europe/Berlin")["occurrences"]
    assert [each["uid"] for each in found] == uids


def test_without_a_window_all_of_the_file(file: Path) -> None:
    assert len(ask(file)["occurrences"]) == 5
    endless = FILE.replace(";COUNT=3", "")
    found = ask("-", input=endless.encode())["occurrences"]
    assert len(found) == 56
    assert found[-1]["start"] == "2027-03-08T07:00:00+00:00"


def test_dates_and_floating_times_are_those_of_the_zone(file: Path) -> None:
    found = ask(file, "--time-zone", "America/New_York")["occurrences"]
    assert [each["start"] for each in found if each["uid"] in {"day", "floating"}] == [
        "2026-03-10",
        "2026-03-11T10:00:00-04:00",
    ]


@pytest.mark.parametrize("tz", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_what_lasts_to_the_end_of_the_calendar(tz: str) -> None:
    """Some programs write that for "until further notice"; east of Greenwich that second is in no year any more."""
    text = FILE.replace("DTSTART:20260311T100000\nDURATION:PT30M", "DTSTART:20260311T100000Z\nDTEND:99991231T235959Z")
    found = ask("-", "--time-zone", tz, input=text.encode())["occurrences"]
    assert found[-2]["uid"] == "floating"
    assert found[-2]["end"].startswith("9999-12-31T")
    assert call("-", "--time-zone", tz, input=text.encode()).exit_code == 0


def test_what_stands_behind_the_end_is_said(file: Path) -> None:
    """A feed with it is refused; whoever looks for the reason finds its line."""
    text = FILE.replace("\n", "\r\n") + "\r\n<b>Warning</b>: Geheim in line 7\r\n"
    answer = ask("-", *MARCH, input=text.encode(), code=1)
    assert [each["line"] for each in answer["refused"]] == [FILE.count("\n") + 2]
    assert "behind the end" in answer["refused"][0]["why"]
    assert len(answer["occurrences"]) == 5
    assert "Geheim" not in json.dumps(answer)
    assert ask("-", *MARCH, input=f"{FILE}\x1a\n\0".encode())["refused"] == []


def test_what_the_connection_says_of_kinds(file: Path) -> None:
    found = ask(file, "--all-day", "free", "--tentative", "free")["occurrences"]
    assert {each["why"] for each in found if not each["busy"]} == {"cancelled", "all_day", "tentative"}


def test_what_cannot_be_read_needs_a_person() -> None:
    answer = ask("-", code=1, input=BROKEN.encode())
    assert answer["refused"] == [{"line": 24, "uid": "floating", "why": "DTSTART is no date or time"}]
    assert len(answer["occurrences"]) == 4


def test_for_people_titles_are_shown_only_when_asked_for() -> None:
    result = call("-", *MARCH, input=BROKEN.encode())
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0].split() == ["when", "time", "status", "line", "event"]
    assert lines[1].split() == ["2026-03-02", "08:00-09:00", "busy", "3", "series"]
    assert "free (cancelled)" in lines[2]
    assert "[red]day" in result.output
    assert "line 24: DTSTART is no date or time (floating)" in lines
    assert "Geheim" not in result.output
    named = call("-", *MARCH, "--names", input=BROKEN.encode()).output
    assert "Frau Geheim, Katze" in named
    assert "Abgesagt" in named
    assert "Geheim" not in call("-", *MARCH, "--names", "--json", input=BROKEN.encode()).output


def test_nothing_in_a_file_speaks_to_the_terminal() -> None:
    hostile = BROKEN.replace("UID:floating", "UID:\x1b[2Jgone").replace("UID:[red]day", "UID:\x9b2Jgone")
    output = call("-", *MARCH, input=hostile.encode()).output
    assert "gone" in output
    assert not {"\x1b", "\x9b"} & set(output)


def test_nothing_in_the_window_is_said(file: Path) -> None:
    assert call(file, "--from", "2030-01-01").output.strip() == "Nothing in this file starts in the window."


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--from", "yesterday"], "--from is an instant with its offset"),
        (["--from", "2026-03-01T10:00:00"], "--from is an instant with its offset"),
        (["--to", "2026-03-01 10:00"], "--to is an instant with its offset"),
        (
            ["--from", "2026-03-02", "--to", "2026-03-01"],
            "2026-03-01 is not after --from 2026-03-02: exchange",
        ),
        (["--from", "0001-01-01"], "in no year from 1900 to 2199"),
        (["--time-zone", "Mars/Olympus"], '--time-zone: "Mars/Olympus" is not a known time zone'),
    ],
)
def test_wrong_use(file: Path, words: list[str], says: str) -> None:
    result = call(file, *words)
    assert result.exit_code == 2
    assert says in result.stderr


def test_files_that_are_none(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.ics", tmp_path):
        result = call(path, "--json")
        assert result.exit_code == 2
        assert "cannot be read" in json.loads(result.stdout)["errors"][0]
    empty = tmp_path / "empty.ics"
    empty.touch()
    assert ask(empty, code=1)["refused"] == [{"line": 1, "uid": "", "why": "this is no iCalendar object"}]


def test_the_guide_shows_what_the_command_prints() -> None:
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "inspect-a-calendar-file.md"
    shown = guide.read_text().split("```")[3]
    broken = FILE.replace("DTSTART:20260311", "DTSTART:someday").encode()
    window = ("--from", "2026-03-09", "--to", "2026-03-11", "--time-zone", "Europe/Berlin")
    printed = call("-", *window, input=broken).output
    assert [line.split() for line in shown.strip().splitlines()] == [line.split() for line in printed.splitlines()]
