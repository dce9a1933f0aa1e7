"""What the clinic made for a client by itself: shown in her account, kept as it stands, withdrawn; each once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from calbridge.errors import BridgeError
from calbridge.interval import Interval
from calbridge.model import State
from calbridge.provider import AccountRecord, Entry, Offer, OfferWindow, PortalChange, Receipt, Stamp
from calbridge.public import public
from calbridge.views import PortalView
from calbridge_portal.testing import SITE

HALF_HOUR, DAY = 1_800, 86_400
MIA = {"first_name": "Mia", "last_name": "Albers", "email": "mia@example.org", "phone": "040 1", "address": "Kai 1"}


def offered(side: Any) -> None:
    """The portal knows the clinic, and offers nothing."""
    part = OfferWindow(resource="anna", window=Interval(side.start, side.start + DAY), slots=())
    side.provider.export_availability(offer=Offer(clinic=public(side.clinic), revision=1, windows=(part,)))


def everything(side: Any, cursor: str = "") -> Any:
    window = Interval(side.start - DAY, side.start + 2 * DAY)
    return side.provider.import_bookings(cursor=cursor, window=window, known={})


def connected(side: Any) -> str:
    """A client proved her address; her account's ref, as the bridge reads it."""
    body = {"customer": MIA, "patient": {"name": "Bello", "species": "dog"}, "language": "de"}
    begun = side.http.post(f"/public/sites/{SITE}/accounts", json=body).raise_for_status().json()
    with side.portal.read() as tx:
        code = tx.one("SELECT code FROM accounts WHERE id = :id", id=begun["id"])["code"]
    url = f"/public/accounts/{begun['account_token']}/prove"
    side.tokens["account"] = begun["account_token"]
    return f"account/{side.http.post(url, json={'code': code}).raise_for_status().json()['id']}"


@pytest.fixture
def account(side: Any) -> str:
    """The portal knows its clinic and one connected client."""
    offered(side)
    return connected(side)


def wish(side: Any, account: str, number: int = 1, shown: Entry | None = None, **more: Any) -> PortalChange:
    view = PortalView(
        state=State.CONFIRMED,
        resource="anna",
        start=side.start,
        end=side.start + HALF_HOUR,
        service="checkup",
        description="Impfung",
        account=account,
    )
    fields = {name: more.pop(name) for name in ("remove", "notify") if name in more}
    return PortalChange(
        key=f"wish-{number}",
        appointment="b1",
        revision=number,
        view=replace(view, **more),
        ref=shown.ref if shown else "",
        version=shown.version if shown else "",
        previous=shown.view if shown else None,  # type: ignore[arg-type]  # a portal's entry has a portal's view
        **fields,
    )


def write(side: Any, change: PortalChange) -> Entry:
    receipt: Receipt = side.provider.propagate_change(change=change)
    assert receipt.outcome == "written", receipt
    assert receipt.entry is not None
    return receipt.entry


def page(side: Any) -> list[Any]:
    answer = side.http.get(f"/public/accounts/{side.tokens['account']}").raise_for_status().json()
    return [each["booking"] for each in answer["appointments"]]


def told(side: Any) -> list[str]:
    return [message["kind"] for booking in page(side) for message in booking["messages"]]


def test_an_account_is_read_with_what_matching_needs(side: Any, account: str) -> None:
    items = {item.ref: item for item in everything(side).items}
    found = items[account]
    assert isinstance(found, AccountRecord)
    assert found.details is not None
    assert (found.details.email, found.details.patient_name, found.details.language) == (MIA["email"], "Bello", "de")


def test_it_is_shown_once_and_read_back_as_the_clinics_own(side: Any, account: str) -> None:
    change = wish(side, account)
    entry = write(side, change)
    assert entry.view == change.view
    assert (entry.stamp, entry.details) == (Stamp(appointment="b1", revision=0), None)
    assert entry.manage_url
    assert write(side, change) == entry
    assert told(side) == ["confirmed"]
    assert {item.ref: item for item in everything(side).items}[entry.ref] == entry


@pytest.mark.parametrize("action", ["500_after_commit", "drop_after_commit"])
def test_a_lost_answer_shows_it_once(side: Any, account: str, action: str) -> None:
    side.fail(action, match="PUT /v1/sites", times=1)
    change = wish(side, account)
    with pytest.raises(BridgeError):
        side.provider.propagate_change(change=change)
    write(side, change)
    assert len(page(side)) == 1
    assert told(side) == ["confirmed"]


def test_what_was_there_before_is_shown_quietly(side: Any, account: str) -> None:
    write(side, wish(side, account, notify=False))
    assert (len(page(side)), told(side)) == (1, [])


def test_a_move_and_another_reason_follow(side: Any, account: str) -> None:
    entry = write(side, wish(side, account))
    entry = write(side, wish(side, account, 2, entry, start=side.start + DAY, end=side.start + DAY + HALF_HOUR))
    entry = write(
        side, wish(side, account, 3, entry, start=side.start + DAY, end=side.start + DAY + HALF_HOUR, description="")
    )
    assert [each["note"] for each in page(side)] == [None]
    assert told(side) == ["confirmed", "moved"]


def test_one_without_a_service_has_no_type(side: Any, account: str) -> None:
    entry = write(side, wish(side, account, service=""))
    assert entry.view.service == ""  # type: ignore[union-attr]  # a portal's entry has a portal's view
    assert page(side)[0]["type"] is None


@pytest.mark.parametrize("state", [State.ARRIVED, State.FULFILLED, State.NO_SHOW])
def test_how_far_the_visit_is_follows(side: Any, account: str, state: State) -> None:
    entry = write(side, wish(side, account))
    entry = write(side, wish(side, account, 2, entry, state=state))
    assert page(side)[0]["status"] == state
    assert told(side) == ["confirmed"]


def test_called_off_is_told_and_withdrawn_is_not(side: Any, account: str) -> None:
    entry = write(side, wish(side, account))
    off = wish(side, account, 2, entry, remove=True, state=State.CANCELLED)
    for _ in range(2):
        assert side.provider.propagate_change(change=off).outcome == "written"
    assert (page(side)[0]["status"], told(side)) == ("cancelled", ["confirmed", "cancelled"])


def test_withdrawn_it_is_not_there_any_more(side: Any, account: str) -> None:
    entry = write(side, wish(side, account))
    change = wish(side, "", 2, entry, remove=True)
    for _ in range(2):
        assert side.provider.propagate_change(change=change).outcome == "written"
    assert page(side) == []
    assert entry.ref not in {item.ref for item in everything(side).items}


def test_a_client_who_was_faster_is_not_overwritten(side: Any, account: str) -> None:
    entry = write(side, wish(side, account))
    answer = side.http.get(f"/public/accounts/{side.tokens['account']}").json()
    token = answer["appointments"][0]["manage_token"]
    side.http.post(f"/public/bookings/{token}/cancel", json={}).raise_for_status()
    receipt = side.provider.propagate_change(change=wish(side, account, 2, entry, description="Krallen"))
    assert receipt.outcome == "moved"
    assert receipt.entry.view.state is State.CANCELLED
    again = side.provider.propagate_change(change=wish(side, account))
    assert (again.outcome, again.entry.view.state) == ("moved", State.CANCELLED), "also where our answer was lost"


def test_a_closed_account_is_said_and_nothing_is_shown(side: Any, account: str) -> None:
    first = everything(side)
    side.http.delete(f"/public/accounts/{side.tokens['account']}").raise_for_status()
    receipt = side.provider.propagate_change(change=wish(side, account))
    assert (receipt.outcome, receipt.entry) == ("moved", None)
    later = everything(side, first.cursor)
    assert account in later.removed
