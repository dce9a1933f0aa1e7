"""A program at a terminal of its own: what a person sees there, and what she types at its prompts.

The terminal echoes nothing, so that all there is on it was said by the program.
"""

from __future__ import annotations

import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PATIENCE_S = 30.0
PROMPT = ": "


class Terminal:
    """`seen` is all that the program wrote to it; `line` and `environment` are how it looks in a list of processes."""

    def __init__(self, command: Sequence[str], *, folder: Path) -> None:
        self._terminal, theirs = pty.openpty()
        modes = termios.tcgetattr(theirs)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, modes)
        self._program = subprocess.Popen(
            list(command), stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, start_new_session=True
        )
        os.close(theirs)
        self.seen = ""
        process = Path(f"/proc/{self._program.pid}")
        self.line, self.environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()

    def talk(self, answers: Mapping[str, list[str]]) -> int:
        """Answer each prompt with the next answer that was kept for it, others with Enter; its exit code."""
        left = {asked: list(given) for asked, given in answers.items()}
        answered = 0
        try:
            while self._reads():
                prompt = self.seen[answered:].rpartition("\n")[2]
                if prompt.endswith(PROMPT):
                    key = next((asked for asked in left if asked in prompt and left[asked]), "")
                    os.write(self._terminal, f"{left[key].pop(0) if key else ''}\n".encode())
                    answered = len(self.seen)
            code = self._program.wait(PATIENCE_S)
        finally:
            self._program.kill()
            self._program.wait()
            os.close(self._terminal)
        assert {asked: given for asked, given in left.items() if given} == {}, self.seen
        return code

    def _reads(self) -> bool:
        """More of what it says; False once it has ended."""
        ends = time.monotonic() + PATIENCE_S
        while not select.select([self._terminal], [], [], 0.2)[0]:
            assert time.monotonic() < ends, f"nothing more came: {self.seen[-500:]}"
        try:
            more = os.read(self._terminal, 65_536)
        except OSError:  # Linux's way to say that nobody has the other end any more
            return False
        self.seen += more.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(more)
