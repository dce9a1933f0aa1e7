"""How a conformance test drives the people at the other side. A plugin's tests implement one of these.

`start` is a free future instant (epoch seconds, a full hour); the tests use the 24 hours after it. `resources` are
two resource keys that the side has a place for.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from calbridge.model import Clinic, State
from calbridge.provider import Recipient


class Driver(Protocol):
    """What every side's driver offers."""

    provider: Any
    clinic: Clinic
    resources: tuple[str, str]
    start: int

    def outage(self) -> AbstractContextManager[None]:
        """Inside it every request of the provider fails as a server in trouble fails."""
        ...

    def forget_cursors(self) -> None:
        """The server no longer knows any cursor it gave out (a no-op for a side without cursors)."""
        ...


class CalendarDriver(Driver, Protocol):
    """Staff with a calendar program of their own."""

    def add(self, resource: str, start: int, end: int) -> str:
        """Staff makes an event of their own; its ref."""
        ...

    def drag(self, ref: str, start: int, end: int) -> None:
        """Staff gives the event another time."""
        ...

    def delete(self, ref: str) -> None:
        """Staff deletes the event."""
        ...

    def body(self, ref: str) -> object:
        """All that the server holds of one event, to see that nobody touched it."""
        ...


class PmsDriver(Driver, Protocol):
    """Reception at its screen."""

    def phone(self, resource: str, start: int, end: int) -> str:
        """Somebody called: a visit is booked; its ref."""
        ...

    def move(self, ref: str, start: int) -> None:
        """The visit gets another start."""
        ...

    def cancel(self, ref: str) -> None:
        """The visit is cancelled."""
        ...


class PortalDriver(Driver, Protocol):
    """Clients at the booking page. `service` is a service of the clinic that takes 30 minutes."""

    service: str

    def select(self, resource: str, start: int) -> str:
        """A client chooses a slot that is offered; the hold's ref."""
        ...

    def refused(self, resource: str, start: int) -> bool:
        """True when the page refuses the slot to a client."""
        ...

    def confirm(self, hold: str) -> str:
        """The client submits; the booking's ref."""
        ...

    def cancel(self, ref: str) -> None:
        """The client cancels her booking."""
        ...

    def move(self, ref: str, start: int) -> None:
        """The client moves her booking to another offered start."""
        ...

    def alternatives(self, ref: str) -> tuple[int, ...]:
        """The starts that the client of this hold or booking, having been refused, is shown instead."""
        ...

    def messages(self, ref: str) -> int:
        """How many messages the client of this booking got."""
        ...


class AccountDriver(PortalDriver, Protocol):
    """Clients who connect with the clinic, at a portal that shows them what it makes for them."""

    def connect(self) -> str:
        """A client connects, her e-mail address seen to be hers; her account's ref."""
        ...

    def leave(self, account: str) -> None:
        """She closes her account."""
        ...

    def page(self, account: str) -> list[tuple[State, int, str]]:
        """What her account shows: state, start and reason of each appointment."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One message that arrived: at which address, and all that was in it, as text or as it went over the wire."""

    to: str
    text: str


class NotifierDriver(Protocol):
    """Whoever takes a notifier's messages: a mail server, a gateway."""

    notifier: Any

    def delivered(self) -> list[Delivered]:
        """Everything that arrived since the test began, in order."""
        ...

    def outage(self) -> AbstractContextManager[None]:
        """Inside it every message fails before it could have arrived."""
        ...

    def lost_answers(self) -> AbstractContextManager[None]:
        """Inside it every message arrives, and the answer that says so does not."""
        ...

    def refuse(self, to: Recipient) -> None:
        """From now on nothing for this recipient is taken, in words that repeat the address."""
        ...
