"""Basic or Digest, as the server asks. The password is read when it is first needed and is never kept in settings.

Basic goes out unasked only where nobody can listen: over TLS, or to this machine. Elsewhere the server is asked first.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import httpx

HERE = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})


class Negotiated(httpx.Auth):
    """The user's name and a way to the password."""

    def __init__(self, username: str, password: Callable[[], str]) -> None:
        self._username = username
        self._password = password
        self._chosen: httpx.Auth | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Use what worked before; else what is safe to try; then what the server's challenge names."""
        if self._chosen is None and (request.url.scheme == "https" or request.url.host in HERE):
            self._chosen = httpx.BasicAuth(self._username, self._password())
        if self._chosen is not None:
            response = yield from _outcome(self._chosen, request)
        else:
            response = yield request
        wanted = _scheme(response) if response.status_code == httpx.codes.UNAUTHORIZED else None
        if wanted is None or isinstance(self._chosen, wanted):
            return
        request.headers.pop("authorization", None)
        self._chosen = wanted(self._username, self._password())
        yield from self._chosen.auth_flow(request)


def _scheme(response: httpx.Response) -> type[httpx.BasicAuth | httpx.DigestAuth] | None:
    offered = " ".join(response.headers.get_list("www-authenticate")).lower()
    if "digest" in offered:
        return httpx.DigestAuth
    return httpx.BasicAuth if "basic" in offered else None


def _outcome(auth: httpx.Auth, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, httpx.Response]:
    """Carry out another scheme's steps and give back the last answer."""
    flow = auth.auth_flow(request)
    outgoing = next(flow)
    while True:
        response = yield outgoing
        try:
            outgoing = flow.send(response)
        except StopIteration:
            return response
