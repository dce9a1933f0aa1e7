"""A real HTTP server on a loopback port, scripted by the test: a hostile or a broken vendor."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """`answers` are used up one a request, the last for ever; `seen` are the requests with their headers."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def say(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        """Add one plain answer; `content_type` becomes `Content-Type`."""

        def answer(request: http.server.BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            for name, value in headers.items():
                request.send_header(name.replace("_", "-"), value)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)

        self.answers.append(answer)


@pytest.fixture
def server() -> Iterator[Server]:
    """A threaded server that ends with the test."""
    script = Server()

    class Scripted(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            script.seen.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
            (script.answers.pop(0) if len(script.answers) > 1 else script.answers[0])(self)

        do_GET = do_POST = do_PUT = do_PROPFIND = answer  # noqa: N815  # the parent's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the parent's name
            """Say nothing."""

    class Quiet(http.server.ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """A client that hangs up is expected here."""

    listening = Quiet(("127.0.0.1", 0), Scripted)
    script.url = f"http://127.0.0.1:{listening.server_address[1]}"
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield script
    script.stopping.set()
    listening.shutdown()
    listening.server_close()
    thread.join()
