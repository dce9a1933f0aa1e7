"""Lean WebDAV requests over the bridge's transport. What no CalDAV server would answer is an exception, never empty."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from calbridge.errors import BridgeError, NeedsHuman, Replan, SkipItem
from calbridge.http import classify
from calbridge_caldav.multistatus import Multistatus, NoMultistatusError, parse

MULTI = 207
GONE = frozenset({404, 410})
PATIENCE = 300.0
"""Seconds for a listing: a server that meets ten thousand entries for the first time reads every one."""
_XML = {"Content-Type": "application/xml; charset=utf-8"}


class LoginRefusedError(NeedsHuman):
    """401: the server is there and does not know this login."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One object as the server gave it. `etag` is "" where it names none."""

    data: bytes
    etag: str


class Login(httpx.Auth):
    """A way of logging in. `stateless`: requests under way at the same time do not disturb one another."""

    @property
    def stateless(self) -> bool:
        """Whether that is so by now."""
        return False


class Wire:
    """The connection to one server. Makes its client when first used; threads take turns where the login wants it."""

    def __init__(self, url: str, transport: httpx.BaseTransport, login: Login | None = None) -> None:
        self._transport = transport
        self._login = login
        self._client: httpx.Client | None = None
        self._turn = threading.Lock()
        parts = urlsplit(url)
        self._origin = f"{parts.scheme}://{parts.netloc}"

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        long: bool = False,
    ) -> httpx.Response:
        """Any answer at all to a request for a quoted path of this server; failures are recoveries.

        `long`: the server may have to read a whole calendar before it answers.
        """
        patience = {"patience": PATIENCE} if long else {}
        try:
            with self._turn if self._login is not None and not self._login.stateless else nullcontext():
                return self._open().request(
                    method, self.address(path), headers=headers, content=content, extensions=patience
                )
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise classify(error) from error

    def address(self, path: str) -> str:
        """The whole address of a quoted path of this server."""
        return self._origin + path

    def problem(self, response: httpx.Response) -> BridgeError:
        """What an answer means that no CalDAV request should get."""
        status = response.status_code
        if status == httpx.codes.UNAUTHORIZED and self._login is None:
            return LoginRefusedError(
                f"{self._origin} wants a login (401) and none is given: write username and password for this connection"
            )
        if status == httpx.codes.UNAUTHORIZED:
            return LoginRefusedError(
                f"{self._origin} refused the credentials (401): correct the user name, password or token. An account "
                "with two-step login wants an app password, which is made in that account's security settings."
            )
        if status == httpx.codes.BAD_REQUEST and self._origin.startswith("http:") and b"HTTPS" in response.content:
            return NeedsHuman(f"{self._origin} wants https: write https:// into the url.")
        problem = classify(response)
        if isinstance(problem, SkipItem | Replan):  # the table takes it for one record, but it is about a calendar
            return NeedsHuman(f"There is no CalDAV at this address ({status}): check the url and the calendars.")
        return problem

    def multistatus(
        self,
        method: str,
        path: str,
        body: bytes,
        *,
        depth: int,
        accept: Collection[int] = (),
        long: bool = False,
    ) -> Multistatus | httpx.Response:
        """A 207 with its parts; an answer with a status in `accept` as it is; all else raises."""
        response = self.request(method, path, headers={**_XML, "Depth": str(depth)}, content=body, long=long)
        if response.status_code == MULTI:
            try:
                return parse(response.content, response.headers.get("date", ""))
            except NoMultistatusError as error:
                raise NeedsHuman(f"The server's answer is no CalDAV ({error}): check the url.") from error
        if response.status_code in accept:
            return response
        raise self.problem(response)

    def get(self, path: str) -> Body | httpx.Response:
        """One object; another status as it is."""
        response = self.request("GET", path, headers={"Accept": "text/calendar"})
        if response.status_code != httpx.codes.OK:
            return response
        if "html" in response.headers.get("content-type", "") or response.content.lstrip()[:1] == b"<":
            raise NeedsHuman(
                "The server answered with a page instead of a calendar entry: check the url, and that no login page "
                "stands in between."
            )
        return Body(data=response.content, etag=etag_of(response.headers.get("etag", "")))

    def close(self) -> None:
        """End the client; a later request opens it again."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _open(self) -> httpx.Client:
        if self._client is None:
            # The transport bounds the time, and knows which requests take long.
            self._client = httpx.Client(transport=self._transport, auth=self._login, timeout=PATIENCE)
        return self._client


def etag_of(text: str) -> str:
    """An ETag without what a proxy adds when it compresses (`W/`, `-gzip`): If-Match would never match it."""
    return text.strip().removeprefix("W/").replace('-gzip"', '"')
