"""`calbridge demo` as anybody runs it: ten steps, each judged here once more, and nothing left running."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from calbridge.demo.command import demo
from calbridge.testing.processes import Program, calbridge

DAY_S = 400
KEYS = ["step", "ok", "seconds", "calendar", "portal", "pms"]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], int, Path]:
    folder = tmp_path_factory.mktemp("day") / "clinic"
    done = subprocess.run(
        calbridge("demo", "--once", "--json", "--directory", str(folder)),
        capture_output=True, text=True, timeout=DAY_S, check=False,
    )  # fmt: skip
    assert not done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode, folder


def test_every_step_is_one_object_and_went_well(day: tuple[list[dict[str, Any]], int, Path]) -> None:
    steps, code, _ = day
    assert [list(step) for step in steps] == [KEYS] * 10
    assert [step["step"] for step in steps] == list(range(1, 11))
    assert [step["ok"] for step in steps] == [True] * 10
    assert code == 0


def test_what_the_sides_showed_is_what_happened(day: tuple[list[dict[str, Any]], int, Path]) -> None:
    steps = {step["step"]: step for step in day[0]}
    assert any("Teamsitzung" in line for line in steps[1]["calendar"])
    assert not any(" 10:00" in line or " 10:15" in line or " 10:30" in line for line in steps[1]["portal"])
    assert [line for line in steps[2]["calendar"] if "TENTATIVE" in line]
    assert [line for line in steps[2]["portal"] if "reserved" in line]
    assert not [line for step in steps.values() if step["step"] > 2 for line in step["calendar"] if "TENTATIVE" in line]
    assert [line for line in steps[3]["pms"] if "[k" in line and line not in steps[1]["pms"]]
    assert [line for line in steps[4]["pms"] if "[unlinked]" in line]
    assert len(_visits(steps[6]["pms"])) == len(_visits(steps[5]["pms"])) - 1
    assert len(_visits(steps[7]["pms"])) == len(_visits(steps[6]["pms"])) + 1
    assert len(_visits(steps[8]["pms"])) == len(_visits(steps[7]["pms"])) + 1
    assert steps[10]["pms"] == steps[9]["pms"]
    assert steps[10]["calendar"] == steps[9]["calendar"]


def _visits(lines: list[str]) -> list[str]:
    return [line for line in lines if "confirmed" in line]


def test_the_configuration_keeps_its_secrets_apart(day: tuple[list[dict[str, Any]], int, Path]) -> None:
    folder = day[2]
    text = (folder / "calbridge.toml").read_text("utf-8")
    kept = list((folder / "secrets").iterdir())
    assert len(kept) == 5
    assert all(secret.stat().st_mode & 0o077 == 0 for secret in [*kept, *folder.glob("*.token")])
    assert not any(secret.read_text("utf-8") in text for secret in kept)


def test_nothing_is_left_running(day: tuple[list[dict[str, Any]], int, Path]) -> None:
    assert _left(day[2]) == []


def test_an_interrupted_day_leaves_nothing_running(tmp_path: Path) -> None:
    folder = tmp_path / "clinic"
    with Program("demo", calbridge("demo", "--directory", str(folder)), log=tmp_path / "demo.log") as program:
        program.wait_for((folder / "bridge.log").exists)
        assert _running(folder)
        subprocess.run(["kill", f"-{signal.SIGINT.value}", str(program.pid)], check=True)
        assert program.wait(60) == 1
    assert _left(folder) == []


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    done = subprocess.run(
        calbridge("demo", "--once", "--directory", str(tmp_path)),
        capture_output=True, text=True, timeout=DAY_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == f"error: {tmp_path} is not empty: name a new folder for the demo\n"


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "radicale", None)
    done = CliRunner().invoke(demo, ["--once"])
    assert done.exit_code == 2
    assert "the demo needs radicale, which is not installed: pip install" in done.stderr


def _left(folder: Path) -> list[str]:
    """What still runs when everything should have ended a moment ago."""
    deadline = time.monotonic() + 5
    while (found := _running(folder)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def _running(folder: Path) -> list[str]:
    """Commands that run with something in the folder; the demo's own is not among them."""
    shown = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in shown.splitlines() if f"{folder}/" in line]
