"""Carrying one change to the portal: look, take the steps that are still missing, give back what it shows then.

Looking first makes a lost answer harmless: what was done is seen. Each step is conditional (If-Match) and keyed
(Idempotency-Key, a function of the change). A client who was faster is never overwritten: that is `moved`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from calbridge.errors import SkipItem
from calbridge.model import State
from calbridge.provider import Entry, PortalChange, Receipt
from calbridge_vetstoria.client import PortalClient
from calbridge_vetstoria.offers import instant
from calbridge_vetstoria.records import HOLD, NOT_YET_WRITTEN, VISIT, Reader, state_of
from calbridge_vetstoria.showing import Shown, is_shown
from calbridge_vetstoria.wire import Booking, Hold, Page

OVERTAKEN = frozenset({"stale_revision", "not_pending", "not_found"})
VISIT_STATES = frozenset({State.ARRIVED, State.FULFILLED, State.NO_SHOW})
ENDED = frozenset({"declined", "cancelled", "fulfilled", "no_show"})
GONE = frozenset({"declined", "cancelled"})


class Overtaken(Exception):
    """The booking changed under the write. `left` is how it stood after the steps that were taken."""

    def __init__(self, left: Booking) -> None:
        super().__init__(left.id)
        self.left = left


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes to one site."""

    client: PortalClient
    reader: Reader

    def carry_out(self, change: PortalChange) -> Receipt:
        """The hook `propagate_change`."""
        if is_shown(change):
            return self._shown(change)
        if change.ref.startswith(HOLD):
            return self._hold(change)
        if change.ref.startswith(VISIT):
            return self._booking(change)
        raise SkipItem("a portal takes no appointment that it did not bring", item=change.appointment)

    # --- what the clinic made itself ---

    def _shown(self, change: PortalChange) -> Receipt:
        current = self._read_booking(change) if change.ref else None
        shown = Shown(client=self.client, reader=self.reader, change=change, current=current)
        if current is not None and self._faster(change, current):
            return Receipt(outcome="moved", entry=self.reader.booking_entry(current))
        if shown.withdraws:
            return shown.withdraw()
        if change.remove or (change.ref and current is None) or change.view.decline_reason:
            return self._booking(change)  # called off, gone, or a client's own move that is put back
        booking, as_asked = shown.put()
        if booking is None or not as_asked:
            return Receipt(outcome="moved", entry=self.reader.booking_entry(booking) if booking else None)
        return self._reported(change, booking)

    def _reported(self, change: PortalChange, booking: Booking) -> Receipt:
        """How far the visit is, and where its client may move it to."""
        try:
            return self._settle(change, booking)
        except Overtaken as met:
            return self._overtaken(change, met.left)

    # --- holds ---

    def _hold(self, change: PortalChange) -> Receipt:
        current = self._read_hold(change)
        if current is None or current.status in {"released", "expired"}:
            return Receipt(outcome="written" if change.remove else "moved")
        if current.status == "consumed":
            return Receipt(outcome="moved", entry=self._successor(current))
        entry = self.reader.hold_entry(current)
        if change.remove:
            return self._release(change, current)
        if _same_place(entry, change):
            return Receipt(outcome="written", entry=entry)
        raise SkipItem(
            "a reservation in the portal cannot be changed, only released: its length is the appointment type's",
            item=change.appointment,
        )

    def _read_hold(self, change: PortalChange) -> Hold | None:
        url = self.client.path("holds", change.ref.removeprefix(HOLD))
        answer = self.client.send("GET", url, item=change.appointment, expects={"not_found"})
        return None if answer.code else self.client.parse(Hold, answer.document)

    def _release(self, change: PortalChange, current: Hold) -> Receipt:
        answer = self.client.send(
            "DELETE",
            self.client.path("holds", current.id),
            params=self._why(change),
            item=change.appointment,
            expects={"hold_expired", "hold_consumed", "not_found"},
        )
        if answer.code == "hold_consumed":
            return Receipt(outcome="moved", entry=self._successor(current))
        return Receipt(outcome="written")

    def _successor(self, hold: Hold) -> Entry | None:
        """The booking that a hold became."""
        answer = self.client.send("GET", self.client.site("bookings"), params={"client_ref": hold.client_ref})
        records = self.client.parse(Page, answer.document).items
        bookings = [self.client.parse(Booking, record) for record in records]
        return next((self.reader.booking_entry(b) for b in bookings if b.hold_id == hold.id), None)

    # --- bookings ---

    def _booking(self, change: PortalChange) -> Receipt:
        current = self._read_booking(change)
        if current is None:
            return Receipt(outcome="written" if change.remove else "moved")
        if change.remove and current.status in GONE:
            return Receipt(outcome="written")
        if self._faster(change, current):
            return Receipt(outcome="moved", entry=self.reader.booking_entry(current))
        try:
            return self._remove(change, current) if change.remove else self._settle(change, current)
        except Overtaken as met:
            return self._overtaken(change, met.left if met.left.revision != current.revision else None)

    def _overtaken(self, change: PortalChange, left: Booking | None) -> Receipt:
        """Somebody was faster than the next step. `left`: as the steps that were taken had left it."""
        now = self._read_booking(change)
        if now is None:
            return Receipt(outcome="moved")
        wrote = self.reader.booking_entry(left).view if left else None
        return Receipt(outcome="moved", entry=self.reader.booking_entry(now), wrote=wrote)

    def _faster(self, change: PortalChange, current: Booking) -> bool:
        """Its client changed it since the bridge has read it."""
        return current.last_changed_by == "client" and str(current.revision) != change.version

    def _read_booking(self, change: PortalChange) -> Booking | None:
        url = self.client.path("bookings", change.ref.removeprefix(VISIT))
        answer = self.client.send("GET", url, item=change.appointment, expects={"not_found"})
        return None if answer.code else self.client.parse(Booking, answer.document)

    def _remove(self, change: PortalChange, current: Booking) -> Receipt:
        if current.status in ENDED:
            raise SkipItem(
                f"a visit that is {current.status} cannot be cancelled in the portal", item=change.appointment
            )
        reason = change.view.decline_reason or None
        if current.status == "requested":
            body = {"decision": "decline", "reason": reason, "reason_visible": reason is not None}
            self._step(change, current, "decision", body | self._told(change))
        else:
            self._step(change, current, "cancel", {"by": "practice", "reason": reason} | self._told(change))
        return Receipt(outcome="written")

    def _told(self, change: PortalChange) -> dict[str, Any]:
        """Whether the client gets a message, and what she may have instead."""
        instead = [
            {"calendar": self.reader.resources.id(each.resource), "start": instant(each.start)}
            for each in change.alternatives
        ]
        return {"notify": change.notify, "alternatives": instead}

    def _why(self, change: PortalChange) -> list[tuple[str, str]]:
        """The same as a query, for a hold."""
        reason = change.view.decline_reason
        instead = (f"{self.reader.resources.id(each.resource)}@{instant(each.start)}" for each in change.alternatives)
        return [*([("reason", reason)] if reason else []), *(("alternative", each) for each in instead)]

    def _settle(self, change: PortalChange, current: Booking) -> Receipt:
        """At most three steps: the time, the decision, then how far the clinic's own system is."""
        wanted = change.view.state
        if current.status in ENDED and state_of(current) is not wanted:
            raise SkipItem(
                f"a booking that is {current.status} in the portal cannot come back", item=change.appointment
            )
        accept = current.status == "requested" and wanted is not State.REQUESTED
        if not _same_place(self.reader.booking_entry(current), change):
            current = self._step(change, current, "reschedule", self._move(change, notify=not accept))
        if accept:
            current = self._step(change, current, "decision", {"decision": "accept", "notify": change.notify})
        report = _report(current, wanted) | _moves_to(current, change)
        if report:
            current = self._step(change, current, "sync", {"state": current.sync.state} | report)
        return Receipt(outcome="written", entry=self.reader.booking_entry(current))

    def _move(self, change: PortalChange, *, notify: bool) -> dict[str, Any]:
        """Without a message of its own where a confirmation follows, which tells the client the new time.

        A reason says that it is the client's own move that is put back.
        """
        return self._told(change) | {
            "by": "practice",
            "calendar": self.reader.resources.id(change.view.resource),
            "start": instant(change.view.start),
            "end": instant(change.view.end),
            "reason": change.view.decline_reason or None,
            "notify": notify and change.notify,
        }

    def _step(self, change: PortalChange, current: Booking, step: str, body: dict[str, Any]) -> Booking:
        answer = self.client.send(
            "PUT" if step == "sync" else "POST",
            self.client.path("bookings", current.id, step),
            json=body,
            headers={"If-Match": f'"{current.revision}"', "Idempotency-Key": _key(change, step, body)},
            item=change.appointment,
            expects=OVERTAKEN,
        )
        if answer.code:
            raise Overtaken(current)
        return self.client.parse(Booking, answer.document)


def _key(change: PortalChange, step: str, body: dict[str, Any]) -> str:
    """One key a step and a body: a body that changed with the configuration is another request, not a reused key."""
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:12]
    return f'"{change.key}.{step}.{digest}"'


def _same_place(entry: Entry, change: PortalChange) -> bool:
    shown, wanted = entry.view, change.view
    return (shown.resource, shown.start, shown.end) == (wanted.resource, wanted.start, wanted.end)


def _report(current: Booking, wanted: State) -> dict[str, str]:
    """What is still to be said of the clinic's own system; nothing when the portal knows."""
    if wanted in VISIT_STATES:
        return {} if current.status == wanted else {"state": "written", "status": str(wanted)}
    if wanted is State.CONFIRMED and current.status == "arrived":  # marked by mistake
        return {"state": "written", "status": str(wanted)}
    if current.status != "confirmed":
        return {}
    if wanted is State.CONFIRMED and current.sync.state != "written":
        return {"state": "written"}
    if wanted is State.REQUESTED and current.sync.state not in NOT_YET_WRITTEN:
        return {"state": "accepted"}
    return {}


def _moves_to(current: Booking, change: PortalChange) -> dict[str, str]:
    """Which of the two published lists its client may move it to, where the portal does not know that yet."""
    wanted = "moves" if change.view.wide_moves else "offers"
    return {} if current.moves_to == wanted else {"moves_to": wanted}
