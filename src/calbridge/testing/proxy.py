"""A proxy in front of one server that can do to a request what networks and servers do: lose it, lose its answer, hold
it for a while, rewrite a body. It changes nothing unless its rule says so.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import uvicorn

from calbridge.testing.processes import PLAIN

HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length", "host"})
READING = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"})
START_S = 10.0
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as it came. `path` has its query."""

    method: str
    path: str
    headers: Headers
    body: bytes

    @property
    def writes(self) -> bool:
        """Could it change something at the server?"""
        return self.method not in READING


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server said."""

    status: int
    headers: Headers
    body: bytes


class Lost(Exception):
    """Raised by a rule: the connection breaks here."""


class Rule:
    """What happens to requests; this one lets everything through as it is."""

    def before(self, call: Call) -> Call | Answer:
        """Before the server sees it. May block, may change it, may answer in its place, may raise Lost."""
        return call

    def after(self, call: Call, answer: Answer) -> Answer:
        """After the server did it. May block, may change the answer, may raise Lost."""
        del call
        return answer


@dataclass(slots=True)
class Proxy:
    """`with Proxy(target, rule) as proxy:` listens on `proxy.address` in a thread.

    `certificate` is a file with a key and a certificate: then it speaks TLS.
    """

    target: str
    rule: Rule = field(default_factory=Rule)
    certificate: Path | None = None
    address: str = ""
    _client: httpx.Client = field(init=False)
    _server: uvicorn.Server = field(init=False)
    _thread: threading.Thread = field(init=False)
    _socket: socket.socket = field(init=False)

    def __enter__(self) -> Proxy:
        self._client = httpx.Client(base_url=self.target, timeout=30, trust_env=False, verify=PLAIN)
        self._socket = socket.create_server(("127.0.0.1", 0))
        # else an answer's body waits for the client to acknowledge its head, 40 ms; see calbridge.web
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        scheme = "https" if self.certificate else "http"
        self.address = f"{scheme}://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(self._app, http="h11", interface="asgi3", lifespan="off", log_level="critical")
        config.server_header = config.date_header = config.access_log = False
        config.timeout_graceful_shutdown = 2
        config.ssl_certfile = config.ssl_keyfile = self.certificate
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="proxy", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join(START_S)
        self._socket.close()
        self._client.close()

    async def _app(self, scope: dict[str, Any], receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        call = await _read(scope, receive)
        try:
            answer = await asyncio.to_thread(self._exchange, call)
        except Lost:
            await _break_off(send)
            return
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if call.method == "HEAD" else answer.body})

    def _exchange(self, call: Call) -> Answer:
        wanted = self.rule.before(call)
        if isinstance(wanted, Answer):
            return wanted
        try:
            got = self._client.request(
                wanted.method,
                wanted.path,
                headers=[*_kept(wanted.headers), ("accept-encoding", "identity")],
                content=wanted.body,
            )
        except httpx.HTTPError as error:
            raise Lost from error
        answer = Answer(status=got.status_code, headers=_kept(got.headers.multi_items()), body=got.content)
        return self.rule.after(wanted, answer)


class Chain(Rule):
    """Several rules; the first sees the request first and the answer last."""

    def __init__(self, *rules: Rule) -> None:
        self._rules = rules

    def before(self, call: Call) -> Call | Answer:
        """Each in turn, until one answers."""
        for rule in self._rules:
            changed = rule.before(call)
            if isinstance(changed, Answer):
                return changed
            call = changed
        return call

    def after(self, call: Call, answer: Answer) -> Answer:
        """Each in turn, backwards."""
        for rule in reversed(self._rules):
            answer = rule.after(call, answer)
        return answer


class RewritesEvents(Rule):
    """A calendar server with a will of its own: it stores other text of the same meaning and says so by no ETag."""

    def before(self, call: Call) -> Call:
        """Reverse nothing that matters: fold nothing, add a property of the server's, touch DTSTAMP."""
        if call.method != "PUT" or b"BEGIN:VEVENT" not in call.body:
            return call
        body = call.body.replace(b"BEGIN:VEVENT\r\n", b"BEGIN:VEVENT\r\nX-SERVER-STORED:yes\r\n", 1)
        return replace(call, body=body)

    def after(self, call: Call, answer: Answer) -> Answer:
        """A server that changed the text must not give its ETag for it (RFC 4791, 5.3.4)."""
        if call.method != "PUT":
            return answer
        return replace(answer, headers=tuple(pair for pair in answer.headers if pair[0].lower() != "etag"))


async def _read(scope: dict[str, Any], receive: Callable[[], Any]) -> Call:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    query = scope["query_string"].decode("latin-1")
    return Call(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1") + (f"?{query}" if query else ""),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
        body=body,
    )


async def _break_off(send: Callable[[Any], Any]) -> None:
    """Promise a body and send none: the server then closes the connection."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})


def _kept(headers: Sequence[tuple[str, str]]) -> Headers:
    return tuple((name, value) for name, value in headers if name.lower() not in HOP | {"accept-encoding"})
