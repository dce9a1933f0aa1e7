"""OAuth2: an access token for a refresh token (RFC 6749, section 6), kept in memory and renewed when it ends.

A server may give out a new refresh token each time and refuse the old one. The bridge writes no secret that it was
not asked to write: the new one goes into `token_file`, where the clinic named one, and is otherwise kept in memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from calbridge.errors import NeedsHuman
from calbridge.http import classify, json_of
from calbridge.provider import Clock, Context
from calbridge_caldav.settings import CaldavSettings
from calbridge_caldav.wire import Login

EARLY = 60
"""Seconds before its end that an access token is renewed: clocks differ, and a request takes its time."""
LIFETIME = 300
"""What an access token lives where the server does not say."""
_REFUSED = frozenset({400, 401, 403})
_DEAD = frozenset({"invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Where a refresh token is exchanged, and how to get at the secrets."""

    url: str
    client: str
    secret: Callable[[], str]
    first: Callable[[], str]
    file: Path | None = None

    @classmethod
    def of(cls, settings: CaldavSettings, context: Context) -> Exchange:
        """As the settings say; no secret is read yet."""
        secret, first = settings.client_secret, settings.refresh_token
        return cls(
            url=settings.token_url or "",
            client=settings.client_id or "",
            secret=lambda: context.secrets(secret) if secret is not None else "",
            first=lambda: context.secrets(first),
            file=context.home / Path(settings.token_file).expanduser() if settings.token_file else None,
        )

    def kept(self) -> str:
        """What stands in `token_file`, "" where there is none or nothing in it yet."""
        try:
            return self.file.read_text("utf-8").strip() if self.file else ""
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError):
            raise NeedsHuman(f"token_file {self.file} cannot be read: let this user read it, as text") from None

    def keep(self, token: str) -> None:
        """Write a renewed refresh token where the clinic wants it: whole, and for this user alone."""
        if self.file is None:
            return
        unfinished = self.file.with_name(f".{self.file.name}.new")
        try:
            unfinished.unlink(missing_ok=True)
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(token)
                file.flush()
                os.fsync(descriptor)
            unfinished.replace(self.file)
        except OSError as error:
            raise NeedsHuman(
                f"token_file {self.file} cannot be written ({error.strerror}): the server gives out a new refresh "
                "token each time, so let this user write it there"
            ) from None


class Refreshed(Login):
    """A bearer token that is got when there is none, when it ends, and once more when the server refuses it."""

    requires_response_body = True

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self._exchange = exchange
        self._clock = clock
        self._refresh = ""
        self._kept = ""
        self._access = ""
        self._ends = 0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The token requests go over the same transport, between the others."""
        fresh = self._clock.now() >= self._ends
        if fresh:
            yield from self._renew()
        response = yield self._signed(request)
        if response.status_code == httpx.codes.UNAUTHORIZED and not fresh:
            yield from self._renew()
            yield self._signed(request)

    def _signed(self, request: httpx.Request) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {self._access}"
        return request

    def _renew(self) -> Generator[httpx.Request, httpx.Response, None]:
        for token in self._tokens():
            answer = yield self._asking(token)
            if answer.is_success:
                self._refresh = token
                self._take(answer)
                return
            if answer.status_code not in _REFUSED:
                raise classify(answer)
            refusal = _refusal(answer)
        self._refresh = self._kept = ""
        raise refusal

    def _tokens(self) -> Iterator[str]:
        """The newest there is; where it is refused the one of the configuration, which somebody may have replaced.

        What stands newly in `token_file` is newer than what this process remembers: another one renewed it.
        """
        kept = self._exchange.kept()
        if kept != self._kept:
            self._kept = self._refresh = kept
        newest = self._refresh
        if newest:
            yield newest
        first = self._exchange.first()
        if not newest or first != newest:
            yield first

    def _asking(self, token: str) -> httpx.Request:
        secret = self._exchange.secret()
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self._exchange.client}
        return httpx.Request(
            "POST",
            self._exchange.url,
            data=form | ({"client_secret": secret} if secret else {}),
            headers={"Accept": "application/json"},
        )

    def _take(self, answer: httpx.Response) -> None:
        given = json_of(answer)
        token = given.get("access_token") if isinstance(given, dict) else None
        if not (isinstance(token, str) and token):
            raise NeedsHuman("The token server answered without an access token: check token_url.")
        lives = given.get("expires_in")
        self._access = token
        self._ends = self._clock.now() + max(0, (lives if isinstance(lives, int) else LIFETIME) - EARLY)
        renewed = given.get("refresh_token")
        if isinstance(renewed, str) and renewed and renewed != self._refresh:
            self._refresh = renewed
            self._exchange.keep(renewed)
            self._kept = self._exchange.kept()


def _refusal(answer: httpx.Response) -> NeedsHuman:
    """RFC 6749, section 5.2: the error is a short code; its description is not repeated."""
    try:
        code = answer.json().get("error", "")
    except (ValueError, AttributeError):
        code = ""
    named = f" ({code})" if code in _DEAD else ""
    return NeedsHuman(
        f"The token server no longer takes the refresh token{named}: log the account in anew and put the new refresh "
        "token into its place. Where the server renews refresh tokens, set token_file, so that the newest one is kept."
    )
