"""A notifier in memory: what was handed over is in `delivered`, in order, and nothing else ever is."""

from __future__ import annotations

from collections.abc import Callable

from calbridge.hookspecs import hookimpl
from calbridge.provider import ClientNotice, Finding, Notice, NotifierAbilities, NotifyReceipt


class Mailbox:
    """Everybody's post. Addresses in `refusing` take nothing."""

    def __init__(self) -> None:
        self.delivered: list[Notice] = []
        self.refusing: set[str] = set()

    def of(self, booking: str) -> list[ClientNotice]:
        """What the client of one booking got, oldest first."""
        return [each for each in self.delivered if isinstance(each, ClientNotice) and each.booking == booking]

    def keys(self) -> list[str]:
        """The keys of all that was delivered, in order."""
        return [each.key for each in self.delivered]


class MemoryNotifier:
    """Delivers to a `Mailbox`."""

    def __init__(self, mailbox: Mailbox, abilities: NotifierAbilities | None = None) -> None:
        self.mailbox = mailbox
        self.abilities = abilities or NotifierAbilities()

    @hookimpl
    def notify(self, notice: Notice, hand_over: Callable[[], None]) -> NotifyReceipt:
        """Deliver, unless the address refuses."""
        address = getattr(getattr(notice, "to", None), "email", "")
        if address and address in self.mailbox.refusing:
            return NotifyReceipt(outcome="refused", why="its mail server does not know the address")
        hand_over()
        if not (self.abilities.repeats_safely and notice.key in set(self.mailbox.keys())):
            self.mailbox.delivered.append(notice)
        return NotifyReceipt()

    @hookimpl
    def check(self) -> tuple[Finding, ...]:
        """Nothing can be wrong with it."""
        return (Finding(level="ok", message="The mail box is there."),)
