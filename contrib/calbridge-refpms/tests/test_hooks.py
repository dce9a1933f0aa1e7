"""Webhooks: thin, with a static secret, tried again, and never more than a hint."""

import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

NINE, TEN = "2026-11-25T09:00:00+01:00", "2026-11-25T10:00:00+01:00"
Received = tuple[dict[str, str], dict[str, Any]]


class Listener:
    """A real HTTP listener that answers with the codes it is given, then with 204."""

    def __init__(self) -> None:
        self.received: queue.Queue[Received] = queue.Queue()
        self.codes: list[int] = []
        listener = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.received.put((dict(self.headers), json.loads(body)))
                self.send_response(listener.codes.pop(0) if listener.codes else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}/in"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def listener() -> Iterator[Listener]:
    started = Listener()
    yield started
    started.server.shutdown()
    started.server.server_close()


def test_a_change_is_announced_thinly(bridge: Any, listener: Listener) -> None:
    hook = bridge.post("/v1/hooks", {"url": listener.url}).json()
    made = bridge.book(NINE, TEN, title="Frau Geheim").json()
    headers, body = listener.received.get(timeout=5)
    assert headers[hook["header"]] == hook["secret"]
    assert set(body) == {"object", "id", "seq"}
    assert (body["object"], body["id"]) == ("appointment", made["id"])
    bridge.post(f"/v1/appointments/{made['id']}/cancel")
    _, later = listener.received.get(timeout=5)
    assert later["seq"] == body["seq"] + 1


def test_a_notice_is_tried_again(bridge: Any, listener: Listener) -> None:
    listener.codes = [500, 302]
    bridge.post("/v1/hooks", {"url": listener.url})
    bridge.book(NINE, TEN)
    first, second = (listener.received.get(timeout=8)[1] for _ in range(2))
    assert first == second


def test_the_secret_is_shown_once(bridge: Any, listener: Listener) -> None:
    hook = bridge.post("/v1/hooks", {"url": listener.url}).json()
    listed = bridge.get("/v1/hooks")
    assert [entry["id"] for entry in listed.json()["items"]] == [hook["id"]]
    assert hook["secret"] not in listed.text


def test_a_removed_hook_hears_nothing(bridge: Any, listener: Listener) -> None:
    hook = bridge.post("/v1/hooks", {"url": listener.url}).json()
    assert bridge.delete(f"/v1/hooks/{hook['id']}").status_code == 204
    bridge.book(NINE, TEN)
    with pytest.raises(queue.Empty):
        listener.received.get(timeout=0.6)
