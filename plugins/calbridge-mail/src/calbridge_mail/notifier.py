"""The notifier object: a notice becomes a mail, and the mail server takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from calbridge.errors import BridgeError, NeedsHuman
from calbridge.hookspecs import hookimpl
from calbridge.provider import ClientNotice, Finding, Notice, NotifierAbilities, NotifyReceipt, PublicContext
from calbridge_mail.mail import Envelope, Unaddressable, addressable, mail
from calbridge_mail.settings import MailSettings
from calbridge_mail.smtp import connected, deliver


class MailNotifier:
    """Sends for one clinic."""

    def __init__(self, settings: MailSettings, context: PublicContext) -> None:
        self._settings = settings
        self._context = context
        audiences = {"client", "clinic"} if self._clinic_address else {"client"}
        self.abilities = NotifierAbilities(
            kinds=frozenset(settings.kinds), audiences=frozenset(audiences), reaches=frozenset({"email"})
        )

    @hookimpl
    def notify(self, notice: Notice, hand_over: Callable[[], None]) -> NotifyReceipt:
        """Write it, then one conversation with the server."""
        envelope = self._envelope()
        try:
            to = addressable(notice.to.email if isinstance(notice, ClientNotice) else self._clinic_address)
        except Unaddressable as error:
            return NotifyReceipt(outcome="refused", why=str(error))
        now = self._context.clock.now()
        message = mail(notice, to, envelope, now=now, attach=self._settings.attach_calendar)
        with connected(self._settings, self._context.secrets) as server:
            return deliver(
                server, sender=envelope.sender, recipient=to, message=message.as_bytes(), hand_over=hand_over
            )

    @hookimpl
    def check(self) -> tuple[Finding, ...]:
        """Settings, then greeting, encryption and login; nothing is sent."""
        return (*self._addresses(), *self._server())

    @property
    def _clinic_address(self) -> str:
        return self._settings.clinic_address or self._context.clinic.email

    def _envelope(self) -> Envelope:
        settings, clinic = self._settings, self._context.clinic
        reply_to = settings.reply_to or clinic.email
        try:
            sender = addressable(settings.sender or clinic.email)
            answers = addressable(reply_to) if reply_to else ""
        except Unaddressable:
            raise NeedsHuman(
                "mails need a sender: give this notifier a valid sender, or the clinic a valid email"
            ) from None
        name = settings.sender_name or clinic.name
        return Envelope(sender=sender, sender_name=name, reply_to="" if answers == sender else answers)

    def _addresses(self) -> Iterator[Finding]:
        try:
            self._envelope()
        except BridgeError as error:
            yield Finding(level="error", field="sender", message=error.hint)
        if not self._clinic_address:
            message = "nobody at the clinic is told of requests: set clinic_address, or the clinic's email"
            yield Finding(level="warning", field="clinic_address", message=message)
        if self._settings.security == "none" and not self._settings.local:
            message = "people's data travel in clear to the mail server"
            yield Finding(level="warning", field="security", message=message)

    def _server(self) -> Iterator[Finding]:
        try:
            with connected(self._settings, self._context.secrets):
                pass
        except BridgeError as error:
            yield Finding(level="error", field="host", message=error.hint)
        else:
            known = " and takes the password" if self._settings.username else ""
            yield Finding(level="ok", message=f"the mail server answers{known}")
