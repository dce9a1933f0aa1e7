"""Appointments over HTTP: conditional changes, idempotent creation, cancel apart from delete."""

from typing import Annotated, Any

from litestar import Controller, Response, delete, get, patch, post
from litestar.params import QueryParameter, RequestBody

from calbridge_refpms import diary, listing
from calbridge_refpms.access import require_desk, require_known_query, require_role
from calbridge_refpms.answers import once
from calbridge_refpms.api_practice import replay
from calbridge_refpms.asked import (
    Books,
    By,
    Cursor,
    IdempotencyKey,
    Ident,
    IfMatch,
    Limit,
    MaybeFrom,
    MaybeTo,
    at_most,
    maybe_span,
)
from calbridge_refpms.asked import revision as wanted_revision
from calbridge_refpms.instants import parse
from calbridge_refpms.wire import Appointment, AppointmentChange, Cancellation, NewAppointment, Page


def etag(appointment: Appointment) -> dict[str, str]:
    """The revision as an ETag."""
    return {"ETag": f'"{appointment.revision}"'}


class AppointmentsApi(Controller):
    """The diary."""

    path = "/v1/appointments"
    tags = ("appointments",)
    guards = (require_role, require_known_query)

    @get(sync_to_thread=True)
    def listed(
        self,
        *,
        records: Books,
        start: MaybeFrom = None,
        end: MaybeTo = None,
        updated_since: Annotated[str | None, QueryParameter(name="updated_since", description="Inclusive")] = None,
        client_ref: Annotated[
            str | None, QueryParameter(name="client_ref", description="The caller's own name")
        ] = None,
        cursor: Cursor = None,
        limit: Limit = None,
    ) -> Page[Appointment]:
        """Appointments in any state, a page at a time; a deleted one is not listed."""
        with records.read() as tx:
            if client_ref is not None:
                return Page(items=diary.find_ref(tx, client_ref))
            return listing.appointments(
                tx,
                window=maybe_span(start, end, records.terms),
                updated_since=parse("updated_since", updated_since) if updated_since else None,
                cursor=cursor,
                limit=at_most(limit, records.terms),
            )

    @post(sync_to_thread=True, status_code=201)
    def create(
        self, records: Books, by: By, data: RequestBody[NewAppointment], key: IdempotencyKey = None
    ) -> Response[Appointment]:
        """Make an appointment, or place a hold (`status: tentative`)."""
        with records.write(by) as tx:

            def make() -> tuple[Appointment, dict[str, str]]:
                made = diary.create(tx, data)
                return made, etag(made) | {"Location": f"/v1/appointments/{made.id}"}

            return replay(once(tx, key, ("appointment", data), make))

    @get("/{ident:str}", sync_to_thread=True)
    def one(self, records: Books, ident: Ident) -> Response[Appointment]:
        """One appointment, also a cancelled one; 404 once it is deleted."""
        with records.read() as tx:
            return _answer(diary.get(tx, ident))

    @patch("/{ident:str}", sync_to_thread=True)
    def change(
        self,
        records: Books,
        by: By,
        ident: Ident,
        data: RequestBody[AppointmentChange],
        if_match: IfMatch = None,
    ) -> Response[Appointment]:
        """Change what is named."""
        revision = wanted_revision(if_match, required=True)
        with records.write(by) as tx:
            return _answer(diary.change(tx, ident, revision, data))

    @post("/{ident:str}/cancel", sync_to_thread=True, status_code=200)
    def cancel(
        self,
        records: Books,
        by: By,
        ident: Ident,
        data: RequestBody[Cancellation | None] = None,
        if_match: IfMatch = None,
    ) -> Response[Appointment]:
        """Cancel; doing it twice is no error."""
        revision = wanted_revision(if_match, required=False)
        with records.write(by) as tx:
            return _answer(diary.cancel(tx, ident, revision, data or Cancellation()))

    @delete("/{ident:str}", sync_to_thread=True, guards=[require_desk])
    def remove(self, records: Books, by: By, ident: Ident) -> None:
        """Delete for good; the desk only."""
        with records.write(by) as tx:
            diary.delete(tx, ident)


def _answer(appointment: Appointment) -> Response[Any]:
    return Response(appointment, headers=etag(appointment))
