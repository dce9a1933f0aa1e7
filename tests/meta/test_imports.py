"""Start-up counts: what a command does not need, it does not import. (Time itself never fails a test.)"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CONFIGURATION = """
[clinics.a]
name = "A"
time_zone = "UTC"
[clinics.a.resources.anna]
name = "Anna"
[clinics.a.connections.calendar]
kind = "caldav"
url = "http://127.0.0.1:9/"
calendars = { anna = "/a/b/" }
allow_private = true
first_run = "apply"
"""
SCRIPT = """
import json, sys
from calbridge.cli import main
try:
    main(sys.argv[2:], standalone_mode=False)
except SystemExit:
    pass
open(sys.argv[1], "w").write(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
WEB = {"litestar", "uvicorn", "jinja2", "calbridge_portal", "calbridge_refpms"}
READING = {"icalendar", "recurring_ical_events", "dateutil", "caldav", "niquests", "dns"}
STORE = {"sqlalchemy", "alembic"}
ASKING = {"httpx", "httpcore", "lxml"}
RARE = {"structlog", "pydantic_settings", "phonenumbers", "difflib"}
FILE = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260305T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def imported(folder: Path, *words: str) -> set[str]:
    """The top-level modules that a command leaves imported."""
    answer = folder / "modules.json"
    command = [sys.executable, "-c", SCRIPT, str(answer), *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return set(json.loads(answer.read_text()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "calbridge.toml").write_text(CONFIGURATION)
    (tmp_path / "a.ics").write_text(FILE)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "never"),
    [
        (("--help",), {"pydantic", "rich", *RARE, *ASKING, *WEB, *READING, *STORE}),
        (("--version",), {"pydantic", "rich", *RARE, *ASKING, *WEB, *READING, *STORE}),
        (("inspect", "--json", "a.ics"), {"pluggy", "rich", *RARE, *ASKING, *WEB, *STORE}),
        (("config", "show", "--json"), {"rich", *RARE, *ASKING, *WEB, *READING, *STORE}),
        (("tasks", "list", "--json"), {"alembic", "rich", *RARE, *ASKING, *WEB, *READING}),
        (("journal", "--json"), {"alembic", "rich", *RARE, *ASKING, *WEB, *READING}),
        (("status",), {"alembic", *RARE, *WEB, *READING}),
        (("sync", "--json"), {"alembic", *RARE, *WEB, *READING}),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_command_imports_no_more_than_it_needs(folder: Path, words: tuple[str, ...], never: set[str]) -> None:
    """After a first run: making the database needs more than finding it."""
    if words[0] in {"tasks", "journal", "status", "sync"}:
        imported(folder, *words)
    found = imported(folder, *words)
    assert "calbridge" in found
    assert found & never == set()
