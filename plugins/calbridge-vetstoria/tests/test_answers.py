"""What the portal's answers mean: one row a case. Nonsense is never an empty feed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest
import respx

from calbridge.errors import BridgeError, NeedsHuman, Replan, RetryLater, SkipItem
from calbridge.interval import Interval
from calbridge.model import State
from calbridge.provider import Gone, PortalChange, Present, Probe, Unknown
from calbridge.views import PortalView
from calbridge_vetstoria.provider import VetstoriaPortal

URL = "https://portal.example"
WINDOW = Interval(1_795_000_000, 1_799_000_000)
SECRET = "a-very-secret-token"
PERSON = "Albers"


Making = Callable[[httpx.MockTransport], VetstoriaPortal]


@pytest.fixture
def provider(router: respx.MockRouter, speaking: Making) -> VetstoriaPortal:
    return speaking(httpx.MockTransport(router.handler))


@pytest.fixture
def router() -> respx.MockRouter:
    return respx.MockRouter(assert_all_called=False)


def problem(status: int, code: str, **more: Any) -> httpx.Response:
    headers = {"content-type": "application/problem+json"} | more.pop("headers", {})
    body = {"code": code, "status": status, "detail": f"about {PERSON}", "retryable": False} | more
    return httpx.Response(status, headers=headers, content=json.dumps(body))


def page(text: str) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/html"}, text=text)


def document(body: Any) -> httpx.Response:
    return httpx.Response(200, json=body)


FAILED = [
    (problem(401, "unauthenticated"), NeedsHuman, "correct token"),
    (problem(403, "forbidden"), NeedsHuman, "correct site or token"),
    (problem(404, "not_found"), NeedsHuman, "not_found"),
    (problem(400, "invalid_request"), NeedsHuman, "invalid_request"),
    (problem(409, "slot_unavailable"), Replan, "slot_unavailable"),
    (problem(400, PERSON), SkipItem, "refused this record .400"),  # what stands where a code belongs is not repeated
    (problem(429, "rate_limited", retryable=True, headers={"retry-after": "7"}), RetryLater, "rate_limited"),
    (problem(503, "maintenance", retryable=True, headers={"retry-after": "7"}), RetryLater, "maintenance"),
    (problem(500, "internal", retryable=True), RetryLater, "internal"),
    (httpx.Response(502, text="<h1>Bad gateway</h1>", headers={"content-type": "text/html"}), RetryLater, "502"),
    (httpx.Response(404, text="nothing"), NeedsHuman, "404"),
    (httpx.Response(401), NeedsHuman, "401"),
    (httpx.Response(302, headers={"location": "https://sso.example/login"}), NeedsHuman, "login page"),
    (httpx.Response(301, headers={"location": f"{URL}/v1/sites/hafen/changes/"}), NeedsHuman, "final address"),
    (page("<html>Please log in</html>"), NeedsHuman, "web page"),
    (httpx.Response(200, text=f"hello {PERSON}"), NeedsHuman, "not JSON"),
    (httpx.Response(200, text=""), NeedsHuman, "another shape"),
    (httpx.Response(204), NeedsHuman, "another shape"),
    (document([]), NeedsHuman, "another shape"),
    (document({}), NeedsHuman, "another shape"),
    (document({"items": [], "detail": PERSON}), NeedsHuman, "another shape"),
    (document({"events": [], "next_cursor": "", "has_more": False}), NeedsHuman, "another shape"),
    (document({"events": None, "next_cursor": "c", "has_more": False}), NeedsHuman, "another shape"),
]


@pytest.mark.parametrize("cursor", ["", "a-cursor"])
@pytest.mark.parametrize(("answer", "kind", "words"), FAILED)
def test_a_read_that_failed_is_an_error(
    router: respx.MockRouter,
    provider: VetstoriaPortal,
    answer: httpx.Response,
    kind: type[BridgeError],
    words: str,
    cursor: str,
) -> None:
    router.get(url__startswith=URL).mock(return_value=answer)
    with pytest.raises(kind, match=words) as caught:
        provider.import_bookings(cursor=cursor, window=WINDOW, known={})
    told = str(caught.value) + repr(caught.value.__cause__)
    assert PERSON not in told
    assert SECRET not in told


def test_a_snapshot_that_is_missing_is_not_an_empty_one(router: respx.MockRouter, provider: VetstoriaPortal) -> None:
    router.get(url__startswith=URL).mock(return_value=document({"events": [], "next_cursor": "c", "has_more": False}))
    with pytest.raises(Replan):
        provider.import_bookings(cursor="", window=WINDOW, known={})


def test_retry_after_is_passed_on(router: respx.MockRouter, provider: VetstoriaPortal) -> None:
    answer = problem(429, "rate_limited", retryable=True, headers={"retry-after": "7"})
    router.get(url__startswith=URL).mock(return_value=answer)
    with pytest.raises(RetryLater) as caught:
        provider.import_bookings(cursor="c", window=WINDOW, known={})
    assert caught.value.after == 7


FAILURES = [
    (httpx.ConnectError("refused"), RetryLater),
    (httpx.ReadTimeout("slow"), RetryLater),
    (httpx.RemoteProtocolError("cut"), RetryLater),
]


@pytest.mark.parametrize(("failure", "kind"), FAILURES)
def test_a_network_that_fails_is_an_error(
    router: respx.MockRouter, provider: VetstoriaPortal, failure: Exception, kind: type[BridgeError]
) -> None:
    router.get(url__startswith=URL).mock(side_effect=failure)
    with pytest.raises(kind):
        provider.import_bookings(cursor="c", window=WINDOW, known={})


PROBES: list[tuple[httpx.Response, type[Probe]]] = [
    (problem(404, "not_found"), Gone),
    (httpx.Response(404, text="nginx"), Unknown),
    (httpx.Response(410, text="gone"), Unknown),
    (problem(401, "unauthenticated"), Unknown),
    (problem(500, "internal", retryable=True), Unknown),
    (page("<html>Please log in</html>"), Unknown),
    (httpx.Response(302, headers={"location": "/login"}), Unknown),
    (document({"id": "bk_1"}), Present),
]


@pytest.mark.parametrize(("answer", "kind"), PROBES)
def test_only_the_portals_own_word_is_gone(
    router: respx.MockRouter, provider: VetstoriaPortal, answer: httpx.Response, kind: type[Probe]
) -> None:
    """R2: a 404 of something else at that address must cancel nothing."""
    router.get(f"{URL}/v1/bookings/bk_1").mock(return_value=answer)
    assert isinstance(provider.probe(ref="visit/bk_1"), kind)


def test_a_foreign_ref_is_unknown(router: respx.MockRouter, provider: VetstoriaPortal) -> None:
    assert isinstance(provider.probe(ref="somewhere/1"), Unknown)


BOOKING: dict[str, Any] = {
    "id": "bk_1",
    "status": "requested",
    "revision": 3,
    "type": "checkup",
    "calendar": "anna",
    "start": "2026-11-30T09:00:00+01:00",
    "end": "2026-11-30T09:30:00+01:00",
    "hold_id": None,
    "client_ref": "r",
    "customer": {"first_name": "Mia", "last_name": PERSON},
    "updated_at": "2026-11-23T08:00:00+01:00",
    "last_changed_by": "client",
    "sync": {"state": "pending"},
}
START = int(datetime.fromisoformat(BOOKING["start"]).timestamp())


def change(**more: Any) -> PortalChange:
    view = PortalView(state=State.CONFIRMED, resource="anna", start=START, end=START + 1800)
    values: dict[str, Any] = {"key": "k", "appointment": "a-1", "revision": 1, "view": view, "ref": "visit/bk_1"} | more
    return PortalChange(**values)


WRITES = [
    (problem(409, "idempotency_in_progress", retryable=True), RetryLater),
    (problem(422, "rule_violation"), SkipItem),
    (problem(428, "precondition_missing"), SkipItem),
    (problem(401, "unauthenticated"), NeedsHuman),
    (page("<html>Please log in</html>"), NeedsHuman),
    (document({"id": "bk_1"}), NeedsHuman),
    (httpx.Response(302, headers={"location": "/login"}), NeedsHuman),
    (httpx.Response(503), RetryLater),
]


@pytest.mark.parametrize(("answer", "kind"), WRITES)
def test_a_write_that_failed_is_an_error(
    router: respx.MockRouter, provider: VetstoriaPortal, answer: httpx.Response, kind: type[BridgeError]
) -> None:
    router.get(f"{URL}/v1/bookings/bk_1").mock(return_value=document(BOOKING))
    router.post(url__startswith=f"{URL}/v1/bookings/bk_1").mock(return_value=answer)
    with pytest.raises(kind) as caught:
        provider.propagate_change(change=change(version="3"))
    assert PERSON not in str(caught.value)


@pytest.mark.parametrize("code", ["stale_revision", "not_pending", "not_found"])
def test_a_booking_that_moved_under_the_write_is_handed_back(
    router: respx.MockRouter, provider: VetstoriaPortal, code: str
) -> None:
    now = BOOKING | {"status": "cancelled", "revision": 4}
    router.get(f"{URL}/v1/bookings/bk_1").mock(side_effect=[document(BOOKING), document(now)])
    router.post(f"{URL}/v1/bookings/bk_1/decision").mock(return_value=problem(409, code))
    receipt = provider.propagate_change(change=change(version="3"))
    assert receipt.outcome == "moved"
    assert receipt.entry is not None
    assert (receipt.entry.version, receipt.entry.view.state) == ("4", State.CANCELLED)


def test_a_step_is_conditional_and_keyed(router: respx.MockRouter, provider: VetstoriaPortal) -> None:
    accepted = BOOKING | {"status": "confirmed", "revision": 4, "sync": {"state": "written"}}
    router.get(f"{URL}/v1/bookings/bk_1").mock(return_value=document(BOOKING))
    route = router.post(f"{URL}/v1/bookings/bk_1/decision").mock(return_value=document(accepted))
    for _ in range(2):
        provider.propagate_change(change=change(version="3"))
    first, second = (call.request.headers for call in route.calls)
    assert first["if-match"] == '"3"'
    assert first["idempotency-key"] == second["idempotency-key"]
    assert first["idempotency-key"].startswith('"k.decision.')
    assert first["authorization"] == f"Bearer {SECRET}"


def test_one_unreadable_booking_hides_no_other(router: respx.MockRouter, provider: VetstoriaPortal) -> None:
    """R7: what cannot be read is reported by field and ref, and the others are there."""
    broken = BOOKING | {"id": "bk_2", "start": "2026-11-30T09:53:20"}
    snapshot = {"window_from": "2026-11-22T00:00:00+01:00", "holds": [], "bookings": [BOOKING, broken]}
    body = {"events": [], "next_cursor": "c", "has_more": False, "snapshot": snapshot}
    router.get(url__startswith=URL).mock(return_value=document(body))
    feed: Any = provider.import_bookings(cursor="", window=WINDOW, known={})
    good, bad = feed.items
    assert (good.ref, bad.ref) == ("visit/bk_1", "visit/bk_2")
    assert "start" in bad.why
    assert PERSON not in bad.why


@pytest.mark.parametrize("ident", [{"name": PERSON}, PERSON + " 1", [PERSON], 7, None, ""])
def test_what_stands_where_an_id_belongs_is_not_repeated(
    router: respx.MockRouter, provider: VetstoriaPortal, ident: Any
) -> None:
    broken = BOOKING | {"id": ident, "revision": PERSON}
    snapshot = {"window_from": "2026-11-22T00:00:00+01:00", "holds": [], "bookings": [broken]}
    body = {"events": [], "next_cursor": "c", "has_more": False, "snapshot": snapshot}
    router.get(url__startswith=URL).mock(return_value=document(body))
    (bad,) = provider.import_bookings(cursor="", window=WINDOW, known={}).items  # type: ignore[union-attr]
    assert (bad.ref, bad.version) == ("visit/without-an-id", "")


def test_ids_cannot_leave_their_place_in_a_path(router: respx.MockRouter, provider: VetstoriaPortal) -> None:
    route = router.get(url__startswith=URL).mock(return_value=problem(404, "not_found"))
    provider.probe(ref="visit/../../sites/other?x=1")
    assert route.calls.last.request.url.raw_path == b"/v1/bookings/..%2F..%2Fsites%2Fother%3Fx%3D1"


EVENTS = [{"object": "booking", "id": "b1"}, {"object": "booking", "id": "b2"}, {"object": "hold", "id": "h1"}]
ALONE = BOOKING | {"id": "b1", "hold_id": "h1"}


@pytest.mark.parametrize("more", [{}, {"objects": {"holds": [], "bookings": []}}, {"objects": None}])
def test_a_change_that_comes_without_its_record_is_asked_for_and_is_no_erasure(
    provider: VetstoriaPortal, router: respx.MockRouter, more: dict[str, Any]
) -> None:
    page = {"events": EVENTS, "next_cursor": "next", "has_more": False} | more
    router.get(f"{URL}/v1/sites/hafen/changes").respond(json=page)
    router.get(f"{URL}/v1/bookings/b1").respond(json=ALONE)
    router.get(f"{URL}/v1/bookings/b2").mock(problem(404, "not_found"))
    hold = {name: ALONE[name] for name in ("type", "calendar", "start", "end", "updated_at")}
    consumed = hold | {"id": "h1", "status": "consumed", "revision": 2, "expires_at": ALONE["updated_at"]}
    router.get(f"{URL}/v1/holds/h1").respond(json=consumed)
    feed: Any = provider.import_bookings(cursor="a-cursor", window=WINDOW, known={})
    assert [entry.ref for entry in feed.changed] == ["visit/b1"]
    assert feed.removed == ("visit/b2",)


@pytest.mark.parametrize("answer", [problem(500, "internal", retryable=True), httpx.Response(404), page("<h1>Log in")])
def test_a_record_that_cannot_be_had_stops_the_read(
    provider: VetstoriaPortal, router: respx.MockRouter, answer: httpx.Response
) -> None:
    changes = {"events": EVENTS[:1], "next_cursor": "next", "has_more": False}
    router.get(f"{URL}/v1/sites/hafen/changes").respond(json=changes)
    router.get(f"{URL}/v1/bookings/b1").mock(answer)
    with pytest.raises(BridgeError):
        provider.import_bookings(cursor="a-cursor", window=WINDOW, known={})
