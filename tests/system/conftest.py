"""Real servers with the made-up clinic in them, kept up for a module; the bridge runs as processes beside them."""

import json
import multiprocessing
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from calbridge.demo.clinic import DAY
from calbridge.demo.days import BERLIN
from calbridge.demo.running import running
from calbridge.demo.world import World
from calbridge.testing.processes import calbridge

# Tests are no packages: what several files of this folder share is found beside them.
sys.path.insert(0, str(Path(__file__).parent))

# A suite started in a shell's background ignores Ctrl+C, and so would every program it starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

PRELOADED = [
    "calbridge.cli.sync",
    "calbridge.cli.answers",
    "calbridge.cli.workplace",
    "calbridge.engine",
    "calbridge.store",
    "calbridge.connect",
    "calbridge.cli.run",
    "calbridge.daemon",
    "calbridge.testing.portal_provider",
]
PLUGINS = ["calbridge_caldav.plugin", "calbridge_mail.notifier", "calbridge_pms.plugin", "calbridge_vetstoria.plugin"]
COMMAND_S = 60
STORY_S = 600
SMALL = replace(DAY, visits=4, days=12)


@dataclass(frozen=True, slots=True)
class Running:
    """A command that was started."""

    process: BaseProcess
    output: Path
    errors: Path

    def wait(self) -> int:
        """Its exit code, negative for the signal that ended it."""
        self.process.join(COMMAND_S)
        code = self.process.exitcode
        assert code is not None, "the command did not end in time"
        return code

    def answer(self) -> Any:
        """What it printed as JSON, once it has ended."""
        return json.loads(self.output.read_text("utf-8"))


Start = Callable[..., Running]
Open = Callable[..., AbstractContextManager[World]]


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Start `calbridge ...` in a process of its own, without paying for the imports each time.

    Another `script` of this folder may run it in its own way; it finds `more` in its globals.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*PRELOADED, *PLUGINS])
    folder, numbers = tmp_path_factory.mktemp("commands"), count()

    def started(*arguments: str, script: str = "command.py", **more: Any) -> Running:
        number = next(numbers)
        output, errors = folder / f"{number}.json", folder / f"{number}.log"
        output.touch()
        errors.touch()
        given = {"ARGUMENTS": list(arguments), "OUTPUT": str(output), "ERRORS": str(errors), **more}
        path = str(Path(__file__).with_name(script))
        process = context.Process(target=runpy.run_path, args=(path, given, "__main__"))
        process.start()
        return Running(process, output, errors)

    return started


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Open the made-up clinic without the daemon; a small part of it; the arguments are those of `running`."""

    def opened(**options: Any) -> AbstractContextManager[World]:
        today = datetime.now(BERLIN).date()
        return running(tmp_path_factory.mktemp("clinic"), today, daemon=False, **({"practice": SMALL} | options))

    return opened


@pytest.fixture
def sync(start: Start) -> Callable[[World], dict[str, Any]]:
    """One `calbridge sync` that must end well; what it says of the clinic."""

    def once(world: World) -> dict[str, Any]:
        running_sync = start("sync", "--json", "--config", str(world.bridge.config))
        assert running_sync.wait() == 0, running_sync.output.read_text("utf-8")
        clinics: list[dict[str, Any]] = running_sync.answer()["clinics"]
        return clinics[0]

    return once


@dataclass(frozen=True, slots=True)
class Lived:
    """What a run of `calbridge demo --once --json` said."""

    code: int
    steps: dict[int, dict[str, Any]]
    complaints: str


@pytest.fixture(scope="module")
def lived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The whole story of the module's VENDOR, lived once by real programs."""
    folder = tmp_path_factory.mktemp("story") / "clinic"
    done = subprocess.run(
        calbridge("demo", "--vendor", request.module.VENDOR, "--once", "--json", "--directory", str(folder)),
        capture_output=True, text=True, timeout=STORY_S, check=False,
    )  # fmt: skip
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    return Lived(done.returncode, {step["step"]: step for step in steps}, done.stderr)
