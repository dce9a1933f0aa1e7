"""What every portal's provider must do, and what every notifier must, against the real portal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from calbridge.hookspecs import hookimpl
from calbridge.messages import Audience
from calbridge.provider import ClientNotice, Kind, Notice, NotifierAbilities, NotifyReceipt, Recipient
from calbridge.testing.conformance import AccountTests, Delivered, NotifierTests, PortalTests


class TestVetstoria(AccountTests, PortalTests):
    """The promises of the provider contract."""


class Messenger:
    """The portal as it is asked to tell its own clients: by contract the same key twice is one message there."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self.abilities = NotifierAbilities(
            kinds=provider.capabilities.notifies, audiences=frozenset({"client"}), repeats_safely=True
        )

    @hookimpl
    def notify(self, notice: Notice, hand_over: Callable[[], None]) -> NotifyReceipt:
        """The provider's own hook."""
        receipt: NotifyReceipt = self._provider.notify(notice=notice, hand_over=hand_over)
        return receipt


class Own:
    """One client's booking, and what she was sent because the bridge asked for it."""

    def __init__(self, side: Any, ref: str) -> None:
        self._side, self.ref = side, ref
        self._made = ref
        self.notifier = Messenger(side.provider)

    def delivered(self) -> list[Delivered]:
        kinds = [kind for kind in self._side.kinds(self._made) if kind in self.notifier.abilities.kinds]
        return [Delivered(to=self._made, text=kind) for kind in kinds]

    def outage(self) -> AbstractContextManager[None]:
        return self._failing("500_before")

    def lost_answers(self) -> AbstractContextManager[None]:
        return self._failing("500_after_commit")

    @contextmanager
    def _failing(self, action: str) -> Iterator[None]:
        """Only what the bridge asks for fails: the test itself still looks at what was sent."""
        self._side.fail(action, match="PUT /v1/bookings", times=10_000)
        yield
        self._side.fail(action, match="PUT /nothing", times=1)

    def refuse(self, to: Recipient) -> None:
        """The portal knows nobody by an address; it knows bookings."""
        self.ref = "visit/erased"


class TestTelling(NotifierTests):
    """The promises of the notifier contract."""

    def notice(self, side: Any, kind: Kind, audience: Audience = "client") -> Notice:
        notice = super().notice(side, kind, audience)
        return replace(notice, ref=side.ref) if isinstance(notice, ClientNotice) else notice

    @pytest.fixture
    def side(self, connect: Callable[..., Any]) -> Own:
        side = connect(tells=True)
        return Own(side, TestVetstoria().booked(side).ref)
