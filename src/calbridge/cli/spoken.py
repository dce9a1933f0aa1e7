"""`--reason`: free text about somebody, which may come on standard input instead of the command line.

Every user of the machine reads the arguments of a running command in the list of processes, and the shell writes them
into its history. A reason often names a person, so `-` takes it from where nobody else looks.
"""

from __future__ import annotations

import sys
import unicodedata

import click

from calbridge.errors import ConfigError

LONGEST = 4_000
"""Signs; more is no reason that anybody reads."""
FROM_INPUT = "-"
_UNSEEN = frozenset({"Cc", "Cs"})
"""Control characters and halves of signs. Spaces that do not break and joined signs are text."""

reason_option = click.option(
    "--reason",
    default="",
    help="Told to the client where the clinic's rules say so; - reads it from standard input, out of others' sight.",
)


def spoken(text: str) -> str:
    """The reason itself; ConfigError in one sentence, which repeats none of it, for what is none."""
    said = _asked() if text == FROM_INPUT else text
    said = said.replace("\r\n", "\n").strip()
    if text and not said:
        raise ConfigError("--reason is empty: write one, or leave the option out")
    if len(said) > LONGEST:
        raise ConfigError(f"--reason is longer than {LONGEST} signs: say it shorter")
    if any(unicodedata.category(sign) in _UNSEEN and sign not in "\n\t" for sign in said):
        raise ConfigError("--reason holds control characters: give plain text")
    return said


def _asked() -> str:
    """One line from a person at a terminal, all of it from a program or a file."""
    if sys.stdin.isatty():
        return str(click.prompt("Reason", default="", show_default=False, err=True))
    try:
        return sys.stdin.buffer.read(4 * LONGEST + 1).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("--reason - cannot be read as UTF-8, or is far too long: give plain text") from None
