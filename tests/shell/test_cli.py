"""The commands through their only door, over in-memory sides: what they say, what they print as JSON, how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pytest
from asking import ask, call

from calbridge.cli import main
from calbridge.cli.answer import Errors
from calbridge.cli.answers import ANSWERS
from calbridge.cli.explain import QUESTIONS
from calbridge.cli.lazy import COMMANDS
from calbridge.cli.reference import leaves
from calbridge.model import Details
from calbridge.store import Store

REX = Details(first_name="Berta", last_name="Brandt", email="berta@example.org", patient_name="Rex", species="dog")


def slots() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask("slots", "--service", "checkup", "--from", "2020-01-01", "--to", "2099-01-01")[
        "slots"
    ]
    return found


def book(practice: Any) -> str:
    """A client books the first offered time in the portal."""
    ask("apply")
    desk = practice.sides.DESK
    service, start = min(desk.offers["anna"], key=lambda offer: offer[1])
    ref = desk.confirm(desk.select("anna", service, start), REX)
    ask("sync")  # nobody here keeps clients, so there is nobody to link it to
    return str(ref)


def test_the_first_sync_only_plans_and_apply_lets_it_write(practice: Any) -> None:
    before = ask("sync")
    assert before["clinics"][0]["writes"] == {"calendar": 0, "portal": 0}
    assert practice.sides.DESK.offers == {}
    applied = ask("apply")
    assert applied["clinics"][0]["writes"]["portal"] > 0
    assert practice.sides.DESK.offers["anna"]


def test_a_rehearsal_says_how_much_free_time_a_new_portal_would_be_told(practice: Any) -> None:
    (rehearsed,) = ask("sync", "--dry-run")["clinics"]
    text = call("sync").output
    assert 'nothing of this was written yet: "calbridge apply" does it' in text
    (applied,) = ask("apply")["clinics"]
    assert rehearsed["offers"] == {"portal": applied["writes"]["portal"]}
    assert f"would publish the free times of {applied['writes']['portal']} days on portal" in text
    assert ask("sync", "--dry-run")["clinics"][0]["offers"] == {}


def test_sync_speaks_to_people(practice: Any) -> None:
    ask("apply")
    lines = call("sync").output.splitlines()
    assert "  calendar: nothing changed there, 0 writes" in lines
    assert not any(word in line for line in lines for word in ("Delta", "NotModified", "Complete"))


def test_a_mended_secret_is_tried_at_once_and_said_once_before(practice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    practice.path.write_text(practice.path.read_text().replace('"s3cret-word"', '{ env = "NO_SUCH_VARIABLE" }'))
    assert call("sync").output.count("NO_SUCH_VARIABLE") == 1
    monkeypatch.setenv("NO_SUCH_VARIABLE", "s3cret-word")
    assert ask("sync")["clinics"][0]["failures"] == {}
    assert ask("tasks", "list")["tasks"] == []


def test_the_tasks_of_a_removed_connection_are_settled(practice: Any) -> None:
    text = practice.path.read_text()
    practice.path.write_text(text.replace('"s3cret-word"', '{ env = "NO_SUCH_VARIABLE" }'))
    ask("sync", code=1)
    assert len(ask("tasks", "list", code=1)["tasks"]) == 1
    practice.path.write_text(text.replace("connections.calendar]", "connections.diary]"))
    ask("sync")
    assert ask("tasks", "list")["tasks"] == []


def test_a_clinic_without_connections_says_so(practice: Any) -> None:
    text = practice.path.read_text()
    practice.path.write_text(text[: text.index("[clinics.hafen.connections.calendar]")])
    assert "there is no connection: add one to the configuration" in call("sync").output


OFFLINE = [
    ("[clinics.hafen]", "clinic hafen is not online. Set online = true in [clinics.hafen]."),
    ("services.checkup]", "service checkup is not online. Set online = true in [clinics.hafen.services.checkup]."),
    ("resources.anna]", "no resource that service checkup can be booked with is online."),
]


@pytest.mark.parametrize(("section", "sentence"), OFFLINE, ids=[row[0] for row in OFFLINE])
def test_an_empty_list_of_slots_says_what_is_not_online(practice: Any, section: str, sentence: str) -> None:
    head, found, tail = practice.path.read_text().partition(section)
    assert found
    practice.path.write_text(head + found + tail.replace("online = true", "online = false", 1))
    result = call("slots", "--service", "checkup", "--from", "2026-11-23", "--to", "2026-11-23")
    assert (result.exit_code, result.output) == (0, f"Nothing is offered: {sentence}\n")


def test_a_second_sync_writes_nothing(practice: Any) -> None:
    book(practice)
    (cycle,) = ask("sync")["clinics"]
    assert (cycle["writes"], cycle["failures"], cycle["tasks"]) == ({"calendar": 0, "portal": 0}, {}, [])


def test_a_dry_run_plans_and_remembers_nothing(practice: Any) -> None:
    book(practice)
    (event,) = practice.sides.DIARY.stamped()
    practice.sides.DESK.cancel(next(ref for ref in practice.sides.DESK.bookings if ref.startswith("booking")))
    (cycle,) = ask("sync", "--dry-run")["clinics"]
    assert [(each["connection"], each["action"]) for each in cycle["planned"]] == [("calendar", "remove")]
    assert list(practice.sides.DIARY.stamped()) == [event]


def test_a_request_is_listed_without_names_accepted_and_confirmed(practice: Any) -> None:
    book(practice)
    (line,) = ask("requests", "list")["requests"]
    assert (line["state"], line["resource"], line["service"], line["name"]) == ("requested", "anna", "checkup", None)
    (named,) = ask("requests", "list", "--names")["requests"]
    assert (named["name"], named["patient"]) == ("Berta Brandt", "Rex")
    assert "Brandt" not in call("requests", "list").output
    assert "Brandt" in call("requests", "list", "--names").output
    assert ask("requests", "accept", line["id"])["command"] == "accept"
    ask("sync")
    states = {str(each.state) for each in practice.sides.DESK.bookings.values() if each.live}
    assert states == {"confirmed"}
    refused = call("requests", "accept", line["id"])
    assert refused.exit_code == 2
    said = f"error: booking {line['id']} is confirmed and cannot be accepted: there is nothing left to accept\n"
    assert refused.stderr == said


def test_a_declined_request_frees_its_time(practice: Any) -> None:
    book(practice)
    (line,) = ask("requests", "list")["requests"]
    taken = {slot["start"] for slot in slots()}
    ask("requests", "decline", line["id"], "--reason", "full", "--quiet")
    ask("sync")
    assert {slot["start"] for slot in slots()} - taken == {line["start"]}


@pytest.mark.parametrize(("flag", "sent"), [("--quiet", []), ("--notify", ["declined"]), ("", [])])
def test_a_decline_goes_out_with_or_without_a_message_whatever_the_rule_says(
    practice: Any, flag: str, sent: list[str]
) -> None:
    practice.path.write_text(practice.path.read_text().replace('"request"', '"request"\ndecline_notifies = false'))
    ref = book(practice)
    (line,) = ask("requests", "list")["requests"]
    ask("requests", "decline", line["id"], *([flag] if flag else []))
    ask("sync")
    assert [kind for (booking, kind, _) in practice.sides.DESK.messages if booking == ref] == sent


def confirmed(practice: Any) -> dict[str, Any]:
    """A booking that its client counts on."""
    book(practice)
    (line,) = ask("requests", "list")["requests"]
    ask("requests", "accept", line["id"])
    ask("sync")
    return dict(line)


def test_the_clinic_cancels_a_booking_on_all_sides(practice: Any) -> None:
    line = confirmed(practice)
    refused = call("requests", "decline", line["id"])
    assert refused.stderr == (
        f"error: booking {line['id']} is confirmed and cannot be declined: the client counts on it: "
        f'"calbridge requests cancel {line["id"]}" takes it back\n'
    )
    assert ask("requests", "cancel", line["id"])["command"] == "cancel"
    ask("sync")
    assert list(practice.sides.DIARY.stamped()) == []
    assert {str(each.state) for each in practice.sides.DESK.bookings.values() if each.expires is None} == {"cancelled"}
    again = call("requests", "cancel", line["id"])
    assert again.stderr.endswith("is cancelled and cannot be cancelled: what has ended stays ended\n")


def test_the_clinic_moves_a_booking_on_all_sides(practice: Any) -> None:
    line = confirmed(practice)
    free = [slot["start"] for slot in slots() if slot["start"] > line["start"]][5]
    wall = free.rpartition("+")[0]
    ask("requests", "move", line["id"], "--to", wall, "--minutes", "45")
    ask("sync")
    (event,) = practice.sides.DIARY.stamped()
    assert (event.start, event.end - event.start) == (int(datetime.fromisoformat(free).timestamp()), 45 * 60)
    (booking,) = [each for each in practice.sides.DESK.bookings.values() if each.live]
    assert (booking.start, booking.end) == (event.start, event.end)


def test_what_a_side_refuses_to_write_is_shown_and_has_three_ways_out(practice: Any) -> None:
    ask("apply")
    diary, desk = practice.sides.DIARY, practice.sides.DESK
    practice.sides.REFUSING.add("diary")
    service, start = min(desk.offers["anna"], key=lambda offer: offer[1])
    ref = desk.confirm(desk.select("anna", service, start), REX)
    ask("sync", code=1)
    (line,) = ask("requests", "list")["requests"]
    ask("requests", "accept", line["id"])
    ask("sync", code=1)
    (line,) = ask("requests", "list")["requests"]
    assert (line["state"], line["written"]) == ("confirmed", False)
    assert "unwritten" in call("requests", "list").output
    assert ask("status", code=1)["clinics"][0]["unwritten"] == 1
    assert str(desk.bookings[ref].state) == "requested"
    (task,) = ask("tasks", "list", code=1)["tasks"]
    number = str(task["id"])
    assert f"tasks retry {number}, tasks keep {number}, tasks cancel {number}" in call("tasks", "list").output
    practice.sides.REFUSING.clear()
    assert ask("tasks", "retry", number)["connection"] == "calendar"
    ask("sync")
    assert len(list(diary.stamped())) == 1
    assert str(desk.bookings[ref].state) == "confirmed"
    assert ask("tasks", "list")["tasks"] == []


@pytest.mark.parametrize(("way", "state"), [("keep", "confirmed"), ("cancel", "cancelled")])
def test_a_booking_nobody_could_write_is_kept_or_taken_back(practice: Any, way: str, state: str) -> None:
    line = confirmed_unwritten(practice)
    (task,) = ask("tasks", "list", code=1)["tasks"]
    ask("tasks", way, str(task["id"]))
    ask("sync")
    (booking,) = [each for each in practice.sides.DESK.bookings.values() if each.expires is None]
    assert str(booking.state) in {state, "declined" if state == "cancelled" else state}
    assert ask("tasks", "list")["tasks"] == []
    assert ask("journal", "--booking", line["id"])["entries"]


def confirmed_unwritten(practice: Any) -> dict[str, Any]:
    """A request that was accepted, and that the calendar, the record here, does not take."""
    ask("apply")
    desk = practice.sides.DESK
    practice.sides.REFUSING.add("diary")
    service, start = min(desk.offers["anna"], key=lambda offer: offer[1])
    desk.confirm(desk.select("anna", service, start), REX)
    ask("sync", code=1)
    (line,) = ask("requests", "list")["requests"]
    ask("requests", "accept", line["id"])
    ask("sync", code=1)
    return dict(line)


def test_only_a_task_about_a_write_has_these_ways_out(practice: Any) -> None:
    ref = book(practice)
    (line,) = ask("requests", "list")["requests"]
    ask("requests", "accept", line["id"])
    practice.sides.DESK.cancel(ref)
    ask("sync", code=1)
    (task,) = ask("tasks", "list", code=1)["tasks"]
    result = call("tasks", "keep", str(task["id"]))
    assert result.exit_code == 2
    assert "is not about a write" in result.stderr
    assert call("tasks", "keep", "99").stderr.startswith("error: clinic hafen has no open task 99")


NOT_TO = [
    (("--to", "tomorrow"), '--to "tomorrow" is no date and time; write it like 2026-11-24T10:30'),
    (
        ("--to", "2020-01-01T10:00"),
        '--to "2020-01-01T10:00" is over: a booking is moved to a time that is still to come',
    ),
    (("--to", "2098-03-30T02:30"), '--to "2098-03-30T02:30" does not exist in Europe/Berlin: the clock skips it'),
    (("--to", "2098-01-01T10:00", "--with", "bert"), 'clinic hafen has no resource "bert"; there are anna'),
]


@pytest.mark.parametrize(("words", "sentence"), NOT_TO, ids=[row[1][:25] for row in NOT_TO])
def test_a_move_to_nowhere_is_refused_in_one_sentence(practice: Any, words: tuple[str, ...], sentence: str) -> None:
    line = confirmed(practice)
    result = call("requests", "move", line["id"], *words)
    assert (result.exit_code, result.stderr) == (2, f"error: {sentence}\n")


def test_a_word_that_came_too_late_becomes_a_task(practice: Any) -> None:
    ref = book(practice)
    (line,) = ask("requests", "list")["requests"]
    ask("requests", "accept", line["id"])
    practice.sides.DESK.cancel(ref)
    ask("sync", code=1)
    (task,) = ask("tasks", "list", code=1)["tasks"]
    assert (task["kind"], task["appointment"]) == ("command", line["id"])
    assert '"accept"' in task["sentence"]
    assert "cancelled" in task["sentence"]


def test_slots_work_without_any_connection_and_without_state(practice: Any) -> None:
    text = practice.path.read_text()
    practice.path.write_text(text[: text.index("[clinics.hafen.connections.calendar]")])
    words = ("slots", "--service", "checkup", "--from", "2026-11-23", "--to", "2026-11-23", "--resource", "anna")
    answer = ask(*words, "--now", "2026-11-23T20:30:00+01:00")
    assert answer == {
        "clinic": "hafen",
        "service": "checkup",
        "as_of": {},
        "slots": [
            {
                "start": f"2026-11-23T{hour}:00:00+01:00",
                "end": f"2026-11-23T{hour}:30:00+01:00",
                "resource": "anna",
                "requires": [],
            }
            for hour in (22, 23)
        ],
    }
    assert not (practice.path.parent / "calbridge.sqlite3").exists()
    assert "Mon 2026-11-23 22:00" in call(*words, "--now", "2026-11-23T20:30:00+01:00").output


def test_slots_carry_the_age_of_each_source(practice: Any) -> None:
    book(practice)
    answer = ask("slots", "--service", "checkup", "--from", "2026-01-01", "--to", "2099-01-01")
    assert set(answer["as_of"]) == {"calendar", "portal"}


def test_a_task_is_listed_and_dismissed(practice: Any) -> None:
    ask("apply")
    with_task = Store.open(practice.path.parent / "calbridge.sqlite3")
    from calbridge.hub import Task

    with_task.open_task("hafen", Task(key="x", kind="check", sentence="Clinic hafen: look at this."), now=1)
    with_task.close()
    (task,) = ask("tasks", "list", code=1)["tasks"]
    assert (task["sentence"], task["state"]) == ("Clinic hafen: look at this.", "open")
    assert "look at this" in call("tasks", "list").output
    assert ask("tasks", "dismiss", str(task["id"]))["task"] == task["id"]
    assert ask("tasks", "list")["tasks"] == []
    assert (
        call("tasks", "dismiss", "99").stderr
        == "error: clinic hafen has no open task 99; 'calbridge tasks list' shows them\n"
    )


def test_release_asks_for_a_connection_that_is_known(practice: Any) -> None:
    from calbridge.hub import Task

    ask("apply")
    store = Store.open(practice.path.parent / "calbridge.sqlite3")
    guarded = Task(key="guard:calendar", kind="guard", sentence="Too much would go.", connection="calendar")
    store.open_task("hafen", guarded, now=1)
    store.close()
    assert "To release it: calbridge tasks release calendar" in call("tasks", "list").output
    assert ask("tasks", "release", "calendar")["connection"] == "calendar"
    for words in (("tasks", "release", "calender"), ("apply", "--connection", "calender")):
        result = call(*words)
        assert result.exit_code == 2
        assert result.stderr == 'error: clinic hafen has no connection "calender"; did you mean "calendar"?\n'


def test_the_journal_tells_what_was_decided(practice: Any) -> None:
    book(practice)
    entries = ask("journal")["entries"]
    assert entries
    booking = next(entry["appointment"] for entry in entries if entry["appointment"])
    some = ask("journal", "--booking", booking)["entries"]
    assert {entry["appointment"] for entry in some} == {booking}
    assert "Brandt" not in json.dumps(entries)
    assert ask("journal", "--run", "none")["entries"] == []


def test_status_says_how_connections_stand(practice: Any) -> None:
    (before,) = ask("status")["clinics"]
    assert [(each["name"], each["state"], each["approved"]) for each in before["connections"]] == [
        ("calendar", "new", False),
        ("portal", "new", False),
    ]
    book(practice)
    (after,) = ask("status", code=1)["clinics"]
    assert [each["state"] for each in after["connections"]] == ["ok", "ok"]
    assert (after["requests"], after["upcoming"], after["waiting_writes"]) == (1, 1, 0)


def test_a_missing_secret_breaks_one_connection_and_the_other_goes_on(practice: Any) -> None:
    text = practice.path.read_text().replace('"s3cret-word"', '{ env = "NO_SUCH_VARIABLE" }')
    practice.path.write_text(text)
    sentence = "the secret's variable NO_SUCH_VARIABLE is not set: set it in the environment"
    (clinic,) = ask("check", code=1)["clinics"]
    found = {each["name"]: each["findings"] for each in clinic["connections"]}
    assert found["calendar"] == [{"level": "error", "message": sentence, "field": ""}]
    assert found["portal"][0] == {"level": "ok", "message": "The portal answers.", "field": ""}
    (cycle,) = ask("sync", code=1)["clinics"]
    assert cycle["failures"] == {"calendar": sentence}
    assert set(cycle["reads"]) == {"portal"}


def test_check_looks_at_every_connection(practice: Any) -> None:
    answer = ask("check")
    assert answer["ok"]
    assert [each["plugin"] for each in answer["clinics"][0]["connections"]] == ["plugin calbridge-acme 1.0"] * 2


def test_config_show_says_which_rules_of_plugins_are_on(practice: Any) -> None:
    text = practice.path.read_text()
    extra = "[clinics.hafen.rules]\nextra = { window_too_short = { minimum = 'PT1H' }, outside_opening_hours = false}\n"
    practice.path.write_text(text.replace("[clinics.hafen.rules]\n", extra))
    rules = ask("config", "show")["clinics"]["hafen"]["rules"]
    assert rules["extra"] == {
        "window_too_short": {
            "source": "plugin calbridge-praxxme 0.1.0",
            "settings": {"minimum": 3600, "services": {}},
        }
    }


def test_check_says_that_nobody_keeps_what_is_booked(practice: Any) -> None:
    """A feed can only be read: the client of a booking would wait for ever."""
    text = practice.path.read_text()
    diary = text[text.index("[clinics.hafen.connections.calendar]") : text.index("[clinics.hafen.connections.portal]")]
    feed = '[clinics.hafen.connections.calendar]\nkind = "ics"\npath = "anna.ics"\nresource = "anna"\n'
    Path("anna.ics").write_text("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\nEND:VCALENDAR\n")
    message = "can be booked online, and no PMS or calendar keeps its bookings: connect one that can be written"

    def said() -> list[tuple[str, str]]:
        answer = ask("check")
        assert answer["ok"]
        return [(each["field"], each["message"]) for each in answer["clinics"][0]["findings"]]

    assert ("resources.anna", message) not in said()
    practice.path.write_text(text.replace(diary, feed))
    assert ("resources.anna", message) in said()
    practice.path.write_text(text.replace(diary, feed).split("[clinics.hafen.connections.portal]")[0])
    assert ("resources.anna", message) not in said()  # nobody books anything there


def test_check_says_what_is_hardly_meant_and_is_still_fine(practice: Any) -> None:
    text = practice.path.read_text()
    practice.path.write_text(text.replace("[clinics.hafen.rules]\n", "[clinics.hafen.rules]\nslots_per_hour = 60\n"))
    answer = ask("check")
    found = [each for each in answer["clinics"][0]["findings"] if each["field"] == "rules.slots_per_hour"]
    assert answer["ok"]
    assert [(each["level"], each["message"]) for each in found] == [
        ("warning", "is 60 and changes nothing: the grid has only 1 an hour")
    ]
    assert "rules.slots_per_hour is 60 and changes nothing" in " ".join(call("check").stdout.split())


def test_a_plugin_is_shown_by_either_name_with_what_it_brings(practice: Any) -> None:
    shown = ask("plugins", "show", "calbridge-praxxme")
    assert shown == ask("plugins", "show", "praxxme")
    assert shown["presets"]["smartvo-praxxme"]["reschedule_scope"] == "opening_hours"
    assert [(each["code"], each["settings"]) for each in shown["rules"]] == [
        ("window_too_short", ["minimum", "services"])
    ]
    (words,) = shown["words"]
    assert (words["language"], words["words"]["window"]) == ("de", "Onlinebuchung")
    assert [each["role"] for each in ask("plugins", "show", "acme")["kinds"]] == ["calendar", "pms", "portal"]
    wrong = call("plugins", "show", "praxme")
    assert (wrong.exit_code, wrong.stderr) == (2, 'error: no plugin is called "praxme"; did you mean "praxxme"?\n')
    text = call("plugins", "show", "praxxme").output
    assert 'preset = "smartvo-praxxme"' in text
    assert "rule window_too_short: The online window" in text


def test_a_plugin_is_tried(practice: Any) -> None:
    answer = ask("plugins", "test", "praxxme")
    assert (answer["ok"], {each["level"] for each in answer["findings"]}) == (True, {"ok"})
    assert "keeps its promises on an example clinic" in call("plugins", "test", "praxxme").output
    broken = practice.path.parent / "packages" / "calbridge_bad-2.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: calbridge-bad\nVersion: 2.0\n")
    (broken / "entry_points.txt").write_text("[calbridge]\nbad = no_such_module\n")
    (finding,) = ask("plugins", "test", "calbridge-bad", code=1)["findings"]
    assert finding["message"].endswith('the module "no_such_module" is missing: install the plugin again')


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("acme", "--rule"), '"acme" is taken: choose another name; "calbridge plugins list" shows what is there'),
        (("busy", "--rule"), '"busy" is taken: choose another name; "calbridge plugins list" shows what is there'),
        (("window-too-short", "--rule"),
         '"window-too-short" is taken: choose another name; "calbridge plugins list" shows what is there'),
        (("caldav", "--provider"),
         '"caldav" is taken: choose another name; "calbridge plugins list" shows what is there'),
        (("Too Late", "--rule"),
         '"Too Late" cannot be a plugin\'s name: use small letters and digits, with - between words'),
        (("new-one",), "say what it brings: --rule, --preset or --provider"),
        (("old-one", "--rule"),
         "calbridge-old-one is already there and is not overwritten: name another place with --into"),
        (("new-one", "--rule", "--into", "calbridge.toml"),
         "calbridge.toml/calbridge-new-one cannot be written (NotADirectoryError): choose another place"),
    ],
)  # fmt: skip
def test_a_new_plugin_is_refused_with_a_sentence(practice: Any, words: tuple[str, ...], sentence: str) -> None:
    Path("calbridge-old-one").mkdir()
    result = call("plugins", "new", *words)
    assert (result.exit_code, result.stderr) == (2, f"error: {sentence}\n")
    assert [path.name for path in Path().glob("calbridge-*")] == ["calbridge-old-one"]


@pytest.mark.parametrize("what", ["rule", "preset", "provider"])
def test_a_new_plugin_is_written_whole(practice: Any, what: str) -> None:
    answer = ask("plugins", "new", "late-hours", f"--{what}")
    assert answer["path"] == "calbridge-late-hours"
    assert answer["files"] == sorted(
        path.relative_to(answer["path"]).as_posix() for path in Path(answer["path"]).rglob("*") if path.is_file()
    )
    assert {"pyproject.toml", "README.md", "src/calbridge_late_hours/plugin.py"} <= set(answer["files"])
    texts = [(Path(answer["path"]) / name).read_text() for name in answer["files"]]
    assert not [text for text in texts if "$" in text]
    assert "Next: run its tests: pytest other/calbridge-late-hours" in call(
        "plugins", "new", "late-hours", f"--{what}", "--into", "other"
    ).stdout.replace("\n", " ").replace("  ", " ")


def test_plugins_are_listed_and_a_broken_one_is_said(practice: Any) -> None:
    lines = ask("plugins", "list")["plugins"]
    assert {"name": "acme", "distribution": "calbridge-acme", "version": "1.0", "kinds": ["diary", "cards", "desk"],
            "notifiers": [], "rules": [], "presets": [], "words": [], "fault": ""} in lines  # fmt: skip
    assert ["smtp"] in [each["notifiers"] for each in lines]
    broken = practice.path.parent / "packages" / "calbridge_bad-2.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: calbridge-bad\nVersion: 2.0\n")
    (broken / "entry_points.txt").write_text("[calbridge]\nbad = no_such_module\n")
    (fault,) = [each["fault"] for each in ask("plugins", "list", code=1)["plugins"] if each["fault"]]
    assert fault == (
        'plugin calbridge-bad 2.0 (entry point no_such_module) cannot be imported: the module "no_such_module" '
        "is missing: install the plugin again"
    )
    assert call("check").exit_code == 1


def test_config_show_masks_secrets(practice: Any) -> None:
    shown = ask("config", "show")["clinics"]["hafen"]
    assert shown["connections"]["calendar"]["password"] == "**********"
    assert shown["connections"]["calendar"]["url"] == "http://diary.example/"
    assert shown["opening_hours"]["mon"] == ["00:00-24:00"]
    assert shown["rules"]["lead_time"] == 3600


QUIET = [
    ("check",), ("sync",), ("sync", "--dry-run"), ("apply",), ("status",), ("requests", "list"), ("tasks", "list"),
    ("journal",), ("config", "show"), ("plugins", "list"),
    ("slots", "--service", "checkup", "--from", "2026-01-01", "--to", "2099-01-01"),
]  # fmt: skip


@pytest.mark.parametrize("words", QUIET, ids=" ".join)
def test_no_command_prints_a_secret(practice: Any, words: tuple[str, ...]) -> None:
    for form in (words, (*words, "--json")):
        result = call(*form)
        assert result.exit_code in {0, 1}
        assert result.stdout
        assert "s3cret" not in result.output
        assert "s3cret" not in result.stderr


@pytest.mark.parametrize("words", QUIET[:-2], ids=" ".join)
def test_a_wrong_configuration_ends_with_2_and_one_sentence(practice: Any, words: tuple[str, ...]) -> None:
    practice.path.write_text(practice.path.read_text().replace("minutes = 30", "minuts = 30"))
    result = call(*words, "--json")
    assert result.exit_code == 2
    sentences = Errors.model_validate_json(result.stdout).errors
    assert sentences[0].endswith('service checkup: minuts is not a setting; did you mean "minutes"?') or (
        sentences[0].endswith("service checkup: minutes is missing: add it")
    )
    assert result.stderr.startswith("error: calbridge.toml, line ")


WRONG_USE: list[tuple[tuple[str, ...], str]] = [
    (("status", "--config", "no.toml"),
     'error: no.toml does not exist: run "calbridge init" to make one, or name yours with --config'),
    (("status", "--clinic", "hafn"), 'error: there is no clinic "hafn"; did you mean "hafen"?'),
    (("slots", "--service", "chekup", "--from", "2026-01-01", "--to", "2026-01-02"),
     'error: clinic hafen has no service "chekup"; did you mean "checkup"?'),
    (("slots", "--service", "checkup", "--from", "2026-01-01", "--to", "2026-01-02", "--resource", "bert"),
     'error: clinic hafen has no resource "bert"; there are anna'),
    (("slots", "--service", "checkup", "--from", "2026-01-01", "--to", "2026-01-02", "--now", "2026-01-01T08:00"),
     "error: --now is an instant with its offset, such as 2026-11-23T09:00:00+01:00"),
    (("slots", "--service", "checkup", "--from", "2026-01-02", "--to", "2026-01-01"),
     "error: --to 2026-01-01 is before --from 2026-01-02: exchange them"),
    (("slots", "--service", "checkup", "--from", "25.11.2026", "--to", "2026-11-26"),
     'Error: Invalid value for \'--from\': "25.11.2026" is not a date: write it like 2026-11-23'),
    (("journal", "--booking", "nothing"), 'error: there is no booking "nothing": "calbridge journal" names them'),
    (("tasks", "release", "calendar"),
     ("error: clinic hafen, connection calendar: nothing is held back, so there is nothing to release; "
     '"calbridge tasks list" shows what is open')),
    (("requests", "accept", "nothing"),
     'error: there is no booking "nothing": "calbridge requests list" shows those that wait'),
    (("init",),
     "error: calbridge.toml is already there and is not overwritten: name another with --config, or edit it"),
    (("explain", "slto"), 'Error: there is no command "slto"; did you mean "slot"?'),
    (("explain", "nothing"), 'Error: there is no command "nothing"; see calbridge explain --help'),
    (("synk",), 'Error: there is no command "synk"; did you mean "sync"?'),
]  # fmt: skip


@pytest.mark.parametrize(("words", "sentence"), WRONG_USE, ids=[" ".join(row[0][:2]) for row in WRONG_USE])
def test_wrong_use_is_one_sentence_and_2(practice: Any, words: tuple[str, ...], sentence: str) -> None:
    result = call(*words)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == sentence


def test_the_configuration_may_be_named_by_the_environment(practice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALBRIDGE_CONFIG", str(practice.path))
    monkeypatch.chdir("/")
    assert ask("config", "show")["path"] == str(practice.path)


# --- init -----------------------------------------------------------------------------------------


def test_init_writes_a_commented_file_without_secrets_that_checks(practice: Any) -> None:
    words = (
        "init", "--non-interactive", "--config", "new.toml", "--name", "Praxis Ängström \"Süd\"",
        "--hours", "mon-fri 08:00-12:00; sat 09:00-11:00", "--preset", "provet",
        "--practitioner", "Dr. Anna Sommer", "--practitioner", "Dr. Anna Winter", "--service", "Impfung 15",
        "--connect", "diary", "--set", "diary.url=http://diary.example/", "--set", "diary.username=praxis",
    )  # fmt: skip
    answer = ask(*words)
    text = Path("new.toml").read_text()
    assert text.count("#") > 5
    assert 'password = { file = "calendar-password" }' in text
    assert answer["next"] == [
        "put the diary's password into the file secrets/calendar-password",
        "look through new.toml, then run: calbridge check --config new.toml",
    ]
    Path("secrets").mkdir()
    Path("secrets/calendar-password").write_text("x")
    shown = ask("config", "show", "--config", "new.toml")["clinics"]["praxis-angstrom-sud"]
    assert shown["name"] == 'Praxis Ängström "Süd"'
    assert list(shown["resources"]) == ["anna", "dr-anna-winter"]
    assert shown["opening_hours"]["sat"] == ["09:00-11:00"]
    assert ask("check", "--config", "new.toml")["ok"]


def test_init_asks_when_it_may(practice: Any) -> None:
    answers = ["Praxis Nord", "Europe/Vienna", "AT", "", "mon 09:00-12:00", "Dr. Eva Au", "Check-up 20", "desk"]
    result = call("init", "--config", "asked.toml", input="\n".join([*answers, "http://d/", "", "", ""]))
    assert result.exit_code == 0, result.output
    shown = ask("config", "show", "--config", "asked.toml")["clinics"]["praxis-nord"]
    assert (shown["time_zone"], shown["region"], list(shown["connections"])) == ("Europe/Vienna", "AT", ["portal"])


def test_init_asks_again_and_keeps_what_was_said(practice: Any) -> None:
    answers = [
        "Praxis Nord", "Europe/Viena", "Europe/Vienna", "at", "AT", "provett", "", "mon 9-12", "mon 09:00-12:00",
        "Dr. Eva Au", "Check-up", "Check-up 20", "desks", "desk", "", "http://d/", "", "", "", "",]  # fmt: skip
    result = call("init", "--config", "asked.toml", input="\n".join(answers))
    assert result.exit_code == 0, result.output
    said = [line for line in result.output.splitlines() if "Error: " in line]
    assert [line.partition("Error: ")[2] for line in said] == [
        '"Europe/Viena" is not a known time zone; did you mean "Europe/Vienna"?',
        'a region is a country code of two capitals, such as "DE"',
        'there is no "provett"; did you mean "provet"?',
        'opening hours: "9-12" is not a window: write "09:00-12:00".',
        'service "Check-up" is wrong: write its name and its minutes, like "Check-up 30"',
        'there is no "desks"; did you mean "desk"?',
        "url is needed: write it",
    ]
    shown = ask("config", "show", "--config", "asked.toml")["clinics"]["praxis-nord"]
    assert (shown["time_zone"], shown["connections"]["portal"]["url"]) == ("Europe/Vienna", "http://d/")


INIT_FAULTS: list[tuple[tuple[str, ...], str]] = [
    (("--hours", "monday 9-12"),
     'error: opening hours "monday 9-12" are wrong: write them like "mon-fri 09:00-12:00,14:00-18:00"'),
    (("--hours", "mon 18:00-09:00"), 'error: opening hours: "18:00-09:00" ends before it starts'),
    (("--service", "Check-up"),
     'error: service "Check-up" is wrong: write its name and its minutes, like "Check-up 30"'),
    (("--connect", "nothing"), 'error: no installed plugin provides kind "nothing"; there are '),
    (("--set", "url=x"), 'error: --set "url=x" is wrong: write KIND.FIELD=VALUE'),
    (("--time-zone", "Europe/Berln"), 'time_zone is wrong: "Europe/Berln" is not a known time zone'),
]  # fmt: skip


@pytest.mark.parametrize(("words", "sentence"), INIT_FAULTS, ids=[row[0][0] for row in INIT_FAULTS])
def test_init_leaves_nothing_behind_when_an_answer_is_wrong(
    practice: Any, words: tuple[str, ...], sentence: str
) -> None:
    result = call("init", "--non-interactive", "--config", "new.toml", *words)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not Path("new.toml").exists()


def test_init_points_to_no_line_of_a_file_that_is_not_there(practice: Any) -> None:
    result = call("init", "--non-interactive", "--config", "new.toml", "--connect", "desk")
    assert result.exit_code == 2
    missing, unwritten = result.stderr.splitlines()
    assert missing == "error: clinic my-clinic, connection portal: url is missing: add it"
    assert unwritten.startswith("error: nothing was written: give what is missing with --set KIND.FIELD=VALUE, or ")
    assert not Path("new.toml").exists()


# --- the tree -------------------------------------------------------------------------------------


def commands() -> dict[str, click.Command]:
    with click.Context(main, info_name="calbridge") as root:
        return {ctx.command_path.removeprefix("calbridge "): ctx.command for ctx in leaves(root)}


@pytest.mark.parametrize(("path", "tree"), [((), COMMANDS), (("explain",), QUESTIONS)], ids=["main", "explain"])
def test_the_list_under_help_says_what_each_command_says(
    path: tuple[str, ...], tree: dict[str, tuple[str, str]]
) -> None:
    for name, (_, text) in tree.items():
        group = commands_under(path)
        command = group.get_command(click.Context(group), name)
        assert command is not None
        assert command.get_short_help_str(200) == text
        assert text in " ".join(call(*path, "--help").output.split())


def commands_under(path: tuple[str, ...]) -> click.Group:
    group: click.Command | None = main
    for name in path:
        assert isinstance(group, click.Group)
        group = group.get_command(click.Context(group), name)
    assert isinstance(group, click.Group)
    return group


@pytest.mark.parametrize("name", [name for name in commands() if name not in {"run", "demo"}])
def test_every_command_has_json_with_a_schema_and_a_configuration(name: str) -> None:
    options = {param.name for param in commands()[name].params}
    assert "as_json" in options
    assert name in ANSWERS
    assert "path" in options or name == "inspect" or name.startswith("plugins ")  # these need no configuration


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom calbridge.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print([m for m in ('pydantic', 'httpx', 'sqlalchemy', 'litestar', 'rich', 'pluggy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
