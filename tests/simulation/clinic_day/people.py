"""What people do on a clinic-day, each at a side of their own, none knowing of the bridge."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Literal, TypeVar

from clinic_day.clinic import APPLICANTS, PRIVATE
from clinic_day.world import Edit, World

from calbridge.hub import Command
from calbridge.model import State
from calbridge.testing.memory_calendar import Event
from calbridge.testing.memory_pms import Taken, Visit
from calbridge.testing.memory_portal import Booking, Refused

ThingT = TypeVar("ThingT")
QUARTER = 900
OPEN_BOOKINGS = frozenset({State.REQUESTED, State.CONFIRMED})


class Nothing(Exception):
    """There is nothing to do this to."""


class People:
    """Clients, staff at the calendar, reception at the PMS. Each act is drawn from the world's seed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.chance: random.Random = world.chance
        self._acts: tuple[tuple[int, Callable[[], str]], ...] = (
            (7, self.client_selects),
            (7, self.client_confirms),
            (1, self.client_abandons),
            (2, self.client_cancels),
            (3, self.client_moves),
            (1, self.client_confirms_late),
            (4, self.staff_drags),
            (1, self.staff_resizes),
            (1, self.staff_hands_over),
            (2, self.staff_deletes),
            (2, self.staff_retitles),
            (2, self.staff_adds),
            (1, self.staff_changes_own),
            (4, self.reception_books),
            (2, self.reception_moves),
            (2, self.reception_cancels),
            (1, self.reception_marks),
            (1, self.reception_overbooks),
            (1, self.vet_is_away),
            (1, self.clinic_decides),
        )

    def act(self) -> None:
        """Somebody does something that is possible."""
        for _ in range(6):
            act = self.chance.choices([a for _, a in self._acts], weights=[w for w, _ in self._acts])[0]
            name = act.__name__.replace("_", " ")
            try:
                self.world.say(f"{name}: {act()}")
            except Nothing:
                continue
            except (Refused, Taken) as why:
                self.world.say(f"{name}: refused, {why}")
            return

    def interfere(self, name: str, ref: str) -> None:
        """Somebody acts while the bridge is about to write `ref`: often on that very entry."""
        near = self._near(name, ref) if self.chance.random() < 0.7 else []
        if not near:
            self.act()
            return
        act = self.chance.choice(near)
        with suppress(Nothing, Refused, Taken):
            self.world.say(f"   at that moment {act.__name__.replace('_', ' ')}: {act(ref)}")

    def _near(self, name: str, ref: str) -> list[Callable[[str], str]]:
        """What can be done to the entry that is being written."""
        if name == "calendar" and ref in self.world.calendar.events:
            return [self.staff_drags, self.staff_drags, self.staff_retitles, self.staff_deletes]
        if name == "pms" and ref in {visit.ref for visit in self._visits()}:
            return [self.reception_moves, self.reception_cancels]
        if name == "portal" and ref in {booking.ref for booking in self._bookings()}:
            return [self.client_cancels, self.client_moves]
        return []

    def arrive(self, count: int) -> None:
        """The morning's first clients and callers, so that there is something to act on."""
        for _ in range(count):
            for act in (self.client_selects, self.client_confirms, self.reception_books):
                with suppress(Nothing, Refused, Taken):
                    self.world.say(f"{act.__name__.replace('_', ' ')}: {act()}")

    # --- clients ---

    def client_selects(self) -> str:
        """A client chooses any slot she is offered."""
        portal = self.world.portal
        resource, (service, start) = self._one(
            (resource, key) for resource, slots in portal.offers.items() for key in slots
        )
        return f"{portal.select(resource, service, start)} {service} {resource} {self._at(start)}"

    def client_confirms(self) -> str:
        """She fills in the form."""
        hold = self._one(b for b in self.world.portal.live() if b.state is State.HELD)
        return f"{hold.ref} -> {self.world.portal.confirm(hold.ref, self.chance.choice(APPLICANTS), 'limps')}"

    def client_confirms_late(self) -> str:
        """She had coffee first."""
        self.world.portal.tick()
        over = (b for b in self.world.portal.bookings.values() if b.state is State.EXPIRED and not b.consumed)
        hold = self._one(over)
        return f"{hold.ref} -> {self.world.portal.confirm(hold.ref, self.chance.choice(APPLICANTS))}"

    def client_abandons(self) -> str:
        """She closes the page properly."""
        hold = self._one(b for b in self.world.portal.live() if b.state is State.HELD)
        self.world.portal.abandon(hold.ref)
        return hold.ref

    def client_cancels(self, ref: str = "") -> str:
        """By the link in her mail."""
        booking = self._booking(ref)
        self.world.portal.cancel(booking.ref)
        self._edited("client cancels", "portal", booking.ref, settled=True)
        return booking.ref

    def client_moves(self, ref: str = "") -> str:
        """To another slot that is offered for the same service."""
        booking = self._booking(ref)
        slots = self.world.portal.offers.get(booking.resource, {})
        start = self._one(start for service, start in slots if service == booking.service)
        self.world.portal.move(booking.ref, start)
        self._edited("client moves", "portal", booking.ref, start=start)
        return f"{booking.ref} to {self._at(start)}"

    def _booking(self, ref: str) -> Booking:
        return self._one(booking for booking in self._bookings() if ref in {"", booking.ref})

    def _bookings(self) -> list[Booking]:
        bookings = self.world.portal.bookings.values()
        return [b for b in bookings if b.expires is None and b.state in OPEN_BOOKINGS]

    # --- staff, in a calendar program ---

    def staff_drags(self, ref: str = "") -> str:
        """An appointment is dragged elsewhere on the same day."""
        event = self._event(ref)
        start = event.start + QUARTER * self.chance.choice((-4, -2, -1, 1, 2, 3, 6))
        self.world.calendar.drag(event.ref, start)
        self._event_edited("staff drags", event, start=start)
        return f"{event.ref} to {self._at(start)}"

    def staff_resizes(self) -> str:
        """Its lower edge is dragged."""
        event = self._event()
        self.world.calendar.drag(
            event.ref, event.start, event.end - QUARTER if event.end - event.start > QUARTER else None
        )
        self._event_edited("staff resizes", event, start=event.start)
        return event.ref

    def staff_hands_over(self) -> str:
        """The event is put into the colleague's calendar."""
        event = self._event()
        other = "ben" if event.collection == "anna" else "anna"
        ref = self.world.calendar.drag(event.ref, event.start, resource=other)
        self._event_edited("staff hands over", event, start=event.start, resource=other)
        return f"{event.ref} -> {ref}"

    def staff_deletes(self, ref: str = "") -> str:
        """It is deleted in the calendar: the clinic cancels."""
        event = self._event(ref)
        self.world.calendar.delete(event.ref)
        self._event_edited("staff deletes", event)
        return event.ref

    def staff_retitles(self, ref: str = "") -> str:
        """A private remark in the subject."""
        event = self._event(ref)
        self.world.calendar.retitle(event.ref, f"{PRIVATE} {self.chance.choice(('bites', 'pays late'))}")
        self._event_edited("staff retitles", event)
        return event.ref

    def staff_adds(self) -> str:
        """An entry of their own: a meeting, a lunch."""
        resource, start = self._vet(), self._time()
        ref = self.world.calendar.add(
            resource, start, start + QUARTER * self.chance.choice((1, 2, 4)), f"{PRIVATE} meeting"
        )
        return f"{ref} {self._at(start)}"

    def staff_changes_own(self) -> str:
        """Their own entry is moved or deleted."""
        event = self._one(self.world.calendar.foreign.values())
        if self.chance.random() < 0.5:
            self.world.calendar.delete(event.ref)
            return f"{event.ref} deleted"
        start = event.start + QUARTER * self.chance.choice((-2, 2))
        self.world.calendar.drag(event.ref, start)
        return f"{event.ref} to {self._at(start)}"

    def _event(self, ref: str = "") -> Event:
        return self._one(event for event in self.world.calendar.stamped() if ref in {"", event.ref})

    def _event_edited(self, kind: str, event: Event, start: int | None = None, resource: str = "") -> None:
        self._edited(
            kind,
            "calendar",
            event.ref,
            appointment=event.stamp.appointment if event.stamp else "",
            start=start,
            resource=resource,
            settled=event.state is State.CONFIRMED and self._known(event),
        )

    def _known(self, event: Event) -> bool:
        """What staff deletes before the bridge has the answer to its write looks as if it had never been written."""
        return event.stamp is not None and ("calendar", event.stamp.appointment) in self.world.hub().shadows

    # --- reception, at the PMS ---

    def reception_books(self) -> str:
        """Somebody is on the phone."""
        return self._phone(overbook=False)

    def reception_overbooks(self) -> str:
        """An emergency is squeezed in."""
        return self._phone(overbook=True)

    def _phone(self, *, overbook: bool) -> str:
        service = self.world.clinic.services[self.chance.choice(("checkup", "vaccine"))]
        start = self._time()
        visit = Visit(
            ref="",
            resource=self._vet(),
            start=start,
            end=start + service.minutes * 60,
            service=service.key,
            title=f"{PRIVATE} phone",
            note=f"{PRIVATE} knows the owner",
            client="c-berg",
        )
        ref = self.world.pms.phone(visit, overbook=overbook)
        if overbook:
            self._edited("reception overbooks", "pms", ref)
        return f"{ref} {visit.resource} {self._at(start)}"

    def reception_moves(self, ref: str = "") -> str:
        """Somebody asked for another time."""
        visit = self._visit(ref)
        start = self._time()
        self.world.pms.move(visit.ref, start)
        self._visit_edited("reception moves", visit, start=start)
        return f"{visit.ref} to {self._at(start)}"

    def reception_cancels(self, ref: str = "") -> str:
        """Somebody phoned to cancel."""
        visit = self._visit(ref)
        self.world.pms.cancel(visit.ref)
        self._visit_edited("reception cancels", visit)
        return visit.ref

    def reception_marks(self) -> str:
        """They are here; they have gone."""
        visit = self._visit()
        status = State.FULFILLED if visit.status is State.ARRIVED else State.ARRIVED
        self.world.pms.set_status(visit.ref, status)
        self._visit_edited("reception marks", visit)
        return f"{visit.ref} {status}"

    def vet_is_away(self) -> str:
        """Half an hour at the bank."""
        resource, start = self._vet(), self._time()
        return f"{self.world.pms.away(resource, start, start + 2 * QUARTER)} {resource} {self._at(start)}"

    def clinic_decides(self) -> str:
        """A request is accepted or declined on the bridge's own page."""
        requests = [a for a in self.world.hub().appointments.values() if a.state is State.REQUESTED]
        asked = self._one(requests)
        kind: Literal["accept", "decline"] = "accept" if self.chance.random() < 0.7 else "decline"
        self.world.store.add_command(self.world.clinic.key, Command(kind=kind, appointment=asked.id))
        self._edited(f"clinic {kind}s", "hub", asked.id, appointment=asked.id)
        return f"{kind} {asked.id}"

    def _visit(self, ref: str = "") -> Visit:
        return self._one(visit for visit in self._visits() if ref in {"", visit.ref})

    def _visits(self) -> list[Visit]:
        return [visit for visit in self.world.pms.live() if visit.status in {State.CONFIRMED, State.ARRIVED}]

    def _visit_edited(self, kind: str, visit: Visit, start: int | None = None) -> None:
        self._edited(
            kind,
            "pms",
            visit.ref,
            appointment=visit.client_ref,
            start=start,
            settled=visit.status is State.CONFIRMED,
        )

    # --- all ---

    def _edited(self, kind: str, connection: str, ref: str, **facts: object) -> None:
        edit = replace(Edit(kind=kind, where=(connection, ref)), **facts)  # type: ignore[arg-type]
        self.world.edits.append(replace(edit, fresh=edit.start is not None and self._fresh(edit)))

    def _fresh(self, edit: Edit) -> bool:
        key = edit.appointment or self.world.key(edit.where)
        stands = self.world.hub().appointments.get(key)
        earlier = [
            e for e in self.world.edits if e.start is not None and key in {e.appointment, self.world.key(e.where)}
        ]
        if stands is None or not earlier:
            return stands is not None
        met = (earlier[-1].start, earlier[-1].resource or stands.resource) == (stands.start, stands.resource)
        return met and earlier[-1].fresh

    def _one(self, things: Iterable[ThingT]) -> ThingT:
        listed = list(things)
        if not listed:
            raise Nothing
        return self.chance.choice(listed)

    def _vet(self) -> str:
        return self.chance.choice(("anna", "ben"))

    def _time(self) -> int:
        """Any quarter of an hour of the morning, perhaps one that a client wants too."""
        wanted = [b.start for b in self.world.portal.live() if b.start > self.world.clock.now()]
        if wanted and self.chance.random() < 0.4:
            return self.chance.choice(wanted)
        return self.world.morning + QUARTER * self.chance.randint(0, 11)

    def _at(self, start: int) -> str:
        return f"@{start % 86_400 // 60}"
