"""`calbridge slots` for people: a week from today, a part of the day, and the picture of it."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from calbridge.cli import main
from calbridge.cli.drawing import Question, Span
from calbridge.cli.drawing.axis import axis
from calbridge.cli.drawing.marks import MARKS
from calbridge.cli.drawing.rows import rows
from calbridge.cli.workplace import Workplace
from calbridge.facts import Facts
from calbridge.interval import Interval
from calbridge.model import Details
from calbridge.rules import Candidate
from calbridge.slots import decide, offers
from calbridge.wall import instant_of

CLINIC = """
[clinics.hafen]
name = "Hafen"
time_zone = "Europe/Berlin"
online = true
opening_hours = { mon = ["09:00-12:00"] }
closures = [{ from = 2026-11-25, until = 2026-11-25, reason = "Betriebsausflug" }]
exclusions = [{ days = ["mon"], windows = ["10:00-10:30"] }]
[clinics.hafen.resources.anna]
name = "Dr. Anna Sommer"
online = true
week = [{ days = ["mon", "tue", "wed"], windows = ["09:00-12:00", "17:00-18:00"] }]
absences = [{ from = 2026-11-24T11:00:00+01:00, until = 2026-11-24T18:00:00+01:00 }]
[clinics.hafen.resources.ben]
name = "Dr. Ben Winter"
online = true
[clinics.hafen.resources.room1]
name = "Raum 1"
absences = [{ from = 2026-11-23T11:30:00+01:00, until = 2026-11-23T12:00:00+01:00 }]
[clinics.hafen.services.checkup]
name = "Check-up"
minutes = 30
online = true
resources = ["anna", "ben"]
requires = [{ any_of = ["room1"] }]
"""
SUNDAY = ("--now", "2026-11-22T23:30+01:00")


def call(*words: str, width: int = 80, charset: str = "utf-8") -> Result:
    runner = CliRunner(env={"COLUMNS": str(width)}, charset=charset)
    return runner.invoke(main, ["slots", "--service", "checkup", *words], catch_exceptions=False)


def ask(*words: str) -> Any:
    result = call(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["slots"]


@pytest.fixture
def paper(practice: Any) -> Any:
    """A clinic that is only a file."""
    practice.path.write_text(CLINIC)
    return practice


# --- which days, which part -----------------------------------------------------------------------


def test_without_dates_it_is_a_week_from_today_by_the_clinics_clock(paper: Any) -> None:
    days = sorted({slot["start"][:10] for slot in ask("--now", "2026-11-22T23:30+00:00")})  # Monday in Berlin
    assert days == ["2026-11-23", "2026-11-24"]
    paper.path.write_text(CLINIC.replace('["mon", "tue", "wed"]', '["sun"]'))
    assert {slot["start"][:10] for slot in ask(*SUNDAY, "--from", "2026-11-24")} == {"2026-11-29"}
    assert {slot["start"][:10] for slot in ask(*SUNDAY, "--from", "2026-11-22")} == set()  # the next is the eighth day
    found = ask(*SUNDAY, "--from", "2026-11-24", "--to", "2026-12-06")
    assert {slot["start"][:10] for slot in found} == {"2026-11-29", "2026-12-06"}


def test_a_first_day_after_the_last_is_refused(paper: Any) -> None:
    result = call(*SUNDAY, "--to", "2026-11-01")
    assert (result.exit_code, result.stderr) == (
        2, "error: --to 2026-11-01 is before --from 2026-11-22: exchange them\n"
    )  # fmt: skip


def test_a_date_at_the_end_of_the_calendar_is_refused(paper: Any) -> None:
    result = call(*SUNDAY, "--from", "9999-12-31", width=120)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        2, "Error: Invalid value for '--from': \"9999-12-31\" is not between 1970 and 9998"
    )  # fmt: skip


def test_parts_of_the_day_go_by_when_the_visit_begins(paper: Any) -> None:
    paper.path.write_text(CLINIC.replace('"09:00-12:00", "17:00-18:00"', '"11:30-12:30", "16:45-17:30"'))
    found = {
        part: [slot["start"][11:16] for slot in ask(*SUNDAY, "--part", part, "--to", "2026-11-24")]
        for part in ("morning", "afternoon", "evening")
    }
    assert found == {
        "morning": [],  # Monday: the room is away; Tuesday: she is
        "afternoon": ["12:00", "16:45"],
        "evening": ["17:00"],
    }


# --- the picture ----------------------------------------------------------------------------------

WEEK = """\
Check-up, 30 min, Sun 2026-11-22 to Thu 2026-11-26 (Europe/Berlin)

Sun 2026-11-22  closed

Mon 2026-11-23   09  10  11  12  13  14  15  16  17
Dr. Anna Sommer  ███-··███---····················███-    9
Dr. Ben Winter   ····································    0
Raum 1           ----------~~------------------------

Tue 2026-11-24   09  10  11  12  13  14  15  16  17
Dr. Anna Sommer  ███████-~~~~~~~~~~~~~~~~~~~~~~~~~~~~    7
Dr. Ben Winter   ····································    0
Raum 1           ------------------------------------

Wed 2026-11-25  closed (Betriebsausflug)

Thu 2026-11-26  closed

█ offered: a visit may begin here   ~ absent   · closed
- free, but no visit may begin here
Each sign is 15 minutes; on the right how many starts are offered.
"""


def test_a_week_as_a_picture(paper: Any) -> None:
    assert call(*SUNDAY, "--draw", "--to", "2026-11-26").output == WEEK


ROOM = """\
Check-up, 30 min, Mon 2026-11-23 (Europe/Berlin)

Mon 2026-11-23  09  10  11  12  13  14  15  16  17
Raum 1          ----------~~------------------------
"""


def test_a_room_alone_is_drawn_beside_the_hours_in_which_it_may_be_needed(paper: Any) -> None:
    day = ("--from", "2026-11-23", "--to", "2026-11-23", "--resource", "room1")
    output = call(*SUNDAY, "--draw", *day).output
    assert output.startswith(ROOM)
    assert "closed" not in output
    assert output.endswith(f"{NOT_BOOKED}\n")


NOT_BOOKED = "Nothing is offered: service checkup is not booked with room1 (resources in its section)."


@pytest.mark.parametrize("drawn", [(), ("--draw",)])
def test_who_cannot_do_the_service_is_named(paper: Any, drawn: tuple[str, ...]) -> None:
    text = CLINIC.replace('requires = [{ any_of = ["room1"] }]', "")
    assert text != CLINIC
    paper.path.write_text(text)
    assert call(*SUNDAY, *drawn, "--resource", "room1", width=120).output == f"{NOT_BOOKED}\n"


MORNING = """\
Check-up, 30 min, Mon 2026-11-23 (Europe/Berlin)

Mon 2026-11-23   09          10          11
Dr. Anna Sommer  #########---......#########---------    6
Dr. Ben Winter   ....................................    0
Raum 1           ------------------------------~~~~~~

# offered: a visit may begin here   ~ absent   . closed
- free, but no visit may begin here
3 signs are 15 minutes; on the right how many starts are offered.
"""


def test_signs_differ_where_a_terminal_has_neither_colour_nor_unicode(paper: Any) -> None:
    day = ("--from", "2026-11-23", "--to", "2026-11-23", "--part", "morning")
    assert call(*SUNDAY, "--draw", *day, charset="ascii").output == MORNING


@pytest.mark.parametrize("width", [24, 30, 40, 80, 120, 200])
def test_columns_stand_under_their_hours_whatever_the_names(paper: Any, width: int) -> None:
    paper.path.write_text(CLINIC.replace("Dr. Ben Winter", "動物病院 Ångström von und zu Hafenstraße"))
    lines = call(*SUNDAY, "--draw", width=width).output.splitlines()
    begin = next(index for index, line in enumerate(lines) if re.match(r"(Mon.*|)\s+09", line))
    label, rows = lines[begin].index("09"), lines[begin + 1 : begin + 4]
    assert [cell_len(row) for row in rows[:2]] == [cell_len(rows[2]) + 5] * 2
    assert cell_len(rows[0]) <= width
    for row in rows:
        cut = next(index for index in range(len(row)) if cell_len(row[:index]) == label)
        assert row[:cut].endswith("  ")
        assert set(row[cut:]) <= set("█·-~ 0123456789")


NIGHTS = [
    ("2026-10-25", "01  02  02  03  04  05", "████████████████████████"),
    ("2026-10-26", "01  02  03  04  05", "████████████████████"),
    ("2027-03-28", "01  03  04  05", "████████████████"),
]


@pytest.mark.parametrize(("day", "hours", "signs"), NIGHTS)
def test_an_hour_that_happens_twice_is_drawn_twice_and_one_that_is_not_never(
    paper: Any, day: str, hours: str, signs: str
) -> None:
    text = CLINIC.replace('["mon", "tue", "wed"]', '["mon", "sun"]').replace("09:00-12:00", "01:00-06:30")
    paper.path.write_text(text.replace('"17:00-18:00"', '"06:30-06:45"'))
    lines = call("--now", f"{day}T00:00+01:00", "--draw", "--from", day, "--to", day, width=60).output.splitlines()
    assert lines[2].split("  ", 1)[1].strip().startswith(hours)
    assert lines[3].split("  ", 1)[1].startswith(signs)


EXPECTED = {
    MARKS.CLOSED: {"outside_hours", "closed", "excluded"},
    MARKS.ABSENT: {"absent"},
    MARKS.TAKEN: {"busy"},
    MARKS.KEPT: {"hour_full", "kept_back"},
}


def test_every_sign_is_what_the_rules_say_of_a_visit_that_begins_there(paper: Any) -> None:
    paper.path.write_text(CLINIC + "[clinics.hafen.rules]\nslots_per_hour = 2\nreserved_per_day = 2\n")
    clinic = Workplace(paper.path).clinic().clinic
    monday = date(2026, 11, 23)
    nine = instant_of(clinic.time_zone, monday, 540)
    facts = Facts(now=nine - 86_400, taken={"anna": (Interval(nine, nine + 900),)})
    week = [monday + timedelta(days=n) for n in range(7)]
    slots = offers(clinic, facts, "checkup", week[0], week[-1])
    asked = Question(
        clinic=clinic, facts=facts, origins=(), service=clinic.services["checkup"], keys=["anna", "ben"], slots=slots
    )
    time = axis(clinic.time_zone, week, Span(480, 1140), grid=15, room=100)
    seen = set()
    for day, drawn in zip(time.days, rows(asked, time.days), strict=True):
        for row in drawn:
            for column, mark in zip(day.columns, row.marks, strict=True):
                wanted = Candidate(service="checkup", resource=row.resource, start=column.start, listed=True)
                codes = {verdict.code for verdict in decide(clinic, facts, wanted).verdicts if not verdict.ok}
                seen.add(mark)
                assert (mark is MARKS.OFFERED) is not bool(codes)
                assert mark not in EXPECTED or EXPECTED[mark] & codes
    assert seen >= EXPECTED.keys()
    assert sum(row.starts or 0 for drawn in rows(asked, time.days) for row in drawn) == len(slots)


def test_at_most_a_month_is_drawn(paper: Any) -> None:
    result = call(*SUNDAY, "--draw", "--to", "2026-12-23")
    assert (result.exit_code, result.stderr) == (
        2, "error: --draw shows at most 31 days: bring --from and --to closer together\n"
    )  # fmt: skip
    assert call(*SUNDAY, "--draw", "--to", "2026-12-22").exit_code == 0


def test_a_picture_without_anything_says_why(paper: Any) -> None:
    paper.path.write_text(CLINIC.replace("online = true", "online = false", 1))
    assert call(*SUNDAY, "--draw").output.splitlines()[-1] == (
        "Nothing is offered: clinic hafen is not online. Set online = true in [clinics.hafen]."
    )


def test_what_is_kept_back_is_drawn(paper: Any) -> None:
    paper.path.write_text(CLINIC + "[clinics.hafen.rules]\nslots_per_hour = 2\nreserved_per_day = 2\n")
    day = ("--from", "2026-11-23", "--to", "2026-11-23", "--resource", "anna")
    output = call(*SUNDAY, "--draw", *day, width=60).output
    assert output.splitlines()[3] == "Dr. Anna Sommer  ██▒-··███---····················▒▒▒-    5"
    assert "▒ kept back: free, but not shown to clients" in output


def test_holds_and_appointments_are_told_apart(practice: Any) -> None:
    runner = CliRunner(env={"COLUMNS": "80"})
    runner.invoke(main, ["apply"], catch_exceptions=False)
    desk = practice.sides.DESK
    service, start = min(desk.offers["anna"], key=lambda offer: offer[1])
    hold = desk.select("anna", service, start)
    practice.sides.DIARY.add("anna", start + 7200, start + 10_800, "Zahnarzt")
    runner.invoke(main, ["sync"], catch_exceptions=False)
    held = call("--draw").output
    assert "◆ held or requested" in held
    assert "x taken" in held
    assert "Zahnarzt" not in held
    desk.confirm(hold, Details(first_name="Berta", last_name="Brandt", email="b@example.org", species="dog"))
    runner.invoke(main, ["sync"], catch_exceptions=False)
    assert "◆" in call("--draw").output
