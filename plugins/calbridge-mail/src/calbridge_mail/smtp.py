"""One conversation with the mail server: each step's failure is said for what it is.

Before a message's text has ended nothing was sent; `deliver` calls `hand_over` right there. A server's own words are
not repeated: they may hold the address.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from calbridge.errors import ConfigError, NeedsHuman, RetryLater
from calbridge.provider import NotifyReceipt, Secrets
from calbridge_mail.replies import meaning
from calbridge_mail.settings import MailSettings

NAMELESS = "[127.0.0.1]"
"""Given so that smtplib asks no name server for this machine's name, which can take a minute; replaced below."""
TRANSIENT = range(400, 500)
LAST_WORD = 120.0
"""Seconds to wait for the answer to a message (RFC 5321, section 4.5.3.2.6, would wait ten minutes)."""
GOING_ON = 354
DONE = 250
_DOTS = re.compile(rb"(?m)^\.")


@contextmanager
def connected(settings: MailSettings, secrets: Secrets) -> Iterator[smtplib.SMTP]:
    """A server that knows us and is ready for mail; closed politely whatever happens."""
    with _told(settings):
        server = _greeted(settings)
    try:
        with _told(settings):
            _logged_in(server, settings, secrets)
        yield server
    finally:
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


def deliver(
    server: smtplib.SMTP, *, sender: str, recipient: str, message: bytes, hand_over: Callable[[], None]
) -> NotifyReceipt:
    """One message to one address. `message` has CRLF line ends."""
    refusal = _envelope(server, sender, recipient)
    if refusal is not None:
        return refusal
    with _unsent():
        code, text = server.docmd("DATA")
        if code == GOING_ON:
            server.send(_DOTS.sub(b"..", message.removesuffix(b"\r\n")) + b"\r\n")
    if code != GOING_ON:
        return _refused(code, text)
    try:
        hand_over()
    except BaseException:
        server.close()  # in the middle of the text a QUIT would be a part of it
        raise
    return _ended(server)


def _ended(server: smtplib.SMTP) -> NotifyReceipt:
    """The one step that cannot be taken back; servers look for viruses before they answer it."""
    try:
        if server.sock is not None:
            server.sock.settimeout(LAST_WORD)
        server.send(b".\r\n")
        code, text = server.getreply()
    except (smtplib.SMTPException, OSError):
        server.close()
        return NotifyReceipt(
            outcome="unknown", why="the connection broke before the server said that it has the message"
        )
    return NotifyReceipt() if code == DONE else _refused(code, text)


def _envelope(server: smtplib.SMTP, sender: str, recipient: str) -> NotifyReceipt | None:
    wide = not (sender.isascii() and recipient.isascii())
    if wide and not server.has_extn("smtputf8"):
        return NotifyReceipt(
            outcome="refused", why="the mail server takes no address with letters beyond ASCII (SMTPUTF8)"
        )
    with _unsent():
        code, text = server.mail(sender, ["SMTPUTF8"] if wide else [])
        if code != DONE:
            raise _sender_refused(code, text)
        code, text = server.rcpt(recipient)
    return None if code in {250, 251} else _refused(code, text)


def _sender_refused(code: int, text: bytes) -> NeedsHuman | RetryLater:
    said = f"the mail server refuses the sender ({meaning(code, text)})"
    if code in TRANSIENT:
        return RetryLater(f"{said}: it is tried again by itself")
    return NeedsHuman(f"{said}: correct sender, or let the account send under it")


def _refused(code: int, text: bytes) -> NotifyReceipt:
    """421 closes the connection, whatever was asked."""
    if code == 421:  # noqa: PLR2004 - RFC 5321, section 4.2.1
        raise RetryLater(f"the mail server has no time ({meaning(code, text)}): it is tried again by itself")
    return NotifyReceipt(outcome="later" if code in TRANSIENT else "refused", why=meaning(code, text))


@contextmanager
def _unsent() -> Iterator[None]:
    """Nothing has left yet, so a broken connection is only that."""
    try:
        yield
    except (smtplib.SMTPException, OSError):
        raise RetryLater("the connection to the mail server broke: it is tried again by itself") from None


# --- connecting -----------------------------------------------------------------------------------


def _greeted(settings: MailSettings) -> smtplib.SMTP:
    address = (settings.host, settings.reached_at)
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(*address, NAMELESS, timeout=settings.timeout, context=_trust(settings))
    else:
        server = smtplib.SMTP(*address, NAMELESS, timeout=settings.timeout)
    server.local_hostname = settings.ehlo_name or _literal(server)
    try:
        server.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            _encrypted(server, settings)
    except BaseException:
        server.close()
        raise
    return server


def _encrypted(server: smtplib.SMTP, settings: MailSettings) -> None:
    if not server.has_extn("starttls"):
        raise NeedsHuman(
            f"the mail server {settings.host} offers no STARTTLS on port {settings.reached_at}: "
            'set security = "tls", or use the port for submission'
        )
    server.starttls(context=_trust(settings))
    server.ehlo_or_helo_if_needed()


def _logged_in(server: smtplib.SMTP, settings: MailSettings, secrets: Secrets) -> None:
    if settings.username:
        server.login(settings.username, secrets(settings.password))


def _literal(server: smtplib.SMTP) -> str:
    """An address literal (RFC 5321, section 4.1.3): true on every machine, also where it has no name."""
    address = server.sock.getsockname()[0] if server.sock else "127.0.0.1"
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _trust(settings: MailSettings) -> ssl.SSLContext:
    """Read anew for each conversation, as a certificate may be renewed; asked for only where there is one to check."""
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ssl.SSLError):
        raise ConfigError(f"ca_file {settings.ca_file} cannot be read as a certificate: correct it") from None


@contextmanager
def _told(settings: MailSettings) -> Iterator[None]:
    """What stands in the way of a conversation, and who can remove it."""
    where = f"the mail server {settings.host}, port {settings.reached_at}"
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise NeedsHuman(
            f"the certificate of {where} is not valid ({error.verify_message}): correct host, or name its authority "
            "in ca_file"
        ) from None
    except ssl.SSLError:
        raise NeedsHuman(f"{where} does not speak TLS as expected: correct security and port") from None
    except smtplib.SMTPAuthenticationError as error:
        raise _login_refused(where, error) from None
    except smtplib.SMTPNotSupportedError:
        raise NeedsHuman(
            f"{where} offers no login that we know: leave username out, or use its port for submission"
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        raise RetryLater(f"{where} {_broken(error)}: it is tried again by itself") from None


def _broken(error: Exception) -> str:
    """smtplib says "unexpectedly closed" of a server that is only silent, and keeps the true reason behind it."""
    silent = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
    return "did not answer in time" if silent else "cannot be reached or breaks off"


def _login_refused(where: str, error: smtplib.SMTPAuthenticationError) -> NeedsHuman | RetryLater:
    if error.smtp_code in TRANSIENT:
        return RetryLater(f"{where} cannot check the password now: it is tried again by itself")
    return NeedsHuman(f"{where} refuses the user name or the password: correct them")
