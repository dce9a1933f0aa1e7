"""The name service of this machine, asked for the two kinds of records that say where a domain's calendars are."""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.resolver

from calbridge_caldav.addresses import Service

SECONDS = 5.0


class SystemNames:
    """The resolver that this machine is set up with. Whatever it cannot tell is nothing."""

    def services(self, name: str) -> list[Service]:
        """SRV records."""
        return [
            Service(target=str(each.target), port=each.port, priority=each.priority, weight=each.weight)
            for each in _answers(name, "SRV")
        ]

    def texts(self, name: str) -> list[str]:
        """TXT records; what is no UTF-8 is no path."""
        return [b"".join(each.strings).decode("utf-8", "replace") for each in _answers(name, "TXT")]


def _answers(name: str, kind: str) -> list[Any]:
    try:
        return list(dns.resolver.resolve(name, kind, lifetime=SECONDS))
    except (dns.exception.DNSException, OSError, ValueError):
        return []
