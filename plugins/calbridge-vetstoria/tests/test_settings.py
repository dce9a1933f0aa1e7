"""Configuration, `calbridge check` and webhooks: one clear sentence for each fault, and no secret in any."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from standardwebhooks import Webhook

from calbridge.errors import NeedsHuman, SkipItem
from calbridge.model import Clinic
from calbridge.plugins import load_plugins
from calbridge.provider import Hint, InboundRequest
from calbridge.public import public
from calbridge_vetstoria.consents import Notices
from calbridge_vetstoria.settings import VetstoriaSettings

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"type":"booking.requested","data":{"id":"bk_1"}}'


def test_the_plugin_is_found_by_its_entry_point() -> None:
    points = [point for point in metadata.entry_points(group="calbridge") if point.name == "vetstoria"]
    plugins = load_plugins(points)
    assert not plugins.broken
    assert plugins.kinds["vetstoria"].role == "portal"


WRONG = [
    ({"url": "portal.example"}, "url"),
    ({"url": "https://user:secret@portal.example"}, "url"),
    ({"site": ""}, "site"),
    ({"tokn": "x"}, "tokn"),
    ({"resources": {"anna": "x", "ben": "x"}}, "resources"),
]


@pytest.mark.parametrize(("change", "field"), WRONG)
def test_wrong_settings_name_their_field(change: dict[str, Any], field: str) -> None:
    values = {"url": "https://portal.example", "site": "hafen", "token": "a-token"} | change
    with pytest.raises(ValidationError) as caught:
        VetstoriaSettings.model_validate(values)
    assert {fault["loc"][0] for fault in caught.value.errors()} == {field}


def findings(side: Any) -> list[tuple[str, str]]:
    """But for what is said in any case: what the portal is taken to tell its clients."""
    *found, last = [(finding.level, finding.field) for finding in side.provider.check()]
    assert last == ("ok", "tells")
    return found


def test_check_before_and_after_the_first_export(side: Any) -> None:
    from calbridge.provider import Offer

    assert findings(side) == [("warning", ""), ("ok", "")]
    side.provider.export_availability(offer=Offer(clinic=public(side.clinic), revision=1, windows=()))
    assert findings(side) == [("ok", "")]


FAULTS = [
    ({"token": SecretStr("wrong-secret")}, [("error", "token")]),
    ({"site": "elsewhere"}, [("error", "site")]),
    ({"resources": {"carla": "cal-3"}}, [("error", "resources"), ("warning", ""), ("ok", "")]),
    ({"services": {"dental": "t-3"}}, [("error", "services"), ("warning", ""), ("ok", "")]),
]


@pytest.mark.parametrize(("settings", "expected"), FAULTS)
def test_check_names_the_setting(
    connect: Callable[..., Any], settings: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    side = connect(**settings)
    assert findings(side) == expected
    assert "wrong-secret" not in " ".join(finding.message for finding in side.provider.check())


@pytest.mark.parametrize(("tells", "otherwise"), [(True, "set tells = false"), (False, "set tells = true")])
def test_check_says_what_the_portal_is_taken_to_tell_and_which_setting_that_is(
    connect: Callable[..., Any], tells: bool, otherwise: str
) -> None:
    (said,) = [each.message for each in connect(tells=tells).provider.check() if each.field == "tells"]
    assert said.endswith(otherwise)


def test_check_of_a_dead_address_and_of_a_page(connect: Callable[..., Any]) -> None:
    dead = connect(url="http://127.0.0.1:9")
    assert findings(dead) == [("error", "url")]
    live = connect()
    live.fail("html_200", match="GET /v1/sites")
    assert findings(live) == [("error", "url")]


def test_check_warns_of_clear_text(connect: Callable[..., Any]) -> None:
    side = connect(url="http://portal.invalid")
    assert findings(side)[0] == ("warning", "url")


def message(
    body: bytes = BODY, *, moment: float | None = None, secret: str = SECRET, headers: dict[str, str] | None = None
) -> InboundRequest:
    sent = datetime.fromtimestamp(time.time() if moment is None else moment, UTC)
    signed = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(sent.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", sent, body.decode("latin-1")),
    }
    return InboundRequest(headers=signed | (headers or {}), body=body)


@pytest.fixture
def listening(connect: Callable[..., Any]) -> Any:
    return connect(webhook_secret=SecretStr(SECRET)).provider


def test_a_genuine_message_is_a_hint_and_no_more(listening: Any) -> None:
    assert listening.receive(request=message()) == (Hint(id="msg_1"),)
    assert listening.capabilities.webhooks


def test_either_signature_of_a_rotation_will_do(listening: Any) -> None:
    ours = message().headers["webhook-signature"]
    assert listening.receive(request=message(headers={"webhook-signature": f"v1,AAAA v2,zzz {ours}"})) == (
        Hint(id="msg_1"),
    )


FORGED = [
    message(secret="whsec_" + base64.b64encode(b"another secret of its own").decode()),
    message(moment=time.time() - 3600),
    message(moment=time.time() + 3600),
    message(headers={"webhook-signature": ""}),
    message(headers={"webhook-signature": "no-comma"}),
    message(headers={"webhook-signature": "v1,a,b"}),
    message(headers={"webhook-signature": "v1,!!!"}),
    message(headers={"webhook-timestamp": "yesterday"}),
    message(headers={"webhook-timestamp": "nan"}),
    message(headers={"webhook-timestamp": "1e400"}),
    message(headers={"webhook-id": "msg_2"}),
    InboundRequest(headers={}, body=BODY),
    InboundRequest(headers=message().headers, body=BODY + b" "),
    InboundRequest(headers=message().headers, body=b"\xff\xfe"),
    message(b"this is not JSON"),
    message(b""),
]


@pytest.mark.parametrize("request_", FORGED)
def test_anything_else_is_ignored_aloud(listening: Any, request_: InboundRequest) -> None:
    """The library raises exceptions of its own making for some of these; one must not stop the connection."""
    with pytest.raises(SkipItem, match="signature"):
        listening.receive(request=request_)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "not base64 at all"])
def test_a_secret_that_is_none_needs_a_person(connect: Callable[..., Any], secret: str) -> None:
    provider = connect(webhook_secret=SecretStr(secret)).provider
    with pytest.raises(NeedsHuman, match="webhook_secret"):
        provider.receive(request=message())


def test_without_a_secret_no_message_is_taken(side: Any) -> None:
    with pytest.raises(NeedsHuman, match="webhook_secret"):
        side.provider.receive(request=message())
    assert not side.provider.capabilities.webhooks


def test_nothing_of_a_person_is_in_what_the_portal_may_keep(side: Any, clinic: Callable[..., Clinic]) -> None:
    """A hold bears no name, whatever the clinic's settings."""
    from calbridge_vetstoria.documents import documents
    from calbridge_vetstoria.records import Reader

    reader = Reader.of(VetstoriaSettings(url="https://p.example", site="s", token=SecretStr("t")), Notices(str))
    text = json.dumps([body for _, body in documents(clinic(), reader)])
    assert "Albers" not in text
