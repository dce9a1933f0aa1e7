"""A mail server on this machine that does what a test says, over a real socket."""

from __future__ import annotations

import asyncio
import ssl
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiosmtpd.smtp import SMTP
from pydantic import SecretStr

from calbridge.provider import PublicClinic, PublicContext
from calbridge.testing.clock import VirtualClock
from calbridge_mail.notifier import MailNotifier
from calbridge_mail.settings import MailSettings

sys.path.insert(0, str(Path(__file__).parent))
from mailing import CERTIFICATES, CLINIC, NOW, Sink

LIMIT = 20.0


class Server:
    """A mail server in a thread; `close` ends it and everything it still serves."""

    def __init__(self, sink: Sink, *, tls: ssl.SSLContext | None, options: dict[str, Any]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Server = self._in_loop(self._listen(sink, tls, options))
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _listen(self, sink: Sink, tls: ssl.SSLContext | None, options: dict[str, Any]) -> asyncio.Server:
        def session() -> SMTP:
            with warnings.catch_warnings():  # it warns of a login without TLS, and knows nothing of TLS from the start
                warnings.simplefilter("ignore")
                return SMTP(sink, loop=self._loop, hostname="sink.example", **options)

        return await self._loop.create_server(session, "127.0.0.1", 0, ssl=tls)

    def close(self) -> None:
        self._in_loop(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _in_loop(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(LIMIT)


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
    running: list[Server] = []

    def started(*, tls: str = "", starttls: str = "", **options: Any) -> int:
        given = options | ({"tls_context": certified(starttls)} if starttls else {})
        running.append(Server(sink, tls=certified(tls) if tls else None, options=given))
        return running[-1].port

    yield started
    for server in running:
        server.close()


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
