"""The real server: uvicorn on a socket, on a port of its own choice where 0 is asked for."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from calbridge_refpms.app import Practice, create_app

START_S = 15


class AnnouncingServer(uvicorn.Server):
    """Says where it listens once it does, not before."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn, then the announcement."""
        await super().startup(sockets=sockets)
        if self.started:
            name = self.servers[0].sockets[0].getsockname()
            host = f"[{name[0]}]" if ":" in name[0] else name[0]
            self._ready(f"http://{host}:{name[1]}")


def server(practice: Practice, *, host: str, port: int, ready: Callable[[str], None]) -> AnnouncingServer:
    """A server that is ready to run."""
    config = uvicorn.Config(
        create_app(practice),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    return AnnouncingServer(config, ready)


@contextmanager
def running(practice: Practice, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """The server in a thread of this process, for tests; gives its address."""
    addresses: list[str] = []
    started = threading.Event()

    def ready(address: str) -> None:
        addresses.append(address)
        started.set()

    runner = server(practice, host=host, port=port, ready=ready)
    thread = threading.Thread(target=runner.run, name="refpms-server", daemon=True)
    thread.start()
    try:
        if not started.wait(START_S):
            raise RuntimeError(f"The reference PMS did not start within {START_S} s.")
        yield addresses[0]
    finally:
        runner.should_exit = True
        thread.join(timeout=START_S)
