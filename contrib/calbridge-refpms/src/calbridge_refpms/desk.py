"""The receptionist's pages: plain HTML over the same functions as the API, under the desk's name.

A page that changes something is a form with a CSRF token and the revision it was made from, so that two
people at two screens do not overwrite each other.
"""

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from litestar import Controller, Request, Router, get, post
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template

from calbridge_refpms import closures, diary, people, timetable
from calbridge_refpms.asked import Books, Ident
from calbridge_refpms.deskforms import (
    FIRST_YEAR,
    LAST_YEAR,
    block_form,
    booking_form,
    cancel_form,
    category_form,
    client_form,
    link_form,
    move_form,
    patient_form,
    revision_of,
    status_form,
)
from calbridge_refpms.instants import closes, opens
from calbridge_refpms.problems import ProblemError, invalid, not_found
from calbridge_refpms.records import Transaction
from calbridge_refpms.wire import Appointment, Location

Form = URLEncodedBody[dict[str, str]]
Day = Annotated[date | None, QueryParameter(name="day")]
Site = Annotated[str | None, QueryParameter(name="location")]

SAFE_PAGES = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class NotSignedInError(Exception):
    """A page was asked for by somebody who has not signed in."""


def desk_routes() -> Router:
    """All desk pages, with their sessions."""
    sessions = ServerSideSessionConfig(key="desk_session", samesite="strict", httponly=True, path="/desk")
    return Router(
        "/desk",
        route_handlers=[SignInPages, DayPages, AppointmentPages, ClientPages],
        middleware=[sessions.middleware],
        exception_handlers={NotSignedInError: _to_sign_in, ProblemError: _refused},
        response_headers=SAFE_PAGES,
        include_in_schema=False,
    )


def require_sign_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Only a signed-in desk sees pages."""
    if connection.session.get("role") != "desk":
        raise NotSignedInError


class SignInPages(Controller):
    """In and out."""

    path = "/"

    @get("/sign-in", sync_to_thread=False)
    def sign_in_page(self) -> Template:
        """The sign-in form."""
        return Template("sign_in.html")

    @post("/sign-in", sync_to_thread=False)
    def sign_in(self, request: Request[Any, Any, Any], data: Form) -> Redirect:
        """Sign in with the desk token."""
        if request.app.state.tokens.role_of(data.get("token", "")) != "desk":
            raise ProblemError(403, "forbidden", "That is not the desk's token.")
        request.set_session({"role": "desk"})
        return _see("/desk")

    @post("/sign-out", sync_to_thread=False)
    def sign_out(self, request: Request[Any, Any, Any]) -> Redirect:
        """Sign out."""
        request.clear_session()
        return _see("/desk/sign-in")


class DayPages(Controller):
    """The day list, and booking by phone."""

    path = "/"
    guards = (require_sign_in,)

    @get(sync_to_thread=True)
    def day(self, records: Books, day: Day = None, location: Site = None) -> Template:
        """One day of one site, resource by resource."""
        with records.read("desk") as tx:
            site = _site(tx, location)
            zone = ZoneInfo(site.time_zone)
            shown = _asked(day) or datetime.fromtimestamp(tx.now, zone).date()
            low, high = opens(shown, 0, zone), closes(shown, 1440, zone)
            rows = [
                {
                    "resource": resource,
                    "windows": timetable.windows(tx, resource.id, low, high),
                    "entries": _entries(tx, resource.id, low, high),
                }
                for resource in timetable.resources(tx, site.id)
            ]
            return Template(
                "day.html",
                context={
                    "site": site,
                    "sites": timetable.locations(tx),
                    "day": shown,
                    "before": shown - timedelta(days=1),
                    "after": shown + timedelta(days=1),
                    "rows": rows,
                },
            )

    @get("/book", sync_to_thread=True)
    def book_page(
        self,
        records: Books,
        day: Day = None,
        location: Site = None,
        client: Annotated[str | None, QueryParameter(name="client")] = None,
    ) -> Template:
        """The form for a booking by phone."""
        with records.read("desk") as tx:
            site = _site(tx, location)
            return Template(
                "book.html",
                context={
                    "site": site,
                    "day": _asked(day) or datetime.fromtimestamp(tx.now, ZoneInfo(site.time_zone)).date(),
                    "resources": timetable.resources(tx, site.id),
                    "types": timetable.types(tx),
                    "client": people.get(tx, client) if client else None,
                    "patients": people.patients(tx, client) if client else [],
                },
            )

    @post("/book", sync_to_thread=True)
    def book(self, records: Books, data: Form) -> Redirect:
        """Book by phone."""
        with records.write("desk") as tx:
            made = diary.create(tx, booking_form(tx, data))
            return _see(f"/desk?day={made.start.date()}")

    @post("/blocks", sync_to_thread=True)
    def block(self, records: Books, data: Form) -> Redirect:
        """Block a time."""
        with records.write("desk") as tx:
            made = closures.add_block(tx, block_form(tx, data))
            return _see(f"/desk?day={made.start.date()}")

    @post("/blocks/{ident:str}/delete", sync_to_thread=True)
    def unblock(self, records: Books, ident: Ident) -> Redirect:
        """Free a blocked time."""
        with records.write("desk") as tx:
            gone = closures.get_block(tx, ident)
            closures.remove(tx, "block", ident)
            return _see(f"/desk?day={gone.start.date()}")


class AppointmentPages(Controller):
    """One appointment: move, mark, link, cancel, delete."""

    path = "/appointments"
    guards = (require_sign_in,)

    @get("/{ident:str}", sync_to_thread=True)
    def page(self, records: Books, ident: Ident) -> Template:
        """One appointment with all that can be done to it."""
        with records.read("desk") as tx:
            appointment = diary.get(tx, ident)
            return Template(
                "appointment.html",
                context={
                    "appointment": appointment,
                    "client": people.get(tx, appointment.client_id) if appointment.client_id else None,
                    "resources": timetable.resources(tx),
                    "steps": sorted(diary.STEPS[appointment.status] - {"cancelled"}),
                    "final": not diary.STEPS[appointment.status],
                },
            )

    @post("/{ident:str}/move", sync_to_thread=True)
    def move(self, records: Books, ident: Ident, data: Form) -> Redirect:
        """Another time or resource."""
        with records.write("desk") as tx:
            moved = diary.change(tx, ident, revision_of(data), move_form(tx, data))
            return _see(f"/desk?day={moved.start.date()}")

    @post("/{ident:str}/status", sync_to_thread=True)
    def mark(self, records: Books, ident: Ident, data: Form) -> Redirect:
        """Arrived, left, not come."""
        with records.write("desk") as tx:
            marked = diary.change(tx, ident, revision_of(data), status_form(data))
            return _see(f"/desk/appointments/{marked.id}")

    @post("/{ident:str}/link", sync_to_thread=True)
    def link(self, records: Books, ident: Ident, data: Form) -> Redirect:
        """Link a client and a patient."""
        with records.write("desk") as tx:
            linked = diary.change(tx, ident, revision_of(data), link_form(tx, data))
            return _see(f"/desk/appointments/{linked.id}")

    @post("/{ident:str}/categories", sync_to_thread=True)
    def categories(self, records: Books, ident: Ident, data: Form) -> Redirect:
        """Put it into other calendars or categories of the practice's own."""
        with records.write("desk") as tx:
            put = diary.change(tx, ident, revision_of(data), category_form(data))
            return _see(f"/desk/appointments/{put.id}")

    @post("/{ident:str}/cancel", sync_to_thread=True)
    def cancel(self, records: Books, ident: Ident, data: Form) -> Redirect:
        """Cancel."""
        with records.write("desk") as tx:
            gone = diary.cancel(tx, ident, revision_of(data), cancel_form(data))
            return _see(f"/desk?day={gone.start.date()}")

    @post("/{ident:str}/delete", sync_to_thread=True)
    def delete(self, records: Books, ident: Ident) -> Redirect:
        """Delete for good."""
        with records.write("desk") as tx:
            gone = diary.get(tx, ident)
            diary.delete(tx, ident)
            return _see(f"/desk?day={gone.start.date()}")


class ClientPages(Controller):
    """Clients: search, page, record."""

    path = "/clients"
    guards = (require_sign_in,)

    @get(sync_to_thread=True)
    def search(self, records: Books, wanted: Annotated[str, QueryParameter(name="q")] = "") -> Template:
        """Search; nothing typed finds nobody."""
        with records.read("desk") as tx:
            found = people.look_up(tx, wanted.strip()) if wanted.strip() else []
            return Template("clients.html", context={"wanted": wanted, "found": found})

    @get("/{ident:str}", sync_to_thread=True)
    def page(self, records: Books, ident: Ident) -> Template:
        """One client with patients and appointments."""
        with records.read("desk") as tx:
            return Template(
                "client.html",
                context={
                    "client": people.get(tx, ident),
                    "patients": people.patients(tx, ident),
                    "documents": people.documents(tx, ident),
                    "appointments": diary.of_client(tx, ident),
                },
            )

    @post(sync_to_thread=True)
    def create(self, records: Books, data: Form) -> Redirect:
        """Record a client."""
        with records.write("desk") as tx:
            return _see(f"/desk/clients/{people.create(tx, client_form(data)).id}")

    @post("/{ident:str}/patients", sync_to_thread=True)
    def create_patient(self, records: Books, ident: Ident, data: Form) -> Redirect:
        """Record an animal."""
        with records.write("desk") as tx:
            people.create_patient(tx, ident, patient_form(data))
            return _see(f"/desk/clients/{ident}")


def _entries(tx: Transaction, resource: str, low: int, high: int) -> list[dict[str, Any]]:
    """A resource's day in order: appointments it takes part in, and blocks."""
    appointments: list[tuple[datetime, str, Any]] = [
        (found.start, "appointment", found) for found in diary.touching(tx, low, high) if _shown_under(found, resource)
    ]
    blocks = [(found.start, "block", found) for found in closures.blocks(tx, low, high) if found.resource == resource]
    ordered = sorted(appointments + blocks, key=lambda entry: (entry[0], entry[2].id))
    return [{"kind": kind, "entry": found, "client": _client_of(tx, found)} for _, kind, found in ordered]


def _client_of(tx: Transaction, found: Any) -> Any:
    client_id = getattr(found, "client_id", None)
    return people.get(tx, client_id) if client_id else None


def _shown_under(appointment: Appointment, resource: str) -> bool:
    return appointment.status != "cancelled" and resource in (appointment.resource, *appointment.rooms)


def _site(tx: Transaction, wanted: str | None) -> Location:
    sites = timetable.locations(tx)
    for site in sites:
        if wanted in (None, site.id):
            return site
    raise not_found("location", wanted or "(the database holds none; seed it first)")


def _asked(day: date | None) -> date | None:
    if day is not None and not FIRST_YEAR < day.year < LAST_YEAR:
        raise invalid(f"The year {day.year} is none of a diary's.")
    return day


def _see(path: str) -> Redirect:
    return Redirect(path, status_code=303)


def _to_sign_in(_: Request[Any, Any, Any], __: NotSignedInError) -> Redirect:
    return _see("/desk/sign-in")


def _refused(_: Request[Any, Any, Any], problem: ProblemError) -> Template:
    return Template("refused.html", context={"problem": problem}, status_code=problem.status, headers=SAFE_PAGES)
