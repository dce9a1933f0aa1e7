"""Which calendars an account has: the caldav library asks, over the bridge's own transport.

Its request method is the one seam: bodies, time limits and addresses stay bounded, redirects are followed on the
same server only, and nothing that is no multistatus reaches its parser, which would log it.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import httpx
from caldav.davclient import DAVClient
from caldav.lib.error import DAVError
from caldav.response import DAVResponse

from calbridge.errors import NeedsHuman
from calbridge.http import LOGIN_WORDS
from calbridge_caldav import multistatus as ms
from calbridge_caldav.addresses import WELL_KNOWN
from calbridge_caldav.described import PROPERTIES, Described, described
from calbridge_caldav.hrefs import path_of, quoted, without_login
from calbridge_caldav.wire import GONE, LoginRefusedError, Wire

_HOPS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_DENIED = frozenset({403})


class ElsewhereError(NeedsHuman):
    """The server points to another one; a login goes there only when that is allowed."""

    def __init__(self, target: str) -> None:
        self.target = target
        parts = urlsplit(target)
        super().__init__(
            f"The server points to {parts.scheme}://{parts.netloc} for this account: write that into url, if it is "
            "where the account's login belongs."
        )


class _Client(DAVClient):
    """The library's client with the bridge's transport under it."""

    def __init__(self, wire: Wire, url: str) -> None:
        super().__init__(url=url, enable_rfc6764=False)
        self.session.close()
        self._wire = wire
        self._server = url

    def request(
        self,
        url: str,
        method: str = "GET",
        body: str = "",
        headers: Mapping[str, str] | None = None,
        rate_limit_time_slept: float = 0,  # noqa: ARG002  # the library's own signature
    ) -> DAVResponse:
        """One request on this server; an answer that is no multistatus is never passed on (R2)."""
        sent = {"Content-Type": "application/xml; charset=utf-8", **(headers or {})}
        content = body.encode() if isinstance(body, str) else bytes(body)
        response = self._follow(urljoin(self._server, str(url)), method, sent, content)
        if response.is_error or response.status_code in _REDIRECTS:
            raise self._wire.problem(response)
        _must_be_multistatus(response, self._wire.address(""))
        return DAVResponse(response, self)

    def _follow(self, url: str, method: str, headers: Mapping[str, str], content: bytes) -> httpx.Response:
        for _hop in range(_HOPS):
            response = self._wire.request(method, self._path(url), headers=headers, content=content)
            target = response.headers.get("location", "")
            if response.status_code not in _REDIRECTS or not target or _to_a_login(target):
                return response
            url = urljoin(url, target)
        return response

    def _path(self, url: str) -> str:
        """A server that puts a login into an address it sends on to does not choose whose we use."""
        url = without_login(url)
        ours, theirs = urlsplit(self._server), urlsplit(url)
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            raise ElsewhereError(url)
        return theirs.path


def _to_a_login(target: str) -> bool:
    return any(word in target.casefold() for word in LOGIN_WORDS)


def _must_be_multistatus(response: httpx.Response, server: str) -> None:
    """A page may be well-formed XML too: it would pass for an account without calendars."""
    try:
        ms.parse(response.content)
    except ms.NoMultistatusError:
        raise NeedsHuman(
            f"{server} answered with a page that is no CalDAV (a login, a proxy?): check the url."
        ) from None


def calendars(wire: Wire, url: str) -> list[Described]:
    """All calendars of the account, by name; NeedsHuman or RetryLater when the server cannot say."""
    return account(wire, url)[1]


def account(wire: Wire, url: str) -> tuple[str, list[Described]]:
    """The same, and the address to ask for them: this one, or the account's own where this one only points there."""
    try:
        found = _paths(wire, url)
    except (LoginRefusedError, ElsewhereError):
        raise
    except NeedsHuman:
        url = urljoin(url, WELL_KNOWN)
        found = _paths(wire, url)
    principal, places = found
    shown = [one for path in sorted(places) if (one := describe(wire, path))]
    own = principal if urlsplit(url).path.rstrip("/") == WELL_KNOWN else url
    return own, sorted(shown, key=lambda one: (one.title().casefold(), one.path))


def _paths(wire: Wire, url: str) -> tuple[str, set[str]]:
    """The account's principal and where its calendars are, asked at this very address."""
    try:
        client = _Client(wire, url)
        found = client.get_calendars()
        principal = urljoin(url, str(client.principal().url))  # type: ignore[no-untyped-call]  # known by now: no request
    except DAVError as error:
        raise NeedsHuman(f"The server does not list its calendars ({type(error).__name__}).") from None
    return principal, {path_of(str(one.url)).rstrip("/") + "/" for one in found}


def describe(wire: Wire, path: str) -> Described | None:
    """What the server says of one collection; None where it does not show it."""
    answer = wire.multistatus("PROPFIND", quoted(path), ms.propfind(*PROPERTIES), depth=0, accept=GONE | _DENIED)
    if isinstance(answer, httpx.Response) or not answer.parts or answer.parts[0].gone:
        return None
    return described(answer.parts[0])
