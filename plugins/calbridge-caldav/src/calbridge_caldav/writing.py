"""propagate_change: one appointment state into one calendar, with the same end whatever happened before.

Where the event stands follows from the appointment's id, so a write whose answer was lost is found again. Every
write is conditional and read back, and what is read back is the answer: servers rewrite bodies, and some ignore
conditions. Nothing is overwritten or deleted that does not bear the appointment's own stamp.
"""

from __future__ import annotations

from dataclasses import replace
from time import sleep
from zoneinfo import ZoneInfo

import httpx

from calbridge.errors import BridgeError, RetryLater, SkipItem
from calbridge.model import State
from calbridge.provider import Change, Entry, Receipt
from calbridge.uids import uid_of
from calbridge.views import CalendarView, View
from calbridge_caldav.amend import amend, compose, settled
from calbridge_caldav.places import CONFLICT, NOT_AS_KNOWN, Found, Place, Places
from calbridge_caldav.quirks import YES
from calbridge_caldav.wire import etag_of

ATTEMPTS = 3
PAUSES = (0.5, 1.5)
"""Seconds that a server is given to show what it took."""


class Writing:
    """One change being carried out."""

    def __init__(
        self, places: Places, change: Change, zone: ZoneInfo, now: int, *, marks: tuple[str, ...] = ()
    ) -> None:
        if not isinstance(change.view, CalendarView):
            raise SkipItem("A calendar takes calendar views only: this is a fault of the bridge, report it.")
        self._places = places
        self._change = change
        self._view = change.view
        self._zone = zone
        self._now = now
        self._marks = marks

    def carry_out(self) -> Receipt:
        """Write it, or say that the calendar moved on."""
        here = self._places.of(self._change.ref)
        home = self._places.home(self._view.resource, self._change.appointment)
        if self._change.remove or home is None:
            return self._remove_all(here)
        if here is None:
            return self._stray() or self._create(home)
        if here.collection is home.collection:
            return self._update(here)
        return self._move(here, home)

    # --- creating ---------------------------------------------------------------------------------

    def _stray(self) -> Receipt | None:
        """An earlier revision whose answer was lost may stand in another resource's calendar."""
        if self._change.revision <= 1:
            return None
        for place in self._places.homes(self._change.appointment):
            if place.collection.resource != self._view.resource:
                found = self._places.look(place)
                if found and found.entry and self._ours(found):
                    return _moved(found, "It stands in another calendar already.")
        return None

    def _create(self, home: Place, data: bytes = b"") -> Receipt:
        response = self._places.create(home, data or self._composed()) if self._places.free(home) else None
        if response is not None and response.is_success:
            return self._read_back(home, response)
        found = self._places.look(home)
        if found is not None:
            return self._taken(home, found)
        if response is None:
            raise RetryLater("What stood at the event's place went away meanwhile.", item=home.ref)
        return self._same_uid(home, response)

    def _taken(self, home: Place, found: Found) -> Receipt:
        if not self._ours(found):
            raise SkipItem(
                "Another entry stands where this appointment's event belongs: rename or delete it in the calendar.",
                item=home.ref,
            )
        return self._over(home, found)

    def _same_uid(self, home: Place, response: httpx.Response) -> Receipt:
        """The server refuses a second event with our UID: find the first."""
        for place in self._places.by_uid(uid_of(self._change.appointment)):
            found = self._places.look(place)
            if found and found.entry and self._ours(found):
                here = place.collection is home.collection
                return self._over(place, found) if here else _moved(found, "It stands in another calendar.")
        raise self._places.refusal(home, response)

    # --- changing ---------------------------------------------------------------------------------

    def _update(self, place: Place) -> Receipt:
        known = self._places.unchanged(place, self._change.version)
        found = known if known and not self._written(known) else self._places.look(place)
        if found is None or not self._ours(found):
            return Receipt(outcome="moved", why="The event is no longer in the calendar.")
        return self._over(place, found)

    def _over(self, place: Place, found: Found) -> Receipt:
        """Write over our own event, as long as nobody else changed what it shows."""
        for _attempt in range(ATTEMPTS):
            if self._written(found):
                return Receipt(outcome="written", entry=found.entry)
            if not self._as_we_left_it(place, found):
                return _moved(found, "The event was changed in the calendar.", self._carried_to(place, found))
            response = self._places.update(place, self._amended(place, found), found.etag)
            if response.status_code not in NOT_AS_KNOWN:
                return self._read_back(place, response, found)
            again = self._places.look(place)
            if again is None or not self._ours(again):
                return Receipt(outcome="moved", why="The event was deleted meanwhile.")
            found = again
        return _moved(found, "The event keeps being changed.", self._carried_to(place, found))

    def _carried_to(self, place: Place, found: Found) -> CalendarView | None:
        """What stood in another calendar once it was carried there and not yet changed: no move of staff's."""
        before, stamp = self._change.previous, found.entry.stamp if found.entry else None
        whole = stamp is not None and stamp.revision == self._change.revision
        if not isinstance(before, CalendarView) or place.ref == self._change.ref or whole:
            return None
        return replace(before, resource=place.collection.resource)

    def _move(self, old: Place, home: Place) -> Receipt:
        """Into another calendar, with what staff added: never the same UID in two at once, and never in none."""
        for _attempt in range(ATTEMPTS):
            found = self._places.look(old)
            if found is None or not self._ours(found):
                return self._create(home)
            if not self._as_we_left_it(old, found):
                return _moved(found, "The event was changed in the calendar.")
            if self._places.carry(old, home, found.etag):
                return self._carried(old, found, home)
            data = self._amended(old, found)
            if self._places.delete(old, found.etag) != CONFLICT:
                return self._after_the_old_one(old, found.data, home, data)
        raise RetryLater("The event keeps being changed while it is moved.", item=old.ref)

    def _carried(self, old: Place, before: Found, home: Place) -> Receipt:
        """It stands in the new calendar as it was. One that the server does not take as it should be goes back."""
        try:
            found = self._places.look(home)
            return self._taken(home, found) if found else self._create(home, self._amended(old, before))
        except BridgeError:
            still = self._still(home, before)
            if still is not None:
                self._places.carry(home, old, still.etag)
            raise

    def _still(self, home: Place, before: Found) -> Found | None:
        """What stands there, to the letter as it was carried; its ETag may be another there. None for anything else: a
        write whose answer was lost may have arrived.
        """
        try:
            found = self._places.look(home)
        except BridgeError:
            return None
        return found if found is not None and found.data == before.data else None

    def _after_the_old_one(self, old: Place, before: bytes, home: Place, data: bytes) -> Receipt:
        """Where the server carries nothing over, the old one goes first; what the new calendar refuses comes back."""
        try:
            return self._create(home, data)
        except BridgeError as error:
            if self._lacks_ours(home, unseen=not isinstance(error, RetryLater)):
                self._places.create(old, before)
            raise

    def _lacks_ours(self, place: Place, *, unseen: bool) -> bool:
        """A write whose answer was lost, or that could not be read back, may have arrived. `unseen` where nobody sees:
        one that was refused did not.
        """
        try:
            found = self._places.look(place)
        except BridgeError:
            return unseen
        return found is None or found.appointment != self._change.appointment

    def _read_back(self, place: Place, response: httpx.Response, before: Found | None = None) -> Receipt:
        """What stands there now, as the answer to the write; another hand's, where somebody was as quick as that."""
        found = self._shown(place, before)
        if found is None or not self._ours(found):
            gone = "" if self._change.ref or found else place.ref
            return Receipt(outcome="moved", gone=gone, why="The event was deleted right after it was written.")
        if found.entry is None:
            raise SkipItem(f"The event cannot be read back ({found.why}).", item=place.ref)
        same = _etag(response) == found.etag != ""
        if not (same or self._ours_now(found.entry, place, told=bool(_etag(response)))):
            return _moved(found, "The event was changed right after it was written.")
        return Receipt(outcome="written", entry=found.entry)

    def _shown(self, place: Place, before: Found | None) -> Found | None:
        """What stands there after the write. A server of several machines may show for a moment what stood there
        before, or nothing yet: that is nobody's edit, and nobody's deletion.
        """
        for pause in (*PAUSES, 0.0):
            found = self._places.look(place)
            if found is not None and (before is None or found.data != before.data):
                return found
            sleep(pause)
        if found is not None:
            raise RetryLater("The server took the change and still shows what was there before.", item=place.ref)
        return None

    def _ours_now(self, entry: Entry, place: Place, *, told: bool) -> bool:
        """Did the server alone have it in hand? It may reword texts under another ETag, or under none; a state or a
        time that is not the one just written is somebody's edit, and so is a text that this server would have kept.
        """
        revision = entry.stamp.revision if entry.stamp else 0
        asked, shown = self._settled(), entry.view
        if shown == asked:
            return revision in {self._change.revision, 0}
        kept = told and place.collection.quirks.keeps_body == YES
        return revision == self._change.revision and not kept and _event(shown) == _event(asked)

    # --- removing ---------------------------------------------------------------------------------

    def _remove_all(self, here: Place | None) -> Receipt:
        """Remove it; without a ref, wherever a write whose answer was lost may have put it."""
        if here is not None:
            return self._remove(here, "" if self._places.must_look(here) else self._change.version)
        for place in self._places.homes(self._change.appointment):
            self._remove(place, "")
        return Receipt(outcome="written")

    def _remove(self, place: Place, etag: str) -> Receipt:
        for _attempt in range(ATTEMPTS):
            if etag and self._places.delete(place, etag) != CONFLICT:
                return Receipt(outcome="written")
            found = self._places.look(place)
            if found is None or not self._ours(found):
                return Receipt(outcome="written")
            if not self._may_go(place, found):
                return _moved(found, "The event was changed in the calendar.")
            etag = found.etag or "*"
        raise RetryLater("The event keeps being changed while it is deleted.", item=place.ref)

    def _may_go(self, place: Place, found: Found) -> bool:
        """Nobody changed what it shows, staff cancelled it too, or it is a write that nobody was told of."""
        entry = found.entry
        return not self._change.ref or entry is None or entry.view.state.gone or self._as_we_left_it(place, found)

    # --- comparing --------------------------------------------------------------------------------

    def _ours(self, found: Found) -> bool:
        if found.document is None and not found.appointment:
            raise SkipItem(
                f"What stands at this appointment's place cannot be read ({found.why}): "
                "correct or delete it in the calendar.",
                item=self._change.ref,
            )
        return found.appointment == self._change.appointment

    def _written(self, found: Found) -> bool:
        """This very change is there already: its answer was lost."""
        entry = found.entry
        return (
            entry is not None
            and entry.stamp is not None
            and entry.stamp.revision in {self._change.revision, 0}
            and entry.view == self._settled()
        )

    def _as_we_left_it(self, place: Place, found: Found) -> bool:
        """The version we know, or the same meaning under another one: an alarm was put off, a server renumbered, or
        we carried it here and no further."""
        if found.entry is None:
            raise SkipItem(
                f"The event cannot be read ({found.why}): correct or delete it in the calendar.",
                item=place.ref,
            )
        if self._change.version and found.etag == self._change.version:
            return True
        before = self._change.previous
        return before is not None and found.entry.view == replace(before, resource=place.collection.resource)

    def _amended(self, place: Place, found: Found) -> bytes:
        if found.document is None:
            raise SkipItem(f"The event cannot be read ({found.why}).", item=place.ref)
        change = self._change
        return amend(
            found.document,
            change.appointment,
            change.revision,
            self._view,
            zone=self._zone,
            now=self._now,
            marks=self._marks,
        )

    def _settled(self) -> CalendarView:
        return settled(self._view, marks=self._marks)

    def _composed(self) -> bytes:
        change = self._change
        return compose(
            change.appointment, change.revision, self._view, zone=self._zone, now=self._now, marks=self._marks
        )


def _moved(found: Found, why: str, wrote: CalendarView | None = None) -> Receipt:
    entry = found.entry
    return Receipt(outcome="moved", entry=entry, wrote=wrote if entry else None, why=why)


def _etag(response: httpx.Response) -> str:
    return etag_of(response.headers.get("ETag", ""))


def _event(view: View) -> tuple[State, int, int]:
    """What no server rewords."""
    return view.state, view.start, view.end
