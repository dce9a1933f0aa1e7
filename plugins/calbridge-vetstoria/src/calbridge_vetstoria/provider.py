"""The provider object: the hooks of a booking portal, each handed to the module that knows its rule."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial

from calbridge.errors import BridgeError, NeedsHuman
from calbridge.hookspecs import hookimpl
from calbridge.interval import Interval
from calbridge.provider import (
    AccountRecord,
    Capabilities,
    ClientNotice,
    Entry,
    ExportReceipt,
    Feed,
    Finding,
    Gone,
    Hint,
    InboundRequest,
    Notice,
    NotifyReceipt,
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

TELLS = frozenset({"request_received", "confirmed", "declined", "moved", "move_refused", "cancelled"})
"""What the portal itself tells a client as her booking changes; e-mail says none of these beside it."""
ASKED = frozenset({"reminder", "please_phone"})
"""What it tells her when the bridge asks it to, since only the bridge knows when."""


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
            fields=frozenset({"state", "resource", "start", "end", "service", "description", "wide_moves", "account"}),
            takes_offers=True,
            publishes=True,
            webhooks=settings.webhook_secret is not None,
            tells=TELLS if settings.tells else frozenset(),
            notifies=ASKED if settings.tells else frozenset(),
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
    ) -> Feed[Entry | AccountRecord | Unreadable]:
        """What changed since `cursor`, else everything alive."""
        return feed.read(self._client, self._reader, cursor, window)

    @hookimpl
    def propagate_change(self, change: PortalChange) -> Receipt:
        """Decide, move, cancel, release, show and withdraw what the clinic made, or report how far the clinic is."""
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

    @hookimpl
    def notify(self, notice: Notice, hand_over: Callable[[], None]) -> NotifyReceipt:
        """Have the portal tell its own client; once for the notice's key, however often it is asked."""
        if not isinstance(notice, ClientNotice) or not notice.ref.startswith(VISIT):
            return NotifyReceipt(outcome="refused", why="a portal tells clients about their own bookings only")
        hand_over()
        key = hashlib.sha256(notice.key.encode()).hexdigest()
        url = self._client.path("bookings", notice.ref.removeprefix(VISIT), "messages", key)
        answer = self._client.send("PUT", url, json={"kind": notice.kind}, item=notice.booking, expects={"not_found"})
        if answer.code:
            return NotifyReceipt(outcome="refused", why="the portal does not know this booking any more")
        return NotifyReceipt()

    def _path(self, ref: str) -> str | None:
        for prefix, collection in ((HOLD, "holds"), (VISIT, "bookings")):
            if ref.startswith(prefix):
                return self._client.path(collection, ref.removeprefix(prefix))
        return None
