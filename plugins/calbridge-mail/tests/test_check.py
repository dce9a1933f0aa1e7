"""`calbridge check`: greeting, encryption and login are tried, and nothing is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from mailing import CERTIFICATES, CLINIC, trusted
from pydantic import ValidationError

from calbridge.testing.mail_server import Sink
from calbridge_mail.settings import MailSettings

OWN = {"ca_file": str(CERTIFICATES / "self-signed.pem")}


def lines(mail: Any) -> list[tuple[str, str]]:
    return [(finding.level, finding.field) for finding in mail.check()]


def test_all_is_well(serve: Any, make: Any, sink: Sink) -> None:
    port = serve(tls="self-signed", authenticator=trusted, auth_required=True, auth_require_tls=False)
    mail = make(port=port, security="tls", **OWN, username="praxis", password="geheim")
    assert lines(mail) == [("ok", "")]
    assert "takes the password" in mail.check()[0].message
    assert sink.received == []


def test_a_wrong_password(serve: Any, make: Any) -> None:
    port = serve(tls="self-signed", authenticator=trusted, auth_required=True, auth_require_tls=False)
    mail = make(port=port, security="tls", **OWN, username="praxis", password="falsch")
    assert lines(mail) == [("error", "host")]


def test_nobody_to_write_as_and_nobody_to_write_to(serve: Any, make: Any) -> None:
    assert lines(make(replace(CLINIC, email=""), port=serve())) == [
        ("error", "sender"),
        ("warning", "clinic_address"),
        ("ok", ""),
    ]


WRONG = [
    ({"security": "none", "host": "mail.example.org"}, "would send people's data in clear"),
    ({"username": "praxis"}, "username and password belong together"),
    ({"sender": "Praxis <praxis@example.org>"}, "a mail address is written like"),
    ({"sender_name": "a\r\nBcc: x@y.z"}, "one line of text"),
    ({"kinds": ["birthday"]}, "Input should be"),
    ({"port": 0}, "greater than or equal to 1"),
    ({"hots": "x"}, "Extra inputs"),
]


@pytest.mark.parametrize(("settings", "sentence"), WRONG)
def test_what_is_wrong_with_the_section_is_said(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        MailSettings.model_validate({"host": "mail.example.org", **settings})


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_from_the_encryption(security: str, port: int) -> None:
    assert MailSettings.model_validate({"host": "localhost", "security": security}).reached_at == port


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_server_on_this_machine_needs_no_encryption(host: str) -> None:
    assert MailSettings.model_validate({"host": host, "security": "none"}).local


def test_who_says_so_may_send_in_clear_and_is_warned(make: Any) -> None:
    mail = make(host="192.0.2.1", port=9, allow_unencrypted=True, timeout="PT1S")
    assert ("warning", "security") in lines(mail)
