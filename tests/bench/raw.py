"""The floor: a client that does nothing but ask, on two connections at once. It keeps a token for each calendar.

`python raw.py BASE STATE PATH...`: a first run lists and fetches everything in chunks; a later one asks for changes,
fetches them, and puts what changed in the first calendar into the second.
"""

from __future__ import annotations

import http.client
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

CHUNK = 80
WAYS = 2
SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
LIST = f"<D:propfind {SPACES}><D:prop><D:getetag/></D:prop></D:propfind>"
TOKEN = f"<D:propfind {SPACES}><D:prop><D:sync-token/></D:prop></D:propfind>"
HREF = re.compile(rb"<(?:\w+:)?href>([^<]+\.ics)</")
MARK = re.compile(rb"<(?:\w+:)?sync-token>([^<]+)</")


class Client:
    """One connection."""

    def __init__(self, base: str) -> None:
        self._to = http.client.HTTPConnection(urlsplit(base).netloc, timeout=600)

    def ask(self, method: str, path: str, body: str, depth: str = "1", kind: str = "application/xml") -> bytes:
        headers = {"Content-Type": f"{kind}; charset=utf-8", "Depth": depth}
        self._to.request(method, path, body.encode(), headers)
        answer = self._to.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status}")
        return content


def first(base: str, path: str) -> str:
    """Everything of one calendar; its token."""
    client = Client(base)
    token = MARK.search(client.ask("PROPFIND", path, TOKEN, "0"))
    hrefs = [found.decode() for found in HREF.findall(client.ask("PROPFIND", path, LIST))]
    chunks = [hrefs[at : at + CHUNK] for at in range(0, len(hrefs), CHUNK)]
    clients = [Client(base) for _ in range(WAYS)]
    with ThreadPoolExecutor(WAYS) as pool:
        got = sum(pool.map(lambda one: _fetch(clients[one], path, chunks[one::WAYS]), range(WAYS)))
    if got != len(hrefs) or token is None:
        raise SystemExit(f"{got} of {len(hrefs)}")
    return token.group(1).decode()


def _fetch(client: Client, path: str, chunks: list[list[str]]) -> int:
    return sum(multiget(client, path, chunk).count(b"END:VCALENDAR") for chunk in chunks)


def multiget(client: Client, path: str, hrefs: list[str]) -> bytes:
    """The bodies of some."""
    wanted = "".join(f"<D:href>{href}</D:href>" for href in hrefs)
    body = (
        f"<C:calendar-multiget {SPACES}><D:prop><D:getetag/><C:calendar-data/></D:prop>{wanted}</C:calendar-multiget>"
    )
    return client.ask("REPORT", path, body)


def changes(client: Client, path: str, token: str) -> tuple[str, list[str]]:
    """The next token, and what changed."""
    body = (
        f"<D:sync-collection {SPACES}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
        "<D:prop><D:getetag/></D:prop></D:sync-collection>"
    )
    answer = client.ask("REPORT", path, body)
    mark = MARK.search(answer)
    return mark.group(1).decode() if mark else token, [found.decode() for found in HREF.findall(answer)]


def later(base: str, tokens: dict[str, str]) -> dict[str, str]:
    """What changed in the first calendar goes into the second."""
    client = Client(base)
    (source, target), after = list(tokens), {}
    after[source], news = changes(client, source, tokens[source])
    after[target], _ = changes(client, target, tokens[target])
    for at in range(0, len(news), CHUNK):
        answer = multiget(client, source, news[at : at + CHUNK])
        for data in re.findall(rb"BEGIN:VCALENDAR.*?END:VCALENDAR", answer, re.DOTALL):
            body = data.decode().replace("&#13;", "").replace("\r", "").replace("\n", "\r\n") + "\r\n"
            name = re.search(r"^UID:(\S+)", body, re.MULTILINE)
            if name:
                client.ask("PUT", f"{target}{name.group(1)}.ics", body, kind="text/calendar")
    return after


def main() -> None:
    """One run."""
    base, state, paths = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    tokens = json.loads(state.read_text()) if state.exists() else {}
    after = later(base, tokens) if tokens else {path: first(base, path) for path in paths}
    state.write_text(json.dumps(after))


if __name__ == "__main__":
    main()
