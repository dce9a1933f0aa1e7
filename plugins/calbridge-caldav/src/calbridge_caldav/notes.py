"""One DESCRIPTION holds two fields: the public description, a line `--`, then the clinic's private note.

What has no such line is private: text that staff types into an empty event never becomes public by mistake.
"""

from __future__ import annotations

import re

LINE = "--"
_RULE = re.compile(r"^(-{2,})(\s*)$")
_LONGER_RULE = re.compile(r"^-(-{2,}\s*)$")


def join(description: str, note: str) -> str:
    """The text that `split` takes apart into exactly these two."""
    if not description:
        return f"{LINE}\n{note}" if _has_rule(note) else note
    public = "\n".join(_RULE.sub(r"-\1\2", line) for line in description.split("\n"))
    return f"{public}\n{LINE}\n{note}" if note else f"{public}\n{LINE}"


def split(text: str) -> tuple[str, str]:
    """Public description and private note. A rule of more dashes stands for one that the description itself has."""
    lines = text.split("\n")
    at = next((index for index, line in enumerate(lines) if line.rstrip() == LINE), None)
    if at is None:
        return "", text
    public = "\n".join(_LONGER_RULE.sub(r"\1", line) for line in lines[:at])
    return public, "\n".join(lines[at + 1 :])


def _has_rule(note: str) -> bool:
    return any(line.rstrip() == LINE for line in note.split("\n"))


_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def writable(text: str) -> str:
    """As iCalendar inside XML can carry it: line ends are \\n, no control characters, no halves of characters."""
    return _UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
