"""Which calendars an account has: the caldav library asks, over the bridge's own transport.

Its request method is the one seam: bodies, time limits and addresses stay bounded, redirects are followed on the
same server only, and nothing that is no XML reaches its parser, which would log it.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import httpx
from caldav.davclient import DAVClient
from caldav.lib.error import DAVError
from caldav.response import DAVResponse

from calbridge.errors import NeedsHuman
from calbridge.http import classify
from calbridge_caldav.hrefs import path_of
from calbridge_caldav.multistatus import NoMultistatusError, document
from calbridge_caldav.wire import Wire

_HOPS = 5
_WELL_KNOWN = "/.well-known/caldav"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


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
        """One request on this server; an answer that is no XML is never passed on."""
        sent = {"Content-Type": "application/xml; charset=utf-8", **(headers or {})}
        content = body.encode() if isinstance(body, str) else bytes(body)
        response = self._follow(urljoin(self._server, str(url)), method, sent, content)
        if response.is_error or response.status_code in _REDIRECTS:
            raise classify(response)
        _must_be_xml(response)
        return DAVResponse(response, self)

    def _follow(self, url: str, method: str, headers: Mapping[str, str], content: bytes) -> httpx.Response:
        for _hop in range(_HOPS):
            response = self._wire.request(method, self._path(url), headers=headers, content=content)
            target = response.headers.get("location", "")
            if response.status_code not in _REDIRECTS or not target:
                return response
            url = urljoin(url, target)
        return response

    def _path(self, url: str) -> str:
        ours, theirs = urlsplit(self._server), urlsplit(url)
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            raise NeedsHuman(
                f"The server points to {theirs.scheme}://{theirs.netloc} for this account: write that into url."
            )
        return theirs.path


def _must_be_xml(response: httpx.Response) -> None:
    try:
        document(response.content)
    except NoMultistatusError:
        raise NeedsHuman("The server answered with a page that is no CalDAV: check the url.") from None


def calendars(wire: Wire, url: str) -> set[str]:
    """The paths of all calendars of the account; NeedsHuman or RetryLater when the server cannot say."""
    try:
        return _calendars(wire, url)
    except NeedsHuman:
        return _calendars(wire, urljoin(url, _WELL_KNOWN))


def _calendars(wire: Wire, url: str) -> set[str]:
    try:
        found = _Client(wire, url).get_calendars()
    except DAVError as error:
        raise NeedsHuman(f"The server does not list its calendars ({type(error).__name__}).") from None
    return {path_of(str(one.url)).rstrip("/") + "/" for one in found}
