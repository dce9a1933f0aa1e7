"""Radicale and Xandikos, each in a process of its own on a free loopback port; every test has new calendars.

With CALDAV_URL (an address of any form), CALDAV_USER and CALDAV_PASSWORD the suite runs against that server instead:
it makes calendars of its own there, removes them, and prints at the end what the server does differently.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest

from calbridge.interval import Interval
from calbridge.model import Clinic, Resource, State
from calbridge.provider import CalendarChange, Context, Entry, Search
from calbridge.views import CalendarView
from calbridge_caldav.provider import CaldavCalendar, create
from calbridge_caldav.settings import CaldavSettings
from calbridge_caldav.setup import discover

NOW = 1_772_000_000  # 2026-02-25 06:13:20 UTC
DAY = 86_400
WINDOW = Interval(NOW - 2 * DAY, NOW + 95 * DAY)
TEN = 1_772_528_400  # 2026-03-03 10:00 in Berlin

GIVEN = os.environ.get("CALDAV_URL", "")
FOUND: list[str] = []
"""What was found out about the given server, for the end of the run."""

MKCALENDAR = (
    b'<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
    b'<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
    b"</D:prop></D:set></C:mkcalendar>"
)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until the server answers, at most 20 s."""
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(url, timeout=1, verify=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the server did not start: {process.poll()}")


@dataclass
class Server:
    """A running CalDAV server and the folder its calendars are made in."""

    name: str
    url: str
    home: str
    username: str = ""
    password: str = ""
    made: list[str] = field(default_factory=list)
    quirks: dict[str, str] = field(default_factory=dict)

    def client(self) -> httpx.Client:
        """A calendar program of staff's: a client that knows nothing of the bridge."""
        auth = httpx.BasicAuth(self.username, self.password) if self.username else None
        return httpx.Client(base_url=self.url, auth=auth, timeout=60 if GIVEN else 10, verify=bool(GIVEN))

    def make_calendar(self, name: str) -> str:
        """A new calendar collection; its path."""
        path = f"{self.home}{name}/"
        with self.client() as client:
            answer = client.request(
                "MKCALENDAR", path, content=MKCALENDAR, headers={"Content-Type": "application/xml; charset=utf-8"}
            )
            assert answer.status_code == 201, answer.text
        self.made.append(path)
        return path

    def remove_calendars(self) -> None:
        """Take away what was made here: a server lists all that it has at each discovery."""
        with self.client() as client:
            while self.made:
                path = self.made.pop()
                status = client.delete(path).status_code
                if not httpx.codes.is_success(status) and status not in {404, 410}:
                    FOUND.append(f"warning  {path} was made here and cannot be removed ({status}): delete it.")


@pytest.fixture(scope="session")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("radicale")
    (folder / "users").write_text("praxis:geheim\n")
    port = free_port()
    options = [
        f"--server-hosts=127.0.0.1:{port}",
        f"--storage-filesystem-folder={folder / 'store'}",
        "--auth-type=htpasswd",
        f"--auth-htpasswd-filename={folder / 'users'}",
        "--auth-htpasswd-encryption=plain",
        "--auth-delay=0",
        "--logging-level=error",
    ]
    process = _start([sys.executable, "-m", "radicale", *options], folder)
    yield from _serve(process, Server("radicale", f"http://127.0.0.1:{port}/", "/praxis/", "praxis", "geheim"))


@pytest.fixture(scope="session")
def xandikos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("xandikos")
    port = free_port()
    command = [str(Path(sys.executable).with_name("xandikos")), "serve", "-d", str(folder / "store"), "--defaults"]
    options = ["-l", "127.0.0.1", "-p", str(port), "--no-detect-systemd", "--state-dir", str(folder / "state")]
    process = _start([*command, *options], folder)
    yield from _serve(process, Server("xandikos", f"http://127.0.0.1:{port}/", "/user/calendars/"))


def _start(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)


def _serve(process: subprocess.Popen[bytes], server: Server) -> Iterator[Server]:
    try:
        wait_for(server.url, process)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="session")
def given() -> Iterator[Server]:
    """The server that was named: found as a clinic finds it, tried out as `calbridge check` does."""
    username, password = os.environ.get("CALDAV_USER", ""), os.environ.get("CALDAV_PASSWORD", "")
    transport = httpx.HTTPTransport()
    found = discover(
        Search(address=GIVEN, transport=transport, clock=Clock(), username=username, password=lambda: password)
    )
    FOUND.extend(f"{each.level:8} {each.message}" for each in found.findings)
    if not found.choices["calendars"]:
        pytest.exit(
            f"{GIVEN}: the account has no calendar for events, beside which others could be made: make one first."
        )
    (calendar, *_) = found.choices["calendars"]  # new ones are made beside it
    origin = "{0.scheme}://{0.netloc}/".format(urlsplit(found.values["url"]))
    home = calendar.value.rstrip("/").rpartition("/")[0] + "/"
    server = Server("given", origin, home, found.values.get("username", ""), password)
    trial = provider_for(server, {"anna": calendar.value}, transport)
    learned = trial.learn()
    server.quirks.update(learned.quirks)
    FOUND.extend(f"{each.level:8} {each.message}" for each in (*trial.check(), *learned.findings))
    FOUND.extend(f"{name:24} {value}" for name, value in learned.quirks.items())
    trial.close()
    transport.close()
    yield server
    server.remove_calendars()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What was found, where a server was given."""
    if FOUND:
        terminalreporter.section("the server")
        for line in FOUND:
            terminalreporter.write_line(line)


@pytest.fixture(params=["given"] if GIVEN else ["radicale", "xandikos"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each of the two in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Server)
    return found


@dataclass
class Watched(httpx.BaseTransport):
    """The way out, watched: `log` has method and path of each request, `after` may lose or change an answer."""

    log: list[tuple[str, str]] = field(default_factory=list)
    before: Callable[[httpx.Request], httpx.Response | None] = lambda request: None
    after: Callable[[httpx.Request, httpx.Response], httpx.Response] = lambda request, response: response
    inner: httpx.BaseTransport = field(default_factory=lambda: httpx.HTTPTransport(verify=bool(GIVEN)))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.log.append((request.method, request.url.path))
        answer = self.before(request)
        if answer is not None:
            return answer
        response = self.inner.handle_request(request)
        response.read()
        return self.after(request, response)

    def close(self) -> None:
        self.inner.close()

    def writes(self) -> list[tuple[str, str]]:
        """What changed something."""
        return [one for one in self.log if one[0] not in {"GET", "PROPFIND", "REPORT", "OPTIONS"}]


@dataclass
class Clock:
    """A clock that the test moves."""

    at: int = NOW

    def now(self) -> int:
        return self.at


def clinic(**changes: Any) -> Clinic:
    """A clinic in Berlin with two vets."""
    resources = {key: Resource(key=key, name=key.title()) for key in ("anna", "ben")}
    return Clinic(key="hafen", name="Praxis am Hafen", time_zone="Europe/Berlin", resources=resources, **changes)


def plain_secret(reference: Any) -> str:
    """Secrets written in the settings themselves."""
    return str(reference.get_secret_value())


def context(
    transport: httpx.BaseTransport, clock: Clock | None = None, quirks: dict[str, str] | None = None
) -> Context:
    """What a host would give. `quirks` may be filled later: it is asked anew each time."""
    known = {} if quirks is None else quirks
    return Context(
        connection="calendar",
        clinic=clinic(),
        transport=transport,
        clock=clock or Clock(),
        secrets=plain_secret,
        log=logging.getLogger("test"),
        quirks=lambda: known,
    )


def tell(sentence: str) -> None:
    """Say at the end of the run what a given server is like, once."""
    line = f"ok       {sentence}"
    if line not in FOUND:
        FOUND.append(line)


def refused(answer: httpx.Response) -> None:
    """Skip what a given server takes from nobody, and says so by a rule of CalDAV's own (RFC 4791, 5.3.2.1)."""
    rules = re.findall(rb"<[\w:]*error\b[^>]*>\s*<(?:\w+:)?([a-z-]+)", answer.content)
    if rules and b"urn:ietf:params:xml:ns:caldav" in answer.content:
        why = f"It refuses what breaks its rule {rules[0].decode()} ({answer.status_code})"
        tell(f"{why}; tests that need it are skipped.")
        pytest.skip(why)


@dataclass
class Practice:
    """One test's calendars on a server, the provider over them, and a client of staff's."""

    server: Server
    paths: dict[str, str]
    provider: CaldavCalendar
    wire: Watched
    clock: Clock
    staff: httpx.Client
    quirks: dict[str, str] = field(default_factory=dict)

    def url(self, ref: str) -> str:
        resource, _, segment = ref.partition("/")
        return self.paths[resource] + segment

    def put(self, ref: str, body: str, **headers: str) -> str:
        """Staff writes an event; its ETag."""
        headers = {"Content-Type": "text/calendar; charset=utf-8", **headers}
        answer = self.staff.put(self.url(ref), content=body.encode(), headers=headers)
        if GIVEN and not answer.is_success:
            refused(answer)
        assert answer.is_success, (answer.status_code, answer.text)
        return answer.headers.get("ETag", "")

    def drag(self, ref: str, to: str) -> None:
        """Staff moves an event into another calendar, as programs do it: at once, or by a copy."""
        headers = {"Destination": str(self.staff.base_url.join(self.url(to))), "Overwrite": "F"}
        if not self.staff.request("MOVE", self.url(ref), headers=headers).is_success:
            self.put(to, self.text(ref))
            self.delete(ref)

    def text(self, ref: str) -> str:
        """What staff's program gets."""
        answer = self.staff.get(self.url(ref))
        assert answer.status_code == 200, answer.status_code
        return answer.content.decode()

    def edit(self, ref: str, *swaps: tuple[str, str]) -> None:
        """Staff changes an event in a calendar program."""
        text = self.text(ref).replace("\r\n ", "")
        for old, new in swaps:
            assert old in text, f"{old} not in {text}"
            text = text.replace(old, new)
        self.put(ref, text)

    def exists(self, ref: str) -> bool:
        return self.staff.get(self.url(ref)).status_code == 200

    def delete(self, ref: str) -> None:
        assert self.staff.delete(self.url(ref)).is_success

    def write(self, **fields: Any) -> Entry:
        """A change that must succeed; what was read back."""
        receipt = self.provider.propagate_change(change(**fields))
        assert receipt.outcome == "written", receipt
        assert receipt.entry is not None
        return receipt.entry

    def read(self, cursor: str = "", known: dict[str, str] | None = None, window: Interval = WINDOW) -> Any:
        """One import."""
        return self.provider.import_schedule(cursor, window, known or {})

    def records(self, **options: Any) -> dict[str, Any]:
        """Everything there is, by ref."""
        return {item.ref: item for item in self.read(**options).items}

    def again(self, **settings: Any) -> CaldavCalendar:
        """A new provider object, as after a restart, over the same watched transport."""
        return provider_for(self.server, self.paths, self.wire, self.clock, self.quirks, **settings)


def provider_for(
    server: Server,
    paths: dict[str, str],
    transport: httpx.BaseTransport,
    clock: Clock | None = None,
    quirks: dict[str, str] | None = None,
    **settings: Any,
) -> CaldavCalendar:
    """A provider for calendars of a server."""
    login = {"username": server.username, "password": server.password} if server.username else {}
    values = CaldavSettings.model_validate({"url": server.url, "calendars": paths, **login, **settings})
    return create(values, context(transport, clock, quirks))


@pytest.fixture
def practice(server: Server) -> Iterator[Practice]:
    """Two new calendars on a real server."""
    mark = secrets.token_hex(4)
    paths = {key: server.make_calendar(f"{key}-{mark}") for key in ("anna", "ben")}
    wire, clock, quirks = Watched(), Clock(), dict(server.quirks)
    provider = provider_for(server, paths, wire, clock, quirks)
    with server.client() as staff:
        yield Practice(server, paths, provider, wire, clock, staff, quirks)
    provider.close()
    wire.close()  # a test may have asked by another provider only
    server.remove_calendars()


def view(**changes: Any) -> CalendarView:
    """An appointment on Tuesday, 3 March 2026, 10:00 to 10:30 in Berlin."""
    values: dict[str, Any] = {
        "state": State.CONFIRMED,
        "resource": "anna",
        "start": TEN,
        "end": TEN + 1800,
        "title": "Check-up - Bello",
        "description": "Impfung",
        "note": "Ruft vorher an",
        "confidential": True,
    }
    return CalendarView(**{**values, **changes})


def change(**fields: Any) -> CalendarChange:
    """A first write of appointment abc123, unless told otherwise; `entry` makes it a later one."""
    entry: Entry | None = fields.pop("entry", None)
    after: dict[str, Any] = {}
    if entry is not None:
        after = {"ref": entry.ref, "version": entry.version, "previous": entry.view, "revision": 2}
    values: dict[str, Any] = {"key": "k1", "appointment": "abc123", "revision": 1, "view": view(), **after, **fields}
    return CalendarChange(**values)


def event(uid: str, *lines: str, calendar: str = "") -> str:
    """A foreign object with one event."""
    body = "\r\n".join(lines)
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//other//EN\r\n{calendar}BEGIN:VEVENT\r\nUID:{uid}\r\n"
        f"DTSTAMP:20260101T000000Z\r\n{body}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def berlin(text: str) -> int:
    """Epoch seconds of "2026-03-03 10:00" on a Berlin clock."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp())


def utc(seconds: int) -> str:
    """An instant as iCalendar writes it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%SZ}"


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """The builders, for tests: a conftest cannot be imported."""
    return SimpleNamespace(
        view=view,
        change=change,
        event=event,
        berlin=berlin,
        span=span,
        context=context,
        clinic=clinic,
        provider=provider_for,
        server=Server,
        watched=Watched,
        clock=Clock,
        utc=utc,
        found=tell,
        now=NOW,
        window=WINDOW,
        ten=TEN,
    )


def span(start: str, end: str) -> Interval:
    """An interval on a Berlin clock."""
    return Interval(berlin(start), berlin(end))
