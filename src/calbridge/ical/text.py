"""The bytes of a calendar file in the one form that is read: UTF-8 or nearly so, line ends as LF, no marks.

Lines keep their numbers: CR LF, a lone LF and a lone CR each end one.
"""

from __future__ import annotations

import codecs
import re

_MARK = codecs.BOM_UTF8
_LATIN = "cp1252"


def normalised(body: bytes) -> bytes:
    """Ready for `scan`, with a line end before the first line."""
    body = _eight_bits(body)
    if _MARK in body:
        body = body.replace(_MARK, b"")
    if b"\0" in body:
        body = body.replace(b"\0", b"")
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return b"\n" + body.lstrip(b" \t")


def _eight_bits(body: bytes) -> bytes:
    """UTF-16, by its mark or by the NUL that an ASCII letter has there."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace").encode()
    if body[1:4:2] == b"\0\0":
        return body.decode("utf-16-le", "replace").encode()
    if body[0:3:2] == b"\0\0":
        return body.decode("utf-16-be", "replace").encode()
    return body


_FOLDED = re.compile(rb"[^\n]*+(?:\n[ \t][^\n]*+)++")


def unfolded(line: bytes) -> bytes:
    """A content line without its folds. A fold may stand inside a character, so this comes before decoding."""
    return line.replace(b"\n ", b"").replace(b"\n\t", b"")


def unfolded_all(body: bytes) -> bytes:
    """The same for a whole file, every later line keeping its number."""
    return _FOLDED.sub(lambda found: unfolded(found[0]) + b"\n" * found[0].count(b"\n"), body)


def decoded(line: bytes) -> str:
    """UTF-8, else what Windows programs wrote before."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode(_LATIN, "replace")
