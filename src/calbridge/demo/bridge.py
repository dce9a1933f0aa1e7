"""The bridge itself as a process: started, killed, asked by its own commands."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from calbridge.demo.clinic import KEY
from calbridge.testing.processes import Program, answers, calbridge

ASK_S = 60.0


class BridgeSaid(Exception):
    """A command of the bridge failed; the text is what it said."""


@dataclass(slots=True)
class Bridge:
    """One configuration file and, while it runs, one process."""

    config: Path
    address: str
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    program: Program | None = None

    def start(self) -> None:
        """`calbridge run`, until its web server answers."""
        command = calbridge("run", "--config", str(self.config))
        self.program = Program("calbridge run", command, log=self.log, environment=self.environment)
        self.program.wait_for(lambda: answers(self.address))

    def stop(self) -> None:
        """End it in order."""
        if self.program is not None:
            self.program.close()

    def kill(self) -> int:
        """SIGKILL; its exit code."""
        if self.program is None:
            raise BridgeSaid("The bridge does not run.")
        return self.program.kill()

    def configure(self, rule: str, value: str) -> None:
        """Set one more rule of the clinic in the file, and start anew with it, as its administrator does."""
        self.stop()
        head = f"[clinics.{KEY}.rules]\n"
        text = self.config.read_text("utf-8")
        self.config.write_text(text.replace(head, f"{head}{rule} = {value}\n", 1), "utf-8")
        self.start()

    def ask(self, *words: str) -> Any:
        """What a command says with `--json`."""
        done = self.command(*words, "--json")
        if done.returncode not in {0, 1}:
            raise BridgeSaid(f"calbridge {' '.join(words)} said: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command with this configuration."""
        return subprocess.run(  # noqa: S603 - our own command, no shell
            calbridge(*words, "--config", str(self.config)),
            capture_output=True,
            text=True,
            timeout=ASK_S,
            check=False,
            env={**os.environ, **self.environment},
        )
