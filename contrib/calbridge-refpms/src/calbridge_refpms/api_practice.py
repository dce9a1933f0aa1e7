"""The practice over HTTP: sites, resources, types, windows, free/busy, blocks and absences."""

from typing import Annotated, Any

from litestar import Controller, Response, delete, get, post, put
from litestar.params import QueryParameter, RequestBody

from calbridge_refpms import closures, timetable
from calbridge_refpms.access import require_desk, require_known_query, require_role
from calbridge_refpms.answers import Answer, once
from calbridge_refpms.asked import Books, By, From, IdempotencyKey, Ident, To, span
from calbridge_refpms.wire import (
    Absence,
    AppointmentType,
    Block,
    Closure,
    FreeBusy,
    Location,
    NewAbsence,
    NewBlock,
    NewClosure,
    Page,
    Resource,
    WeeklyPlans,
    WindowPage,
)


def replay(answer: Answer) -> Response[Any]:
    """A stored answer as a response, byte for byte."""
    return Response(answer.body, status_code=answer.status, headers=answer.headers, media_type="application/json")


class PracticeApi(Controller):
    """What the practice is."""

    path = "/v1"
    tags = ("practice",)
    guards = (require_role, require_known_query)

    @get("/locations", sync_to_thread=True)
    def locations(self, records: Books) -> Page[Location]:
        """All sites."""
        with records.read() as tx:
            return Page(items=timetable.locations(tx))

    @get("/resources", sync_to_thread=True)
    def resources(
        self, records: Books, location: Annotated[str | None, QueryParameter(name="location")] = None
    ) -> Page[Resource]:
        """Practitioners, rooms and equipment."""
        with records.read() as tx:
            return Page(items=timetable.resources(tx, location))

    @get("/appointment-types", sync_to_thread=True)
    def types(
        self, records: Books, resource: Annotated[str | None, QueryParameter(name="resource")] = None
    ) -> Page[AppointmentType]:
        """What can be booked."""
        with records.read() as tx:
            return Page(items=timetable.types(tx, resource))

    @get("/resources/{resource:str}/windows", sync_to_thread=True)
    def windows(self, records: Books, resource: Ident, start: From, end: To) -> WindowPage:
        """The windows that touch the range, whole."""
        with records.read() as tx:
            return timetable.window_page(tx, resource, *span(start, end, records.terms))

    @put("/resources/{resource:str}/windows", sync_to_thread=True, guards=[require_desk])
    def set_windows(self, records: Books, by: By, resource: Ident, data: RequestBody[WeeklyPlans]) -> WeeklyPlans:
        """Replace the weekly plans of a resource; the desk only."""
        with records.write(by) as tx:
            timetable.set_plans(tx, resource, data.plans)
            return data

    @get("/resources/{resource:str}/freebusy", sync_to_thread=True)
    def freebusy(self, records: Books, resource: Ident, start: From, end: To) -> FreeBusy:
        """Windows, and what takes time, without any text."""
        with records.read() as tx:
            return timetable.freebusy(tx, resource, *span(start, end, records.terms))


class ClosuresApi(Controller):
    """What the staff takes out of the day."""

    path = "/v1"
    tags = ("blocks, absences and closures",)
    guards = (require_role, require_known_query)

    @get("/blocks", sync_to_thread=True)
    def blocks(self, records: Books, start: From, end: To) -> Page[Block]:
        """The blocks that touch the range."""
        with records.read() as tx:
            return Page(items=closures.blocks(tx, *span(start, end, records.terms)))

    @get("/blocks/{ident:str}", sync_to_thread=True)
    def block(self, records: Books, ident: Ident) -> Block:
        """One block."""
        with records.read() as tx:
            return closures.get_block(tx, ident)

    @post("/blocks", sync_to_thread=True)
    def add_block(
        self, records: Books, by: By, data: RequestBody[NewBlock], key: IdempotencyKey = None
    ) -> Response[Block]:
        """Keep a time free of appointments."""
        with records.write(by) as tx:
            return replay(once(tx, key, ("block", data), lambda: (closures.add_block(tx, data), {})))

    @delete("/blocks/{ident:str}", sync_to_thread=True)
    def remove_block(self, records: Books, by: By, ident: Ident) -> None:
        """Delete a block."""
        with records.write(by) as tx:
            closures.remove(tx, "block", ident)

    @get("/absences", sync_to_thread=True)
    def absences(self, records: Books, start: From, end: To) -> Page[Absence]:
        """The absences that touch the range."""
        with records.read() as tx:
            return Page(items=closures.absences(tx, *span(start, end, records.terms)))

    @get("/absences/{ident:str}", sync_to_thread=True)
    def absence(self, records: Books, ident: Ident) -> Absence:
        """One absence."""
        with records.read() as tx:
            return closures.get_absence(tx, ident)

    @post("/absences", sync_to_thread=True)
    def add_absence(
        self, records: Books, by: By, data: RequestBody[NewAbsence], key: IdempotencyKey = None
    ) -> Response[Absence]:
        """Record that a resource is away."""
        with records.write(by) as tx:
            return replay(once(tx, key, ("absence", data), lambda: (closures.add_absence(tx, data), {})))

    @delete("/absences/{ident:str}", sync_to_thread=True)
    def remove_absence(self, records: Books, by: By, ident: Ident) -> None:
        """Delete an absence."""
        with records.write(by) as tx:
            closures.remove(tx, "absence", ident)

    @get("/closures", sync_to_thread=True)
    def closures(self, records: Books, start: From, end: To) -> Page[Closure]:
        """The closures that touch the range."""
        with records.read() as tx:
            return Page(items=closures.closures(tx, *span(start, end, records.terms)))

    @get("/closures/{ident:str}", sync_to_thread=True)
    def closure(self, records: Books, ident: Ident) -> Closure:
        """One closure."""
        with records.read() as tx:
            return closures.get_closure(tx, ident)

    @post("/closures", sync_to_thread=True)
    def add_closure(
        self, records: Books, by: By, data: RequestBody[NewClosure], key: IdempotencyKey = None
    ) -> Response[Closure]:
        """Record that the practice is closed."""
        with records.write(by) as tx:
            return replay(once(tx, key, ("closure", data), lambda: (closures.add_closure(tx, data), {})))

    @delete("/closures/{ident:str}", sync_to_thread=True)
    def remove_closure(self, records: Books, by: By, ident: Ident) -> None:
        """Delete a closure."""
        with records.write(by) as tx:
            closures.remove(tx, "closure", ident)
