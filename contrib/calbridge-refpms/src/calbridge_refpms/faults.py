"""Faults on demand, for those who test an integration: each one is something real systems do.

`500_after_commit` and `drop_after_commit` are the cruel ones: the write is done, only the answer is lost.
"""

import asyncio
import threading

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from calbridge_refpms.wire import FaultRule

LOGIN_PAGE = b"<!doctype html><title>Sign in</title><h1>Please sign in</h1><form method=post></form>"


class Faults:
    """The armed rules; each is used up by `times` matching requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[tuple[FaultRule, int]] = []

    def arm(self, rules: list[FaultRule]) -> None:
        """Replace all rules."""
        with self._lock:
            self._armed = [(rule, rule.times) for rule in rules]

    def take(self, method: str, path: str) -> FaultRule | None:
        """The first rule that matches this request, used up by one."""
        with self._lock:
            for position, (rule, left) in enumerate(self._armed):
                wanted, prefix = rule.match.split(" ", 1)
                if wanted in ("*", method) and path.startswith(prefix):
                    self._armed[position : position + 1] = [(rule, left - 1)] if left > 1 else []
                    return rule
        return None


def faulty(app: ASGIApp, faults: Faults) -> ASGIApp:
    """The application behind a door that sometimes does not behave."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        rule = None
        if scope["type"] == ScopeType.HTTP and not scope["path"].startswith("/faults"):
            rule = faults.take(scope["method"], scope["path"])
        if rule is None:
            await app(scope, receive, send)
        else:
            await _misbehave(rule, app, scope, receive, send)

    return answer


async def _misbehave(rule: FaultRule, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    match rule.action:
        case "delay":
            await asyncio.sleep(rule.seconds)
            await app(scope, receive, send)
        case "500_before":
            await _say(send, 500, b"text/plain", b"Internal Server Error")
        case "500_after_commit":
            await app(scope, receive, _nowhere)
            await _say(send, 500, b"text/plain", b"Internal Server Error")
        case "drop_after_commit":
            await app(scope, receive, _nowhere)
            await _break_off(send)
        case "429":
            wait = str(max(1, round(rule.seconds))).encode()
            await _say(send, 429, b"text/plain", b"Too Many Requests", (b"retry-after", wait))
        case "not_written":  # it is about a write that settles, not about a request
            await app(scope, receive, send)
        case "html_200":
            await _say(send, 200, b"text/html; charset=utf-8", LOGIN_PAGE)


async def _nowhere(message: Message) -> None:
    """An answer that nobody gets."""


async def _break_off(send: Send) -> None:
    """Promise a body and send none: the server then closes the connection."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _say(send: Send, status: int, media: bytes, body: bytes, *more: tuple[bytes, bytes]) -> None:
    headers = [(b"content-type", media), (b"content-length", str(len(body)).encode()), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
