"""The promises of every notifier, kept towards a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from calbridge.provider import Recipient
from calbridge.testing.conformance import Delivered, NotifierTests
from calbridge.testing.mail_server import Sink

MANY = 20


class MailServer:
    """What the sink does for a whole test."""

    def __init__(self, notifier: Any, sink: Sink) -> None:
        self.notifier, self._sink = notifier, sink

    def delivered(self) -> list[Delivered]:
        received = zip(self._sink.to, self._sink.received, strict=True)
        return [Delivered(to=to, text=raw.decode("ascii")) for to, raw in received]

    @contextmanager
    def outage(self) -> Iterator[None]:
        yield from self._answering(self._sink.rcpt_answers)

    @contextmanager
    def lost_answers(self) -> Iterator[None]:
        yield from self._answering(self._sink.data_answers)

    def refuse(self, to: Recipient) -> None:
        self._sink.rcpt_answers.append(f"550 5.1.1 <{to.email}>: {to.email} is unknown here")

    def _answering(self, answers: list[str]) -> Iterator[None]:
        answers += ["drop"] * MANY
        yield
        answers.clear()


class TestMail(NotifierTests):
    @pytest.fixture
    def side(self, serve: Any, make: Any, sink: Sink) -> MailServer:
        return MailServer(make(port=serve()), sink)
