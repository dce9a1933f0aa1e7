"""Accounts and what the practice makes for their owners, as the bridge sees and sets them."""

from litestar import Response, delete, get, put
from litestar.params import FromPath, JSONBody
from litestar.router import Router

from calbridge_portal import accounts, made
from calbridge_portal.api_bookings import booking_answer
from calbridge_portal.api_params import GivenPortal, IfMatch
from calbridge_portal.booking_rows import account_of
from calbridge_portal.preconditions import etag
from calbridge_portal.records import Account, Booking, Code, Made, Page


@get("/sites/{site:str}/accounts", sync_to_thread=True)
def list_accounts(*, portal: GivenPortal) -> Page[Account]:
    """Every connected account, in the order they were made."""
    with portal.read() as tx:
        rows = tx.all("SELECT * FROM accounts WHERE status = 'connected' ORDER BY rowid")
        return Page(items=[account_of(tx, row) for row in rows])


@get("/accounts/{account:str}", sync_to_thread=True)
def get_account(*, portal: GivenPortal, account: FromPath[str]) -> Response[Account]:
    """One account."""
    with portal.read() as tx:
        shown = account_of(tx, accounts.row_of(tx, account))
    return Response(shown, headers={"ETag": etag(shown.revision)})


@get("/sites/{site:str}/accounts/{account:str}/code", sync_to_thread=True)
def get_code(*, portal: GivenPortal, account: FromPath[str]) -> Code:
    """The code that goes to her address: this portal has no mail server, its operator sends it on."""
    with portal.read() as tx:
        row = accounts.row_of(tx, account)
        return Code(email=row["email"], code=row["code"])


@put("/sites/{site:str}/appointments/{ref:str}", sync_to_thread=True)
def put_appointment(
    *, portal: GivenPortal, ref: FromPath[str], data: JSONBody[Made], if_match: IfMatch = None
) -> Response[Booking]:
    """Show a client what the practice made for her, or that it has changed."""
    with portal.write() as tx:
        row, new = made.put(tx, ref, data, if_match)
        answer = booking_answer(tx, row, 201 if new else 200)
    return Response(answer.body, status_code=answer.status, headers=answer.headers)


@delete("/sites/{site:str}/appointments/{ref:str}", sync_to_thread=True)
def delete_appointment(*, portal: GivenPortal, ref: FromPath[str], if_match: IfMatch = None) -> None:
    """Show it no more, without a message. To call it off, cancel its booking."""
    with portal.write() as tx:
        made.withdraw(tx, ref, if_match)


accounts_router = Router(
    path="/v1", route_handlers=[list_accounts, get_account, get_code, put_appointment, delete_appointment]
)
