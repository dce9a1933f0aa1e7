"""A real HTTP server on a loopback port, scripted by the test: a hostile or a broken vendor."""

from __future__ import annotations

import http.server
import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from calbridge import log
from calbridge.testing.mail_server import MailServer, Sink

# Tests are no packages: what several files of this folder share is found beside them. What the core's tests are
# played with is played here with the whole engine.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "core")]

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
        disable_nagle_algorithm = True

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


# --- an installed plugin over in-memory sides, and a configuration that uses it -------------------

PLUGIN = '''
"""In-memory sides as a plugin: a calendar `diary`, a portal `desk` that also takes webhooks, a PMS `cards`."""
from pydantic import BaseModel, ConfigDict
from calbridge.clock import SystemClock
from calbridge.errors import RetryLater, SkipItem
from calbridge.fields import SecretText
from calbridge.hookspecs import hookimpl
from calbridge.provider import Hint, ProviderKind
from calbridge.testing.memory_calendar import CalendarModel, MemoryCalendar
from calbridge.testing.memory_pms import MemoryPms, PmsModel
from calbridge.testing.memory_portal import PortalModel
from calbridge.testing.portal_provider import MemoryPortal

DIARY = CalendarModel(SystemClock())
DESK = PortalModel(SystemClock())
CARDS = PmsModel(SystemClock())
CARDS.down = False

class Section(BaseModel):
    model_config = ConfigDict(extra="forbid")
    url: str
    username: str = ""
    password: SecretText | None = None

class Desk(MemoryPortal):
    @hookimpl
    def receive(self, request):
        if request.headers.get("x-signature") != "right":
            raise SkipItem("the signature is wrong")
        return (Hint(id=request.body.decode()),)

REFUSING = set()

class Diary(MemoryCalendar):
    @hookimpl
    def propagate_change(self, change):
        if "diary" in REFUSING and not change.remove:
            raise SkipItem("this calendar takes nothing today")
        return super().propagate_change(change)

class Cards(MemoryPms):
    @hookimpl
    def find_clients(self, query):
        if CARDS.down:
            raise RetryLater("the PMS is down: the bridge tries again by itself")
        return super().find_clients(query)

def diary(settings, context):
    if settings.password:
        context.secrets(settings.password)
    return Diary(DIARY, resources=frozenset(["anna"]))

@hookimpl
def calbridge_register(registry):
    registry.provider(ProviderKind(name="diary", role="calendar", settings=Section, create=diary))
    registry.provider(ProviderKind(name="cards", role="pms", settings=Section, create=lambda s, c: Cards(CARDS)))
    registry.provider(ProviderKind(name="desk", role="portal", settings=Section, create=lambda s, c: Desk(DESK)))
'''

CONFIGURATION = """
[bridge]
listen = "127.0.0.1:0"
[clinics.hafen]
name = "Hafen"
time_zone = "Europe/Berlin"
online = true
opening_hours = { mon = ["00:00-24:00"], tue = ["00:00-24:00"], wed = ["00:00-24:00"], thu = ["00:00-24:00"], \
fri = ["00:00-24:00"], sat = ["00:00-24:00"], sun = ["00:00-24:00"] }
[clinics.hafen.rules]
availability = "opening_hours"
booking_mode = "request"
lead_time = "PT1H"
horizon_days = 3
grid_minutes = 60
[clinics.hafen.resources.anna]
name = "Dr. Anna Sommer"
online = true
[clinics.hafen.services.checkup]
name = "Check-up"
minutes = 30
online = true
resources = ["anna"]
[clinics.hafen.connections.calendar]
kind = "diary"
url = "http://diary.example/"
username = "praxis"
password = "s3cret-word"
[clinics.hafen.connections.portal]
kind = "desk"
url = "http://desk.example/"
"""


@dataclass
class Practice:
    """A configuration on disk with an installed plugin; `sides` is the plugin's module."""

    path: Path
    sides: Any


@pytest.fixture
def practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Practice]:
    """An empty clinic whose calendar and portal live in this process."""
    packages = tmp_path / "packages"
    info = packages / "calbridge_acme-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: calbridge-acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[calbridge]\nacme = acme_sides\n")
    (packages / "acme_sides.py").write_text(PLUGIN)
    (tmp_path / "calbridge.toml").write_text(CONFIGURATION)
    monkeypatch.syspath_prepend(str(packages))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CALBRIDGE_CONFIG", raising=False)
    yield Practice(path=tmp_path / "calbridge.toml", sides=importlib.import_module("acme_sides"))
    del sys.modules["acme_sides"]


# --- a life with marked values ------------------------------------------------------------------------


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """All that was logged since; the logger writes to whatever standard error was when it was made."""
    log.made.cache_clear()
    yield lambda: "".join(capsys.readouterr())
    log.made.cache_clear()


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def life(sink: Sink, logged: Any) -> Iterator[Callable[..., Any]]:
    from marked_life import Life

    with MailServer(sink) as server:
        yield lambda **rules: Life(server.port, **rules)
