"""Availability for the portal: exact starts, windows that touch joined, settings before slots.

Exact starts say what intervals cannot: buffers, second resources, throttles. The portal never computes rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby

from calbridge.interval import Interval
from calbridge.provider import ExportReceipt, Offer, OfferedSlot, OfferWindow
from calbridge_vetstoria.client import PortalClient
from calbridge_vetstoria.records import Reader

LONGEST = 92 * 86_400


def export(client: PortalClient, reader: Reader, offer: Offer) -> ExportReceipt:
    """The hook `export_availability`, after the settings are there."""
    rejected = []
    accepted = 0
    for part, count in joined(offer.windows):
        if _publish(client, reader, part, offer.revision):
            accepted += count
        else:
            rejected.append(_stale(part, offer.revision))
    return ExportReceipt(accepted=accepted, rejected=tuple(rejected))


def joined(windows: tuple[OfferWindow, ...]) -> Iterator[tuple[OfferWindow, int]]:
    """Windows of one resource that touch become one (at most three months), with how many they were."""
    ordered = sorted(windows, key=lambda part: (part.resource, part.window.start))
    for _, group in groupby(ordered, key=lambda part: part.resource):
        first, *others = group
        current, count = first, 1
        for part in others:
            if _touch(current, part):
                current, count = _join(current, part), count + 1
            else:
                yield current, count
                current, count = part, 1
        yield current, count


def _touch(left: OfferWindow, right: OfferWindow) -> bool:
    return left.window.end == right.window.start and right.window.end - left.window.start <= LONGEST


def _join(left: OfferWindow, right: OfferWindow) -> OfferWindow:
    return OfferWindow(
        resource=left.resource,
        window=Interval(left.window.start, right.window.end),
        slots=left.slots + right.slots,
        moves=left.moves + right.moves,
    )


def _publish(client: PortalClient, reader: Reader, part: OfferWindow, revision: int) -> bool:
    calendar = reader.resources.id(part.resource)
    answer = client.send(
        "PUT",
        client.site("availability", calendar),
        params={"from": instant(part.window.start), "to": instant(part.window.end)},
        json={
            "source_revision": revision,
            "offers": list(_offers(reader, part.slots)),
            "moves": list(_offers(reader, part.moves)),
        },
        expects={"stale_availability"},
    )
    return not answer.code


def _offers(reader: Reader, slots: tuple[OfferedSlot, ...]) -> Iterator[dict[str, object]]:
    by_service = sorted(slots, key=lambda slot: (slot.service, slot.start))
    for service, group in groupby(by_service, key=lambda slot: slot.service):
        yield {"type": reader.services.id(service), "starts": [instant(slot.start) for slot in group]}


def _stale(part: OfferWindow, revision: int) -> str:
    return (
        f"the portal holds newer availability of {part.resource} than revision {revision}: "
        "another bridge publishes to this site, or this one runs on an older copy of its database"
    )


def instant(seconds: int) -> str:
    """RFC 3339, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
