"""Where a feed comes from: an address, asked politely, or a file. What is no whole calendar is a failure, never empty.

A feed that breaks off in the middle would give back the time of everything after it (R1, R2): it counts only when it
ends as it began.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from calbridge.errors import NeedsHuman, RetryLater
from calbridge.http import request
from calbridge.ical.glimpse import behind

LARGEST = 32 * 1024 * 1024
"""Bytes of a file; an address is bounded by the bridge's transport."""

_SCHEMES = {"webcal": "https", "webcals": "https", "http": "http", "https": "https"}
_BEGIN, _END = re.compile(rb"(?:\A|[\r\n])\W*BEGIN:VCALENDAR"), b"END:VCALENDAR"
_BLANK = bytes(range(0x21))
_AROUND = 4096
"""Bytes at either end that a feed's first and last line are looked for in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What tells cheaply that nothing changed. `place` is a digest of the address or path it was seen at."""

    place: str = ""
    tag: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A feed's text. `written`: epoch seconds of a file's last change, None for an address."""

    body: bytes
    seen: Seen
    written: int | None = None


class Source(Protocol):
    """One place a feed is read from."""

    def fetch(self, seen: Seen) -> Fetched | None:
        """The feed; None where it is as it was when `seen`."""
        ...

    def close(self) -> None:
        """Let go of what was opened."""
        ...


class Address:
    """A feed over HTTP, with the conditions of RFC 9110 section 13."""

    def __init__(
        self, url: Callable[[], str], transport: httpx.BaseTransport, login: Callable[[], tuple[str, str] | None]
    ) -> None:
        self._url = url
        self._client = httpx.Client(transport=transport)
        self._login = login

    def fetch(self, seen: Seen) -> Fetched | None:
        """A conditional GET; a server that knows no conditions answers in full, which costs it and us the same."""
        url = address_of(self._url())
        place = digest(url)
        headers = {"Accept": "text/calendar, */*;q=0.1"}
        if seen.place == place:
            headers |= {"If-None-Match": seen.tag} if seen.tag else {}
            headers |= {"If-Modified-Since": seen.date} if seen.date else {}
        asked = {"If-None-Match", "If-Modified-Since"} & headers.keys()
        known = {httpx.codes.NOT_MODIFIED} if asked else ()  # unasked it would be a feed that nobody has seen
        response = request(self._client, "GET", url, accept=known, headers=headers, auth=self._login())
        if response.status_code == httpx.codes.NOT_MODIFIED:
            return None
        told = response.headers
        after = Seen(place=place, tag=told.get("etag", ""), date=told.get("last-modified", ""))
        return Fetched(body=whole(response.content, "the address"), seen=after)

    def close(self) -> None:
        """End the client."""
        self._client.close()


class File:
    """A feed that another program writes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def fetch(self, seen: Seen) -> Fetched | None:
        """The file; None while size, date and place of its content are the same."""
        try:
            with open(self._path, "rb", opener=_at_once) as file:
                about = os.fstat(file.fileno())
                if not stat.S_ISREG(about.st_mode):
                    raise NeedsHuman(f"{self._path.name} is no file but a pipe or a device: let a file be written")
                mark = f"{about.st_size}-{about.st_mtime_ns}-{about.st_ino}"
                after = Seen(place=digest(str(self._path)), tag=mark)
                if after == seen:
                    return None
                body = file.read(LARGEST + 1)
        except FileNotFoundError:
            raise NeedsHuman(f"the file {self._path.name} is not there: correct path, or let it be written") from None
        except OSError as error:
            raise NeedsHuman(
                f"the file {self._path.name} cannot be read ({type(error).__name__}): let this user read it"
            ) from None
        if len(body) > LARGEST:
            raise NeedsHuman(f"the file {self._path.name} is larger than 32 MiB: export less of the past")
        return Fetched(body=whole(body, "the file"), seen=after, written=int(about.st_mtime))

    def close(self) -> None:
        """Nothing stays open."""


def _at_once(path: str, flags: int) -> int:
    """Opens what is there without waiting for anybody to write into it."""
    return os.open(path, flags | os.O_NONBLOCK)


def address_of(text: str) -> str:
    """An address as a browser would be given it: `webcal` is only a word for "subscribe to this".

    Its scheme registration says http, but the address is a secret and every service that gives such ones out has https.
    """
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL:
        url = httpx.URL("")
    scheme = _SCHEMES.get(url.scheme)
    if scheme is None or not url.host:
        raise NeedsHuman('the url is no address of a feed: write it like "https://calendar.example/anna.ics"')
    return str(url.copy_with(scheme=scheme))


def whole(body: bytes, source: str) -> bytes:
    """The body, if it is a calendar from its first line to its last."""
    first, last = (_plain(part) for part in (body[:_AROUND], body[-_AROUND:]))
    if not body.strip():
        raise RetryLater(f"{source} gave nothing at all: the bridge tries again by itself")
    if not _BEGIN.search(first):
        raise NeedsHuman(f"{source} gave something that is no iCalendar (a page, a login?): check it in a browser")
    if last.rstrip(_BLANK).endswith(_END):
        return body
    line = behind(body)
    if line:
        raise NeedsHuman(
            f"{source} gave a calendar with other text behind its end (line {line}): see that whatever publishes it "
            "writes nothing else; until then nothing of it is believed"
        )
    raise RetryLater(f"{source} gave a calendar that breaks off before its end: the bridge tries again by itself")


def _plain(part: bytes) -> bytes:
    """UTF-16 without its zeros, capitals alike: enough to recognise two words."""
    return part.replace(b"\x00", b"").upper()


def digest(text: str) -> str:
    """What stands for an address, which is a secret."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
