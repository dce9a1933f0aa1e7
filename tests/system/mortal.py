"""One command of the bridge that dies of SIGKILL before the STEP-th step of sending mail; `conftest` runs it by path.

A step is whatever the process does towards the mail server or the database from the first look at its messages on. To
wait for an answer is one only once the text is out: before that, it is the same death as before the next command. The
step's name is written to the file DEATH first. PACKAGES is a folder with a further plugin. STEP 0 lets it live.

With AT it dies at the first step of that name instead: `2:QUIT` is the QUIT of the second mail, `2:commit` what is
written down of it once it is out. With WHOLE every step counts, from the process's first one on.
"""

import functools
import importlib
import os
import signal
import smtplib
import sys
import threading
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import calbridge.engine.cycle as engine
from calbridge.cli import main
from calbridge.store.database import Database

GIVEN = globals()


class Steps:
    """Counts from the first `tell` on."""

    def __init__(self) -> None:
        self._counting = bool(GIVEN.get("WHOLE"))
        self._written = False
        self._taken = 0
        self._mails = 0
        self._out = False
        self._lock = threading.Lock()

    def begin(self) -> None:
        """From now on steps count."""
        self._counting = True

    def take(self, name: str) -> None:
        """The next step, if the process lives to take it."""
        with self._lock:
            self._written |= name == "text"
            counts = self._counting and (self._written or name != "getreply")
            self._taken += counts
            if counts and self._last(name):
                Path(GIVEN["DEATH"]).write_text(name, "utf-8")
                os.kill(os.getpid(), signal.SIGKILL)
            self._out |= name == "end"

    def _last(self, name: str) -> bool:
        """Is it to die here?"""
        if name == "connect":
            self._mails, self._out = self._mails + 1, False
        if "AT" not in GIVEN:
            return bool(self._taken == GIVEN["STEP"])
        called = "commit" if self._out and name == "write" else name
        return f"{self._mails}:{called}" == GIVEN["AT"] and (called != "getreply" or self._out)


def name_of(method: str, args: tuple[Any, ...]) -> str:
    """What a person would call the step."""
    if method == "send":
        text = args[1] if isinstance(args[1], bytes) else str(args[1]).encode()
        word = text.split()[0].decode("ascii", "replace").upper() if text.strip() else ""
        return {".": "end"}.get(word, word if word in {"EHLO", "MAIL", "RCPT", "DATA", "QUIT"} else "text")
    return method


def mortal(owner: Any, method: str, steps: Steps) -> None:
    """Make each call of the method a step."""
    original = getattr(owner, method)

    @functools.wraps(original)
    def called(*args: Any, **kwargs: Any) -> Any:
        steps.take(name_of(method, args))
        return original(*args, **kwargs)

    setattr(owner, method, called)


def armed(steps: Steps) -> None:
    """All that sending mail consists of."""
    tell = engine.tell

    def telling(*args: Any) -> None:
        steps.begin()
        tell(*args)

    engine.tell = telling
    for method in ("connect", "send", "getreply"):
        mortal(smtplib.SMTP, method, steps)
    mortal(Database, "write", steps)


if __name__ == "__main__":
    sys.path.insert(0, GIVEN["PACKAGES"])
    importlib.invalidate_caches()
    armed(Steps())
    with Path(GIVEN["OUTPUT"]).open("w", encoding="utf-8") as output, redirect_stdout(output):
        main(GIVEN["ARGUMENTS"])
