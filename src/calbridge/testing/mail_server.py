"""A mail server on this machine, over a real socket, that takes, refuses and breaks off as told. Needs aiosmtpd."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import threading
import warnings
from dataclasses import dataclass, field
from email.message import EmailMessage
from types import TracebackType
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

LIMIT_S = 20.0
TAKEN = "250 OK"
DROP = "drop"
"""An answer that is none: the connection breaks."""


@dataclass(slots=True)
class Sink:
    """What reached the server. `*_answers` are used up one a time, then all is taken.

    After "drop" to a message it was received, and its sender does not hear so.
    """

    received: list[bytes] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    helo: list[str] = field(default_factory=list)
    mail_answers: list[str] = field(default_factory=list)
    rcpt_answers: list[str] = field(default_factory=list)
    data_answers: list[str] = field(default_factory=list)

    @property
    def mails(self) -> list[EmailMessage]:
        """The messages, read back by a parser that is not the one that wrote them."""
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.received]

    async def handle_EHLO(  # noqa: N802 - the library's name
        self,
        server: SMTP,  # noqa: ARG002 - the library's signature
        session: Session,
        envelope: Envelope,  # noqa: ARG002
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """The client says who it is."""
        session.host_name = hostname
        self.helo.append(hostname)
        return responses

    async def handle_MAIL(  # noqa: N802
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        """The sender."""
        envelope.mail_from = address
        return _next(self.mail_answers)

    async def handle_RCPT(  # noqa: N802
        self,
        server: SMTP,
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        """The recipient."""
        answer = _next(self.rcpt_answers)
        if answer == DROP:
            _break_off(server)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802
        self,
        server: SMTP,
        session: Session,  # noqa: ARG002
        envelope: Envelope,
    ) -> str:
        """The whole message."""
        answer = _next(self.data_answers)
        if answer in {DROP, TAKEN}:
            content = envelope.content or b""
            self.received.append(content.encode() if isinstance(content, str) else content)
            self.to += envelope.rcpt_tos
        if answer == DROP:
            _break_off(server)
        return answer


def _break_off(server: SMTP) -> None:
    if server.transport is not None:
        server.transport.close()


def _next(answers: list[str]) -> str:
    return answers.pop(0) if answers else TAKEN


def account(name: str, password: str) -> Any:
    """An `authenticator` that knows one account."""

    def known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:  # noqa: ARG001 - the library's signature
        given = (data.login, data.password) if isinstance(data, LoginPassword) else ()
        right = given == (name.encode(), password.encode())
        return AuthResult(success=right, handled=right)

    return known


class MailServer:
    """`with MailServer(sink) as server:` listens on `server.port` in a thread; its end ends all that it still serves.

    `tls` is shown from the start. `options` are those of `aiosmtpd.smtp.SMTP`, such as `tls_context` for STARTTLS.
    """

    def __init__(self, sink: Sink, *, tls: ssl.SSLContext | None = None, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail server", daemon=True)
        self._thread.start()
        self._server: asyncio.Server = self._in_loop(self._listen(sink, tls, options))
        self.port = int(self._server.sockets[0].getsockname()[1])

    def __enter__(self) -> MailServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the port back."""
        self._in_loop(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT_S)
        self._loop.close()

    async def _listen(self, sink: Sink, tls: ssl.SSLContext | None, options: dict[str, Any]) -> asyncio.Server:
        def session() -> SMTP:
            with warnings.catch_warnings():  # it warns of a login without TLS, and knows nothing of TLS from the start
                warnings.simplefilter("ignore")
                return SMTP(sink, loop=self._loop, hostname="sink.example", **options)

        return await self._loop.create_server(session, "127.0.0.1", 0, ssl=tls)

    async def _end(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _in_loop(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(LIMIT_S)
