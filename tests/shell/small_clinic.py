"""A small clinic over in-memory sides, with the whole engine and store: what several files of this folder live in."""

from __future__ import annotations

import copy
import functools
import random
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from calbridge.engine import Engine, Report
from calbridge.hookspecs import hookimpl
from calbridge.host import ClinicHost
from calbridge.log import logger
from calbridge.model import Appointment, Clinic, Details, Resource, Rules, Service, Side, WallWindow
from calbridge.provider import ClientRecord
from calbridge.store import Store
from calbridge.store.database import Database
from calbridge.store.tables import metadata
from calbridge.testing.clock import VirtualClock
from calbridge.testing.memory_calendar import CalendarModel, MemoryCalendar
from calbridge.testing.memory_pms import MemoryPms, PmsModel, Visit
from calbridge.testing.memory_portal import PortalModel
from calbridge.testing.portal_provider import MemoryPortal

NOW = 1_795_413_600  # 2026-11-23 07:00 in Berlin, a Monday
HALF, HOUR, DAY = 1_800, 3_600, 86_400
MARA = Details(first_name="Mara", last_name="Voss", email="mara@example.org", patient_name="Bo")


def clinic(**rules: Any) -> Clinic:
    """Anna is there from 8 to 12 every day, also for whoever books online; a check-up takes half an hour."""
    return Clinic(
        key="hafen",
        name="Hafen",
        time_zone="Europe/Berlin",
        region="DE",
        online=True,
        opening_hours={day: (WallWindow(start=480, end=720),) for day in range(7)},
        resources={"anna": Resource(key="anna", name="Anna", online=True)},
        services={"checkup": Service(key="checkup", name="Check-up", minutes=30, online=True, resources=("anna",))},
        rules=Rules(**{"availability": "opening_hours", "horizon_days": 2} | rules),
    )


class SmallClinic:
    """The clinic's sides, its store, and as many engines over them as a test starts.

    `sides` are providers by name; a test may put another in one's place. `after` is how many seconds pass before each
    cycle.
    """

    roles: ClassVar[Mapping[str, str]] = {}
    """Of those sides that are not called by their role."""
    system_of_record = ""
    after = 0
    holds = True
    """Does its PMS know reservations?"""

    def __init__(
        self, clinic: Clinic, *, clients: Iterable[ClientRecord] = (), database: Database | None = None
    ) -> None:
        self.clinic = clinic
        self.clock = VirtualClock(NOW)
        self.calendar = CalendarModel(self.clock)
        self.pms = PmsModel(self.clock, clients=clients)
        self.portal = PortalModel(self.clock)
        self.store = Store(database or Database.open(":memory:"), self.clock)

    def connected(self) -> dict[str, Any]:
        return {
            "pms": MemoryPms(self.pms, holds=self.holds),
            "calendar": MemoryCalendar(self.calendar),
            "portal": MemoryPortal(self.portal),
        }

    @functools.cached_property
    def sides(self) -> dict[str, Any]:
        return self.connected()

    def host(self) -> ClinicHost:
        sides: dict[str, Any] = {name: (self.roles.get(name, name), side) for name, side in self.sides.items()}
        return ClinicHost.of(self.clinic, sides, system_of_record=self.system_of_record)

    def engine(self, **first_run: str) -> Engine:
        return Engine(
            store=self.store,
            clinic=self.clinic,
            host=self.host(),
            clock=self.clock,
            random=random.Random(1),
            log=logger("error"),
            first_run=first_run or dict.fromkeys(self.sides, "apply"),
        )

    def cycle(self, times: int = 1) -> Report:
        """Each by a process that has just started; the report of the last."""
        for _ in range(times):
            self.clock.advance(self.after)
            report = self.engine().cycle()
        return report

    # --- what people do -------------------------------------------------------------------------------

    def phone(self, start: int, **more: Any) -> str:
        """Reception books half an hour; the visit's ref."""
        return self.pms.phone(Visit(ref="", resource="anna", start=start, end=start + HALF, **more))

    def select(self) -> str:
        """A client chooses the first time there is; the hold's ref."""
        return self.portal.select("anna", "checkup", self.first())

    def book(self) -> str:
        """She chooses and confirms; the booking's ref."""
        hold = self.select()
        self.cycle()
        ref = self.portal.confirm(hold, MARA)
        self.cycle()
        return ref

    # --- what is so -----------------------------------------------------------------------------------

    def offered(self) -> set[int]:
        return {start for _, start in self.portal.offers.get("anna", {})}

    def first(self) -> int:
        return min(self.offered())

    def bookings(self) -> list[Appointment]:
        return self.store.appointments(self.clinic.key)

    def booking(self) -> Appointment:
        """The one that came from a client."""
        (found,) = [each for each in self.bookings() if each.origin is Side.CLIENT]
        return found

    def writes(self) -> tuple[int, int, int]:
        return self.pms.writes, self.calendar.writes, self.portal.writes


# --- somebody acts in between -------------------------------------------------------------------------


class Watched(SmallClinic):
    """What is in `meanwhile` happens once, at the moment it is for: before or after a side is read or written."""

    def __init__(self, clinic: Clinic, **more: Any) -> None:
        super().__init__(clinic, **more)
        self.meanwhile: dict[str, Callable[[], object]] = {}

    def connected(self) -> dict[str, Any]:
        return {name: self._watched(name, side) for name, side in super().connected().items()}

    def act(self, moment: str) -> None:
        self.meanwhile.pop(moment, lambda: None)()

    def _watched(self, name: str, side: Any) -> Any:
        read = side.import_bookings if name == "portal" else side.import_schedule
        write = side.propagate_change

        class Seen(type(side)):  # type: ignore[misc]
            @hookimpl
            def propagate_change(_, change: Any) -> Any:
                return self._around(f"writing {name}", lambda: write(change))

            if name == "portal":

                @hookimpl
                def import_bookings(_, cursor: Any, window: Any, known: Any) -> Any:
                    return self._around(f"reading {name}", lambda: read(cursor, window, known))

            else:

                @hookimpl
                def import_schedule(_, cursor: Any, window: Any, known: Any) -> Any:
                    return self._around(f"reading {name}", lambda: read(cursor, window, known))

        side.__class__ = Seen
        return side

    def _around(self, what: str, call: Callable[[], Any]) -> Any:
        self.act(f"before {what}")
        answer = call()
        self.act(f"after {what}")
        return answer


# --- lived once, begun often --------------------------------------------------------------------------

P = TypeVar("P", bound=SmallClinic)
Rows = Mapping[str, list[dict[str, Any]]]
"""The rows of a database by table."""


class Lives:
    """A life in one database is lived once, and then begun from where it stood at its end, by each test anew."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lived: dict[Hashable, tuple[type[Any], dict[str, Any], Rows]] = {}

    def again(self, key: Hashable, live: Callable[[Database], P]) -> P:
        """The place as `live` left it, with all its sides; nobody else has it."""
        if key not in self._lived:
            self._begin({})
            place = live(self._database)
            known = {name: value for name, value in place.__dict__.items() if name not in {"store", "sides"}}
            self._lived[key] = type(place), known, self._rows()
        kind, known, rows = self._lived[key]
        found: P = kind.__new__(kind)
        found.__dict__.update(copy.deepcopy(known))
        self._begin(rows)
        found.store = Store(self._database, found.clock)
        return found

    def _rows(self) -> Rows:
        with self._database.read() as connection:
            return {
                table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
                for table in metadata.sorted_tables
            }

    def _begin(self, rows: Rows) -> None:
        """The database with these rows and no others."""
        with self._database.write() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
            for table in metadata.sorted_tables:
                if rows.get(table.name):
                    connection.execute(table.insert(), rows[table.name])
