"""What one change does in the portal: each wish becomes the fewest steps, a lost answer changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calbridge.errors import BridgeError, RetryLater, SkipItem
from calbridge.interval import Interval
from calbridge.model import State
from calbridge.provider import Change, Delta, Entry, Offer, OfferedSlot, OfferWindow, PortalChange
from calbridge.public import public
from calbridge.views import PortalView
from calbridge_portal.testing import NOW, SITE, TOKEN

HALF_HOUR = 1_800
TOO_LATE = "too_late_to_move"
DAY = 86_400


def offered(side: Any, *, count: int = 6, revision: int = 1) -> None:
    slots = tuple(
        OfferedSlot(service="checkup", start=side.start + n * HALF_HOUR, end=side.start + (n + 1) * HALF_HOUR)
        for n in range(count)
    )
    part = OfferWindow(resource="anna", window=Interval(side.start, side.start + DAY), slots=slots)
    side.provider.export_availability(offer=Offer(clinic=public(side.clinic), revision=revision, windows=(part,)))


def everything(side: Any, cursor: str = "") -> Any:
    window = Interval(side.start - DAY, side.start + 2 * DAY)
    return side.provider.import_bookings(cursor=cursor, window=window, known={})


def entry(side: Any, ref: str) -> Entry:
    found = {item.ref: item for item in everything(side).items}[ref]
    assert isinstance(found, Entry)
    return found


def booked(side: Any) -> Entry:
    offered(side)
    return entry(side, side.confirm(side.select("anna", side.start)))


def wish(shown: Entry, number: int = 1, **view: Any) -> Change:
    remove = view.pop("remove", False)
    return PortalChange(
        key=f"wish-{number}",
        appointment="a-1",
        revision=number,
        view=replace(shown.view, **view),
        ref=shown.ref,
        version=shown.version,
        previous=shown.view,
        remove=remove,
    )


def done(side: Any, change: Change) -> Entry:
    receipt = side.provider.propagate_change(change=change)
    assert receipt.outcome == "written"
    assert isinstance(receipt.entry, Entry)
    return receipt.entry


def confirmed(side: Any) -> Entry:
    return done(side, wish(booked(side), state=State.CONFIRMED))


def test_a_move_and_an_acceptance_in_one_send_one_message(side: Any) -> None:
    shown = booked(side)
    later = {"start": side.start + 2 * DAY, "end": side.start + 2 * DAY + 900, "resource": "ben"}
    now = done(side, wish(shown, state=State.CONFIRMED, **later))
    view = now.view
    assert (view.start, view.end, view.resource, view.state) == (*later.values(), State.CONFIRMED)
    assert side.kinds(shown.ref) == ["confirmed"]


def test_a_clients_move_is_told_once_the_clinic_has_it(side: Any) -> None:
    """Accepted is not written: until then the portal, and so the feed, says "being entered"."""
    shown = confirmed(side)
    side.move(shown.ref, side.start + HALF_HOUR)
    moved = entry(side, shown.ref)
    assert moved.view.state is State.REQUESTED
    assert side.messages(shown.ref) == 1
    waiting = done(side, wish(moved, 2, state=State.REQUESTED))
    assert waiting.version == moved.version, "the portal knows that already: no write"
    written = done(side, wish(moved, 3, state=State.CONFIRMED))
    assert written.view.state is State.CONFIRMED
    assert side.kinds(shown.ref)[-1] == "moved"


def test_a_change_that_waits_for_the_clinic_can_be_shown(side: Any) -> None:
    shown = confirmed(side)
    waiting = done(side, wish(shown, 2, state=State.REQUESTED))
    assert waiting.view.state is State.REQUESTED
    assert side.booking(shown.ref)["sync"]["state"] == "accepted"
    assert done(side, wish(waiting, 3, state=State.CONFIRMED)).view.state is State.CONFIRMED


VISITS = [(State.ARRIVED, "arrived"), (State.FULFILLED, "fulfilled"), (State.NO_SHOW, "no_show")]


@pytest.mark.parametrize(("state", "status"), VISITS)
def test_how_the_visit_went(side: Any, state: State, status: str) -> None:
    now = done(side, wish(confirmed(side), 2, state=state))
    assert now.view.state is state
    assert side.booking(now.ref)["status"] == status


def test_an_arrival_that_was_marked_by_mistake_is_taken_back(side: Any) -> None:
    here = done(side, wish(confirmed(side), 2, state=State.ARRIVED))
    now = done(side, wish(here, 3, state=State.CONFIRMED))
    assert (now.view.state, side.booking(now.ref)["status"]) == (State.CONFIRMED, "confirmed")


WIDE = [(True, "moves"), (False, "offers")]


@pytest.mark.parametrize(("wide", "list_"), WIDE)
def test_which_list_a_booking_moves_to_is_told_with_the_acceptance(side: Any, wide: bool, list_: str) -> None:
    now = done(side, wish(booked(side), state=State.CONFIRMED, wide_moves=wide))
    assert isinstance(now.view, PortalView)
    assert (now.view.state, now.view.wide_moves) == (State.CONFIRMED, wide)
    assert (side.booking(now.ref)["moves_to"], side.kinds(now.ref)) == (list_, ["confirmed"])


def test_a_client_who_is_recognised_later_is_given_her_list_then_and_loses_it_with_the_link(side: Any) -> None:
    sure = confirmed(side)
    known = done(side, wish(sure, 2, wide_moves=True))
    assert side.booking(known.ref)["moves_to"] == "moves"
    assert side.booking(known.ref)["sync"]["state"] == "written"
    before = side.booking(known.ref)
    assert done(side, wish(known, 3)) == known
    assert side.booking(known.ref) == before, "what the portal knows is not said again"
    done(side, wish(known, 4, wide_moves=False))
    assert side.booking(known.ref)["moves_to"] == "offers"
    assert side.kinds(known.ref) == ["confirmed"], "nobody is told"


def test_both_lists_are_published_and_joined(side: Any) -> None:
    slot = OfferedSlot(service="checkup", start=side.start, end=side.start + HALF_HOUR)
    days = [Interval(side.start + n * DAY, side.start + (n + 1) * DAY) for n in range(2)]
    later = replace(slot, start=slot.start + DAY, end=slot.end + DAY)
    parts = (
        OfferWindow(resource="anna", window=days[0], slots=(slot,), moves=(slot,)),
        OfferWindow(resource="anna", window=days[1], slots=(), moves=(later,)),
    )
    receipt = side.provider.export_availability(offer=Offer(clinic=public(side.clinic), revision=1, windows=parts))
    assert receipt.accepted == 2
    whole = {"from": NOW.isoformat(), "to": (NOW + timedelta(days=9)).isoformat()}
    shown = side.http.get(
        f"/v1/sites/{SITE}/availability/anna", params=whole, headers={"Authorization": f"Bearer {TOKEN}"}
    ).json()
    starts = {name: [len(each["starts"]) for each in shown[name]] for name in ("offers", "moves")}
    assert starts == {"offers": [1], "moves": [2]}


STEPS = [
    ("accept", {"state": State.CONFIRMED}, ["confirmed"]),
    ("move", {"start": 0, "end": HALF_HOUR}, ["moved"]),
    ("decline", {"remove": True}, ["declined"]),
]


@pytest.mark.parametrize(("name", "view", "messages"), STEPS, ids=[step[0] for step in STEPS])
def test_a_lost_answer_is_found_again(side: Any, name: str, view: dict[str, Any], messages: list[str]) -> None:
    """The effect stands, the answer never came: the same change again writes and says nothing more."""
    shown = booked(side)
    if name == "move":
        view = {"start": side.start + DAY // 2, "end": side.start + DAY // 2 + HALF_HOUR}
    change = wish(shown, **view)
    side.fail("500_after_commit", match="POST /v1/bookings")
    with pytest.raises(RetryLater):
        side.provider.propagate_change(change=change)
    before = side.booking(shown.ref)
    assert side.provider.propagate_change(change=change).outcome == "written"
    assert side.booking(shown.ref) == before
    assert side.kinds(shown.ref) == messages


def test_a_crash_between_two_steps_is_carried_on(side: Any) -> None:
    """Moved but not yet accepted: the second attempt sees its own first step and takes the next."""
    shown = booked(side)
    change = wish(shown, state=State.CONFIRMED, start=side.start + DAY // 2, end=side.start + DAY // 2 + HALF_HOUR)
    side.fail("500_before", match=f"POST /v1/bookings/{shown.ref.removeprefix('visit/')}/decision")
    with pytest.raises(BridgeError):
        side.provider.propagate_change(change=change)
    assert done(side, change).view.state is State.CONFIRMED
    assert side.kinds(shown.ref) == ["confirmed"]


def test_a_released_hold_with_a_lost_answer(side: Any) -> None:
    offered(side)
    hold = entry(side, side.select("anna", side.start))
    change = wish(hold, remove=True)
    side.fail("500_after_commit", match="DELETE /v1/holds")
    with pytest.raises(RetryLater):
        side.provider.propagate_change(change=change)
    assert side.provider.propagate_change(change=change).outcome == "written"


def test_a_hold_released_too_late_gives_its_booking(side: Any) -> None:
    """The client submitted while the bridge decided to take the hold back."""
    offered(side)
    hold = entry(side, side.select("anna", side.start))
    answer = side.http.post(
        f"/public/sites/{SITE}/bookings",
        json={
            "hold_id": hold.ref.removeprefix("hold/"),
            "client_ref": held_by(side, hold),
            "customer": {"first_name": "Mia", "last_name": "Albers", "phone": "1"},
        },
    ).raise_for_status()
    receipt = side.provider.propagate_change(change=wish(hold, remove=True))
    assert receipt.outcome == "moved"
    assert receipt.entry is not None
    assert receipt.entry.ref == f"visit/{answer.json()['booking']['id']}"
    assert receipt.entry.replaces == hold.ref


def held_by(side: Any, hold: Entry) -> str:
    return str(side.read(f"/v1/holds/{hold.ref.removeprefix('hold/')}")["client_ref"])


def test_a_hold_has_the_length_the_portal_gives_it(side: Any) -> None:
    offered(side)
    hold = entry(side, side.select("anna", side.start))
    assert done(side, wish(hold)) == hold
    with pytest.raises(SkipItem, match="appointment type"):
        side.provider.propagate_change(change=wish(hold, end=hold.view.end + 60))


REASONS = [("", None), ("slot_unavailable", "slot_unavailable"), ("Dr. Anna ist krank", "Dr. Anna ist krank")]


@pytest.mark.parametrize(("visible", "sent"), REASONS)
def test_only_a_visible_reason_leaves_the_clinic(side: Any, visible: str, sent: str | None) -> None:
    shown = booked(side)
    change = wish(shown, decline_reason=visible, remove=True)
    assert side.provider.propagate_change(change=change).outcome == "written"
    assert side.booking(shown.ref)["decline_reason"] == sent


def test_a_refused_move_is_put_back_with_its_reason_and_another_message_than_a_move(side: Any) -> None:
    sure = confirmed(side)
    side.move(sure.ref, side.start + HALF_HOUR)
    change = wish(
        entry(side, sure.ref),
        2,
        start=side.start,
        end=side.start + HALF_HOUR,
        decline_reason=TOO_LATE,
        state=State.CONFIRMED,
    )
    side.provider.propagate_change(change=change)
    assert side.kinds(sure.ref) == ["confirmed", "move_refused"]
    assert side.booking(sure.ref)["decline_reason"] == TOO_LATE
    assert side.booking(sure.ref)["sync"]["state"] == "written"


def test_a_clinic_can_decline_silently(side: Any) -> None:
    shown = booked(side)
    side.provider.propagate_change(change=replace(wish(shown, remove=True), notify=False))
    assert side.kinds(shown.ref) == []


def test_what_has_ended_does_not_come_back(side: Any) -> None:
    shown = booked(side)
    side.provider.propagate_change(change=wish(shown, remove=True))
    ended = entry(side, shown.ref)
    with pytest.raises(SkipItem, match="cannot come back"):
        side.provider.propagate_change(change=wish(ended, 2, state=State.CONFIRMED))


def test_an_appointment_of_the_clinic_is_not_taken(side: Any) -> None:
    change = replace(wish(booked(side)), ref="")
    with pytest.raises(SkipItem, match="did not bring"):
        side.provider.propagate_change(change=change)


def test_a_booking_the_portal_lost(side: Any) -> None:
    lost = replace(booked(side), ref="visit/bk_none")
    assert side.provider.propagate_change(change=wish(lost)).outcome == "moved"
    assert side.provider.propagate_change(change=wish(lost, remove=True)).outcome == "written"


def test_a_hold_and_its_booking_in_one_delta(side: Any) -> None:
    """Both happened between two reads: one entry, which says which hold it replaces."""
    offered(side)
    cursor = everything(side).cursor
    hold = side.select("anna", side.start)
    visit = side.confirm(hold)
    feed = everything(side, cursor)
    assert isinstance(feed, Delta)
    assert [(item.ref, item.replaces) for item in feed.changed if isinstance(item, Entry)] == [(visit, hold)]
    assert feed.removed == ()


def test_an_expired_hold_is_in_the_delta(side: Any) -> None:
    offered(side)
    hold = side.select("anna", side.start)
    cursor = everything(side).cursor
    side.clock.advance(minutes=5)
    (ended,) = everything(side, cursor).changed
    assert (ended.ref, ended.view.state) == (hold, State.EXPIRED)


def test_many_changes_come_in_pages(side: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calbridge_vetstoria.feed.PAGE", 2)
    offered(side)
    cursor = everything(side).cursor
    refs = [side.confirm(side.select("anna", side.start + n * HALF_HOUR)) for n in range(4)]
    feed = everything(side, cursor)
    assert [item.ref for item in feed.changed] == refs


def test_details_come_whole_and_a_note_is_the_description(side: Any) -> None:
    offered(side)
    ref = side.confirm(side.select("anna", side.start), note="limps", patient={"name": "Rex", "species": "dog"})
    shown = entry(side, ref)
    assert shown.view.description == "limps"
    assert shown.details is not None
    assert (shown.details.last_name, shown.details.patient_name, shown.details.species) == ("Albers", "Rex", "dog")


def test_names_are_translated_both_ways(connect: Callable[..., Any]) -> None:
    side = connect(resources={"anna": "cal-7"}, services={"checkup": "type-9"})
    offered(side)
    side.service = "type-9"
    shown = entry(side, side.confirm(side.select("cal-7", side.start)))
    assert isinstance(shown.view, PortalView)
    assert (shown.view.resource, shown.view.service) == ("anna", "checkup")
    moved = done(side, wish(shown, state=State.CONFIRMED, start=side.start + DAY, end=side.start + DAY + HALF_HOUR))
    assert (moved.view.resource, side.booking(shown.ref)["calendar"]) == ("anna", "cal-7")


# --- between two steps ----------------------------------------------------------------------------


def test_what_our_own_steps_left_is_handed_back_with_what_its_client_did_since(connect: Callable[..., Any]) -> None:
    """The time was changed, and she withdrew before it was accepted: the new time is not taken for a wish of hers."""
    deeds: dict[str, Callable[[], object]] = {}

    def hear(request: Any) -> None:
        deed = deeds.pop(request.url.path.rsplit("/", 1)[-1], None)
        if deed is not None:
            deed()

    side = connect(hear=hear)
    shown = booked(side)
    later = {"start": side.start + DAY, "end": side.start + DAY + HALF_HOUR}
    deeds["decision"] = lambda: side.cancel(shown.ref)
    receipt = side.provider.propagate_change(change=wish(shown, state=State.CONFIRMED, **later))
    assert (receipt.outcome, receipt.entry.view.state) == ("moved", State.CANCELLED)
    assert receipt.wrote == replace(shown.view, **later)
    assert deeds == {}


def test_who_is_faster_than_the_first_step_leaves_nothing_of_ours(connect: Callable[..., Any]) -> None:
    deeds: list[Callable[[], object]] = []
    side = connect(hear=lambda request: deeds.pop()() and None if request.method == "POST" and deeds else None)
    shown = booked(side)
    deeds.append(lambda: side.cancel(shown.ref))
    receipt = side.provider.propagate_change(change=wish(shown, state=State.CONFIRMED))
    assert (receipt.outcome, receipt.entry.view.state, receipt.wrote) == ("moved", State.CANCELLED, None)
