"""What the clinic made for a client by itself: shown in her account, kept as it stands there, withdrawn.

It is set under the appointment's own id, so a write whose answer was lost is found again. A client who was faster is
never overwritten: that is `moved`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from calbridge.model import State
from calbridge.provider import PortalChange, Receipt
from calbridge.views import PortalView
from calbridge_vetstoria.client import PortalClient
from calbridge_vetstoria.offers import instant
from calbridge_vetstoria.records import ACCOUNT, Reader
from calbridge_vetstoria.wire import Booking

OVERTAKEN = frozenset({"stale_revision", "precondition_missing", "not_pending", "not_found", "other_account"})


def is_shown(change: PortalChange) -> bool:
    """Is it about what the clinic made, not about what a client booked?"""
    before = change.previous
    return bool(change.view.account or (isinstance(before, PortalView) and before.account))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One such appointment on its way. `current`: the booking that shows it now, None where there is none."""

    client: PortalClient
    reader: Reader
    change: PortalChange
    current: Booking | None

    @property
    def withdraws(self) -> bool:
        """It still takes place, so nobody is told."""
        return self.change.remove and not self.change.view.state.gone

    def withdraw(self) -> Receipt:
        """Show it no more; what is not there is done."""
        self.client.send("DELETE", self._url, item=self.change.appointment, expects=OVERTAKEN)
        return Receipt(outcome="written")

    def put(self) -> tuple[Booking | None, bool]:
        """Show it as it should be. The booking that stands there now, and whether it is as was asked."""
        headers = {"If-Match": f'"{self.current.revision}"'} if self.current else {}
        answer = self.client.send(
            "PUT", self._url, json=self._body(), headers=headers, item=self.change.appointment, expects=OVERTAKEN
        )
        if answer.code:
            return self._there(), False
        booking = self.client.parse(Booking, answer.document)
        return booking, booking.status == "confirmed" or self.change.view.state is not State.CONFIRMED

    def _there(self) -> Booking | None:
        params = {"client_ref": self.change.appointment}
        page = self.client.send("GET", self.client.site("bookings"), params=params, item=self.change.appointment)
        found = [self.client.parse(Booking, each) for each in page.document.get("items", ())]
        return next((each for each in found if each.account), None)

    def _body(self) -> dict[str, Any]:
        view = self.change.view
        return {
            "account": view.account.removeprefix(ACCOUNT),
            "type": self.reader.services.id(view.service) or None,
            "calendar": self.reader.resources.id(view.resource),
            "start": instant(view.start),
            "end": instant(view.end),
            "note": view.description[:5_000] or None,
            "notify": self.change.notify,
        }

    @property
    def _url(self) -> str:
        return self.client.site("appointments", self.change.appointment)
