"""Finding a server from an e-mail address, a host or any URL, and `calbridge init` over it (RFC 6764)."""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from calbridge.cli import main
from calbridge.errors import BridgeError, NeedsHuman
from calbridge.provider import Discovered, Search
from calbridge_caldav.addresses import Service, candidates, same_house, typed
from calbridge_caldav.setup import discover

Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Zone:
    """A name service of the test's own. `asked` are the names that were looked up."""

    srv: dict[str, list[Service]] = field(default_factory=dict)
    txt: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def services(self, name: str) -> list[Service]:
        self.asked.append(name)
        return self.srv.get(name, [])

    def texts(self, name: str) -> list[str]:
        return self.txt.get(name, [])


CLINIC = "_caldavs._tcp.clinic.example"


def served(*services: Service, path: str = "") -> Zone:
    return Zone(srv={CLINIC: list(services)}, txt={CLINIC: [f"path={path}"]} if path else {})


def service(target: str, port: int = 443, **more: int) -> Service:
    return Service(target=target, port=port, **more)


@pytest.mark.parametrize(
    ("text", "zone", "wanted"),
    [
        (
            "anna@clinic.example",
            Zone(),
            ["https://clinic.example/.well-known/caldav", "https://clinic.example/"],
        ),
        (
            "anna@clinic.example",
            served(service("b.clinic.example.", priority=2), service("a.clinic.example.", 8443, priority=1)),
            ["https://a.clinic.example:8443/.well-known/caldav", "https://b.clinic.example/.well-known/caldav"],
        ),
        (
            "clinic.example",
            served(service("light.clinic.example.", weight=1), service("heavy.clinic.example.", weight=9)),
            ["https://heavy.clinic.example/.well-known/caldav", "https://light.clinic.example/.well-known/caldav"],
        ),
        ("clinic.example", served(service("dav.clinic.example."), path="/dav/"), ["https://dav.clinic.example/dav/"]),
        ("clinic.example", served(service(".")), ["https://clinic.example/.well-known/caldav"]),
        ("clinic.example:8443", Zone(), ["https://clinic.example:8443/.well-known/caldav"]),
        (
            "https://clinic.example/dav/anna/",
            Zone(),
            ["https://clinic.example/dav/anna/", "https://clinic.example/.well-known/caldav"],
        ),
        ("clinic.example/dav/anna/", Zone(), ["https://clinic.example/dav/anna/"]),
        ("clinic.example:8443/dav", Zone(), ["https://clinic.example:8443/dav"]),
        ("localhost:5232/praxis/", Zone(), ["http://localhost:5232/praxis/"]),
        ("127.0.0.1:5232/praxis/a/", Zone(), ["http://127.0.0.1:5232/praxis/a/"]),
        (" <https://clinic.example/dav/> ", Zone(), ["https://clinic.example/dav/"]),
        ('"clinic.example"', Zone(), ["https://clinic.example/.well-known/caldav"]),
        ("mailto:anna@clinic.example", Zone(), ["https://clinic.example/.well-known/caldav"]),
        (
            "https://Clinic.example:443",
            Zone(),
            ["https://clinic.example/", "https://clinic.example/.well-known/caldav"],
        ),
        ("caldavs://clinic.example/dav", Zone(), ["https://clinic.example/dav"]),
        ("localhost:5232", Zone(), ["http://localhost:5232/.well-known/caldav", "http://localhost:5232/"]),
        ("https://[::1]:5232/", Zone(), ["https://[::1]:5232/"]),
    ],
)
def test_where_an_address_leads(text: str, zone: Zone, wanted: list[str]) -> None:
    assert [each.url for each in candidates(typed(text), zone)][: len(wanted)] == wanted


@pytest.mark.parametrize(
    "text", ["", "  ", "@", "two words", "ftp://clinic.example/", "https://", "https://[::1", "a/b"]
)
def test_what_is_no_address_is_said(text: str) -> None:
    with pytest.raises(NeedsHuman, match="address"):
        typed(text)


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("clinic.example", "clinic.example", True),
        ("clinic.example", "dav.clinic.example", True),
        ("caldav.clinic.example", "p42-caldav.clinic.example", True),
        ("clinic.example", "example", False),
        ("clinic.example", "other.example", False),
        ("clinic.co.uk", "evil.co.uk", False),
        ("cal.clinic.co.uk", "dav.clinic.co.uk", True),
        ("clinic.de", "evil.de", False),
        ("notclinic.example", "clinic.example", False),
    ],
)
def test_who_may_get_a_login_without_a_question(one: str, two: str, same: bool) -> None:
    assert same_house(f"https://{one}/", f"https://{two}/x") is same
    assert same_house(f"https://{two}/", f"https://{one}/") is same


# --- a scripted server ----------------------------------------------------------------------------

SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'


def multistatus(href: str, props: str) -> httpx.Response:
    stat = f"<D:propstat><D:prop>{props}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
    body = f"<D:multistatus {SPACES}><D:response><D:href>{href}</D:href>{stat}</D:response></D:multistatus>"
    return httpx.Response(207, text=body, headers={"Content-Type": "application/xml"})


@dataclass
class Account:
    """A server with one account: principal, home and calendars, at `host`; `moved` sends its well-known address on."""

    host: str = "dav.clinic.example"
    user: str = "anna@clinic.example"
    moved: str = "/dav/"
    calendars: dict[str, str] = field(default_factory=lambda: {"anna": "Anna", "tasks": "Tasks"})
    logins: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        given = request.headers.get("authorization", "")
        self.logins.append((request.url.host, given))
        if request.url.host != self.host:
            return httpx.Response(404)
        if request.url.path.rstrip("/") == "/.well-known/caldav":
            return httpx.Response(301, headers={"Location": self.moved})
        if given != httpx.BasicAuth(self.user, "geheim")._auth_header:
            return httpx.Response(401, headers={"WWW-Authenticate": 'Basic realm="dav"'})
        return self._known(request)

    def _known(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/dav/":
            principal = "<D:current-user-principal><D:href>/dav/p/</D:href></D:current-user-principal>"
            return multistatus(path, principal)
        if path == "/dav/p/":
            return multistatus(path, "<C:calendar-home-set><D:href>/dav/home/</D:href></C:calendar-home-set>")
        if path == "/dav/home/":
            parts = "".join(self._response(f"/dav/home/{key}/", key) for key in self.calendars)
            home = self._part("/dav/home/", "<D:resourcetype><D:collection/></D:resourcetype>")
            return httpx.Response(207, text=f"<D:multistatus {SPACES}>{home}{parts}</D:multistatus>")
        key = path.strip("/").rpartition("/")[2]
        if key in self.calendars:
            return httpx.Response(207, text=f"<D:multistatus {SPACES}>{self._response(path, key)}</D:multistatus>")
        return httpx.Response(404)

    def _response(self, path: str, key: str) -> str:
        kind = "VTODO" if key == "tasks" else "VEVENT"
        rights = "read" if key.startswith("ro-") else "write"
        return self._part(
            path,
            "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
            f"<D:displayname>{self.calendars[key]}</D:displayname>"
            f'<C:supported-calendar-component-set><C:comp name="{kind}"/></C:supported-calendar-component-set>'
            f"<D:current-user-privilege-set><D:privilege><D:{rights}/></D:privilege></D:current-user-privilege-set>",
        )

    def _part(self, path: str, props: str) -> str:
        stat = f"<D:propstat><D:prop>{props}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
        return f"<D:response><D:href>{path}</D:href>{stat}</D:response>"


def look(answer: Answer, address: str = "anna@clinic.example", zone: Zone | None = None, **more: Any) -> Discovered:
    values: dict[str, Any] = {"clock": None, "password": lambda: "geheim", **more}
    return discover(Search(address=address, transport=httpx.MockTransport(answer), **values), zone or served(HERE))


HERE = service("dav.clinic.example.")


def test_from_an_e_mail_address_to_the_calendars() -> None:
    """SRV, the well-known address, its redirect, principal, home set, names, components, rights."""
    account = Account(calendars={"anna": "Anna", "ro-team": "Team", "tasks": "Tasks"})
    found = look(account)
    assert found.values == {"url": "https://dav.clinic.example/dav/p/", "username": "anna@clinic.example"}
    assert [(each.value, each.label, bool(each.note)) for each in found.choices["calendars"]] == [
        ("/dav/home/anna/", "Anna", False),
        ("/dav/home/ro-team/", "Team", True),
    ]
    text = " ".join(each.message for each in found.findings)
    assert "the name service names it" in text
    assert "Team: /dav/home/ro-team/ (read only)" in text
    assert "1 more hold no events" in text
    assert {host for host, _ in account.logins} == {"dav.clinic.example"}


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://dav.clinic.example/dav/", "https://dav.clinic.example/dav/"),
        ("https://dav.clinic.example/dav/p/", "https://dav.clinic.example/dav/p/"),
        ("https://dav.clinic.example/.well-known/caldav", "https://dav.clinic.example/dav/p/"),
        ("https://dav.clinic.example/.well-known/caldav/", "https://dav.clinic.example/dav/p/"),
        ("https://dav.clinic.example/nothing/here/", "https://dav.clinic.example/dav/p/"),
        ("dav.clinic.example", "https://dav.clinic.example/dav/p/"),
    ],
)
def test_what_is_written_is_where_the_account_is_and_not_where_the_search_began(address: str, url: str) -> None:
    """A well-known address only points somewhere: each later look would go round by it."""
    account = Account()
    found = look(account, address, Zone(), username="anna@clinic.example")
    assert found.values["url"] == url
    assert look(account, url, Zone(), username="anna@clinic.example").choices == found.choices


def test_the_user_may_be_what_stands_before_the_at() -> None:
    assert look(Account(user="anna")).values["username"] == "anna"


def test_a_wrong_password_ends_the_search_and_names_the_app_password() -> None:
    with pytest.raises(NeedsHuman, match=r"credentials.*app password") as caught:
        look(Account(), password=lambda: "falsch")
    assert "falsch" not in str(caught.value)


def test_a_login_goes_to_another_owner_only_with_leave() -> None:
    """A name service can be forged (RFC 6764, section 8)."""
    account = Account(host="dav.hoster.example")
    zone = served(service("dav.hoster.example."))
    with pytest.raises(NeedsHuman, match=r"dav\.hoster\.example.*another owner"):
        look(account, zone=zone)
    assert not any(given for host, given in account.logins if host == "dav.hoster.example")
    asked: list[str] = []
    found = look(account, zone=zone, confirm=lambda question: not asked.append(question))
    assert found.choices["calendars"]
    assert len(asked) >= 1


@pytest.mark.parametrize("target", ["https://evil.example/dav/", "http://dav.clinic.example/dav/"])
def test_a_redirect_takes_no_login_along(target: str) -> None:
    """Neither to another owner nor into the clear."""
    account = Account(moved=target)
    with pytest.raises(NeedsHuman):
        look(account)
    assert not any(given for host, given in account.logins if host == "evil.example")


def test_a_redirect_within_the_house_is_followed() -> None:
    account = Account(host="p7.clinic.example")

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "dav.clinic.example":
            return httpx.Response(302, headers={"Location": "https://p7.clinic.example/dav/"})
        return account(request)

    assert look(answer).values["url"] == "https://p7.clinic.example/dav/"


def test_a_domain_that_says_it_has_none() -> None:
    with pytest.raises(NeedsHuman, match="has no calendars"):
        look(lambda request: httpx.Response(404), zone=served(service(".")))


XHTML = "http://www.w3.org/1999/xhtml"


def refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda request: httpx.Response(200, text="<html>Welcome"), "no CalDAV"),
        (
            lambda request: httpx.Response(200, text="<html><body>Welcome</body></html>"),
            r"https://dav\.clinic\.example answered with a page that is no CalDAV",
        ),
        (lambda request: httpx.Response(207, text=f'<html xmlns="{XHTML}"><p>Welcome</p></html>'), "no CalDAV"),
        (lambda request: httpx.Response(404), "404"),
        (lambda request: httpx.Response(405), "405"),
        (lambda request: httpx.Response(302, headers={"Location": "https://dav.clinic.example/login"}), "login"),
        (refused, "could not be asked|broke off|nothing answers"),
        (lambda request: httpx.Response(503), "503"),
    ],
)
def test_what_is_found_instead_is_said(answer: Answer, says: str) -> None:
    with pytest.raises(BridgeError, match=says) as caught:
        look(answer)
    assert "Welcome" not in str(caught.value)


@pytest.mark.parametrize("address", ["https://clinic.example/private-key/basic.ics", "webcal://clinic.example/key"])
def test_the_address_of_a_feed_is_known_as_one(address: str) -> None:
    """What calendar programs call "subscribe" and people paste: it can be read, by another kind of connection."""
    with pytest.raises(NeedsHuman, match=r'feed.*kind = "ics"') as caught:
        look(lambda request: httpx.Response(405), address)
    assert "key" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["https://anna:geheim@clinic.example/dav/", "anna:geheim@clinic.example", "anna:ge@heim@clinic.example", "a:b@c d"],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(NeedsHuman, match="holds a password: leave it out") as refused:
        typed(text)
    assert "anna" not in str(refused.value)
    assert "heim" not in str(refused.value)


def test_a_user_who_is_pasted_as_a_link_keeps_the_name() -> None:
    assert typed("mailto:anna@clinic.example").username == "anna@clinic.example"


def test_an_account_without_calendars() -> None:
    found = look(Account(calendars={"tasks": "Tasks"}))
    assert found.choices["calendars"] == ()
    assert any(each.level == "warning" and "has no calendar" in each.message for each in found.findings)


# --- real servers, through `calbridge init` --------------------------------------------------------


def init(*words: str, **options: Any) -> Result:
    return CliRunner().invoke(main, ["init", *words], catch_exceptions=False, **options)


@pytest.fixture
def home(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, dict[str, str]]:
    """A real server with two new calendars, and an empty directory to work in."""
    monkeypatch.chdir(tmp_path)
    mark = secrets.token_hex(4)
    return server, {key: server.make_calendar(f"{key}-{mark}") for key in ("anna", "ben")}


def section(path: str) -> dict[str, Any]:
    (clinic,) = tomllib.loads(Path(path).read_text("utf-8"))["clinics"].values()
    found: dict[str, Any] = clinic["connections"]["calendar"]
    return found


def test_init_finds_a_server_and_lets_a_person_choose(home: tuple[Any, dict[str, str]]) -> None:
    server, paths = home
    found = look_at(server)
    numbers = {choice.value: str(number) for number, choice in enumerate(found.choices["calendars"], start=1)}
    login = [server.username, server.password] if server.username else [""]
    answers = [
        "Praxis Nord", "Europe/Berlin", "DE", "", "mon 09:00-12:00", "Dr. Anna Sommer, Dr. Ben Au", "Check-up 20",
        "caldav", server.url, *login, "y", numbers[paths["anna"]], numbers[paths["ben"]],
        *(["y"] if server.username else [""]), "",
    ]  # fmt: skip
    result = init("--config", "new.toml", input="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    written = section("new.toml")
    assert written["calendars"] == paths
    assert written["allow_private"] is True
    assert written["url"].startswith(server.url)
    assert server.password == "" or server.password not in Path("new.toml").read_text("utf-8")
    if server.username:
        kept = Path("secrets/calendar-password")
        assert (kept.read_text(), kept.stat().st_mode & 0o777) == (f"{server.password}\n", 0o600)
    checked = CliRunner().invoke(main, ["check", "--config", "new.toml", "--look-only"], catch_exceptions=False)
    assert checked.exit_code == 0, checked.output


def look_at(server: Any) -> Discovered:
    password: Callable[[], str] = lambda: server.password  # noqa: E731  # one line, one use
    transport = httpx.HTTPTransport()
    values: dict[str, Any] = {"clock": None, "username": server.username, "password": password}
    return discover(Search(address=server.url, transport=transport, **values), Zone())


def test_init_finds_a_server_without_asking(home: tuple[Any, dict[str, str]]) -> None:
    """The password lies in its file already; what no name tells is assigned."""
    server, paths = home
    if server.username:
        Path("secrets").mkdir()
        Path("secrets/calendar-password").write_text(f"{server.password}\n")
    result = init(
        "--non-interactive", "--config", "new.toml", "--practitioner", "Dr. Anna Sommer", "--connect", "caldav",
        "--find", f"caldav={server.url}", "--allow-private", "--set", f"caldav.username={server.username}",
        "--set", f"caldav.calendars.anna={paths['anna']}", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert section("new.toml")["calendars"] == {"anna": paths["anna"]}
    assert "put the caldav's password" not in result.stdout


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_init_says_where_it_looked_for_a_password(home: tuple[Any, dict[str, str]]) -> None:
    server, _paths = home
    words = ("--non-interactive", "--config", "new.toml", "--connect", "caldav", "--find", f"caldav={server.url}")
    result = init(*words, "--allow-private", "--set", f"caldav.username={server.username}")
    assert result.exit_code != 0
    assert f"No password was given: put it into the file {Path('secrets/calendar-password')}" in result.stderr
    assert not Path("new.toml").exists()


def test_init_finds_out_by_their_names_whose_the_calendars_are(home: tuple[Any, dict[str, str]]) -> None:
    server, paths = home
    login = ["--set", f"caldav.username={server.username}"] if server.username else []
    if server.username:
        Path("secrets").mkdir()
        Path("secrets/calendar-password").write_text(f"{server.password}\n")
    words = ("--non-interactive", "--config", "new.toml", "--connect", "caldav", "--find", f"caldav={server.url}")
    found = init(*words, "--allow-private", *login, "--key", "x", "--practitioner", paths["ben"].split("/")[-2])
    assert found.exit_code == 0, found.output
    assert list(section("new.toml")["calendars"].values()) == [paths["ben"]]
    Path("new.toml").unlink()
    unclear = init(*words, "--allow-private", *login, "--practitioner", "Dr. Eva Roth")
    assert unclear.exit_code == 2
    assert "the names do not tell which of the calendars is whose: add --set caldav.calendars.eva=..." in unclear.stderr
    assert paths["ben"] in unclear.stderr
    slip = init(*words, "--practitioner", "Dr. Eva Roth", "--set", "caldav.calendars.eav=/x/")
    assert 'nothing asks for that; did you mean "caldav.calendars.eva"?' in slip.stderr
    told = init(*words, "--practitioner", "Dr. Eva Roth", "--set", "caldav.password=geheim-1")
    assert f"put it into the file {Path('secrets/calendar-password')}" in told.stderr
    assert "geheim-1" not in told.output
    assert not Path("new.toml").exists()


def test_init_says_why_nothing_was_found_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("--non-interactive", "--config", "new.toml", "--connect", "caldav", "--find")
    private = init(*words, "caldav=http://127.0.0.1:9/")
    assert private.exit_code == 2
    assert "(on this command line: --allow-private)" in private.stderr
    wrong = init(*words, "127.0.0.1")
    assert (wrong.exit_code, "write KIND=ADDRESS" in wrong.stderr) == (2, True)
    assert not Path("new.toml").exists()
