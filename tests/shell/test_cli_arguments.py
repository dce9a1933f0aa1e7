"""What stands on a command line is read by every user of the machine: nothing private has to stand there."""

from __future__ import annotations

from typing import Any

import click
import pytest
from asking import ask, call

from calbridge.cli.lazy import main
from calbridge.cli.reference import leaves
from calbridge.cli.spoken import LONGEST
from calbridge.hub import Command
from calbridge.model import Details
from calbridge.store import Store

MIA = Details(first_name="Mia", last_name="Albers", email="mia@example.org", patient_name="Bello")
WORDS = "Frau Albers ist um 9 nicht da.\nBitte anrufen: „Ümläut“"

# --- every argument that is text -----------------------------------------------------------------------

NAMES_A_THING = "a key, a number or a date of the configuration, of the bridge or of a record: nobody's data"
THE_CLINICS_OWN = "the clinic's own, and public: it stands on its door, in its mails and in the portal"
ASKED_FOR = "asked for at the prompt where it is left out; a secret is refused here, and is only asked for"
SPOKEN = "free text about somebody: - takes it from standard input"
ARGUMENTS = {
    **dict.fromkeys(
        [
            "apply.connection", "client invite.number", "explain booking.booking", "explain match.booking",
            "explain slot.at", "explain slot.booking", "explain slot.now", "explain slot.resource",
            "explain slot.service", "explain slot.species", "feeds publish.resource", "feeds withdraw.resource",
            "inspect.first", "inspect.last", "inspect.tz", "journal.booking", "journal.cycle", "messages list.booking",
            "plugins new.name", "plugins show.name", "plugins test.name", "requests accept.booking",
            "requests accept.client", "requests accept.patient", "requests cancel.booking",
            "requests create-client.booking", "requests decline.booking", "requests link.booking",
            "requests link.client", "requests link.patient", "requests move.booking", "requests move.resource",
            "requests move.to", "requests show.booking", "requests unlink.booking", "slots.now", "slots.resource",
            "slots.service", "tasks release.connection",
        ],
        NAMES_A_THING,
    ),
    **dict.fromkeys(
        [
            "init.name", "init.key", "init.time_zone", "init.region", "init.preset", "init.opening",
            "init.practitioners", "init.services", "init.kinds", "init.notifiers", "init.email",
        ],
        THE_CLINICS_OWN,
    ),
    **dict.fromkeys(["init.addresses", "init.values"], ASKED_FOR),
    **dict.fromkeys(["requests cancel.reason", "requests decline.reason"], SPOKEN),
}  # fmt: skip
"""By command and parameter: why it may stand on a command line, or how it need not."""


def texts() -> dict[str, click.Parameter]:
    """Every parameter that takes any text. `--clinic` and `--config` are everywhere."""
    with click.Context(main, info_name="calbridge") as root:
        return {
            f"{context.command_path.removeprefix('calbridge ')}.{each.name}": each
            for context in leaves(root)
            for each in context.command.params
            if isinstance(each.type, click.types.StringParamType) and not getattr(each, "is_flag", False)
            if each.name not in {"clinic", "path"}
        }


def test_it_is_known_of_every_text_on_a_command_line_why_it_may_stand_there() -> None:
    assert set(texts()) == set(ARGUMENTS)


def test_what_is_spoken_says_in_its_help_how_it_is_kept_out_of_sight() -> None:
    spoken = [name for name, why in ARGUMENTS.items() if why == SPOKEN]
    helps = {name: str(getattr(texts()[name], "help", "")) for name in spoken}
    assert [name for name, text in helps.items() if "- reads it from standard input" not in text] == []


# --- a reason from standard input ---------------------------------------------------------------------


@pytest.fixture
def waiting(practice: Any) -> tuple[Any, str]:
    """The practice, and the id of a request that waits for its word."""
    text = practice.path.read_text()
    practice.path.write_text(text.replace('"request"', '"request"\ndecline_reason_visible = true'))
    ask("apply")
    desk = practice.sides.DESK
    service, start = min(desk.offers["anna"], key=lambda offer: offer[1])
    desk.confirm(desk.select("anna", service, start), MIA)
    ask("sync")
    (line,) = ask("requests", "list")["requests"]
    return practice, line["id"]


def noted(practice: Any) -> list[Command]:
    """What the next cycle is told to do."""
    store = Store.open(practice.path.parent / "calbridge.sqlite3")
    commands = store.load("hafen", [], since=0, dry=True).commands
    store.close()
    return list(commands)


@pytest.mark.parametrize(
    "given", [WORDS, f"\n {WORDS}\n\n", WORDS.replace("\n", "\r\n")], ids=["plain", "padded", "dos"]
)
@pytest.mark.parametrize("word", ["decline", "cancel"])
def test_a_reason_comes_from_standard_input(waiting: tuple[Any, str], word: str, given: str) -> None:
    practice, key = waiting
    result = call("requests", word, key, "--reason", "-", input=given.encode())
    assert (result.exit_code, result.stderr) == (0, "")
    assert WORDS.split()[1] not in result.output
    assert [each.reason for each in noted(practice)] == [WORDS]
    ask("sync")
    (booking,) = [each for each in practice.sides.DESK.bookings.values() if each.expires is None]
    assert booking.reason == WORDS


def test_the_same_words_are_the_same_reason_however_they_came(waiting: tuple[Any, str]) -> None:
    practice, key = waiting
    call("requests", "decline", key, "--reason", WORDS)
    call("requests", "decline", key, "--reason", "-", input=WORDS)
    assert len({each.reason for each in noted(practice)}) == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (b"", "error: --reason is empty: write one, or leave the option out\n"),
        (b" \n", "error: --reason is empty: write one, or leave the option out\n"),
        (
            "Frau Albers".encode("utf-16"),
            "error: --reason - cannot be read as UTF-8, or is far too long: give plain text\n",
        ),
        (b"Albers " * 1_000, f"error: --reason is longer than {LONGEST} signs: say it shorter\n"),
        ("ä".encode() * 10_000, "error: --reason - cannot be read as UTF-8, or is far too long: give plain text\n"),
        (b"Albers \x1b[2J\x00", "error: --reason holds control characters: give plain text\n"),
    ],
    ids=["nothing", "blank", "utf-16", "long", "endless", "control"],
)
def test_what_is_no_reason_is_refused_with_one_sentence_that_repeats_none_of_it(
    waiting: tuple[Any, str], given: bytes, sentence: str
) -> None:
    practice, key = waiting
    result = call("requests", "decline", key, "--reason", "-", input=given)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", sentence)
    assert noted(practice) == []


def test_spaces_that_do_not_break_joined_signs_and_a_files_mark_are_text(waiting: tuple[Any, str]) -> None:
    practice, key = waiting
    said = "z.\u202fB. Herr Dr.\u00a0Meier \U0001f469\u200d\u2695"
    result = call("requests", "decline", key, "--reason", "-", input=f"\ufeff{said}\n".encode())
    assert result.exit_code == 0, result.output
    assert [each.reason for each in noted(practice)] == [said]


def test_without_a_reason_nothing_is_read(waiting: tuple[Any, str]) -> None:
    practice, key = waiting
    assert call("requests", "decline", key, input=WORDS).exit_code == 0
    assert [each.reason for each in noted(practice)] == [""]
