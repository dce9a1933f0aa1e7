"""Clients and patients over HTTP: searched, never listed; recorded once per key."""

from typing import Annotated

from litestar import Controller, Response, get, post
from litestar.params import QueryParameter, RequestBody

from calbridge_refpms import listing, people
from calbridge_refpms.access import require_known_query, require_role
from calbridge_refpms.answers import once
from calbridge_refpms.api_practice import replay
from calbridge_refpms.asked import Books, By, Cursor, IdempotencyKey, Ident, Limit, at_most
from calbridge_refpms.wire import Client, Document, NewClient, NewDocument, NewPatient, Page, Patient


class ClientsApi(Controller):
    """Pet owners and their animals."""

    path = "/v1/clients"
    tags = ("clients",)
    guards = (require_role, require_known_query)

    @get(sync_to_thread=True)
    def search(
        self,
        *,
        records: Books,
        email: Annotated[str | None, QueryParameter(name="email")] = None,
        phone: Annotated[str | None, QueryParameter(name="phone", description="The last seven digits count")] = None,
        last_name: Annotated[str | None, QueryParameter(name="last_name")] = None,
        first_name: Annotated[str | None, QueryParameter(name="first_name", description="Narrows last_name")] = None,
        cursor: Cursor = None,
        limit: Limit = None,
    ) -> Page[Client]:
        """Clients to whom all given details apply."""
        with records.read() as tx:
            found = people.search(tx, email=email, phone=phone, last_name=last_name, first_name=first_name)
            return listing.clients(found, cursor=cursor, limit=at_most(limit, records.terms))

    @post(sync_to_thread=True, status_code=201)
    def create(
        self, records: Books, by: By, data: RequestBody[NewClient], key: IdempotencyKey = None
    ) -> Response[Client]:
        """Record a client."""
        with records.write(by) as tx:
            return replay(once(tx, key, ("client", data), lambda: (people.create(tx, data), {})))

    @get("/{ident:str}", sync_to_thread=True)
    def one(self, records: Books, ident: Ident) -> Client:
        """One client."""
        with records.read() as tx:
            return people.get(tx, ident)

    @get("/{ident:str}/patients", sync_to_thread=True)
    def patients(self, records: Books, ident: Ident) -> Page[Patient]:
        """The animals of one client."""
        with records.read() as tx:
            return Page(items=people.patients(tx, ident))

    @post("/{ident:str}/patients", sync_to_thread=True, status_code=201)
    def create_patient(
        self, records: Books, by: By, ident: Ident, data: RequestBody[NewPatient], key: IdempotencyKey = None
    ) -> Response[Patient]:
        """Record an animal."""
        with records.write(by) as tx:
            return replay(once(tx, key, ("patient", ident, data), lambda: (people.create_patient(tx, ident, data), {})))

    @get("/{ident:str}/documents", sync_to_thread=True)
    def documents(self, records: Books, ident: Ident) -> Page[Document]:
        """What is filed under one client."""
        with records.read() as tx:
            return Page(items=people.documents(tx, ident))

    @post("/{ident:str}/documents", sync_to_thread=True, status_code=201)
    def file_document(
        self, records: Books, by: By, ident: Ident, data: RequestBody[NewDocument], key: IdempotencyKey = None
    ) -> Response[Document]:
        """File something under a client."""
        with records.write(by) as tx:
            return replay(once(tx, key, ("document", ident, data), lambda: (people.file_document(tx, ident, data), {})))
