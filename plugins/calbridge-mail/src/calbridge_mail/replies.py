"""What a mail server's refusal means, in our own words: its own may repeat the address it refuses.

The enhanced status code (RFC 3463) says it where there is one, else the reply code alone (RFC 5321, section 4.2).
"""

from __future__ import annotations

import re

_ENHANCED = re.compile(rb"^([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)")
_MEANING = {
    "1.1": "there is no such mailbox",
    "1.2": "there is no such mail domain",
    "1.3": "the address is not written as the server wants it",
    "1.6": "the mailbox has moved and left no address",
    "1.10": "the mail domain takes no mail",
    "2.1": "the mailbox is closed",
    "2.2": "the mailbox is full",
    "2.3": "the message is too long for the mailbox",
    "3.4": "the message is too long for the server",
    "4.4": "no mail server is known for the domain",
    "7.1": "the server does not allow it",
    "7.26": "the sender's domain could not be verified",
    "7.27": "the sender's domain takes no mail",
}
_GENERAL = {
    421: "the server closes the connection",
    450: "the mailbox is busy or the server wants to be asked again later",
    451: "the server wants to be asked again later",
    452: "the server has no room",
    550: "there is no such mailbox, or the server does not allow it",
    551: "the mailbox is elsewhere",
    552: "the mailbox is full",
    553: "the address is not written as the server wants it",
    554: "the server does not take it",
}


def meaning(code: int, text: bytes) -> str:
    """One phrase, such as "550 5.1.1, there is no such mailbox"."""
    found = _ENHANCED.match(text)
    if found is None:
        return f"{code}, {_GENERAL.get(code, 'the server gives no reason we know')}"
    enhanced = ".".join(part.decode() for part in found.groups())
    reason = _MEANING.get(enhanced.partition(".")[2]) or _GENERAL.get(code, "the server gives no reason we know")
    return f"{code} {enhanced}, {reason}"
