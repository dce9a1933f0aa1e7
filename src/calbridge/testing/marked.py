"""Values that are recognised wherever they turn up again, in any coat: to see that nothing private leaves.

A test gives every private field a value of its own (`text`, `email`, `phone`), lets a whole pipeline run, and asks
`found` which of them are in what came out. Percent signs, base64, quoted-printable, folded lines, escapes of JSON and
HTML, encoded headers, digits written in groups and any case hide nothing.
"""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
import hashlib
import html
import quopri
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

_LETTERS = "bcdfghjkmpqrstvwxz"
_LENGTH = 12
_LAYERS = 4
"""Coats over each other that are taken off: a percent-quoted base64 of a folded line, and one more."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){8,}")
_TEXT = re.compile(r"[^\x00-\x1f\x7f-\x9f]{6,}")
_WRAPPED = re.compile(r"(?<=[A-Za-z0-9+/_-])\r?\n(?=[A-Za-z0-9+/=_-])")
_FOLDED = re.compile(r"\\?\r?\n[ \t]")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_APART = re.compile(r"[\s().,/+-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A private field's value. It is there where one of `needles` is: half of a value is a leak too."""

    field: str
    value: str
    needles: tuple[str, ...]

    def __str__(self) -> str:
        """The value, to be used as one."""
        return self.value


def text(field: str, around: str = "Ä{0} 'ß' & Co; {1}") -> Marked:
    """A value for a text. `around` has both its needles and whatever shall make trouble on the way."""
    needles = _word(f"{field}/first"), _word(f"{field}/last")
    return Marked(field=field, value=around.format(*(needle.capitalize() for needle in needles)), needles=needles)


def email_address(field: str) -> Marked:
    """A value for an e-mail address that can be delivered nowhere."""
    needle = _word(field)
    return Marked(field=field, value=f"{needle.capitalize()}+vet@marked.example.org", needles=(needle,))


def phone(field: str) -> Marked:
    """A value for a phone number of Berlin, as people write it."""
    digits = str(int(hashlib.sha256(field.encode()).hexdigest(), 16) % 100_000).zfill(5)
    return Marked(field=field, value=f"030 / 231 {digits[:2]}-{digits[2:]}", needles=(f"30231{digits}",))


def found(data: str | bytes, marks: Iterable[Marked]) -> frozenset[str]:
    """The fields whose values are in `data`, raw or in any coat."""
    sought = {needle: mark.field for mark in marks for needle in mark.needles}
    if not sought:
        return frozenset()
    pattern = re.compile("|".join(map(re.escape, sought)))
    hits: set[str] = set()
    for view in _views(data):
        folded = view.casefold()
        for each in (folded, _APART.sub("", folded)):
            hits |= {sought[needle] for needle in pattern.findall(each)}
    return frozenset(hits)


def _word(seed: str) -> str:
    """Letters that no word, number or digest has by chance, and that no encoding of letters changes."""
    number = int(hashlib.sha256(seed.encode()).hexdigest(), 16)
    return "".join(_LETTERS[number // len(_LETTERS) ** place % len(_LETTERS)] for place in range(_LENGTH))


# --- coats ----------------------------------------------------------------------------------------


def _views(data: str | bytes) -> Iterator[str]:
    """The text and every text that can be made of it."""
    seen: set[str] = set()
    layer = {data if isinstance(data, str) else data.decode("utf-8", "replace")}
    for _ in range(_LAYERS):
        fresh = layer - seen
        yield from fresh
        seen |= fresh
        layer = {uncovered for view in fresh for uncover in _COATS for uncovered in uncover(view)}


def _unfolded(view: str) -> Iterator[str]:
    if _FOLDED.search(view):
        yield _FOLDED.sub("", view)


def _unwrapped(view: str) -> Iterator[str]:
    """Base64 in lines, which is put together again before it is read."""
    if _WRAPPED.search(view):
        yield from _debased(_WRAPPED.sub("", view))


def _unquoted(view: str) -> Iterator[str]:
    if "%" in view:
        yield unquote_plus(view)


def _unescaped(view: str) -> Iterator[str]:
    if "\\u" in view:
        yield _ESCAPED.sub(lambda match: chr(int(match[1], 16)), view)
    if "&" in view:
        yield html.unescape(view)


def _printable(view: str) -> Iterator[str]:
    if "=" in view:
        yield quopri.decodestring(view.encode("utf-8", "replace")).decode("utf-8", "replace")


def _debased(view: str) -> Iterator[str]:
    runs = (_of_base64(run) for run in set(_BASE64.findall(view)))
    yield "\n".join(run for run in runs if run)


@lru_cache(maxsize=1 << 16)
def _of_base64(run: str) -> str:
    """As it stands, and from each of the next three signs: the run may begin in the middle of something else.

    Only what reads like text is kept: most runs are no base64 at all, and give a few random signs.
    """
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    return "\n".join(text for offset in range(4) for text in _TEXT.findall(_decoded(plain[offset:])))


def _decoded(run: str) -> str:
    whole = run[: len(run) - (len(run) % 4 == 1)]
    try:
        return base64.b64decode(whole + "=" * (-len(whole) % 4)).decode("utf-8", "ignore")
    except binascii.Error:
        return ""


def _of_hex(view: str) -> Iterator[str]:
    runs = (bytes.fromhex(run).decode("utf-8", "ignore") for run in set(_HEX.findall(view)))
    yield "\n".join(text for run in runs for text in _TEXT.findall(run))


def _read_as_mail(view: str) -> Iterator[str]:
    """Its headers decoded and put together, its parts out of their transfer encodings."""
    if not re.match(r"[A-Za-z-]+: ", view) or "\nSubject:" not in f"\n{view}":
        return
    message: Any = email.message_from_string(view, policy=email.policy.default)
    yield "\n".join(f"{name}: {value}" for name, value in message.items())
    for part in message.walk():
        if not part.is_multipart():
            yield (part.get_payload(decode=True) or b"").decode("utf-8", "replace")


_COATS: tuple[Callable[[str], Iterator[str]], ...] = (
    _unfolded,
    _unwrapped,
    _unquoted,
    _unescaped,
    _printable,
    _debased,
    _of_hex,
    _read_as_mail,
)
