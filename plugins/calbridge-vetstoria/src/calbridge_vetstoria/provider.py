"""The provider object: the hooks of a booking portal, each handed to the module that knows its rule."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from calbridge.errors import BridgeError, NeedsHuman
from calbridge.hookspecs import hookimpl
from calbridge.interval import Interval
from calbridge.provider import (
    Capabilities,
    Entry,
    ExportReceipt,
    Feed,
    Finding,
    Gone,
    Hint,
    InboundRequest,
    Offer,
    PortalChange,
    Present,
    Probe,
    PublicContext,
    Receipt,
    Unknown,
    Unreadable,
)
from calbridge_vetstoria import checks, documents, feed, hints, offers
from calbridge_vetstoria.client import PortalClient
from calbridge_vetstoria.consents import Notices, asked
from calbridge_vetstoria.records import HOLD, VISIT, Reader
from calbridge_vetstoria.settings import VetstoriaSettings
from calbridge_vetstoria.wire import Hold
from calbridge_vetstoria.writing import Writer

TELLS = frozenset({"request_received", "confirmed", "declined", "moved", "cancelled"})
"""What the portal itself tells a client as her booking changes; e-mail says none of these beside it."""


def create(settings: VetstoriaSettings, context: PublicContext) -> VetstoriaPortal:
    """Make the provider of one connection; no I/O."""
    return VetstoriaPortal(settings, context)


class VetstoriaPortal:
    """One site of one portal."""

    def __init__(self, settings: VetstoriaSettings, context: PublicContext) -> None:
        self._settings = settings
        self._context = context
        self._client = PortalClient(settings, context)
        notices = Notices(partial(asked, self._client))
        notices.learn(context.clinic.privacy_notice)
        self._reader = Reader.of(settings, notices)
        self._told = ""
        self.capabilities = Capabilities(
            fields=frozenset({"state", "resource", "start", "end", "wide_moves"}),
            takes_offers=True,
            webhooks=settings.webhook_secret is not None,
            tells=TELLS,
        )

    @hookimpl
    def export_availability(self, offer: Offer) -> ExportReceipt:
        """Settings first, where they changed since this object last told the portal; then the slots."""
        digest = documents.digest(offer.clinic, self._reader)
        if self._told != digest:
            documents.put_all(self._client, offer.clinic, self._reader)
            self._told = digest
        return offers.export(self._client, self._reader, offer)

    @hookimpl
    def import_bookings(
        self,
        cursor: str,
        window: Interval,
        known: Mapping[str, str],  # noqa: ARG002 - the hook's signature; this side has a change feed
    ) -> Feed[Entry | Unreadable]:
        """What changed since `cursor`, else everything alive."""
        return feed.read(self._client, self._reader, cursor, window)

    @hookimpl
    def propagate_change(self, change: PortalChange) -> Receipt:
        """Decide, move, cancel, release, or report how far the clinic is."""
        return Writer(client=self._client, reader=self._reader).carry_out(change)

    @hookimpl
    def probe(self, ref: str) -> Probe:
        """Gone only on the portal's own `not_found`, or for a hold that ended; a plain 404 may be a proxy's."""
        path = self._path(ref)
        if path is None:
            return Unknown(why="this ref is not one of this connection's")
        try:
            answer = self._client.send("GET", path, item=ref, expects={"not_found"})
            if answer.code:
                return Gone()
            over = ref.startswith(HOLD) and self._client.parse(Hold, answer.document).status != "held"
        except BridgeError as error:
            return Unknown(why=error.hint)
        return Gone() if over else Present()

    @hookimpl
    def check(self) -> tuple[Finding, ...]:
        """Settings and server."""
        return checks.check(self._client, self._settings, self._context.clinic)

    @hookimpl
    def receive(self, request: InboundRequest) -> tuple[Hint, ...]:
        """Verify one webhook."""
        if self._settings.webhook_secret is None:
            raise NeedsHuman("a webhook came, but webhook_secret of this connection is not set: set it")
        return hints.verify(self._context.secrets(self._settings.webhook_secret), request)

    def _path(self, ref: str) -> str | None:
        for prefix, collection in ((HOLD, "holds"), (VISIT, "bookings")):
            if ref.startswith(prefix):
                return self._client.path(collection, ref.removeprefix(prefix))
        return None
