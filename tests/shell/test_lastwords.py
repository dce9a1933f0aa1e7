"""What reaches standard error by itself, out of a real process: who and where, and never the text."""

from __future__ import annotations

import subprocess
import sys

import pytest

from calbridge import log
from calbridge.testing.marked import email_address, found, text

MARKS = [text("message"), text("chained"), text("warned"), text("logged"), text("thread"), email_address("nobody")]
VALUES = {mark.field: str(mark) for mark in MARKS}
PROGRAM = f"""
import gc, logging, sys, threading, warnings
import click
import calbridge.cli.lazy as lazy

VALUES = {VALUES!r}

class Nobody:
    def __del__(self):
        raise ValueError(VALUES["nobody"])

def ends():
    raise KeyError(VALUES["thread"])

@click.command()
def broken():
    warnings.warn(VALUES["warned"], UserWarning)
    logging.getLogger("a.library").error("no such client: %s", VALUES["logged"])
    logging.getLogger("a.library").warning("%d", VALUES["logged"])
    try:
        {{}}[VALUES["chained"]]
    except KeyError:
        logging.getLogger("a.library").exception(VALUES["logged"])
    thread = threading.Thread(target=ends)
    thread.start()
    thread.join()
    Nobody()
    try:
        {{}}[VALUES["chained"]]
    except KeyError as error:
        raise ValueError(VALUES["message"]) from error

sys.modules["broken"] = sys.modules["__main__"]
lazy.COMMANDS["broken"] = ("broken:broken", "")
sys.argv = ["calbridge", "broken"]
sys.exit(lazy.main())
"""
AS_PYTHON_DOES = PROGRAM.replace("lazy.main()", "lazy.main.main()")
"""The same without taking over: the search sees what would be said."""


@pytest.fixture(scope="module")
def ended() -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)


def test_a_program_that_breaks_in_every_way_says_nothing_of_anybody(ended: subprocess.CompletedProcess[str]) -> None:
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert found(ended.stderr, MARKS) == set()
    assert "Traceback" not in ended.stderr


def test_without_it_all_of_it_would_be_said() -> None:
    ended = subprocess.run([sys.executable, "-c", AS_PYTHON_DOES], capture_output=True, text=True, check=False)
    assert found(ended.stderr, MARKS) == set(VALUES)


@pytest.mark.parametrize(
    "said",
    [
        "this is a mistake of the program: tell its makers (error: ValueError at __main__:",
        "a thread ended (error: KeyError at __main__:",
        "an error that nobody could catch (error: ValueError at __main__:",
        "warning (kind: UserWarning; at: <string>:",
        "another library (at: <string>:",
        "logger: a.library; level: error; error: KeyError at __main__:",
    ],
)
def test_each_is_told_with_its_kind_and_its_place(ended: subprocess.CompletedProcess[str], said: str) -> None:
    assert f"calbridge: {said}" in ended.stderr or said in ended.stderr.partition("another library")[2]


class Record:
    def __repr__(self) -> str:
        return VALUES["message"]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_logger_knows_words_and_numbers_only(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    """A record, an exception, an answer: whoever logs one tells its type."""
    log.made.cache_clear()
    logger = log.logger("debug", as_json=as_json).bind(bound=Record())
    try:
        int(VALUES["message"])
    except ValueError as error:
        logger.exception("no %s", Record(), error=error)
        logger.exception(error)  # noqa: TRY401  # just that
        logger.info("read", records=[Record()], by={"name": Record(), Record(): 1}, raw=VALUES["message"].encode())
    logger.debug("fine", word="checkup", number=3, writes={"pms": 1})
    log.made.cache_clear()
    said = "".join(capsys.readouterr())
    assert found(said, MARKS) == set()
    assert ("Record" in said, "ValueError" in said, "checkup" in said, "pms" in said) == (True, True, True, True)
