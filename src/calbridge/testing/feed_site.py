"""A web site that serves one iCalendar feed, and the text of small feeds, for tests of whatever reads them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class FeedSite:
    """What the server answers, and the headers (names in lower case) of each request it got.

    `conditions`: it knows If-None-Match and If-Modified-Since.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    conditions: bool = True
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def unchanged(self, given: dict[str, str]) -> bool:
        """Is the feed as the client says it has it?"""
        tag, date = self.headers.get("ETag"), self.headers.get("Last-Modified")
        same = (tag and given.get("if-none-match") == tag) or (date and given.get("if-modified-since") == date)
        return bool(self.conditions and same)


@contextmanager
def feed_site() -> Iterator[FeedSite]:
    """The site, on a free port of this machine, while the block runs."""
    site = FeedSite()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(site))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}/secret-token/anna.ics"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answering(site: FeedSite) -> type[BaseHTTPRequestHandler]:
    class Answers(BaseHTTPRequestHandler):
        """Serves the site's feed at every path."""

        def do_GET(self) -> None:  # the library's name
            """The feed, or 304."""
            given = {name.lower(): value for name, value in self.headers.items()}
            site.asked.append(given)
            same = site.unchanged(given)
            body = b"" if same else site.body
            self.send_response(304 if same else site.status)
            for name, value in {**site.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Answers


def calendar(*events: str, product: str = "-//somebody//EN") -> bytes:
    """A feed with these events."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{product}", *events, "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


def event(uid: str, start: str, end: str, *more: str) -> str:
    """One VEVENT; `start` and `end` are what follows the property's name, `more` further lines."""
    times = (f"DTSTART{start}", f"DTEND{end}")
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T000000Z", *times, *more, "END:VEVENT"])
