"""The mail itself (RFC 5322): headers that nobody can break, text and HTML as alternatives, the calendar's entry."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from email_validator import EmailNotValidError, validate_email

from calbridge.provider import ClientNotice, Notice
from calbridge_mail.content import Content, for_client, for_clinic, one_line
from calbridge_mail.entry import entry, method
from calbridge_mail.words import words

POLICY = SMTP.clone(cte_type="7bit")
"""CRLF line ends, and nothing but ASCII on the wire: every server takes it, and no line is too long."""


class Unaddressable(ValueError):
    """The address cannot be written to; the text does not repeat it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who writes. Addresses are valid and in the form that goes over the wire."""

    sender: str
    sender_name: str
    reply_to: str = ""


def addressable(text: str) -> str:
    """The address as it goes over the wire (its domain in ASCII), or Unaddressable. Nothing is looked up."""
    try:
        valid = validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        raise Unaddressable("the address is not written like one") from None
    return f"{valid.local_part}@{valid.ascii_domain}"


def mail(notice: Notice, to: str, envelope: Envelope, *, now: int, attach: bool) -> EmailMessage:
    """The whole mail; `to` comes from `addressable`."""
    if isinstance(notice, ClientNotice):
        content, name = for_client(notice), one_line(notice.to.name)
    else:
        content, name = for_clinic(notice), one_line(notice.clinic.name)
    message = EmailMessage(POLICY)
    _head(message, content, now)
    message["From"] = _address(envelope.sender_name, envelope.sender)
    message["To"] = _address(name, to)
    if envelope.reply_to:
        message["Reply-To"] = _address("", envelope.reply_to)
    message.set_content(content.text)
    message.add_alternative(content.html, subtype="html")
    if attach and isinstance(notice, ClientNotice) and notice.visit is not None and method(notice):
        _attach(message, notice, entry(notice, notice.visit, sender=envelope.sender, to=to, now=now))
    message["Content-Language"] = content.language  # last, or it goes into the text's own part
    _identify(message, notice, envelope.sender)
    return message


def _head(message: EmailMessage, content: Content, now: int) -> None:
    message["Subject"] = one_line(content.subject)
    message["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence note comes back
    message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange


def _identify(message: EmailMessage, notice: Notice, sender: str) -> None:
    """The same message has the same id for ever, and all of one booking belong to one conversation."""
    domain = sender.rpartition("@")[2]
    message["Message-ID"] = f"<{_digest(notice.clinic.key, notice.key)}@{domain}>"
    if notice.booking:
        message["References"] = f"<{_digest(notice.clinic.key, notice.booking)}@{domain}>"


def _attach(message: EmailMessage, notice: ClientNotice, text: str) -> None:
    """As an alternative, for programs that act on it, and as a file, for those that only open it."""
    message.add_alternative(text, subtype="calendar", params={"method": method(notice)})
    name = words(notice.to.language, notice.clinic.time_zone).text("phrase", "calendar_file")
    message.add_attachment(text.encode(), maintype="application", subtype="ics", filename=f"{name}.ics")


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(display_name=one_line(name), username=local, domain=domain)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
