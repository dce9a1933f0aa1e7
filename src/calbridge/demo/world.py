"""The running clinic: three sides, the bridge, and one picture of the booked day read from all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from calbridge.demo.days import BERLIN, at, booked_day, day_span
from calbridge.demo.shown import Shown, lines, on

if TYPE_CHECKING:
    from calbridge.demo.bridge import Bridge
    from calbridge.demo.calendar_side import CalendarSide
    from calbridge.demo.clinic import Practice
    from calbridge.demo.gate import Gate
    from calbridge.demo.mail_side import MailSide
    from calbridge.demo.pms_side import PmsSide
    from calbridge.demo.portal_side import PortalSide

COMPARED_DAYS = 21
BRIDGED = frozenset({"TENTATIVE", "CONFIRMED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What the three sides show of the coming weeks, read one after the other."""

    day: tuple[datetime, datetime]
    calendar: tuple[Shown, ...]
    portal: tuple[Shown, ...]
    pms: tuple[Shown, ...]

    @property
    def bridged(self) -> tuple[Shown, ...]:
        """The calendar's entries that are appointments, not staff's own."""
        return tuple(entry for entry in self.calendar if entry.state in BRIDGED)

    def as_lines(self) -> dict[str, list[str]]:
        """The booked day, side by side."""
        return {
            "calendar": lines(on(self.calendar, self.day)),
            "portal": lines(on(self.portal, self.day)),
            "pms": lines(on(self.pms, self.day)),
        }

    def disagreement(self) -> str:
        """One sentence when the sides differ in what takes place when; "" when they agree."""
        calendar, pms = [[entry.place for entry in side] for side in (self.bridged, self.pms)]
        portal = [entry.place for entry in self.portal]
        for name, held in (("calendar", calendar), ("PMS", pms), ("portal", portal)):
            if len(held) != len(set(held)):
                return f"The {name} shows one visit twice."
        if set(calendar) != set(pms):
            return f"Calendar and PMS differ in {len(set(calendar) ^ set(pms))} visits."
        if not set(portal) <= set(pms):
            return f"The portal shows {len(set(portal) - set(pms))} bookings that the PMS does not have."
        return ""

    def find(self, side: str, place: tuple[str, datetime, datetime]) -> Shown | None:
        """What one side shows at a place."""
        entries: tuple[Shown, ...] = {"calendar": self.bridged, "portal": self.portal, "pms": self.pms}[side]
        return next((entry for entry in entries if entry.place == place), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that runs. `gate` stands between the bridge and the calendar server; `mail` is None where the practice
    writes none."""

    today: date
    practice: Practice
    calendar: CalendarSide
    portal: PortalSide
    pms: PmsSide
    bridge: Bridge
    gate: Gate
    mail: MailSide | None = None

    @property
    def day(self) -> date:
        """The day on which everything happens."""
        return booked_day(self.today)

    @property
    def weeks(self) -> tuple[datetime, datetime]:
        """All the time that the sides are compared over."""
        return at(self.today, "00:00"), at(self.today + timedelta(days=COMPARED_DAYS), "24:00")

    def addresses(self) -> list[str]:
        """Where everything is, for people."""
        folder = self.bridge.config.parent
        return [
            f"booking site   {self.portal.client.base_url}",
            f"calendars      {self.calendar.client.base_url} (the password is in {folder}/secrets)",
            f"PMS            {self.pms.client.base_url} (the desk's token is in {folder}/desk.token)",
            f"bridge         {self.bridge.address}",
            f"configuration  {self.bridge.config}",
            "Ctrl-C ends everything.",
        ]

    def picture(self) -> Picture:
        """Read all three sides through their own interfaces."""
        return Picture(
            day=day_span(self.day),
            calendar=self.calendar.shows(self.weeks),
            portal=self.portal.shows(self.weeks),
            pms=self.pms.shows(self.weeks),
        )

    def free(self, service: str) -> tuple[Shown, ...]:
        """What the portal offers of a service on the booked day."""
        return self.free_in(service, day_span(self.day))

    def free_in(self, service: str, span: tuple[datetime, datetime]) -> tuple[Shown, ...]:
        """The same over any span; the length is the practice's own, since the portal may hide it."""
        length = timedelta(minutes=next(offer.minutes for offer in self.practice.services if offer.key == service))
        return tuple(replace(slot, end=slot.start + length) for slot in self.portal.free(service, span))

    def offers(self) -> list[str]:
        """What the portal offers on the booked day, a line for each service and vet."""
        found: dict[str, list[str]] = {}
        for offer in self.practice.services:
            for slot in self.free(offer.key):
                found.setdefault(f"{offer.key} {slot.resource}", []).append(f"{slot.start.astimezone(BERLIN):%H:%M}")
        return [f"free {what}: {' '.join(starts)}" for what, starts in sorted(found.items())]
