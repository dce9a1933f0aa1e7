"""A mail server on this machine that does what a test says, over a real socket."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from calbridge.provider import PublicClinic, PublicContext
from calbridge.testing.clock import VirtualClock
from calbridge.testing.mail_server import MailServer, Sink
from calbridge_mail.notifier import MailNotifier
from calbridge_mail.settings import MailSettings

sys.path.insert(0, str(Path(__file__).parent))
from mailing import CERTIFICATES, CLINIC, NOW


def certified(name: str) -> ssl.SSLContext:
    """A server that shows one of the certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{name}.pem")
    return context


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def serve(sink: Sink) -> Iterator[Callable[..., int]]:
    """Start a server; its port."""
    with ExitStack() as running:

        def started(*, tls: str = "", starttls: str = "", **options: Any) -> int:
            given = options | ({"tls_context": certified(starttls)} if starttls else {})
            server = running.enter_context(MailServer(sink, tls=certified(tls) if tls else None, **given))
            return server.port

        yield started


@pytest.fixture
def make() -> Callable[..., MailNotifier]:
    """A notifier with these settings."""

    def made(clinic: PublicClinic = CLINIC, **settings: Any) -> MailNotifier:
        context = PublicContext(
            connection="mail",
            clinic=clinic,
            transport=None,  # type: ignore[arg-type]  # mail uses none
            clock=VirtualClock(NOW),
            secrets=lambda reference: reference.get_secret_value(),
            log=structlog.get_logger(),
        )
        values = {"host": "127.0.0.1", "security": "none", "timeout": "PT5S"} | settings
        if isinstance(values.get("password"), str):
            values["password"] = SecretStr(values["password"])
        return MailNotifier(MailSettings.model_validate(values), context)

    return made
