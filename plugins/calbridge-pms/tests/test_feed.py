"""Reading the reference PMS: complete, then changes; nothing lost, nothing invented, nothing foreign taken."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from calbridge.errors import NeedsHuman, RetryLater
from calbridge.interval import Interval
from calbridge.model import Clinic, Resource, Service, State
from calbridge.provider import (
    AbsenceRecord,
    Busy,
    ClosureRecord,
    Complete,
    Delta,
    Gone,
    NotModified,
    Present,
    Unknown,
    Unreadable,
    WindowRecord,
)

HALF_HOUR, HOUR = 1_800, 3_600


def items(feed: Any) -> dict[str, Any]:
    records = feed.changed if isinstance(feed, Delta) else feed.items
    return {record.ref: record for record in records}


def known(feed: Complete[Any]) -> dict[str, str]:
    return {record.ref: record.version for record in feed.items}


def closure(side: Any, kind: str, resource: str, offset: int = 0) -> str:
    times = {
        name: datetime.fromtimestamp(side.start + offset + length, UTC).isoformat()
        for name, length in (("start", 0), ("end", HOUR))
    }
    return f"{kind}/{side.post(f'/v1/{kind}s', {'resource': resource, **times})['id']}"


def test_everything_of_the_practice_is_read(side: Any) -> None:
    visit = side.phone("anna", side.start, side.start + HALF_HOUR, rooms=["room1"], type="checkup", client_id="c1",
                       patient_id="p1", title="t", description="d", note="n")  # fmt: skip
    block = closure(side, "block", "ben")
    absence = closure(side, "absence", "anna", HOUR)
    plan = {"days": ["wed"], "windows": ["08:00-12:00", "14:00-16:00"]}
    side.http.put("/v1/resources/anna/windows", json={"plans": [plan, plan | {"kind": "work"}]})
    feed = side.read()
    assert isinstance(feed, Complete)
    found = items(feed)
    assert set(found) == {visit, block, absence, "windows/anna/online", "windows/anna/work"}
    entry = found[visit]
    assert entry.stamp is None
    assert entry.view == side.view(
        co_resources=("room1",), title="t", description="d", note="n", client="c1", patient="p1"
    )
    span = Interval(side.start, side.start + HOUR)
    assert found[block] == Busy(ref=block, version="1", resource="ben", spans=(span,))
    assert isinstance(found[absence], AbsenceRecord)
    windows = found["windows/anna/online"]
    assert isinstance(windows, WindowRecord)
    # 2026-11-25 is the Wednesday; 09:00 UTC is 10:00 in Berlin
    assert windows.spans == tuple(
        Interval(side.start + first * HOUR, side.start + last * HOUR) for first, last in ((-2, 2), (4, 6))
    )
    assert found["windows/anna/work"].kind == "work"


def test_a_delta_shows_what_changed_and_what_is_gone(side: Any) -> None:
    stays = side.phone("anna", side.start, side.start + HALF_HOUR)
    goes = side.phone("ben", side.start, side.start + HALF_HOUR)
    block = closure(side, "block", "anna", HOUR)
    first = side.read()
    side.move(stays, side.start + 4 * HOUR)
    side.delete(goes)
    side.delete(block)
    fresh = closure(side, "block", "room1")
    feed = side.read(first.cursor, known(first))
    assert isinstance(feed, Delta)
    assert set(items(feed)) == {stays, fresh}
    assert set(feed.removed) == {goes, block}
    assert side.provider.probe(ref=goes) == Gone()
    assert side.provider.probe(ref=block) == Gone()
    assert side.provider.probe(ref=stays) == Present()
    quiet = side.read(feed.cursor, {stays: "2", fresh: "1"})
    assert isinstance(quiet, NotModified)


def test_news_of_clients_has_one_name_as_long_as_it_is_the_same_and_names_nobody(side: Any) -> None:
    first = side.read()
    assert isinstance(side.read(first.cursor, known(first)), NotModified)
    made = side.post("/v1/clients", {"first_name": "Eva", "last_name": "Neu"})
    news = side.read(first.cursor, known(first)).people
    side.phone("anna", side.start, side.start + HALF_HOUR)
    again = side.read(first.cursor, known(first))
    assert (again.people, bool(news)) == (news, True)
    assert made["id"] not in news
    side.post(f"/v1/clients/{made['id']}/patients", {"name": "Luna", "species": "cat"})
    more = side.read(first.cursor, known(first)).people
    later = side.read(again.cursor, {}).people
    assert len({news, more, ""}) == 3
    assert later == more, "of one client the last word counts, from whichever cursor it is read"
    assert isinstance(side.read(side.read(again.cursor, {}).cursor, {}), NotModified)


def test_a_cancelled_one_is_shown_as_such_and_is_present(side: Any) -> None:
    ref = side.phone("anna", side.start, side.start + HALF_HOUR)
    first = side.read()
    side.cancel(ref)
    feed = side.read(first.cursor, known(first))
    assert items(feed)[ref].view.state is State.CANCELLED
    assert side.provider.probe(ref=ref) == Present()


def test_our_own_write_is_no_news(side: Any) -> None:
    first = side.read()
    entry = side.write(side.change())
    asked = side.http.get("/v1/health")
    assert asked.status_code == 200
    feed = side.read(first.cursor, {entry.ref: entry.version})
    assert isinstance(feed, NotModified)
    assert feed.cursor != first.cursor
    # where the shadow does not know it yet (a lost answer), it is shown, with our stamp
    feed = side.read(first.cursor, {})
    assert items(feed)[entry.ref] == entry


def test_a_refused_cursor_reads_everything(side: Any) -> None:
    ref = side.phone("anna", side.start, side.start + HALF_HOUR)
    cursor = side.read().cursor
    side.forget_cursors()
    feed = side.read(cursor, {ref: "1"})
    assert isinstance(feed, Complete)
    assert ref in items(feed)


@pytest.mark.parametrize("cursor", ["listing:again", "modified_since:5", "nonsense", "cursor:"])
def test_a_cursor_of_another_strategy_reads_everything(side: Any, cursor: str) -> None:
    assert isinstance(side.read(cursor), Complete)


def test_changed_windows_are_read_again(side: Any) -> None:
    plan = {"days": ["wed"], "windows": ["08:00-12:00"]}
    side.http.put("/v1/resources/ben/windows", json={"plans": [plan]})
    first = side.read()
    side.http.put("/v1/resources/ben/windows", json={"plans": [plan | {"windows": ["09:00-12:00"]}]})
    second = side.read(first.cursor, known(first))
    assert items(second)["windows/ben/online"].spans[0].start == side.start - HOUR
    side.http.put("/v1/resources/ben/windows", json={"plans": []})
    third = side.read(second.cursor, known(first))
    assert third.removed == ("windows/ben/online",)


def test_a_plan_that_has_run_out_is_not_no_plan(side: Any) -> None:
    plan = {"days": ["wed"], "windows": ["08:00-12:00"], "until": "2026-11-24"}
    side.http.put("/v1/resources/ben/windows", json={"plans": [plan, plan | {"kind": "work"}]})
    feed = side.read()
    assert {ref: record.spans for ref, record in items(feed).items()} == {
        "windows/ben/online": (),
        "windows/ben/work": (),
    }


def iso(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat()


def shut(side: Any, **more: Any) -> str:
    times = {"start": iso(side.start), "end": iso(side.start + HOUR)}
    return f"closure/{side.post('/v1/closures', times | more)['id']}"


def test_a_closure_of_the_practice_closes_the_clinic(side: Any) -> None:
    first = side.read()
    ref = shut(side, reason="Betriebsurlaub")
    second = side.read(first.cursor, known(first))
    record = ClosureRecord(ref=ref, version="1", spans=(Interval(side.start, side.start + HOUR),))
    assert items(second) == {ref: record}
    assert items(side.read()) == {ref: record}  # the same in a complete read
    assert side.provider.probe(ref=ref) == Present()
    side.delete(ref)
    third = side.read(second.cursor, {ref: "1"})
    assert third.removed == (ref,)
    assert side.provider.probe(ref=ref) == Gone()


SITES = [
    ({}, "hafen", {"": ""}),  # everybody of the clinic works there
    ({"ben": "berg"}, "hafen", {"@anna": "anna", "@room1": "room1"}),
    ({"ben": "berg"}, "berg", {"@ben": "ben"}),
    ({"anna": "berg", "ben": "berg", "room1": "berg"}, "hafen", {}),
]


@pytest.mark.parametrize(("moved", "site", "closed"), SITES)
def test_a_closure_of_a_site_closes_those_who_work_there(
    side: Any, moved: dict[str, str], site: str, closed: dict[str, str]
) -> None:
    side.sites(moved)
    ref = shut(side, location=site)
    assert {each: record.resource for each, record in items(side.read()).items()} == {
        f"{ref}{suffix}": resource for suffix, resource in closed.items()
    }


def test_a_clinic_that_is_one_site_of_several_is_closed_with_it_and_not_with_another(side: Any) -> None:
    side.sites({"ben": "berg"})
    mine, other, both = shut(side, location="hafen"), shut(side, location="berg"), shut(side)
    found = items(side.read(provider=side.connect(location="hafen")))
    assert {each: record.resource for each, record in found.items()} == {mine: "", both: ""}
    assert other not in found


def test_what_is_not_the_clinics_takes_only_its_rooms(side: Any) -> None:
    ref = side.phone("XR", side.start, side.start + HALF_HOUR, rooms=["room1"], title="Frau Geheim")
    first = side.read()
    assert items(first) == {
        f"{ref}@room1": Busy(
            ref=f"{ref}@room1", version="1", resource="room1", spans=(Interval(side.start, side.start + HALF_HOUR),)
        )
    }
    side.patch(ref, rooms=[])
    feed = side.read(first.cursor, known(first))
    assert (feed.changed, feed.removed) == ((), (f"{ref}@room1",))
    assert side.provider.probe(ref=f"{ref}@room1") == Unknown(why="this is no record that the PMS could be asked for")


def test_one_moved_to_a_resource_the_clinic_does_not_list_is_said_and_not_lost(side: Any) -> None:
    entry = side.write(side.change())
    first = side.read()
    side.patch(entry.ref, resource="XR")
    feed = side.read(first.cursor, known(first))
    stray = items(feed)[entry.ref]
    assert isinstance(stray, Unreadable)
    assert feed.removed == ()
    side.cancel(entry.ref)
    feed = side.read(feed.cursor, {entry.ref: "2"})
    assert items(feed)[entry.ref].view.state is State.CANCELLED


def test_after_many_changes_a_snapshot_is_read(side: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calbridge_pms.feed.MANY", 2)
    cursor = side.read().cursor
    for hour in range(3):
        side.phone("anna", side.start + hour * HOUR, side.start + hour * HOUR + HALF_HOUR)
    assert isinstance(side.read(cursor), Complete)


def test_a_wide_window_is_read_in_parts(narrow: Any) -> None:
    refs = {narrow.phone("anna", narrow.start + day * 86_400, narrow.start + day * 86_400 + HALF_HOUR)
            for day in (-1, 0, 1)}  # fmt: skip
    over_midnight = narrow.phone("ben", narrow.start - HOUR, narrow.start + HOUR)
    plan = {"days": ["tue", "wed", "thu"], "windows": ["00:00-24:00"]}
    narrow.http.put("/v1/resources/ben/windows", json={"plans": [plan]})
    feed = narrow.read()
    assert set(items(feed)) == refs | {over_midnight, "windows/ben/online"}
    assert len(items(feed)["windows/ben/online"].spans) == 3
    narrow.move(over_midnight, narrow.start)
    assert set(items(narrow.read(feed.cursor, known(feed)))) == {over_midnight}


def test_many_pages_of_changes(narrow: Any) -> None:
    cursor = narrow.read().cursor
    refs = {narrow.phone("anna", narrow.start + hour * HOUR, narrow.start + hour * HOUR + 60) for hour in range(7)}
    assert set(items(narrow.read(cursor))) == refs


NONSENSE = [
    ("html_200", NeedsHuman, "web page"),
    ("500_before", RetryLater, "fault of its own"),
    ("429", RetryLater, "fewer requests"),
]


@pytest.mark.parametrize("path", ["/v1/capabilities", "/v1/changes", "/v1/appointments", "/v1/resources"])
@pytest.mark.parametrize(("action", "error", "said"), NONSENSE)
def test_nonsense_is_an_error_and_never_an_empty_feed(
    side: Any, path: str, action: str, error: type[Exception], said: str
) -> None:
    # a first read asks for the capabilities and the windows, a later one for changes and what changed
    cursor = "" if path in {"/v1/capabilities", "/v1/resources"} else side.read().cursor
    side.phone("anna", side.start, side.start + HALF_HOUR)
    side.arm({"match": f"GET {path}", "action": action, "times": 99, "seconds": 60})
    with pytest.raises(error, match=said):
        side.read(cursor)


def test_a_wrong_token_is_a_persons_work(side: Any) -> None:
    with pytest.raises(NeedsHuman, match="401"):
        side.read(provider=side.connect(token=SecretStr("wrong")))


def test_a_login_page_is_no_proof_of_a_deletion(side: Any) -> None:
    ref = side.phone("anna", side.start, side.start + HALF_HOUR)
    side.arm({"match": "GET /v1/appointments", "action": "html_200", "times": 9})
    assert isinstance(side.provider.probe(ref=ref), Unknown)


def test_names_may_differ(side: Any) -> None:
    clinic = Clinic(
        key="hafen",
        name="x",
        time_zone="Europe/Berlin",
        resources={key: Resource(key=key, name=key) for key in ("anna", "xray", "garden")},
        services={key: Service(key=key, name=key, minutes=30) for key in ("dental", "walk")},
    )
    names = {"resources": {"xray": "XR", "garden": ""}, "services": {"dental": "Z-1", "walk": ""}}
    provider = side.connect(clinic, **names)
    assert provider.capabilities.resources == {"anna", "xray"}
    shown = side.view(resource="xray", service="dental", co_resources=("anna", "garden"))
    receipt = provider.propagate_change(change=side.change(shown))
    assert side.get(receipt.entry.ref)["resource"] == "XR"
    assert side.get(receipt.entry.ref)["type"] == "Z-1"
    assert side.get(receipt.entry.ref)["rooms"] == ["anna"]
    entry = items(side.read(provider=provider))[receipt.entry.ref]
    assert (entry.view.resource, entry.view.service) == ("xray", "dental")
