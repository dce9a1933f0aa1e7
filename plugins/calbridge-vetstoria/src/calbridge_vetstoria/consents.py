"""What clients agreed to, word for word: a booking only names the text, by its SHA-256.

The text is proof. It is the clinic's own where that has this name, else the portal is asked for it; where the portal
does not have it either, or has other words under that name, nothing was agreed to that anybody could show.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from calbridge.model import Consent
from calbridge_vetstoria import wire
from calbridge_vetstoria.client import PortalClient


def version_of(text: str) -> str:
    """The name that the portal gives a text."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(slots=True)
class Notices:
    """The texts known so far: few, and they never change. `ask` gives one by its name, "" where it is lost."""

    ask: Callable[[str], str]
    known: dict[str, str] = field(default_factory=dict)

    def learn(self, text: str) -> None:
        """The clinic's present notice."""
        if text:
            self.known[version_of(text)] = text

    def consent(self, given: wire.Consent | None) -> Consent | None:
        """The consent with its words; None where there is none, or nobody can say to what."""
        if given is None:
            return None
        if given.version not in self.known:
            self.learn(self.ask(given.version))
        text = self.known.get(given.version)
        return Consent(notice=text, agreed_at=int(given.agreed_at.timestamp())) if text else None


def asked(client: PortalClient, version: str) -> str:
    """What the portal keeps under that name."""
    answer = client.send("GET", client.site("notices", version), expects={"not_found"})
    return "" if answer.code else client.parse(wire.Notice, answer.document).text
