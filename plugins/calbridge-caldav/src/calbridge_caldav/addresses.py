"""From what a person types (an e-mail address, a host name, any URL) to the addresses where CalDAV may be (RFC 6764).

The name service is asked for `_caldavs._tcp` (and, only where nobody can listen, `_caldav._tcp`) and the path beside
it; then comes `/.well-known/caldav`, then the address itself. Nothing is guessed from a provider's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from calbridge.errors import NeedsHuman
from calbridge_caldav.hrefs import HERE

WELL_KNOWN = "/.well-known/caldav"
_UNREADABLE = "The address cannot be read: write it like https://calendar.example/dav/"
_NO_LOGIN = (
    "The address holds a password: leave it out of the address. "
    "It is asked for without being shown, or lies in the secrets directory."
)
_PORTS = {"https": 443, "http": 80}
_AROUND = " \t\r\n<>\"'"
"""What an address is pasted with."""

_PLACE = re.compile(r"(?:[\w-]+(?:\.[\w-]+)+|localhost)(?::\d+)?/[^\s@]*[^\s@/]")
"""A host and a path on it, without a scheme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One SRV record: who offers the service. `target` is "." where the domain says that it has none."""

    target: str
    port: int
    priority: int = 0
    weight: int = 0


class Names(Protocol):
    """The name service. Both give nothing where there is nothing, and where nobody can be asked."""

    def services(self, name: str) -> list[Service]:
        """SRV records of a name."""
        ...

    def texts(self, name: str) -> list[str]:
        """TXT records of a name, each as one text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was typed: a host (with its port), and the user or the URL where it had one."""

    host: str
    username: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One address to look at. `by` says how it was come by: "typed", "dns" or "well-known"."""

    url: str
    by: str


def typed(text: str) -> Typed:
    """Take an address apart, as it is pasted from a page, a mail or a link; NeedsHuman for what is none."""
    text = text.strip(_AROUND).removeprefix("mailto:")
    if "://" in text:
        return _url(text)
    if _PLACE.match(text):
        return _url(f"{_scheme(text.partition('/')[0].partition(':')[0])}://{text}")
    user, at, host = text.rpartition("@")
    if ":" in user:
        raise NeedsHuman(_NO_LOGIN)
    host = host.strip().rstrip("/").rstrip(".")
    if not host or any(mark in host for mark in " /\\?#"):
        raise NeedsHuman(
            f'"{text}" is no address: give an e-mail address (anna@clinic.example), a host name (calendar.example) '
            "or an address that begins with https://"
        )
    return Typed(host=host.lower(), username=f"{user}{at}{host}" if at else "")


def _url(text: str) -> Typed:
    try:
        parts = urlsplit(text)
        host, port, user = parts.hostname or "", parts.port, parts.username or ""
    except ValueError:
        raise NeedsHuman(_UNREADABLE) from None
    if parts.password is not None:
        raise NeedsHuman(_NO_LOGIN)
    scheme = {"caldavs": "https", "caldav": "http", "webcal": "https"}.get(parts.scheme, parts.scheme)
    if scheme not in _PORTS or not host:
        raise NeedsHuman(_UNREADABLE)
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port in {None, _PORTS[scheme]} else f"{shown}:{port}"
    return Typed(host=netloc, username=user, url=f"{scheme}://{netloc}{parts.path or '/'}")


def is_feed(text: str) -> bool:
    """Does an address look like that of a feed, which people take for their calendar's?"""
    text = text.strip(_AROUND).lower()
    return text.startswith(("webcal:", "webcals:")) or text.partition("?")[0].endswith(".ics")


def candidates(given: Typed, names: Names) -> Iterator[Candidate]:
    """Where to look, the likeliest first; each address once."""
    seen: set[str] = set()
    for each in _all(given, names):
        if each.url not in seen:
            seen.add(each.url)
            yield each


def _all(given: Typed, names: Names) -> Iterator[Candidate]:
    if given.url:
        yield Candidate(url=given.url, by="typed")
        yield Candidate(url=_at(given.url, WELL_KNOWN), by="well-known")
        return
    host = given.host.partition(":")[0]
    if host == given.host and host not in HERE:
        yield from _services(host, names)
    yield Candidate(url=f"{_scheme(host)}://{given.host}{WELL_KNOWN}", by="well-known")
    yield Candidate(url=f"{_scheme(host)}://{given.host}/", by="typed")


def _scheme(host: str) -> str:
    return "http" if host in HERE else "https"


def _services(domain: str, names: Names) -> Iterator[Candidate]:
    """RFC 6764, section 6: the lowest priority first, of equal ones the heaviest; a path of its own in TXT."""
    name = f"_caldavs._tcp.{domain}"
    found = sorted(names.services(name), key=lambda each: (each.priority, -each.weight, each.target))
    if not found:
        return
    path = next((text[5:] for text in names.texts(name) if text.lower().startswith("path=/")), "")
    for each in found:
        target = each.target.rstrip(".")
        if target:
            netloc = target if each.port == _PORTS["https"] else f"{target}:{each.port}"
            yield Candidate(url=f"https://{netloc}{path or WELL_KNOWN}", by="dns")


def refuses(domain: str, names: Names) -> bool:
    """The domain says by its name service that it has no calendars (RFC 2782: a target of ".")."""
    found = names.services(f"_caldavs._tcp.{domain}")
    return bool(found) and all(not each.target.rstrip(".") for each in found)


def _at(url: str, path: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{path}"


def same_house(first: str, second: str) -> bool:
    """Do two URLs belong to one owner, as far as names tell: the same host, or two below the same registered name?

    Names of one label more than a country's are taken for registered: `cal.example.co.uk` and `shop.co.uk` are not.
    """
    one, two = urlsplit(first).hostname or "", urlsplit(second).hostname or ""
    if one == two:
        return True
    shorter, longer = sorted((one, two), key=len)
    if longer.endswith(f".{shorter}") and "." in shorter:
        return True
    shared = []
    for mine, theirs in zip(reversed(one.split(".")), reversed(two.split(".")), strict=False):
        if mine != theirs:
            break
        shared.append(mine)
    return len(shared) > (2 if len(shared[:1]) and len(shared[0]) == 2 else 1)  # noqa: PLR2004  # labels of a name
