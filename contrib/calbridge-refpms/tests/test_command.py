"""The two commands, run as a stranger would: one clear sentence for each fault, exit 2."""

import copy
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from calbridge_refpms import main

COMMAND = [sys.executable, "-m", "calbridge_refpms.main"]


@pytest.fixture
def seed(practice: Any) -> dict[str, Any]:
    """The seed of the other tests, to be broken."""
    text = (practice.database.parent / "seed.json").read_text()
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=30, check=False)


def plant(tmp_path: Path, data: Any) -> int:
    """Seed in this process: starting an interpreter for each fault would take the test's time."""
    file = tmp_path / "data.json"
    file.write_text(data if isinstance(data, str) else json.dumps(data))
    arguments = ["seed", "--database", str(tmp_path / "db"), str(file)]
    return main.main(arguments)


def test_seed_then_serve(tmp_path: Path, seed: dict[str, Any]) -> None:
    data, database, token = tmp_path / "data.json", tmp_path / "db", tmp_path / "token"
    data.write_text(json.dumps(seed))
    token.write_text("secret\n")
    planted = run("seed", "--database", database, data)
    assert (planted.returncode, planted.stderr) == (0, "")
    assert "2 appointments" in planted.stdout
    assert {each.stat().st_mode & 0o077 for each in tmp_path.glob("db*")} == {0}, "clients' data"
    again = run("seed", "--database", database, data)
    assert again.returncode == 2
    assert "holds a practice already" in again.stderr

    served = subprocess.Popen(
        [*COMMAND, "serve", "--database", str(database), "--port", "0", "--token-file", str(token)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert served.stdout is not None
        address = served.stdout.readline().removeprefix("listening on ").strip()
        headers = {"Authorization": "Bearer secret"}
        found = httpx.get(f"{address}/v1/appointments/a1", headers=headers, trust_env=False)
        assert found.json()["title"] == "Impfung Rex"
        # without a desk token there is no desk, without --faults there are none
        assert httpx.get(f"{address}/desk", trust_env=False).status_code == 404
        assert httpx.put(f"{address}/faults", headers=headers, json={"rules": []}, trust_env=False).status_code == 404
    finally:
        served.send_signal(signal.SIGTERM)
        served.wait(timeout=15)
        assert served.stdout is not None
        served.stdout.close()


FAULTS = [
    (("resources", 0, "kind"), "wizard", "$.resources[0].kind"),
    (("resources", 1, "location"), "nowhere", "resources[1]"),
    (("resources", 1, "id"), "anna", "resources[1]"),
    (("locations", 0, "time_zone"), "Europe/Hafen", "'Europe/Hafen' is not an IANA time zone"),
    (("types", 0, "resources", 0, "resource"), "nobody", "types[0]"),
    (("windows", 0, "windows", 0), "9-12", "'9-12' is not a window"),
    (("windows", 0, "windows", 0), "12:00-09:00", "must end after it starts"),
    (("windows", 0, "windows", 0), "12:00-24:30", "must end after it starts"),
    (("windows", 0, "days", 0), "monday", "$.windows[0].days[0]"),
    (("windows", 3, "from"), "23.11.2026", "'23.11.2026' is not a date"),
    (("windows", 3, "form"), "2026-11-23", "unknown field `form`"),
    (("absences", 0, "start"), "2026-12-01", "absences[0]"),
    (("closures", 0, "location"), "nowhere", "closures[0]"),
    (("clients", 1, "number"), "100", "clients[1]"),
    (("patients", 0, "client_id"), "nobody", "patients[0]"),
    (("appointments", 0, "client_id"), "nobody", "appointments[0]"),
    (("appointments", 0, "end"), "2026-11-23T08:00:00+01:00", "appointments[0]"),
    (("appointments", 1, "status"), "confirmed", "appointments[1]"),
    (("blocks", 0, "resource"), "nobody", "blocks[0]"),
]


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: ".".join(map(str, case[0])))
def test_a_faulty_seed_is_one_sentence_and_plants_nothing(
    tmp_path: Path, seed: dict[str, Any], capsys: pytest.CaptureFixture[str], case: tuple[Any, ...]
) -> None:
    where, value, said = case
    broken = copy.deepcopy(seed)
    place: Any = broken
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = value
    assert plant(tmp_path, broken) == 2
    stderr = capsys.readouterr().err
    assert said in stderr
    assert "data.json" in stderr
    assert len(stderr.strip().splitlines()) == 1
    with sqlite3.connect(tmp_path / "db") as connection:
        assert connection.execute("SELECT count(*) FROM locations").fetchone() == (0,)
    connection.close()


@pytest.mark.parametrize("text", ["{", "[]", '{"locations": []}', ""])
def test_a_seed_of_another_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert plant(tmp_path, text) == 2
    assert "does not have the shape of a seed" in capsys.readouterr().err


SERVE = [
    (["--token", ""], "must not be empty"),
    (["--token", "a", "--desk-token", "a"], "different tokens"),
    (["--token-file", "missing"], "No such file"),
    ([], "one of the arguments --token --token-file is required"),
]


@pytest.mark.parametrize(("arguments", "said"), SERVE)
def test_serve_refuses_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    try:
        code: Any = main.main(["serve", "--database", str(tmp_path / "db"), *arguments])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert said in capsys.readouterr().err


def test_a_file_that_is_no_database_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text").write_text("This is not a database, and long enough to be read as one. " * 20)
    with sqlite3.connect(tmp_path / "other") as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    for name in ("text", "other"):
        assert main.main(["serve", "--database", str(tmp_path / name), "--token", "t"]) == 2
        assert name in capsys.readouterr().err


def test_a_clock_file_is_needed_once_and_may_be_rewritten(world: Any, tmp_path: Path) -> None:
    world.set_clock("2026-11-20T09:00:00+01:00")
    assert world.bridge.get("/v1/health").json()["last_source_sync"] == "2026-11-20T08:00:00Z"
    world.set_clock("")  # somebody is just writing it
    assert world.bridge.get("/v1/health").json()["last_source_sync"] == "2026-11-20T08:00:00Z"
    (tmp_path / "data.json").write_text((world.database.parent / "seed.json").read_text())
    clock = tmp_path / "clock"
    planted = run("seed", "--database", tmp_path / "db", "--clock-file", clock, tmp_path / "data.json")
    assert planted.returncode == 2
    assert f"The clock file {clock} holds no RFC 3339 time." in planted.stderr


def test_it_never_imports_the_bridge() -> None:
    """It is the other side: a rule it shared with the bridge would hide the bridge's mistakes."""
    code = (
        "import sys, calbridge_refpms.main; "
        "sys.exit(any(name == 'calbridge' or name.startswith('calbridge.') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 0
