"""The pages of the booking site. A GET changes nothing (mail scanners follow links); a button posts."""

import itertools
import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template
from litestar.router import Router

from calbridge_portal import forms, holds, notices, public
from calbridge_portal.api_params import GivenLanguage, GivenPortal
from calbridge_portal.api_public import check_public_site
from calbridge_portal.booking_rows import hold_of
from calbridge_portal.instead import given_away
from calbridge_portal.language import Language
from calbridge_portal.limits import BODY
from calbridge_portal.public_records import OwnBooking, OwnCancellation, OwnContact, OwnMove
from calbridge_portal.records import BookingRequest, HoldRequest
from calbridge_portal.site_records import Slot
from calbridge_portal.slots import Mover, free_slots, mover
from calbridge_portal.store import Tx
from calbridge_portal.times import day_bounds

DAYS_SHOWN = 7
OTHERS_SHOWN = 3
LAST_WEEK = 104
SEE_OTHER: Final = 303
Form = URLEncodedBody[dict[str, str]]
Week = Annotated[int, QueryParameter(ge=0, le=LAST_WEEK, description="weeks from today")]
TypeQuery = Annotated[str, QueryParameter(name="type")]


@get("/", sync_to_thread=False)
def home(*, portal: GivenPortal) -> Redirect:
    """The portal serves one site."""
    return Redirect(f"/book/{portal.site}")


@get("/book/{site:str}", sync_to_thread=True)
def services(*, portal: GivenPortal, lang: GivenLanguage, site: FromPath[str]) -> Template:
    """Step 1: what."""
    check_public_site(portal, site)
    with portal.read() as tx:
        types = sorted(public.types(tx), key=lambda kind: (kind.group is None, kind.group or "", kind.display_name))
        name = tx.site.name
    groups = [(group, list(members)) for group, members in itertools.groupby(types, key=lambda kind: kind.group)]
    return _page("services.html", lang, name, site=site, groups=groups)


@get("/book/{site:str}/times", sync_to_thread=True)
def times(
    *,
    portal: GivenPortal,
    lang: GivenLanguage,
    site: FromPath[str],
    kind: TypeQuery,
    week: Week = 0,
    client_ref: FromQuery[str | None] = None,
) -> Template:
    """Steps 2 and 3: day and time."""
    check_public_site(portal, site)
    ref = client_ref or secrets.token_urlsafe(16)
    with portal.read() as tx:
        shown = public.public_type(tx, kind)
        days = _days(tx, kind, week)
        name = tx.site.name
    here = f"/book/{site}/times?{urlencode({'type': kind, 'client_ref': ref})}&week="
    return _page(
        "times.html",
        lang,
        name,
        title=lang.text("times"),
        type_name=shown.display_name,
        days=days,
        action=f"/book/{site}/hold",
        hidden={"type": kind, "client_ref": ref},
        back=f"/book/{site}",
        **_weeks(here, week),
    )


@post("/book/{site:str}/hold", sync_to_thread=True)
def hold(*, portal: GivenPortal, site: FromPath[str], data: Form) -> Redirect:
    """The chosen time is reserved."""
    check_public_site(portal, site)
    request = HoldRequest(
        type=data.get("type", ""),
        calendar=data.get("calendar", ""),
        start=data.get("start", ""),
        client_ref=data.get("client_ref") or secrets.token_urlsafe(16),
    )
    with portal.write() as tx:
        placed = holds.choose_again(tx, request)
    return Redirect(f"/book/{site}/details/{placed.id}", status_code=SEE_OTHER)


@get("/book/{site:str}/details/{hold_id:str}", sync_to_thread=True)
def details(*, portal: GivenPortal, lang: GivenLanguage, site: FromPath[str], hold_id: FromPath[str]) -> Template:
    """Step 4: who."""
    check_public_site(portal, site)
    with portal.read() as tx:
        row = holds.row_of(tx, hold_id)
        state = hold_of(tx, row)
        if state.status == "released":
            raise given_away(tx, row)
        kind = public.public_type(tx, state.type)
        name = tx.site.name
        notice = notices.in_force(tx)
        others = 0 if tx.site.settings.one_patient else OTHERS_SHOWN
    return _page("details.html", lang, name, site=site, hold=state, type=kind, notice=notice, others=others)


@post("/book/{site:str}/details/{hold_id:str}", sync_to_thread=True)
def confirm(
    *, portal: GivenPortal, lang: GivenLanguage, site: FromPath[str], hold_id: FromPath[str], data: Form
) -> Redirect:
    """Step 5: booked."""
    check_public_site(portal, site)
    with portal.write() as tx:
        row = holds.row_of(tx, hold_id)
        booked = public.book(tx, _request(data, hold_id, row["client_ref"], lang.code))
    return Redirect(f"/manage/{booked.manage_token}", status_code=SEE_OTHER)


@post("/book/{site:str}/release/{hold_id:str}", sync_to_thread=True)
def release(*, portal: GivenPortal, site: FromPath[str], hold_id: FromPath[str]) -> Redirect:
    """The client wants another time."""
    check_public_site(portal, site)
    with portal.write() as tx:
        row = holds.row_of(tx, hold_id)
        if row["status"] == "held":
            holds.release(tx, hold_id, "client", None)
    again = urlencode({"type": row["type"], "client_ref": row["client_ref"]})
    return Redirect(f"/book/{site}/times?{again}", status_code=SEE_OTHER)


def manage(portal: GivenPortal, lang: GivenLanguage, token: FromPath[str]) -> Template:
    """One's own booking."""
    with portal.read() as tx:
        own = public.own_booking(tx, public.by_token(tx, token))
        name = tx.site.name
    waiting = own.change_pending or (own.status, own.mode) == ("requested", "instant")
    shown = {"booking": own, "token": token, "site": portal.site, "status_text": _status_text(own)}
    return _page("manage.html", lang, name, refresh=waiting, **shown)


# HEAD too: link checkers ask with it, and get the headers of the page and no effect.
manage_page = HTTPRouteHandler("/manage/{token:str}", http_method=["GET", "HEAD"], sync_to_thread=True)(manage)


@post("/manage/{token:str}/cancel", sync_to_thread=True)
def cancel(*, portal: GivenPortal, token: FromPath[str]) -> Redirect:
    """The client cancels."""
    with portal.write() as tx:
        public.cancel(tx, token, OwnCancellation())
    return Redirect(f"/manage/{token}", status_code=SEE_OTHER)


@get("/manage/{token:str}/move", sync_to_thread=True)
def move_times(*, portal: GivenPortal, lang: GivenLanguage, token: FromPath[str], week: Week = 0) -> Template:
    """The times a booking could be moved to."""
    with portal.read() as tx:
        row = public.by_token(tx, token)
        own = public.own_booking(tx, row)
        days = _days(tx, own.type, week, mover(row)) if own.may_move and own.type else []
        name = tx.site.name
    return _page(
        "times.html",
        lang,
        name,
        title=lang.text("move_title"),
        type_name=own.type_name,
        days=days,
        action=f"/manage/{token}/move",
        hidden={},
        back=f"/manage/{token}",
        **_weeks(f"/manage/{token}/move?week=", week),
    )


@post("/manage/{token:str}/move", sync_to_thread=True)
def move(*, portal: GivenPortal, token: FromPath[str], data: Form) -> Redirect:
    """The client moves."""
    wish = OwnMove(start=data.get("start", ""), calendar=data.get("calendar") or None)
    with portal.write() as tx:
        public.move(tx, token, wish)
    return Redirect(f"/manage/{token}", status_code=SEE_OTHER)


@post("/manage/{token:str}/contact", sync_to_thread=True)
def contact(*, portal: GivenPortal, token: FromPath[str], data: Form) -> Redirect:
    """The client corrects how she can be reached; a field that she empties stays as it was."""
    given = {name: data.get(name) for name in ("email", "phone", "address")}
    with portal.write() as tx:
        public.correct(tx, token, OwnContact(**given))
    return Redirect(f"/manage/{token}", status_code=SEE_OTHER)


def _page(template: str, lang: Language, site_name: str, **context: Any) -> Template:
    # no-store: the page of one's own booking must not stay in a shared machine's cache.
    return Template(
        template,
        context={"lang": lang, "site_name": site_name, **context},
        headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )


def _days(tx: Tx, kind: str, week: int, own: Mover | None = None) -> list[tuple[str, Sequence[Slot]]]:
    """The free slots of one week by local day; where resources are not shown, one slot a start."""
    first = day_bounds(tx.now, tx.zone, days=week * DAYS_SHOWN)[0]
    last = day_bounds(tx.now, tx.zone, days=week * DAYS_SHOWN + DAYS_SHOWN - 1)[1]
    slots = free_slots(tx, kind, (first, last), own=own)
    if not tx.site.settings.show_resource:
        slots = list({slot.start: slot for slot in reversed(slots)}.values())[::-1]
    return [(slots[0].start, slots) for _, slots in _by_day(slots)]


def _by_day(slots: Sequence[Slot]) -> list[tuple[str, list[Slot]]]:
    return [(day, list(group)) for day, group in itertools.groupby(slots, key=lambda slot: slot.start[:10])]


def _weeks(here: str, week: int) -> Mapping[str, str | None]:
    return {"earlier": f"{here}{week - 1}" if week else None, "later": f"{here}{min(week + 1, LAST_WEEK)}"}


def _request(data: Mapping[str, str], hold_id: str, client_ref: str, language: str) -> BookingRequest:
    form = forms.given(data)
    others = (forms.patient(form, f"other_patient_{n}", f"other_species_{n}") for n in range(OTHERS_SHOWN))
    return BookingRequest(
        hold_id=hold_id,
        client_ref=client_ref,
        customer=forms.customer(form),
        patient=forms.patient(form),
        other_patients=[each for each in others if each],
        note=form.get("note"),
        consent=forms.consent(form),
        language=language,
    )


def _status_text(own: OwnBooking) -> str:
    if own.status == "requested":
        return f"status_requested_{own.mode}"
    if own.status == "confirmed" and own.sync_state in {"failed", "timed_out"}:
        return "status_confirmed_failed"
    return "status_confirmed_pending" if own.change_pending else f"status_{own.status}"


pages_router = Router(
    path="/",
    route_handlers=[
        home,
        services,
        times,
        hold,
        details,
        confirm,
        release,
        manage_page,
        cancel,
        move_times,
        move,
        contact,
    ],
    include_in_schema=False,
    request_max_body_size=BODY,
)
