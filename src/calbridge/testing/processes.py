"""Real programs as child processes on loopback: started, waited for, ended by process id, never by name.

Whoever starts one leaves by `close`; a program that ends too early is reported with the end of its own log.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import httpx

ADDRESS = re.compile(r"listening on (http://\S+)")
START_S = 30.0
END_S = 8.0
POLL_S = 0.05
TAIL = 2_000
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of what speaks no TLS: it trusts nobody. Reading whom the machine trusts takes 50 ms a client."""


class ProgramError(Exception):
    """A program did not start, or ended on its own. The text ends with the last of its log."""


class Program:
    """One running child process; what it prints goes to `log`."""

    def __init__(
        self, name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = log
        self._from = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            # A session of its own: Ctrl-C at the terminal reaches whoever started it, who then ends it in order.
            self._process = subprocess.Popen(  # noqa: S603 - the caller's own command, no shell
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )

    def __enter__(self) -> Program:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Has it not ended yet?"""
        return self._process.poll() is None

    def printed(self) -> str:
        """All it has printed since it was started."""
        return self.log.read_bytes()[self._from :].decode("utf-8", "replace")

    def wait_for(self, ready: Callable[[], bool], seconds: float = START_S) -> None:
        """Return when `ready` says so; ProgramError when it ends before or takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running or time.monotonic() > deadline:
                why = "is not ready in time" if self.running else f"ended with {self._process.returncode}"
                self.close()
                raise ProgramError(f"{self.name} {why}. Its log {self.log} ends with:\n{self.printed()[-TAIL:]}")
            time.sleep(POLL_S)

    def address(self) -> str:
        """Where it says it listens."""
        self.wait_for(lambda: ADDRESS.search(self.printed()) is not None)
        found = ADDRESS.search(self.printed())
        return found.group(1) if found else ""

    def wait(self, seconds: float = END_S) -> int:
        """Wait for its own end; its exit code, negative for the signal that ended it."""
        return self._process.wait(seconds)

    def kill(self) -> int:
        """SIGKILL: no clean-up, no last word."""
        if self.running:
            os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def close(self) -> None:
        """Ask it to end; insist after a while."""
        if self.running:
            self._process.terminate()
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.kill()


def module(name: str, *arguments: str) -> list[str]:
    """The command that runs a module with this interpreter."""
    return [sys.executable, "-m", name, *arguments]


def calbridge(*arguments: str) -> list[str]:
    """The command that runs the bridge's own command line with this interpreter."""
    return [sys.executable, "-c", "from calbridge.cli import main; main()", *arguments]


def free_port() -> int:
    """A port nobody listens on now; somebody else may take it first, so try again."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def answers(url: str) -> bool:
    """Does a web server answer there, whatever it says?"""
    try:
        httpx.get(url, timeout=2, trust_env=False, verify=PLAIN)
    except httpx.HTTPError:
        return False
    return True
