"""The post: what the bridge's mail server was given, read by a parser that is not the one that wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from calbridge.testing.mail_server import Sink

SAYS: Final[Mapping[str, str]] = {
    "invitation": "Sie können Ihre Termine bei uns jetzt auch online vereinbaren",
    "clinic_request": "eine neue Terminanfrage wartet auf Ihre Antwort",
    "request_received": "Ihre Terminanfrage ist bei uns eingegangen. Der Termin gilt erst, wenn",
    "confirmed": "Ihr Termin ist bestätigt",
    "declined": "leider können wir Ihnen den gewünschten Termin nicht geben",
    "moved": "Ihr Termin hat eine neue Zeit",
    "cancelled": "dieser Termin ist abgesagt",
}
"""By what whoever reads it knows the message, in the practice's language."""
LINK: Final = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail. `thread` is what all mails about one booking share; `method` and `uid` are of the calendar's entry in
    it, "" where it has none."""

    to: str
    subject: str
    text: str = field(repr=False)
    thread: str
    method: str = ""
    uid: str = ""

    @property
    def kind(self) -> str:
        """Which message it is, or what it begins with where it is none of those."""
        return next((kind for kind, words in SAYS.items() if words in self.text), self.text[:40])

    @property
    def links(self) -> tuple[str, ...]:
        """Every address of a page in it."""
        return tuple(LINK.findall(self.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSide:
    """Everybody's boxes behind one mail server on `port`."""

    sink: Sink
    port: int

    def sent(self) -> tuple[Letter, ...]:
        """Every mail, in the order it came."""
        return tuple(map(_letter, self.sink.mails))

    def box(self, address: str) -> tuple[Letter, ...]:
        """Those to one address."""
        return tuple(letter for letter in self.sent() if letter.to == address)

    def about(self, token: str) -> tuple[Letter, ...]:
        """Those to whom it belongs about the booking that this token opens: the conversation with its link in it."""
        sent = self.sent()
        opened = [letter for letter in sent if any(link.endswith(f"/{token}") for link in letter.links)]
        shared = {(letter.thread, letter.to) for letter in opened}
        return tuple(letter for letter in sent if (letter.thread, letter.to) in shared)


def _letter(mail: EmailMessage) -> Letter:
    body = mail.get_body(("plain",))
    entry = next((part.get_content() for part in mail.walk() if part.get_content_type() == "text/calendar"), "")
    return Letter(
        to=mail["To"].addresses[0].addr_spec,
        subject=str(mail["Subject"]),
        text=" ".join(body.get_content().split()) if body else "",
        thread=str(mail["References"] or ""),
        method=_value(entry, "METHOD"),
        uid=_value(entry, "UID"),
    )


def _value(entry: str, name: str) -> str:
    found = re.search(rf"(?m)^{name}:(\S+)", entry)
    return found.group(1) if found else ""
