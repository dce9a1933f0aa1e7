"""`calbridge explain slot` through its only door: the words, the JSON, who is named, and what is refused."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from calbridge.cli import main
from calbridge.cli.answers import ExplainedSlot
from calbridge.model import Details

REX = Details(first_name="Berta", last_name="Brandt", email="berta@example.org", patient_name="Rex", species="dog")
CLINIC = """
[clinics.hafen]
name = "Hafen"
time_zone = "Europe/Berlin"
online = true
[clinics.hafen.resources.anna]
name = "Dr. Anna Sommer [Tierärztin]"
online = true
week = [{ days = ["mon", "sun"], windows = ["00:00-12:00"], weeks = "odd" }]
[clinics.hafen.resources.ben]
name = "Dr. Ben Winter"
online = true
week = [{ days = ["mon"], windows = ["09:00-10:00"] }]
[clinics.hafen.services.checkup]
name = "Check-up"
minutes = 30
online = true
resources = ["anna", "ben"]
species = ["dog"]
clients = "known"
"""
NOW = ("--now", "2026-11-22T10:00+01:00")


def call(*words: str, width: int = 80) -> Result:
    return CliRunner(env={"COLUMNS": str(width)}).invoke(main, ["explain", "slot", *words], catch_exceptions=False)


def ask(*words: str) -> dict[str, Any]:
    result = call(*words, "--json")
    assert result.exit_code == 0, result.output
    ExplainedSlot.model_validate_json(result.stdout)
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def rules(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {line["code"]: line for line in answer["rules"]}


@pytest.fixture
def paper(practice: Any) -> Any:
    """A clinic that is only a file."""
    practice.path.write_text(CLINIC)
    return practice


def anna(at: str, *words: str) -> tuple[str, ...]:
    return ("--at", at, "--service", "checkup", "--resource", "anna", *NOW, *words)


def test_the_answer_stands_first_with_its_reason(paper: Any) -> None:
    lines = call(*anna("2026-11-23T09:00"), width=300).output.splitlines()
    assert lines[:2] == [
        "Check-up with Dr. Anna Sommer [Tierärztin], Mon 2026-11-23 09:00-09:30",
        (
            "Not offered (outside_hours): 09:00-09:30 is not inside the bookable time: Dr. Anna Sommer [Tierärztin] "
            "has no online window on Mon 2026-11-23; 00:00-12:00 is for odd weeks, and 2026-W48 is even."
        ),
    ]
    assert lines[-6:] == [
        "Offered next:",
        "  Mon 2026-11-23 09:00 with Dr. Ben Winter",
        "  Mon 2026-11-23 09:15 with Dr. Ben Winter",
        "  Mon 2026-11-23 09:30 with Dr. Ben Winter",
        "  Mon 2026-11-30 00:00 with Dr. Anna Sommer [Tierärztin]",
        "As of Sun 2026-11-22 10:00 Europe/Berlin",
    ]


@pytest.mark.parametrize("width", [30, 63, 64, 80, 120])
def test_nothing_is_cut_off_in_a_terminal_of_any_width(paper: Any, width: int) -> None:
    output = call(*anna("2026-11-23T09:00"), width=width).output
    table = output.split("\n\n")[1]
    assert max(map(len, table.splitlines())) <= width
    shown = "".join(output.split())
    for line in ask(*anna("2026-11-23T09:00"))["rules"]:
        assert all(word in shown for word in line["sentence"].split())


def test_json_has_every_rule_its_facts_and_what_is_offered_instead(paper: Any) -> None:
    answer = ask(*anna("2026-11-23T09:00+01:00", "--client", "new", "--species", "cat"))
    found = rules(answer)
    assert (answer["offered"], answer["code"], answer["clinic"]) == (False, "client_not_admitted", "hafen")
    assert [code for code, line in found.items() if not line["ok"]] == [
        "client_not_admitted", "species_not_admitted", "outside_hours"
    ]  # fmt: skip
    assert len(found) == 15
    assert found["too_soon"]["facts"] == {"earliest": "2026-11-22T10:00:00+01:00"}
    assert found["outside_hours"]["facts"] == {"windows": []}
    assert answer["instead"] == []  # nothing is offered to a new client
    assert answer["now"] == "2026-11-22T10:00:00+01:00"
    offered = ask(*anna("2026-11-30T09:00", "--client", "known", "--species", "dog"))
    assert (offered["offered"], offered["code"], offered["instead"]) == (True, "", [])


def test_who_asks_is_as_told_or_nobody(paper: Any) -> None:
    found = rules(ask(*anna("2026-11-30T09:00", "--species", "")))
    assert not found["species_not_admitted"]["ok"]
    assert found["client_not_admitted"]["ok"]


WRONG = [
    (
        ("2026-10-25T02:30",),
        (
            "error: --at 2026-10-25T02:30 is there twice, the clocks of Europe/Berlin go back: write "
            "2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00"
        ),
    ),
    (
        ("2027-03-28T02:30",),
        (
            "error: --at 2027-03-28T02:30 does not exist, the clocks of Europe/Berlin go forward: it goes on at "
            "2027-03-28T03:00+02:00"
        ),
    ),
    (
        ("2026-11-23",),
        (
            'error: --at "2026-11-23" is no time: write it like 2026-11-23T09:00, on the clinic\'s clock, or with its '
            "offset, like 2026-11-23T09:00+01:00"
        ),
    ),
    (
        ("2026-11-23T09:00", "--service", "chekup"),
        'error: clinic hafen has no service "chekup"; did you mean "checkup"?',
    ),
    (("2026-11-23T09:00", "--resource", "bob"), 'error: clinic hafen has no resource "bob"; there are anna, ben'),
    (("2026-11-23T09:00", "--resource", ""), "error: say --resource, or --move with a booking that has one"),
    (
        ("2026-11-23T09:00", "--move", "b1"),
        'error: clinic hafen: booking "b1" is not known; "calbridge journal" names them',
    ),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG)
def test_wrong_use_is_one_sentence_and_2(paper: Any, words: tuple[str, ...], sentence: str) -> None:
    result = call(*anna(*words))
    assert (result.exit_code, result.stderr) == (2, f"{sentence}\n")


def test_each_of_the_two_hours_can_be_asked_for(paper: Any) -> None:
    now = ("--now", "2026-09-22T10:00+02:00")
    starts = [ask(*anna(f"2026-10-25T02:30{offset}", *now))["start"] for offset in ("+02:00", "+01:00")]
    assert starts == ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]


# --- with sides -----------------------------------------------------------------------------------


def book(practice: Any) -> tuple[str, str]:
    """The first offered time, booked by a client; its start and the booking's id."""
    runner = CliRunner()
    runner.invoke(main, ["apply"], catch_exceptions=False)
    desk = practice.sides.DESK
    service, start = min(desk.offers["anna"], key=lambda offer: offer[1])
    desk.confirm(desk.select("anna", service, start), REX)
    runner.invoke(main, ["sync"], catch_exceptions=False)
    listed = json.loads(runner.invoke(main, ["requests", "list", "--json"], catch_exceptions=False).stdout)["requests"]
    return listed[0]["start"], listed[0]["id"]


def test_a_booking_in_the_way_is_named_by_its_id_and_nobody_by_name(practice: Any) -> None:
    start, booking = book(practice)
    words = ("--at", start, "--service", "checkup", "--resource", "anna")
    answer = ask(*words)
    assert answer["code"] == "busy"
    line = rules(answer)["busy"]
    assert f"by a request that waits for the clinic ({booking})" in line["sentence"]
    assert [(each["kind"], each["appointment"], each["connection"]) for each in line["sources"]] == [
        ("requested", booking, "")
    ]
    assert line["sources"][0]["spans"][0].startswith(f"{start}/")
    assert set(answer["as_of"]) == {"calendar", "portal"}
    output = call(*words, width=200).output
    assert "last read: calendar " in output
    assert not any(word in output + json.dumps(answer) for word in ("Brandt", "Berta", "Rex", "s3cret"))


def test_a_booking_does_not_stand_in_the_way_of_its_own_move(practice: Any) -> None:
    start, booking = book(practice)
    answer = ask("--at", start, "--move", booking)
    assert (answer["offered"], answer["service"], answer["resource"]) == (True, "checkup", "anna")


def test_an_entry_in_a_calendar_is_named_by_its_connection(practice: Any) -> None:
    start, _ = book(practice)
    later = int(datetime.fromisoformat(start).timestamp()) + 3600
    practice.sides.DIARY.add("anna", later, later + 1800, "Zahnarzt")
    CliRunner().invoke(main, ["sync"], catch_exceptions=False)
    at = datetime.fromtimestamp(later, datetime.fromisoformat(start).tzinfo).isoformat()
    output = call("--at", at, "--service", "checkup", "--resource", "anna", width=200).output
    assert "by an entry of connection calendar" in output
    assert "Zahnarzt" not in output


def test_a_side_that_does_not_load_is_said(practice: Any) -> None:
    start, _ = book(practice)
    practice.path.write_text(practice.path.read_text().replace('"s3cret-word"', '{ env = "NO_SUCH_VARIABLE" }'))
    line = rules(ask("--at", start, "--service", "checkup", "--resource", "anna"))["source_stale"]
    assert (line["ok"], line["facts"]) == (False, {"resource": "anna", "source": "calendar"})
    assert line["remedy"].startswith('Run "calbridge sync"')
