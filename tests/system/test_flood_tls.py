"""Real programs over TLS that goes wrong: what a certificate says, a secret address, a login are repeated nowhere.

Each kind of connection and the mail server at once, by an address that is a secret where it may be one. Subjects,
issuers and names of the certificates are marked values, and so is all that a server sends on or answers.
"""

from __future__ import annotations

import http.server
import json
import shutil
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from office import until

from calbridge.testing.columns import columns
from calbridge.testing.marked import found, text

CERTIFICATES = Path(__file__).parent / "certificates"
TRUSTED, STATE = "trusted.pem", "state.sqlite3"
MARKS = {name: text(name) for name in ("tls.subject", "tls.organization", "tls.place", "tls.name")}
"""What stands in the certificates: both names of a person, her practice, a place, a server's name."""
MARKS |= {
    name: text(name, "{0}{1}")
    for name in (
        "feed.user", "feed.password", "feed.path", "calendar.password", "pms.token", "portal.token", "mail.password",
        "moved.user", "moved.password", "moved.path", "answer",
    )
}  # fmt: skip
SECRETS = ("calendar.password", "pms.token", "portal.token", "mail.password")
CONNECTIONS = ("calendar", "pms", "portal", "feed")
CONFIGURATION = """
[bridge]
database = "{folder}/{state}"
secrets_directory = "secrets"
log_level = "debug"
every = "PT1S"
[clinics.hafen]
name = "Hafen"
time_zone = "Europe/Berlin"
email = "praxis@example.org"
[clinics.hafen.resources.anna]
name = "Anna"
[clinics.hafen.connections.calendar]
kind = "caldav"
url = "https://127.0.0.1:{port}/dav/"
username = "praxis"
password = {{ file = "calendar.password" }}
calendars = {{ anna = "/dav/anna/" }}
{common}
[clinics.hafen.connections.pms]
kind = "pms"
url = "https://127.0.0.1:{port}/pms"
token = {{ file = "pms.token" }}
{common}
[clinics.hafen.connections.portal]
kind = "vetstoria"
url = "https://127.0.0.1:{port}/portal"
site = "hafen"
token = {{ file = "portal.token" }}
{common}
[clinics.hafen.connections.feed]
kind = "ics"
url = {{ file = "feed.address" }}
resource = "anna"
{common}
[clinics.hafen.notifiers.mail]
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "tls"
ca_file = "{authority}"
username = "praxis"
password = {{ file = "mail.password" }}
timeout = "PT1S"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A server with `certificate` ("": it speaks no TLS), which the bridge trusts or not, and what it says then.

    `wants_ours`: it asks for a certificate of the bridge's own. `said` is part of every connection's sentence.
    """

    certificate: str
    said: str
    trusted: bool = True
    wants_ours: bool = False
    answer: str = ""


ELSEWHERE = f"https://{MARKS['moved.user']}:{MARKS['moved.password']}@elsewhere.example.org/{MARKS['moved.path']}"
TROUBLES = {
    "untrusted": Trouble(certificate="own", trusted=False, said="certificate that cannot be trusted"),
    "expired": Trouble(certificate="expired", said="certificate has expired"),
    "of another": Trouble(certificate="other", said="certificate that cannot be trusted"),
    "none": Trouble(certificate="", said="does not speak TLS as expected"),
    "refusing": Trouble(certificate="own", wants_ours=True, said="TLS"),
    "sending on": Trouble(
        certificate="own", said="elsewhere.example.org",
        answer=f"HTTP/1.1 302 {MARKS['answer']}\r\nLocation: {ELSEWHERE}\r\nContent-Length: 0\r\n\r\n",
    ),
    "babbling": Trouble(certificate="own", said="127.0.0.1", answer=f"{MARKS['answer']} {ELSEWHERE}\r\n\r\n"),
}  # fmt: skip


class Babbler(http.server.BaseHTTPRequestHandler):
    """Answers every request with the same bytes."""

    answer = b""

    def handle_one_request(self) -> None:
        """Whatever the method is."""
        self.raw_requestline = self.rfile.readline()
        if self.raw_requestline and self.parse_request():
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.wfile.write(self.answer)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the parent's name
        """Say nothing."""


class Quiet(http.server.ThreadingHTTPServer):
    """A client that hangs up during a handshake is what is wanted here."""

    def handle_error(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(params=TROUBLES)
def trouble(request: pytest.FixtureRequest) -> Trouble:
    return TROUBLES[request.param]


@pytest.fixture
def port(trouble: Trouble) -> Iterator[int]:
    """Where the troubled server listens."""
    handler = type("Handler", (Babbler,), {"answer": trouble.answer.encode()})
    with Quiet(("127.0.0.1", 0), handler) as server:
        if trouble.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATES / f"{trouble.certificate}.pem")
            context.verify_mode = ssl.CERT_REQUIRED if trouble.wants_ours else ssl.CERT_NONE
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@dataclass
class Life:
    """One configuration, and all that real programs said of it."""

    folder: Path
    start: Callable[..., Any]
    said: list[str] = field(default_factory=list)

    @property
    def config(self) -> tuple[str, str]:
        return "--config", str(self.folder / "calbridge.toml")

    def ask(self, *words: str) -> Any:
        """A command's answer."""
        running = self.start(*words, "--json", *self.config)
        assert running.wait() in {0, 1}, running.errors.read_text("utf-8")
        self.said += [running.output.read_text("utf-8"), running.errors.read_text("utf-8")]
        return running.answer()

    def daemon(self) -> None:
        """What the daemon logs, until a cycle is over."""
        running = self.start("run", "--no-web", *self.config)
        until(lambda: "cycle" in running.errors.read_text("utf-8"))
        running.process.terminate()
        running.process.join()
        self.said += [running.output.read_text("utf-8"), running.errors.read_text("utf-8")]


@pytest.fixture
def life(tmp_path: Path, port: int, trouble: Trouble, start: Callable[..., Any]) -> Life:
    """A clinic all of whose servers are the troubled one."""
    secrets = tmp_path / "secrets"
    secrets.mkdir(mode=0o700)
    for name in SECRETS:
        (secrets / name).write_text(str(MARKS[name]), "utf-8")
    login = f"{MARKS['feed.user']}:{MARKS['feed.password']}"
    (secrets / "feed.address").write_text(f"https://{login}@127.0.0.1:{port}/{MARKS['feed.path']}.ics", "utf-8")
    common = ["allow_private = true"]
    authority = tmp_path / TRUSTED if trouble.trusted and trouble.certificate else ""
    if authority:
        shutil.copy(CERTIFICATES / f"{trouble.certificate}.pem", authority)
        common.append(f'ca_file = "{TRUSTED}"')
    words = {"folder": tmp_path, "state": STATE, "port": port, "common": "\n".join(common), "authority": authority}
    (tmp_path / "calbridge.toml").write_text(CONFIGURATION.format(**words), "utf-8")
    return Life(tmp_path, start)


def test_what_tls_that_goes_wrong_says_names_the_connection_and_nobody(life: Life, trouble: Trouble) -> None:
    checked = life.ask("check", "--look-only")["clinics"][0]
    failures = life.ask("sync")["clinics"][0]["failures"]
    assert {name: said for name, said in failures.items() if trouble.said not in said} == {}
    assert set(failures) == set(CONNECTIONS)
    (mail,) = checked["notifiers"]
    assert "error" in {each["level"] for each in mail["findings"]}
    life.daemon()
    life.ask("status")
    assert {each["connection"] for each in life.ask("tasks", "list", "--all")["tasks"]} <= set(CONNECTIONS)
    assert found("\n".join(life.said), MARKS.values()) == set()
    assert columns(life.folder / STATE, MARKS.values()) == {}


@pytest.mark.parametrize(
    "before",
    [*(f'kind = "{kind}"\nurl = "https://' for kind in ("caldav", "pms", "vetstoria")), 'calendars = { anna = "'],
    ids=["caldav", "pms", "portal", "calendar's path"],
)
def test_a_login_in_an_address_of_the_configuration_is_refused_and_not_repeated(
    before: str, tmp_path: Path, start: Callable[..., Any]
) -> None:
    login = f"{MARKS['feed.user']}:{MARKS['feed.password']}@"
    text = CONFIGURATION.format(folder=tmp_path, state=STATE, port=1, common="", authority="")
    head, found_place, rest = text.partition(before)
    assert found_place
    written = login if found_place.endswith("//") else f"https://{login}127.0.0.1"
    (tmp_path / "calbridge.toml").write_text(f"{head}{found_place}{written}{rest}", "utf-8")
    running = start("check", "--json", "--config", str(tmp_path / "calbridge.toml"))
    assert running.wait() == 2
    said = running.output.read_text("utf-8") + running.errors.read_text("utf-8")
    assert "url holds no user name or password: give them in their own fields" in said
    assert found(said, MARKS.values()) == set()


def test_the_search_sees_what_stands_in_the_certificates() -> None:
    """It would find the subject in what OpenSSL tells of it."""
    seen = ssl._ssl._test_decode_cert(str(CERTIFICATES / "own.pem"))  # type: ignore[attr-defined]
    assert found(json.dumps(seen), MARKS.values()) == {name for name in MARKS if name.startswith("tls.")}
