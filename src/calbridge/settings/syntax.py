"""A file that cannot be read as TOML, in one sentence: the line, what the parser met there, and what is usually meant.

The parser's own words are kept, for they are exact; but "Invalid value" does not tell a practice that `True` is written
`true`, or that a word processor has put its own quotes there.
"""

from __future__ import annotations

import re
import tomllib

_PLACE = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL)
_TEXTS = re.compile(r"""\"[^"]*("|$)|'[^']*('|$)""")
_TEXTS = re.compile(r"""\"[^"]*("|$)|'[^']*('|$)""")
_BY_LINE = (
    (r"[“”„‟‘’«»]", 'write straight quotes, like "this"'),
    (r"(?<![\d.])\d{1,2}\.\s?\d{1,2}\.\s?\d{2,4}", "a date is written like 2026-12-24"),
    (r"\d{4}-(?!(?:0[1-9]|1[0-2])-)\d\d-\d\d", "a date is written year, month, day, like 2026-12-24"),
    (r"\d{1,2}:\d\d\s*-", 'a window stands in quotes, like "09:00-12:00"'),
    (r"[=\[,]\s*(True|False|yes|no|on|off|ja|nein)\b", "a switch is true or false, in small letters"),
    (r"=\s*0\d", "a number has no 0 in front"),
)
"""What a line with a fault in it often has outside of its texts, whatever the parser stumbles over."""
_BY_FAULT = (
    ("Cannot overwrite", "the key is there twice: take one out"),
    ("Cannot declare", "the section is there twice: put all of it under one heading"),
    ("Duplicate", "the key is there twice: take one out"),
    ("Illegal character '\\n'", 'a text ends on the line that it begins on, with a "'),
    ("Unterminated string", 'a text has no closing "'),
    ("Expected '='", "between a key and its value stands ="),
    ("Invalid initial character for a key part", "a table in { } stands on one line, without a comma before its }"),
    ("Unclosed", "a bracket is not closed, or a comma is missing before this place"),
    ("Invalid date", "there is no such date"),
    ("Invalid value", 'a text stands in quotes, like "PT4H"'),
)
"""What each of the parser's words usually means."""


def syntax_fault(error: tomllib.TOMLDecodeError, text: str, name: str) -> str:
    """The whole sentence; `name` is the file's."""
    found = _PLACE.fullmatch(str(error))
    if found is None:
        return f"{name} is not TOML: {error}: correct that place"
    what, line = found["what"], int(found["line"] or len(text.rstrip().splitlines()) or 1)
    column = f", column {found['column']}" if found["column"] else ""
    return f"{name}, line {line}{column}: this is not TOML ({what}): {_advice(what, text, line)}"


def _advice(what: str, text: str, line: int) -> str:
    written = _TEXTS.sub("", "".join(text.splitlines()[line - 1 : line])).partition("#")[0]
    by_line = (advice for pattern, advice in _BY_LINE if re.search(pattern, written))
    by_fault = (advice for begin, advice in _BY_FAULT if what.startswith(begin))
    return next(by_line, None) or next(by_fault, "correct that place")


def encoding_fault(error: UnicodeDecodeError, name: str) -> str:
    """Of a text that is not in UTF-8: the line of the first wrong letter."""
    line = error.object[: error.start].count(b"\n") + 1
    return f"{name}, line {line}: this is not UTF-8: save the file as UTF-8 text in your editor"
