"""The web server: webhooks in, health and published free/busy out.

A webhook is verified, remembered and answered; the reading comes later.

A hint is never data: the worst that a forged one could do is one more read, and a wrong signature does not even that.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import uvicorn
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath, RawBody

from calbridge.calls import Stopped
from calbridge.errors import BridgeError, ConfigError, RetryLater, SkipItem, place_of
from calbridge.provider import Clock, InboundRequest
from calbridge.version import __version__
from calbridge.webfeeds import feed_handler

if TYPE_CHECKING:
    from calbridge.daemon import Daemon
    from calbridge.store import Store

LARGEST = 256 * 1024
START_LIMIT = 20.0


def application(daemon: Daemon, store: Store, clock: Clock, log: Any) -> Litestar:
    """The ASGI application."""

    @post("/hooks/{clinic:str}/{connection:str}", status_code=204, sync_to_thread=True)
    def hook(clinic: FromPath[str], connection: FromPath[str], body: RawBody, request: Request[Any, Any, Any]) -> None:
        """Verify one webhook of one connection, and have its clinic read again."""
        _accept(daemon, store, clock, clinic, connection, _inbound(request, body))

    @get("/health", sync_to_thread=False)
    def health() -> Response[dict[str, Any]]:
        """Is the process doing its work? No data of anybody."""
        lanes = {
            key: {"running": lane.running, "read": lane.finished is not None} for key, lane in daemon.lanes.items()
        }
        state = "stopping" if daemon.stopping else "ok"
        return Response({"status": state, "version": __version__, "clinics": lanes})

    def refuse(_request: Request[Any, Any, Any], error: Exception) -> Response[str]:
        """Status and reason of our own errors; of any other its type, in the log."""
        if isinstance(error, HTTPException):
            return Response(error.detail, status_code=error.status_code, media_type=MediaType.TEXT)
        log.error("web", error=place_of(error))
        return Response("internal error", status_code=500, media_type=MediaType.TEXT)

    return Litestar(
        [hook, health, feed_handler(daemon, store, clock)],
        request_max_body_size=LARGEST,
        exception_handlers={Exception: refuse},
        openapi_config=None,
        logging_config=None,
    )


def _inbound(request: Request[Any, Any, Any], body: bytes) -> InboundRequest:
    return InboundRequest(headers={name.lower(): value for name, value in request.headers.items()}, body=body)


def _accept(daemon: Daemon, store: Store, clock: Clock, clinic: str, connection: str, request: InboundRequest) -> None:
    lane = daemon.lanes.get(clinic)
    if lane is None or not lane.host.can(connection, "receive"):
        raise HTTPException(status_code=404, detail="no such webhook")
    try:
        hints = lane.host.receive(connection, request)
    except (BridgeError, Stopped) as error:
        raise HTTPException(status_code=_status(error), detail="not accepted") from None
    fresh = [
        hint for hint in hints if not (hint.id and store.seen_before(clinic, connection, hint.id, now=clock.now()))
    ]
    if fresh:
        daemon.wake(clinic)


def _status(error: BridgeError | Stopped) -> int:
    """A wrong signature is the sender's fault; anything else is ours, and the sender tries again."""
    match error:
        case SkipItem():
            return 401
        case RetryLater() | Stopped():
            return 503
    return 500


def _unbound(host: str, port: int, error: OSError) -> str:
    """The commonest cause is a second daemon, so the sentence names it. Python's own repeats the address."""
    why = os.strerror(error.errno) if error.errno else str(error)
    other = "perhaps a calbridge that already runs here: end it, or " if error.errno == errno.EADDRINUSE else ""
    return f"bridge.listen: {host}:{port} cannot be listened on ({why}): {other}choose another address"


class WebServer:
    """uvicorn in a thread of its own. The port is bound at once, so that a port in use is said before anything runs."""

    def __init__(self, app: Litestar, host: str, port: int) -> None:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family)
        except OSError as error:
            raise ConfigError(_unbound(host, port, error)) from None
        # Else an answer's body waits for the client to acknowledge its head, 40 ms: asyncio sees to that only where it
        # makes the socket. Accepted connections have it from here.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name, bound = self._socket.getsockname()[:2]
        self.address = f"http://{f'[{name}]' if ':' in name else name}:{bound}"
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5)
        )
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def start(self) -> None:
        """Serve; returns when it does."""
        self._thread.start()
        ends = time.monotonic() + START_LIMIT
        while not self._server.started and self._thread.is_alive() and time.monotonic() < ends:
            time.sleep(0.01)

    def stop(self) -> None:
        """End it, and give the port back."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(10)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])
