"""Clients and their patients, found by what a caller says of itself; no search lists everybody.

A search is deliberately loose (case, the last digits of a phone number): it narrows, it does not match.
"""

from calbridge_refpms.changes import announce, last_seq
from calbridge_refpms.instants import parse, render
from calbridge_refpms.problems import invalid, not_found, unprocessable
from calbridge_refpms.records import Transaction, digits, new_id
from calbridge_refpms.wire import Client, Document, NewClient, NewDocument, NewPatient, Patient
from calbridge_refpms.zones import UTC_ZONE


def search(
    tx: Transaction,
    *,
    email: str | None = None,
    phone: str | None = None,
    last_name: str | None = None,
    first_name: str | None = None,
) -> list[Client]:
    """Clients to whom all of the given details apply; at least one must be given."""
    if not (email or phone or last_name):
        raise invalid("Give at least one of 'email', 'phone' or 'last_name'; first_name only narrows.")
    if phone and not digits(phone):
        return []
    rows = tx.rows(
        """SELECT * FROM clients
            WHERE (?1 IS NULL OR folded(email) = folded(?1))
              AND (?2 IS NULL OR digits(phone) = digits(?2))
              AND (?3 IS NULL OR folded(last_name) = folded(?3))
              AND (?4 IS NULL OR folded(first_name) = folded(?4))
            ORDER BY id""",
        email or None,
        phone or None,
        last_name or None,
        first_name or None,
    )
    return [Client(**dict(row)) for row in rows]


def look_up(tx: Transaction, text: str) -> list[Client]:
    """What the desk types into its search field: part of a name, a number, an e-mail or a phone number."""
    rows = tx.rows(
        """SELECT * FROM clients
            WHERE instr(folded(first_name || ' ' || last_name || ' ' || email), folded(?1))
               OR number = ?1 OR (digits(?1) <> '' AND digits(phone) = digits(?1))
            ORDER BY last_name, first_name, id LIMIT 100""",
        text,
    )
    return [Client(**dict(row)) for row in rows]


def get(tx: Transaction, ident: str) -> Client:
    """One client."""
    row = tx.row("SELECT * FROM clients WHERE id = ?", ident)
    if row is None:
        raise not_found("client", ident)
    return Client(**dict(row))


def patients(tx: Transaction, client_id: str) -> list[Patient]:
    """The animals of one client."""
    get(tx, client_id)
    rows = tx.rows("SELECT * FROM patients WHERE client_id = ? ORDER BY name, id", client_id)
    return [Patient(**dict(row)) for row in rows]


def create(tx: Transaction, new: NewClient, *, ident: str | None = None) -> Client:
    """Record a client. Two records with the same details are possible, as in any practice."""
    number = new.number or _next_number(tx)
    if tx.row("SELECT 1 FROM clients WHERE number = ?", number):
        raise unprocessable("number_taken", f"Client number {number!r} is given to somebody else.")
    ident = ident or new_id("cli")
    tx.insert(
        "clients",
        id=ident,
        number=number,
        first_name=new.first_name,
        last_name=new.last_name,
        email=new.email,
        phone=new.phone,
        address=new.address,
    )
    _announce(tx, ident)
    return get(tx, ident)


def create_patient(tx: Transaction, client_id: str, new: NewPatient, *, ident: str | None = None) -> Patient:
    """Record an animal."""
    get(tx, client_id)
    ident = ident or new_id("pat")
    tx.insert("patients", id=ident, client_id=client_id, name=new.name, species=new.species)
    _announce(tx, client_id)
    return Patient(id=ident, client_id=client_id, name=new.name, species=new.species)


def documents(tx: Transaction, client_id: str) -> list[Document]:
    """What is filed under one client, oldest first."""
    get(tx, client_id)
    rows = tx.rows("SELECT * FROM documents WHERE client_id = ? ORDER BY dated, id", client_id)
    return [Document(**(dict(row) | {"dated": render(row["dated"], UTC_ZONE)})) for row in rows]


def file_document(tx: Transaction, client_id: str, new: NewDocument) -> Document:
    """File it; nobody changes it afterwards."""
    get(tx, client_id)
    ident, dated = new_id("doc"), parse("dated", new.dated)
    tx.insert("documents", id=ident, client_id=client_id, kind=new.kind, text=new.text, dated=dated, created_by=tx.by)
    return next(each for each in documents(tx, client_id) if each.id == ident)


def _announce(tx: Transaction, ident: str) -> None:
    """Who was looked for in vain may be found now. A client has no revision: it takes the event's number."""
    announce(tx, "client", ident, last_seq(tx) + 1)


def _next_number(tx: Transaction) -> str:
    row = tx.row("SELECT max(CAST(number AS INTEGER)) AS highest FROM clients")
    return str((row["highest"] or 0) + 1 if row else 1)
