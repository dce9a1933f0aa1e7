"""Logging in, over real connections: Digest, a bearer token, OAuth2 refresh tokens, and certificates."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import ValidationError

from calbridge.errors import ConfigError, NeedsHuman, RetryLater
from calbridge.provider import Complete
from calbridge.testing.proxy import Answer, Call, Proxy, Rule
from calbridge.transport import Transport
from calbridge_caldav.settings import CaldavSettings

CERTIFICATES = Path(__file__).parent / "certificates"
REALM, NONCE = "dav", "n0nce"


def header(call: Call, name: str) -> str:
    return next((value for key, value in call.headers if key.lower() == name), "")


@dataclass
class Gate(Rule):
    """Lets through whom `admits` lets in, as Radicale's own user; else 401 with `challenge`. `tokens` may be issued."""

    challenge: str
    digest: tuple[str, str] = ("", "")
    valid: set[str] = field(default_factory=set)
    refresh: str = ""
    rotates: bool = False
    down: bool = False
    lives: int = 3600
    issued: list[dict[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def before(self, call: Call) -> Call | Answer:
        if call.path == "/token" and self.down:
            return Answer(status=503, body=b"")
        if call.path == "/token":
            return self._issue({key: values[0] for key, values in parse_qs(call.body.decode()).items()})
        given = header(call, "authorization")
        self.asked.append(given.partition(" ")[0])
        if not self._admits(call, given):
            return Answer(status=401, headers=(("WWW-Authenticate", self.challenge),), body=b"")
        basic = httpx.BasicAuth("praxis", "geheim")._auth_header
        others = tuple(pair for pair in call.headers if pair[0].lower() != "authorization")
        return replace(call, headers=(*others, ("Authorization", basic)))

    def _admits(self, call: Call, given: str) -> bool:
        if self.challenge.startswith("Digest"):
            return given.startswith("Digest ") and self._digested(call, given)
        return given.removeprefix("Bearer ") in self.valid

    def _digested(self, call: Call, given: str) -> bool:
        """RFC 7616 with MD5 and qop=auth, computed anew."""
        parts = {key: quoted or plain for key, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', given)}
        user, password = self.digest

        def md5(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        first, second = md5(f"{user}:{REALM}:{password}"), md5(f"{call.method}:{parts['uri']}")
        middle = f"{parts['nonce']}:{parts['nc']}:{parts['cnonce']}:{parts['qop']}"
        return parts["uri"] == call.path and parts["response"] == md5(f"{first}:{middle}:{second}")

    def _issue(self, form: dict[str, str]) -> Answer:
        self.issued.append(form)
        if form.get("refresh_token") != self.refresh or form.get("client_id") != "bridge":
            return _json(400, {"error": "invalid_grant", "error_description": "geheim"})
        token = secrets.token_hex(8)
        self.valid = {token}
        answer: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": self.lives}
        if self.rotates:
            self.refresh = answer["refresh_token"] = secrets.token_hex(8)
        return _json(200, answer)


def _json(status: int, document: dict[str, Any]) -> Answer:
    return Answer(status=status, headers=(("Content-Type", "application/json"),), body=json.dumps(document).encode())


@pytest.fixture
def calendar(radicale: Any) -> str:
    return str(radicale.make_calendar(f"login-{secrets.token_hex(4)}"))


def provider(make: Any, address: str, path: str, **settings: Any) -> Any:
    """A provider over the bridge's own transport."""
    transport = Transport(allow_private=True, authorities=settings.pop("authorities", None))
    clock = settings.pop("clock", None)
    server = make.server("gate", address, "/praxis/")
    return make.provider(server, {"anna": path}, transport, clock, **settings)


def read(side: Any, make: Any) -> Any:
    try:
        return side.import_schedule("", make.window, {})
    finally:
        side.close()


def test_digest(radicale: Any, calendar: str, make: Any) -> None:
    challenge = f'Digest realm="{REALM}", nonce="{NONCE}", qop="auth", algorithm=MD5'
    gate = Gate(challenge, digest=("anna", "mellon"))
    with Proxy(radicale.url, gate) as proxy:
        side = provider(make, proxy.address, calendar, username="anna", password="mellon")
        assert isinstance(read(side, make), Complete)
        assert side.propagate_change(make.change()).outcome == "written"
        side.close()
        wrong = provider(make, proxy.address, calendar, username="anna", password="friend")
        with pytest.raises(NeedsHuman, match=r"credentials.*app password"):
            read(wrong, make)
    assert "Digest" in gate.asked


def test_a_bearer_token(radicale: Any, calendar: str, make: Any) -> None:
    with Proxy(radicale.url, Gate("Bearer", valid={"t0ken"})) as proxy:
        assert isinstance(read(provider(make, proxy.address, calendar, token="t0ken"), make), Complete)
        with pytest.raises(NeedsHuman, match="token"):
            read(provider(make, proxy.address, calendar, token="other"), make)


@pytest.fixture
def oauth(radicale: Any) -> Iterator[tuple[Gate, Proxy]]:
    gate = Gate("Bearer", refresh="r0")
    with Proxy(radicale.url, gate) as proxy:
        yield gate, proxy


def exchange(proxy: Proxy, **settings: Any) -> dict[str, Any]:
    return {"refresh_token": "r0", "token_url": f"{proxy.address}/token", "client_id": "bridge", **settings}


def test_a_refresh_token_is_exchanged_once_and_again_at_its_end(
    oauth: tuple[Gate, Proxy], calendar: str, make: Any
) -> None:
    gate, proxy = oauth
    clock = make.clock()
    side = provider(make, proxy.address, calendar, clock=clock, **exchange(proxy, client_secret="s3cret"))
    for _twice in range(2):
        read(side, make)
    assert len(gate.issued) == 1
    assert gate.issued[0]["client_secret"] == "s3cret"
    clock.at += 3600
    read(side, make)
    assert len(gate.issued) == 2
    gate.valid = set()  # the server takes the token back before its end
    assert isinstance(read(side, make), Complete)
    assert len(gate.issued) == 3


def test_a_renewed_refresh_token_is_kept_where_the_clinic_wants_it(
    oauth: tuple[Gate, Proxy], calendar: str, make: Any, tmp_path: Path
) -> None:
    gate, proxy = oauth
    gate.rotates = True
    kept = tmp_path / "newest"
    settings = exchange(proxy, token_file=str(kept))
    for _restart in range(3):
        read(provider(make, proxy.address, calendar, **settings), make)
        assert kept.read_text() == gate.refresh
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["newest"]
    assert gate.issued[0]["refresh_token"] == "r0"
    assert len({form["refresh_token"] for form in gate.issued}) == 3


def test_two_processes_share_what_the_token_file_holds(
    oauth: tuple[Gate, Proxy], calendar: str, make: Any, tmp_path: Path
) -> None:
    """The daemon remembers a token; a command renews it meanwhile, and the server refuses the older one then."""
    gate, proxy = oauth
    gate.rotates = True
    clock, settings = make.clock(), exchange(proxy, token_file=str(tmp_path / "newest"))
    daemon = provider(make, proxy.address, calendar, clock=clock, **settings)
    read(daemon, make)
    read(provider(make, proxy.address, calendar, clock=clock, **settings), make)
    clock.at += 3600
    assert isinstance(read(daemon, make), Complete)
    assert [form["refresh_token"] for form in gate.issued].count("r0") == 1


def test_a_token_server_that_is_down_costs_no_renewed_token(
    oauth: tuple[Gate, Proxy], calendar: str, make: Any
) -> None:
    gate, proxy = oauth
    gate.rotates = True
    clock = make.clock()
    side = provider(make, proxy.address, calendar, clock=clock, **exchange(proxy))
    read(side, make)
    clock.at += 3600
    gate.down = True
    with pytest.raises(RetryLater):
        read(side, make)
    gate.down = False
    assert isinstance(read(side, make), Complete)


def test_a_new_token_in_the_configuration_counts_where_the_kept_one_is_dead(
    oauth: tuple[Gate, Proxy], calendar: str, make: Any, tmp_path: Path
) -> None:
    _gate, proxy = oauth
    (tmp_path / "newest").write_text("dead")
    side = provider(make, proxy.address, calendar, **exchange(proxy, token_file=str(tmp_path / "newest")))
    assert isinstance(read(side, make), Complete)


def test_a_renewed_refresh_token_that_nobody_keeps_is_said(oauth: tuple[Gate, Proxy], calendar: str, make: Any) -> None:
    gate, proxy = oauth
    gate.rotates = True
    read(provider(make, proxy.address, calendar, **exchange(proxy)), make)
    with pytest.raises(NeedsHuman, match=r"invalid_grant.*token_file") as caught:
        read(provider(make, proxy.address, calendar, **exchange(proxy)), make)
    assert "geheim" not in str(caught.value)


def test_a_token_file_that_cannot_be_written(
    oauth: tuple[Gate, Proxy], calendar: str, make: Any, tmp_path: Path
) -> None:
    gate, proxy = oauth
    gate.rotates = True
    settings = exchange(proxy, token_file=str(tmp_path / "missing" / "newest"))
    with pytest.raises(NeedsHuman, match="token_file"):
        read(provider(make, proxy.address, calendar, **settings), make)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"username": "a", "password": "b", "token": "t"}, "two logins"),
        ({"token": "t", "url": "http://cal.example/"}, "only sent over https"),
        ({"refresh_token": "t", "token_url": "http://t.example/", "client_id": "c"}, "only used over https"),
        ({"refresh_token": "t"}, "token_url is missing"),
        ({"refresh_token": "t", "token_url": "https://t.example/"}, "client_id is missing"),
        ({"client_id": "c"}, "belongs to a refresh token"),
    ],
)
def test_half_a_login_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        CaldavSettings.model_validate({"url": "https://cal.example/", "calendars": {"anna": "/a/"}, **changes})


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [("self-signed", "self-signed"), ("other-name", "self-signed"), ("expired", "expired|self-signed")],
)
def test_a_certificate_that_does_not_verify_is_refused(
    radicale: Any, calendar: str, make: Any, certificate: str, reason: str
) -> None:
    """One clear sentence, nothing sent, and no way to switch it off."""
    with Proxy(radicale.url, certificate=CERTIFICATES / f"{certificate}.pem") as proxy:
        side = provider(make, proxy.address, calendar, username="praxis", password="geheim")
        with pytest.raises(NeedsHuman, match=rf"certificate that cannot be trusted .*({reason}).*ca_file"):
            read(side, make)
        (found, *more) = [one for one in side.check() if one.level == "error"]
        assert (found.field, more) == ("url", [])


def test_an_authority_of_the_clinics_own(radicale: Any, calendar: str, make: Any) -> None:
    own = CERTIFICATES / "self-signed.pem"
    with Proxy(radicale.url, certificate=own) as proxy:
        login = {"username": "praxis", "password": "geheim"}
        assert isinstance(read(provider(make, proxy.address, calendar, authorities=own, **login), make), Complete)
    for name, says in (("other-name", "mismatch|not valid for"), ("expired", "expired")):
        certificate = CERTIFICATES / f"{name}.pem"
        with Proxy(radicale.url, certificate=certificate) as proxy, pytest.raises(NeedsHuman, match=says):
            read(provider(make, proxy.address, calendar, authorities=certificate, **login), make)


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_an_authority_file_that_is_none(make: Any, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match="ca_file"):
        read(provider(make, "https://127.0.0.1:9", "/praxis/anna/", authorities=file), make)


def test_https_where_there_is_none_and_the_other_way_round(radicale: Any, calendar: str, make: Any) -> None:
    with pytest.raises(NeedsHuman, match="https or http"):
        read(provider(make, radicale.url.replace("http:", "https:"), calendar), make)


def test_a_private_address_is_refused_until_it_is_meant(radicale: Any, calendar: str, make: Any) -> None:
    side = make.provider(radicale, {"anna": calendar}, Transport())
    with pytest.raises(NeedsHuman, match="allow_private"):
        read(side, make)
