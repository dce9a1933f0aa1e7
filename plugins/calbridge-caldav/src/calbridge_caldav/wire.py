"""Lean WebDAV requests over the bridge's transport. What no CalDAV server would answer is an exception, never empty."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from calbridge.errors import NeedsHuman, Replan, SkipItem
from calbridge.http import classify
from calbridge.provider import Context
from calbridge_caldav.auth import Negotiated
from calbridge_caldav.multistatus import Multistatus, NoMultistatusError, parse
from calbridge_caldav.settings import CaldavSettings

MULTI = 207
GONE = frozenset({404, 410})
_XML = {"Content-Type": "application/xml; charset=utf-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One object as the server gave it. `etag` is "" where it names none."""

    data: bytes
    etag: str


class Wire:
    """The connection to one server. Makes its client when first used; one thread at a time."""

    def __init__(self, settings: CaldavSettings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._client: httpx.Client | None = None
        parts = urlsplit(settings.url)
        self._origin = f"{parts.scheme}://{parts.netloc}"

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> httpx.Response:
        """Any answer at all to a request for a quoted path of this server; failures are recoveries."""
        try:
            return self._open().request(method, self._origin + path, headers=headers, content=content)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise classify(error) from error

    def multistatus(
        self, method: str, path: str, body: bytes, *, depth: int, accept: Collection[int] = ()
    ) -> Multistatus | httpx.Response:
        """A 207 with its parts; an answer with a status in `accept` as it is; all else raises."""
        response = self.request(method, path, headers={**_XML, "Depth": str(depth)}, content=body)
        if response.status_code == MULTI:
            try:
                return parse(response.content)
            except NoMultistatusError as error:
                raise NeedsHuman(f"The server's answer is no CalDAV ({error}): check the url.") from error
        if response.status_code in accept:
            return response
        problem = classify(response)
        if isinstance(problem, SkipItem | Replan):  # the table takes it for one record, but it is about a calendar
            status = response.status_code
            raise NeedsHuman(f"There is no CalDAV at this address ({status}): check the url and the calendars.")
        raise problem

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
            self._client = httpx.Client(transport=self._context.transport, auth=self._auth())
        return self._client

    def _auth(self) -> httpx.Auth | None:
        reference = self._settings.password
        if reference is None:
            return None
        return Negotiated(self._settings.username, lambda: self._context.secrets(reference))


def etag_of(text: str) -> str:
    """An ETag without what a proxy adds when it compresses (`W/`, `-gzip`): If-Match would never match it."""
    return text.strip().removeprefix("W/").replace('-gzip"', '"')
