"""Who the bridge says it is: Basic or Digest as the server asks, a bearer token, or one got for a refresh token.

A secret is read when it is first needed and is never kept in settings. Basic goes out unasked only where nobody can
listen: over TLS, or to this machine. Elsewhere the server is asked first.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import httpx

from calbridge.provider import Context
from calbridge_caldav.hrefs import HERE
from calbridge_caldav.oauth import Exchange, Refreshed
from calbridge_caldav.settings import CaldavSettings
from calbridge_caldav.wire import Login

Flow = Generator[httpx.Request, httpx.Response, None]


def login_of(settings: CaldavSettings, context: Context) -> Login | None:
    """The way of logging in that the settings name; None where they name none. Reads no secret yet."""
    if settings.refresh_token is not None:
        return Refreshed(Exchange.of(settings, context), context.clock)
    if settings.token is not None:
        token = settings.token
        return Bearer(lambda: context.secrets(token))
    if settings.password is not None:
        password = settings.password
        return Negotiated(settings.username, lambda: context.secrets(password))
    return None


class Bearer(Login):
    """A token as it is (RFC 6750)."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    @property
    def stateless(self) -> bool:
        """Always."""
        return True

    def auth_flow(self, request: httpx.Request) -> Flow:
        """One try: a token that is refused is refused."""
        request.headers["Authorization"] = f"Bearer {self._token()}"
        yield request


class Negotiated(Login):
    """The user's name and a way to the password."""

    def __init__(self, username: str, password: Callable[[], str]) -> None:
        self._username = username
        self._password = password
        self._chosen: httpx.Auth | None = None

    @property
    def stateless(self) -> bool:
        """Digest counts its requests, and before the first answer nothing is chosen."""
        return isinstance(self._chosen, httpx.BasicAuth)

    def auth_flow(self, request: httpx.Request) -> Flow:
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
