"""uvicorn with the portal in it: one line says where it listens; paths hold secrets and are not logged."""

import asyncio
import socket

import uvicorn
from litestar.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from calbridge_portal.app import Options, create_app
from calbridge_portal.portal import Portal


class CuttableProtocol(H11Protocol):
    """Keeps the connections by peer address, so that a fault can cut one without an answer."""

    open_transports: dict[tuple[str, int], asyncio.Transport]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        """Remember the connection."""
        super().connection_made(transport)
        if self.client is not None:
            self.open_transports[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        if self.client is not None:
            self.open_transports.pop(self.client, None)


def serve(portal: Portal, options: Options, host: str, port: int, public_url: str = "") -> None:
    """Serve until told to stop. Clients reach it at `public_url`, else where it listens."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # else an answer's body waits for the client to acknowledge its head, 40 ms; asyncio says so of its own sockets only
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with listener:
        listener.bind((host, port))
        listener.listen(128)
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listener.getsockname()[1]}"
        portal.reached_at(public_url or address)
        print(f"listening on {address}", flush=True)  # noqa: T201 - what the command says
        server = uvicorn.Server(_config(portal, options))
        server.run(sockets=[listener])


def _config(portal: Portal, options: Options) -> uvicorn.Config:
    transports: dict[tuple[str, int], asyncio.Transport] = {}
    protocol = type("Protocol", (CuttableProtocol,), {"open_transports": transports})

    def cut(scope: Scope) -> None:
        client = scope.get("client")
        transport = transports.get((client[0], client[1])) if client else None
        if transport is not None:
            transport.abort()

    portal.faults.cut = cut
    return uvicorn.Config(
        create_app(portal, options),
        http=protocol if options.faults else "h11",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=5,
    )
