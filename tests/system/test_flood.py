"""Real programs are flooded with marked values, and all that left the bridge is searched (rules.md section 6).

Two lives: one with every name hidden, where everything goes wrong and every command is given; one where names and
reasons are shown, which proves that the same search finds them. Pseudonyms are searched in `tests/shell/test_flood.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
import pytest
from flood import CLINIC_ADDRESS, STATE_FILE, Flood, flooded
from flooding import LINKS, ON_PURPOSE, STATE, Cell, named, table, value

from calbridge.cli import main
from calbridge.cli.reference import leaves
from calbridge.demo.days import BERLIN
from calbridge.testing.marked import found

INVITED = "Termine online vereinbaren"
PLACES = tuple(table("full", reasons=True))
WORDS = {
    "log": ("listening", "cycle "),
    "health": ("lindenufer",),
    "published free/busy": ("BEGIN:VEVENT", "BEGIN:VFREEBUSY"),
    "answers to webhooks": ("401 ", "404 ", "no such feed"),
    "programs": ("run", "PATH=", "/tells"),
    "a staff's file, inspected": ("busy", "occurrences"),
}
"""What shows that a place in which nobody may be found was looked at."""
BOOKINGS = ("commands", "journal, tasks, messages")
"""Places that name a booking by its id, and nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A life, and what it may have left where."""

    running: Flood
    cells: dict[str, Cell]


@pytest.fixture(scope="module", params=["none", "full"])
def lived(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, start: Callable[..., Any]
) -> Iterator[Lived]:
    names, hidden = request.param, request.param == "none"
    today = datetime.now(BERLIN).date()
    with flooded(tmp_path_factory.mktemp("flood"), today, start, names=names, reasons=not hidden) as running:
        running.live(troubled=hidden)
        yield Lived(running=running, cells=table(names, reasons=not hidden))


@pytest.mark.parametrize("place", PLACES)
def test_a_place_holds_what_it_must_and_nothing_it_must_not(lived: Lived, place: str) -> None:
    left = lived.running.left[place]
    seen = frozenset[str]().union(*(found(each, lived.running.marks.values()) for each in left))
    assert lived.cells[place].faults(seen) == {}


def test_no_place_was_left_out_and_none_is_empty(lived: Lived) -> None:
    running = lived.running
    assert set(running.left) == set(PLACES)
    missing = {place: word for place, words in WORDS.items() for word in words if word not in running.all_of(place)}
    assert missing == {}
    if running.made:  # only the troubled life has commands that log something
        assert "cycle " in running.all_of("commands, beside their answers")
    assert [place for place in BOOKINGS for key in running.bookings_told if key not in running.all_of(place)] == []


def test_the_state_holds_people_where_they_are_needed_and_nowhere_else(lived: Lived) -> None:
    running = lived.running
    assert {"appointments.body", "shadows.view"} <= set(running.state)
    links = {name for name in running.marks if name.startswith("link.")}
    allowed = {name: named(*fields) for name, fields in STATE.items()} | {LINKS: links}
    assert {name: wrong for name, seen in running.state.items() if (wrong := seen - allowed.get(name, set()))} == {}


def test_every_command_that_can_show_names_was_asked_to_and_is_listed_with_why(lived: Lived) -> None:
    """Its answer is searched as such; what it logs, with all other commands'."""
    with click.Context(main, info_name="calbridge") as root:
        able = {
            tuple(context.command_path.split()[1:])
            for context in leaves(root)
            if any(each.name == "names" for each in context.command.params)
        }
    listed = {words[:2] if words[1] != "FILE" else words[:1] for words in ON_PURPOSE if "--names" in words}
    asked = {words[: len(command)] for words in lived.running.asked for command in able if "--names" in words}
    assert able == listed
    assert able <= asked


def test_what_the_bridge_keeps_is_its_owners_alone(lived: Lived) -> None:
    kept = [each for each in lived.running.folder.iterdir() if each.name.startswith(STATE_FILE)]
    assert STATE_FILE in {each.name for each in kept}
    assert {each.name: each.stat().st_mode & 0o077 for each in kept} == {each.name: 0 for each in kept}


def test_nothing_is_ever_written_back_over_a_clients_record(lived: Lived) -> None:
    """S3: whatever she typed. The only writes are of appointments, and of a new record where a person had one made."""
    running = lived.running
    writes = {(method, path) for method, path in running.ears["pms"].methods if method != "GET"}
    assert {method for method, _ in writes} == {"POST", "PATCH"}
    others = sorted((method, path) for method, path in writes if not path.startswith("/v1/appointments"))
    made = [("POST", "/v1/clients"), ("POST", "/v1/clients/NEW/patients")] if running.made else []
    assert [(method, path.replace(running.made or "-", "NEW")) for method, path in others] == made
    assert [running.record[name] for name in ("first_name", "last_name", "phone", "address", "email")] == [
        value(name) for name in ("record.first", "record.last", "record.phone", "record.address", "known.email")
    ]


def test_the_client_is_invited_once_at_the_address_of_her_record_in_the_pms(lived: Lived) -> None:
    """S1. The first letter was refused at the door, with her address in the refusal."""
    sink = lived.running.sink
    invited = [to for to, mail in zip(sink.to, sink.mails, strict=True) if str(mail["subject"]).startswith(INVITED)]
    assert invited == [value("known.email")]
    assert sink.rcpt_answers == []


def test_the_clinic_is_mailed_each_request_once(lived: Lived) -> None:
    """S2. The table says that no field at all is in it."""
    sink = lived.running.sink
    texts = [
        mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        for to, mail in zip(sink.to, sink.mails, strict=True)
        if to == CLINIC_ADDRESS
    ]
    assert [sum(key in text for text in texts) for key in lived.running.bookings_told] == [1, 1]
