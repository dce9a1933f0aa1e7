"""Connecting with the practice, and one's own account: the public JSON and the pages."""

from typing import Final

from litestar import delete, get, post
from litestar.params import FromPath, JSONBody, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.router import Router

from calbridge_portal import accounts, forms, notices, public
from calbridge_portal.api_params import GivenLanguage, GivenPortal
from calbridge_portal.api_public import check_public_site
from calbridge_portal.limits import BODY
from calbridge_portal.portal import Portal
from calbridge_portal.problems import Problem
from calbridge_portal.public_records import Connected, ConnectRequest, OwnAccount, OwnAppointment, Proof
from calbridge_portal.store import Tx

SEE_OTHER: Final = 303
Form = URLEncodedBody[dict[str, str]]


def own_account(tx: Tx, token: str) -> OwnAccount:
    """An account as its owner sees it; of one that is not proved there is nothing to see."""
    row = accounts.by_token(tx, token)
    made = accounts.made_for(tx, row["id"])
    return OwnAccount(
        status=row["status"],
        email=row["email"],
        appointments=[
            OwnAppointment(manage_token=each["manage_token"], booking=public.own_booking(tx, each)) for each in made
        ],
    )


def proved(portal: Portal, token: str, code: str) -> str:
    """The link of the account she is connected with. A wrong code is counted before it is refused."""
    with portal.write() as tx:
        row = accounts.prove(tx, accounts.by_token(tx, token), code.strip())
    if row is None:
        raise Problem("wrong_code", "This is not the code that went to the address, or it is too old.")
    return str(row["token"])


@post("/public/sites/{site:str}/accounts", sync_to_thread=True)
def public_connect(*, portal: GivenPortal, site: FromPath[str], data: JSONBody[ConnectRequest]) -> Connected:
    """Ask to be connected; a code goes to the e-mail address."""
    check_public_site(portal, site)
    with portal.write() as tx:
        row = accounts.begin(tx, data)
        return Connected(account_token=row["token"], id=row["id"])


@post("/public/accounts/{token:str}/prove", status_code=200, sync_to_thread=True)
def public_prove(*, portal: GivenPortal, token: FromPath[str], data: JSONBody[Proof]) -> Connected:
    """Connected, with the code. The link may be another one: that of the account there was."""
    there = proved(portal, token, data.code)
    with portal.read() as tx:
        return Connected(account_token=there, id=accounts.by_token(tx, there)["id"])


@get("/public/accounts/{token:str}", sync_to_thread=True)
def public_account(*, portal: GivenPortal, token: FromPath[str]) -> OwnAccount:
    """One's own account."""
    with portal.read() as tx:
        return own_account(tx, token)


@delete("/public/accounts/{token:str}", sync_to_thread=True)
def public_close(*, portal: GivenPortal, token: FromPath[str]) -> None:
    """Close one's own account."""
    with portal.write() as tx:
        accounts.close(tx, accounts.by_token(tx, token))


# --- pages ----------------------------------------------------------------------------------------


@get("/connect/{site:str}", sync_to_thread=True)
def connect_page(*, portal: GivenPortal, lang: GivenLanguage, site: FromPath[str]) -> Template:
    """Who are you?"""
    check_public_site(portal, site)
    with portal.read() as tx:
        shown = {"site_name": tx.site.name, "notice": notices.in_force(tx)}
    return _page("connect.html", lang=lang, **shown)


@post("/connect/{site:str}", sync_to_thread=True)
def connect(*, portal: GivenPortal, lang: GivenLanguage, site: FromPath[str], data: Form) -> Redirect:
    """The code is on its way."""
    check_public_site(portal, site)
    with portal.write() as tx:
        row = accounts.begin(tx, _request(data, lang.code))
    return Redirect(f"/account/{row['token']}", status_code=SEE_OTHER)


@get("/account/{token:str}", sync_to_thread=True)
def account_page(*, portal: GivenPortal, lang: GivenLanguage, token: FromPath[str]) -> Template:
    """What the practice made for her; before that, the code."""
    with portal.read() as tx:
        shown = {"site_name": tx.site.name, "account": own_account(tx, token), "token": token, "site": portal.site}
    return _page("account.html", lang=lang, **shown)


@post("/account/{token:str}/prove", sync_to_thread=True)
def prove(*, portal: GivenPortal, token: FromPath[str], data: Form) -> Redirect:
    """She has the code."""
    return Redirect(f"/account/{proved(portal, token, data.get('code', ''))}", status_code=SEE_OTHER)


@post("/account/{token:str}/close", sync_to_thread=True)
def close(*, portal: GivenPortal, token: FromPath[str]) -> Redirect:
    """She leaves."""
    with portal.write() as tx:
        accounts.close(tx, accounts.by_token(tx, token))
    return Redirect(f"/book/{portal.site}", status_code=SEE_OTHER)


def _page(template: str, **context: object) -> Template:
    # no-store: the page of one's own account must not stay in a shared machine's cache.
    return Template(template, context=context, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


def _request(data: dict[str, str], language: str) -> ConnectRequest:
    form = forms.given(data)
    return ConnectRequest(
        customer=forms.customer(form), patient=forms.patient(form), consent=forms.consent(form), language=language
    )


public_accounts_router = Router(
    path="/",
    route_handlers=[
        public_connect,
        public_prove,
        public_account,
        public_close,
        connect_page,
        connect,
        account_page,
        prove,
        close,
    ],
    request_max_body_size=BODY,
)
