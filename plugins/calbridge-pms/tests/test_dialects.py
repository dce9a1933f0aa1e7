"""Other systems' dialects of the contract, by table: how they conflict, what they lack, and plain nonsense."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import respx
from pydantic import SecretStr

from calbridge.errors import NeedsHuman, Replan, SkipItem
from calbridge.interval import Interval
from calbridge.model import Clinic, Resource, State
from calbridge.provider import (
    ClientQuery,
    Complete,
    Context,
    Delta,
    Gone,
    NotModified,
    PmsChange,
    Present,
    Unknown,
    Unreadable,
)
from calbridge.testing.clock import VirtualClock
from calbridge.views import PmsView
from calbridge_pms.provider import Pms, create
from calbridge_pms.settings import PmsSettings

START = 1_795_597_200  # 2026-11-25 09:00 UTC
WINDOW = Interval(START - 86_400, START + 2 * 86_400)
CLINIC = Clinic(key="hafen", name="x", time_zone="Europe/Berlin", resources={"anna": Resource(key="anna", name="Anna")})
BOTH = replace(CLINIC, resources={key: Resource(key=key, name=key) for key in ("anna", "ben")})
FULL: dict[str, Any] = {
    "time": "offset",
    "availability": "windows",
    "read": "list",
    "changes": "cursor",
    "deletes": "tombstone",
    "holds": "placeholder",
    "reschedule": "patch",
    "idempotency": "header",
    "conflict": "409",
    "write": "sync",
    "limits": {"page_max": 100, "window_days": None},
}
VISIT: dict[str, Any] = {
    "id": "7",
    "revision": 3,
    "status": "confirmed",
    "resource": "anna",
    "start": "2026-11-25T09:00:00Z",
    "end": "2026-11-25T09:30:00Z",
    "modified": "2026-11-20T08:00:00Z",
    "client_ref": "calbridge:b1",
    "client_revision": 1,
}
EMPTY: dict[str, Any] = {"items": []}


class Vendor:
    """A PMS made of canned answers."""

    def __init__(self, router: respx.Router) -> None:
        self.router = router
        self.said = dict(FULL)
        router.get("/v1/capabilities").mock(side_effect=lambda _: httpx.Response(200, json=self.said))
        for name in ("blocks", "absences", "resources/anna/windows", "resources/ben/windows"):
            router.get(f"/v1/{name}").respond(json=EMPTY)

    def provider(self, *, capabilities: dict[str, Any] | None = None, clinic: Clinic = CLINIC, **settings: Any) -> Pms:
        self.said |= capabilities or {}
        context = Context(
            connection="pms",
            clinic=clinic,
            transport=httpx.MockTransport(self.router.handler),
            clock=VirtualClock(START - 86_400),
            secrets=lambda reference: reference.get_secret_value(),
            log=logging.getLogger("test"),
        )
        return create(PmsSettings(url="https://pms.example", token=SecretStr("t"), **settings), context)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with respx.mock(base_url="https://pms.example", assert_all_called=False) as router:
        yield Vendor(router)


def read(provider: Pms, cursor: str = "", **known: str) -> Any:
    refs = {name.replace("_", "/"): version for name, version in known.items()}
    return provider.import_schedule(cursor=cursor, window=WINDOW, known=refs)


def written(provider: Pms) -> str:
    """Carry out the change; the ref of what is there then."""
    receipt = provider.propagate_change(change=change())
    assert receipt.outcome == "written"
    assert receipt.entry is not None
    return receipt.entry.ref


def change(**changes: Any) -> PmsChange:
    view = PmsView(state=State.CONFIRMED, resource="anna", start=START, end=START + 1_800)
    return PmsChange(**{"key": "k", "appointment": "b1", "revision": 1, "view": view, **changes})


# --- conflicts ------------------------------------------------------------------------------------

TAKEN = [
    ("409", 409, {"code": "slot_unavailable"}),
    ("400_text", 400, "An appointment is already scheduled for 09:00-09:30"),
    ("400_text", 400, {"non_field_errors": ["There is already an appointment for this time slot"]}),
    ("400_text", 409, "Time slot is not available"),
    ("400_text", 422, "Double booking"),
    ("body", 200, {"booking_failure": {"cause": "SLOT_UNAVAILABLE"}}),
    ("body", 200, {"error": "slot_taken"}),
]


def answer(status: int, body: Any) -> httpx.Response:
    return httpx.Response(status, text=body) if isinstance(body, str) else httpx.Response(status, json=body)


@pytest.mark.parametrize(("dialect", "status", "body"), TAKEN)
def test_a_taken_time_is_a_conflict_in_every_dialect(vendor: Vendor, dialect: str, status: int, body: Any) -> None:
    vendor.router.post("/v1/appointments").mock(return_value=answer(status, body))
    vendor.router.patch("/v1/appointments/7").mock(return_value=answer(status, body))
    vendor.router.get("/v1/appointments/7").respond(json=VISIT)
    provider = vendor.provider(capabilities={"conflict": dialect})
    assert provider.propagate_change(change=change()).outcome == "conflict"
    moved = provider.propagate_change(change=change(ref="appointment/7", version="3", revision=2))
    assert moved.outcome == "conflict"
    assert moved.entry is not None
    assert moved.entry.version == "3"


@pytest.mark.parametrize(("status", "body"), [row[1:] for row in TAKEN if row[0] != "409"])
def test_a_dialect_is_believed_only_where_it_is_declared(vendor: Vendor, status: int, body: Any) -> None:
    vendor.router.post("/v1/appointments").mock(return_value=answer(status, body))
    with pytest.raises((SkipItem, NeedsHuman, Replan)):
        vendor.provider().propagate_change(change=change())


def test_a_vendors_own_words_can_be_named(vendor: Vendor) -> None:
    vendor.router.post("/v1/appointments").respond(400, text="Päällekkäinen varaus")
    provider = vendor.provider(capabilities={"conflict": "400_text"}, conflict_text="päällekkäinen")
    assert provider.propagate_change(change=change()).outcome == "conflict"


@pytest.mark.parametrize("text", ["'start' is a required field", "Booking is required", "Schedule not found: 3"])
def test_another_refusal_is_no_conflict(vendor: Vendor, text: str) -> None:
    vendor.router.post("/v1/appointments").respond(400, text=text)
    with pytest.raises(SkipItem) as refused:
        vendor.provider(capabilities={"conflict": "400_text"}).propagate_change(change=change())
    assert refused.value.item == "b1"


# --- without idempotency keys ---------------------------------------------------------------------


def test_without_keys_it_is_looked_up_before_it_is_made(vendor: Vendor) -> None:
    listed = vendor.router.get("/v1/appointments").respond(json=EMPTY)
    made = vendor.router.post("/v1/appointments").respond(201, json=VISIT)
    provider = vendor.provider(capabilities={"idempotency": "client_ref"})
    assert written(provider) == "appointment/7"
    assert listed.calls.last.request.url.params["client_ref"] == "calbridge:b1"
    listed.respond(json={"items": [VISIT]})
    assert written(provider) == "appointment/7"
    assert made.call_count == 1


def test_a_filter_that_is_ignored_finds_nothing(vendor: Vendor) -> None:
    """A PMS that ignores client_ref hands back somebody else's appointment: it may not be taken for ours."""
    other = VISIT | {"id": "8", "client_ref": None}
    vendor.router.get("/v1/appointments").respond(json={"items": [other]})
    vendor.router.post("/v1/appointments").respond(201, json=VISIT)
    provider = vendor.provider(capabilities={"idempotency": "client_ref"})
    assert written(provider) == "appointment/7"


# --- without a change feed ------------------------------------------------------------------------


def test_changed_since_is_asked_from_the_newest_change_seen(vendor: Vendor) -> None:
    listed = vendor.router.get("/v1/appointments").respond(json={"items": [VISIT]})
    provider = vendor.provider(capabilities={"changes": "modified_since", "deletes": "status"})
    first = read(provider)
    assert isinstance(first, Complete)
    assert "updated_since" not in listed.calls.last.request.url.params
    quiet = read(provider, first.cursor, appointment_7="3")
    assert isinstance(quiet, NotModified)
    # two minutes earlier: a change may be stored later than the time it bears
    assert listed.calls.last.request.url.params["updated_since"] == "2026-11-20T07:58:00Z"
    moved = VISIT | {"revision": 4, "status": "cancelled", "modified": "2026-11-20T10:00:00Z"}
    listed.respond(json={"items": [moved]})
    block = VISIT | {"id": "9", "revision": 1}
    vendor.router.get("/v1/blocks").respond(json={"items": [block]})
    news = read(provider, quiet.cursor, appointment_7="3", block_5="1")
    assert isinstance(news, Delta)
    assert [record.ref for record in news.changed] == ["appointment/7", "block/9"]
    assert news.removed == ("block/5",)
    read(provider, news.cursor)
    assert listed.calls.last.request.url.params["updated_since"] == "2026-11-20T09:58:00Z"


LISTED = [
    {"changes": "none", "deletes": "none"},
    {"changes": "modified_since", "deletes": "none"},
    {"changes": "modified_since", "deletes": "separate_list"},
    {"changes": "cursor", "deletes": "none"},
]


@pytest.mark.parametrize("capabilities", LISTED)
def test_a_side_that_hides_deletions_is_listed_each_time(vendor: Vendor, capabilities: dict[str, str]) -> None:
    listed = vendor.router.get("/v1/appointments").respond(json={"items": [VISIT]})
    provider = vendor.provider(capabilities=capabilities)
    first = read(provider)
    assert isinstance(first, Complete)
    assert isinstance(read(provider, first.cursor, appointment_7="3"), NotModified)
    listed.respond(json=EMPTY)
    gone = read(provider, first.cursor, appointment_7="3")
    assert isinstance(gone, Complete)
    assert (gone.window, gone.items) == (WINDOW, ())


# --- what cannot be worked with -------------------------------------------------------------------

OBSTACLES = [
    ({"time": "naive_local"}, "times without an offset"),
    ({"read": "by_id"}, "cannot list"),
    ({"reschedule": "cancel_rebook"}, "in place"),
    ({"idempotency": "none"}, "could be doubled"),
    ({"limits": {"page_max": "many"}}, "limits.page_max"),
]


@pytest.mark.parametrize(("capabilities", "said"), OBSTACLES)
def test_what_would_be_unsafe_is_refused_in_words(vendor: Vendor, capabilities: dict[str, Any], said: str) -> None:
    provider = vendor.provider(capabilities=capabilities)
    with pytest.raises(NeedsHuman, match=said):
        read(provider)
    with pytest.raises(NeedsHuman, match=said):
        provider.propagate_change(change=change())
    assert [finding.level for finding in provider.check()] == ["error"]


def test_a_pms_without_holds_gets_none(vendor: Vendor) -> None:
    provider = vendor.provider(capabilities={"holds": "none"})
    held = PmsView(state=State.HELD, resource="anna", start=START, end=START + 1_800)
    with pytest.raises(NeedsHuman, match="holds = false"):
        provider.propagate_change(change=change(view=held))
    asked = PmsView(state=State.REQUESTED, resource="anna", start=START, end=START + 1_800)
    with pytest.raises(NeedsHuman, match="holds = false"):
        provider.propagate_change(change=change(view=asked))
    assert vendor.provider(holds=False).capabilities.holds is False


# --- nonsense -------------------------------------------------------------------------------------

NONSENSE = [
    (httpx.Response(200, text="<h1>Sign in</h1>", headers={"content-type": "text/html"}), "web page"),
    (httpx.Response(302, headers={"location": "/login?next=/v1"}), "login page"),
    (httpx.Response(200, text="OK"), "not JSON"),
    (httpx.Response(200, text=""), "not JSON"),
    (httpx.Response(200, json=[]), "generic PMS contract"),
    (httpx.Response(200, json={}), "generic PMS contract"),
    (httpx.Response(200, json={"items": "none", "events": None}), "generic PMS contract"),
    (httpx.Response(200, text="null"), "generic PMS contract"),
    (httpx.Response(204), "JSON"),
    (httpx.Response(400, text="what?"), "does not keep to the generic PMS contract"),
    (httpx.Response(404, text="nginx"), "404"),
    (httpx.Response(401), "401"),
    (httpx.Response(403), "403"),
]


@pytest.mark.parametrize("changes", ["cursor", "none"])
@pytest.mark.parametrize(("nonsense", "said"), NONSENSE)
def test_nonsense_is_a_persons_work_and_never_an_empty_feed(
    vendor: Vendor, changes: str, nonsense: httpx.Response, said: str
) -> None:
    vendor.router.get("/v1/changes").mock(return_value=nonsense)
    vendor.router.get("/v1/appointments").mock(return_value=nonsense)
    provider = vendor.provider(capabilities={"changes": changes})
    for cursor in ("", "cursor:x", "listing:again"):
        with pytest.raises(NeedsHuman, match=said):
            read(provider, cursor)
    vendor.router.get("/v1/clients").mock(return_value=nonsense)
    with pytest.raises(NeedsHuman, match=said):
        provider.find_clients(query=ClientQuery(email="x@example.org"))


@pytest.mark.parametrize(("nonsense", "said"), NONSENSE[:9])
def test_nonsense_is_no_answer_to_a_write(vendor: Vendor, nonsense: httpx.Response, said: str) -> None:
    vendor.router.post("/v1/appointments").mock(return_value=nonsense)
    with pytest.raises(NeedsHuman, match=said):
        vendor.provider().propagate_change(change=change())


PROBES = [
    (httpx.Response(200, json=VISIT), Present),
    (httpx.Response(404, json={"code": "not_found"}), Gone),
    (httpx.Response(410, json={"code": "gone"}), Gone),
    (httpx.Response(404, text="<h1>nginx</h1>", headers={"content-type": "text/html"}), Unknown),
    (httpx.Response(404, json={"detail": "no route"}), Unknown),
    (httpx.Response(401, json={"code": "not_found"}), Unknown),
    (httpx.Response(500), Unknown),
    (httpx.Response(302, headers={"location": "/login"}), Unknown),
    (httpx.Response(200, text="<h1>Sign in</h1>", headers={"content-type": "text/html"}), Unknown),
]


@pytest.mark.parametrize(("told", "verdict"), PROBES)
def test_gone_is_only_the_pmss_own_word(vendor: Vendor, told: httpx.Response, verdict: type) -> None:
    vendor.router.get("/v1/appointments/7").mock(return_value=told)
    assert isinstance(vendor.provider().probe(ref="appointment/7"), verdict)


@pytest.mark.parametrize("ref", ["windows/anna/online", "appointment/7@room1", "appointment/", "nothing"])
def test_what_is_no_record_cannot_be_probed(vendor: Vendor, ref: str) -> None:
    assert isinstance(vendor.provider().probe(ref=ref), Unknown)


BROKEN = [
    ({"status": "maybe"}, True),
    ({"revision": None}, True),
    ({"title": 5}, True),
    ({"start": "2026-11-25T09:00:00"}, False),
    ({"start": "soon"}, False),
    ({"end": "2026-11-25T08:00:00Z"}, False),
]


@pytest.mark.parametrize(("fields", "blocks"), BROKEN)
def test_one_broken_record_never_stops_the_others(vendor: Vendor, fields: dict[str, Any], blocks: bool) -> None:
    broken = VISIT | {"id": "8", "title": "Frau Geheim"} | fields
    snapshot = {"appointments": [broken, VISIT], "next_cursor": "n"}
    vendor.router.get("/v1/changes").respond(json=snapshot)
    feed = read(vendor.provider())
    records = {record.ref: record for record in feed.items}
    assert set(records) == {"appointment/7", "appointment/8"}
    bad = records["appointment/8"]
    assert isinstance(bad, Unreadable)
    assert next(iter(fields)) in bad.why or "all of it" in bad.why
    assert "Geheim" not in bad.why
    assert bad.spans == ((Interval(START, START + 1_800),) if blocks else ())


def test_a_broken_record_keeps_people_out_of_the_sentence(vendor: Vendor) -> None:
    vendor.router.post("/v1/appointments").respond(201, json=VISIT | {"start": "Frau Geheim"})
    with pytest.raises(NeedsHuman) as refused:
        vendor.provider().propagate_change(change=change())
    assert "Geheim" not in str(refused.value)
    assert "Geheim" not in repr(refused.value.__cause__)
    assert refused.value.__context__ is None


ENDLESS = [
    ("/v1/changes", {"events": [], "next_cursor": "x", "has_more": True}),
    ("/v1/changes", {"events": [{"object": "a", "id": "1", "revision": 1}], "next_cursor": "x", "has_more": True}),
]


@pytest.mark.parametrize(("path", "body"), ENDLESS)
def test_a_feed_that_never_ends_is_refused(vendor: Vendor, path: str, body: Any) -> None:
    vendor.router.get(path).respond(json=body)
    with pytest.raises(NeedsHuman, match="never ends"):
        read(vendor.provider(), "cursor:x")


@pytest.mark.parametrize("cursor", [None, "x"])
def test_a_list_that_never_ends_is_refused(vendor: Vendor, cursor: str | None) -> None:
    page = {"items": [VISIT], "next_cursor": cursor, "has_more": True}
    vendor.router.get("/v1/appointments").respond(json=page)
    with pytest.raises(NeedsHuman, match="never ends"):
        read(vendor.provider(capabilities={"changes": "none"}))


def test_an_event_of_an_unknown_kind_is_nothing(vendor: Vendor) -> None:
    body = {"events": [{"object": "invoice", "id": "1", "revision": 1}], "next_cursor": "y"}
    vendor.router.get("/v1/changes").respond(json=body)
    assert read(vendor.provider(), "cursor:x") == NotModified(cursor="cursor:y")


def test_a_resource_the_pms_does_not_have_is_named(vendor: Vendor) -> None:
    vendor.router.get("/v1/changes").respond(json={"appointments": [], "next_cursor": "n"})
    vendor.router.get("/v1/resources/anna/windows").respond(404, json={"code": "not_found"})
    with pytest.raises(NeedsHuman, match=r'no resource "anna": write its id as resources\.anna'):
        read(vendor.provider())


@pytest.mark.parametrize(("known", "kept"), [({}, []), ({"windows/anna/online": "1"}, ["windows/anna/online"])])
@pytest.mark.parametrize("changes", ["cursor", "none"])
def test_a_pms_that_does_not_say_what_is_planned_is_taken_at_its_word_of_before(
    vendor: Vendor, changes: str, known: dict[str, str], kept: list[str]
) -> None:
    vendor.router.get("/v1/changes").respond(json={"appointments": [], "next_cursor": "n"})
    vendor.router.get("/v1/appointments").respond(json=EMPTY)
    provider = vendor.provider(capabilities={"changes": changes})
    feed = provider.import_schedule(cursor="", window=WINDOW, known=known)
    assert [(record.ref, record.spans) for record in feed.items] == [(ref, ()) for ref in kept]


@pytest.mark.parametrize(("availability", "asked"), [("windows", False), (["windows", "closures"], True)])
def test_closures_are_read_where_there_are_any(vendor: Vendor, availability: Any, asked: bool) -> None:
    vendor.router.get("/v1/appointments").respond(json=EMPTY)
    shut = {"id": "1", "revision": 7, "start": "2026-11-25T00:00:00Z", "end": "2026-11-26T00:00:00Z", "reason": "x"}
    closures = vendor.router.get("/v1/closures").respond(json={"items": [shut]})
    feed = read(vendor.provider(capabilities={"availability": availability, "changes": "none"}))
    assert closures.called is asked
    assert [(record.ref, record.version) for record in feed.items] == ([("closure/1", "7")] if asked else [])


def test_a_closure_that_cannot_be_read_is_reported_without_its_text(vendor: Vendor) -> None:
    bad = {"id": "1", "revision": 1, "start": "2026-11-26T00:00:00Z", "end": "2026-11-25T00:00:00Z", "reason": "Geheim"}
    answer = {"appointments": [], "closures": [bad], "next_cursor": "n"}
    vendor.router.get("/v1/changes").respond(json=answer)
    (record,) = read(vendor.provider()).items
    assert isinstance(record, Unreadable)
    assert (record.ref, record.resource, record.spans, record.closes) == ("closure/1", "", (), True)
    assert record.keeps == ("closure/1",)
    assert "Geheim" not in repr(record)


NIGHT = {"start": "2026-11-25T00:00:00Z", "end": "2026-11-26T00:00:00Z"}
NO_END = {"start": "2026-11-25T00:00:00Z", "end": "soon"}
BROKEN_CLOSURES = [
    # what the record says, what is known of it, (ref, resource) of what is read, is its time read
    ({"revision": 1, **NO_END}, (), [("closure/1", "")], False),
    ({"revision": None, **NIGHT}, (), [("closure/1", "")], True),
    ({"revision": 1, "location": 5, **NIGHT}, (), [("closure/1", "")], True),
    ({"revision": 1, "location": 5, **NIGHT}, ("closure/1@anna",), [("closure/1@anna", "anna")], True),
    ({"revision": 1, **NO_END}, ("closure/1@anna",), [("closure/1@anna", "anna")], False),
    ({"revision": 1, "location": None, **NO_END}, ("closure/1@anna",), [("closure/1", "")], False),
    ({"revision": 1, "location": "berg", **NO_END}, (), [("closure/1@anna", "anna")], False),
    ({"revision": 1, "location": "berg", **NO_END}, ("closure/1",), [("closure/1@anna", "anna")], False),
    ({"revision": 1, "location": "elsewhere", **NO_END}, ("closure/1",), [], False),
]


@pytest.mark.parametrize(("fields", "before", "places", "timed"), BROKEN_CLOSURES)
def test_a_closure_that_cannot_be_read_closes_what_it_says_or_closed(
    vendor: Vendor, fields: dict[str, Any], before: tuple[str, ...], places: list[tuple[str, str]], timed: bool
) -> None:
    """R7. Where it does not say its time any more, that is looked up under every name it was known by."""
    answer = {"appointments": [], "closures": [{"id": "1", **fields}], "next_cursor": "n"}
    vendor.router.get("/v1/changes").respond(json=answer)
    staff = [{"id": "anna", "location": "berg"}, {"id": "ben", "location": "hafen"}]
    vendor.router.get("/v1/resources").respond(json={"items": staff})
    known = dict.fromkeys(before, "0")
    provider = vendor.provider(clinic=BOTH)
    found = provider.import_schedule(cursor="", window=WINDOW, known=known).items
    assert [(record.ref, record.resource) for record in found] == places
    for record in found:
        assert isinstance(record, Unreadable)
        assert record.closes
        assert record.spans == ((Interval(START - 9 * 3_600, START + 15 * 3_600),) if timed else ())
        assert set(record.keeps) == (set() if timed else {record.ref, *before})


def test_a_broken_record_keeps_the_time_of_the_rooms_it_took(vendor: Vendor) -> None:
    """Somebody else's visit takes a room of the clinic: without its time the room would be free."""
    broken = VISIT | {"id": "8", "resource": "other", "end": "soon"}
    vendor.router.get("/v1/changes").respond(json={"appointments": [broken], "next_cursor": "n"})
    (record,) = vendor.provider().import_schedule(cursor="", window=WINDOW, known={"appointment/8@anna": "1"}).items
    assert isinstance(record, Unreadable)
    assert (record.ref, record.resource, record.keeps) == ("appointment/8@anna", "anna", ("appointment/8@anna",))


def test_without_windows_none_are_asked(vendor: Vendor) -> None:
    vendor.router.get("/v1/changes").respond(json={"appointments": [], "next_cursor": "n"})
    windows = vendor.router.get("/v1/resources/anna/windows")
    read(vendor.provider(capabilities={"availability": "freebusy"}))
    assert not windows.called


def test_nothing_is_asked_before_a_hook_is_called(vendor: Vendor) -> None:
    vendor.provider()
    assert not vendor.router.calls


def test_the_token_is_in_the_header_and_nowhere_else(vendor: Vendor) -> None:
    vendor.router.get("/v1/changes").respond(json={"appointments": [], "next_cursor": "n"})
    read(vendor.provider())
    for call in vendor.router.calls:
        assert call.request.headers["authorization"] == "Bearer t"
        assert json.dumps(str(call.request.url)).count("Bearer") == 0


@pytest.mark.parametrize("ident", ["a/b", "7?x=1", "7#x", "7%2Fx", "Ä 7"])
def test_an_id_with_signs_of_an_address_names_no_other_record(vendor: Vendor, ident: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(200, json=VISIT | {"id": ident})

    vendor.router.route(path__startswith="/v1/appointments/").mock(side_effect=answer)
    provider = vendor.provider()
    assert provider.probe(ref=f"appointment/{ident}") == Present()
    provider.propagate_change(change=change(ref=f"appointment/{ident}", version="3", remove=True))
    path = f"/v1/appointments/{quote(ident, safe='')}"
    assert asked == [path, f"{path}/cancel"]


def test_a_list_with_ever_new_pages_ends(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calbridge_pms.api.PAGES", 20)
    asked = itertools.count()
    vendor.router.get("/v1/appointments").mock(
        side_effect=lambda _: httpx.Response(200, json=EMPTY | {"has_more": True, "next_cursor": str(next(asked))})
    )
    with pytest.raises(NeedsHuman, match="never ends"):
        read(vendor.provider(capabilities={"changes": "none"}))
    assert next(asked) == 20


@pytest.mark.parametrize("fresh", [True, False])
def test_a_feed_with_ever_new_pages_ends(vendor: Vendor, monkeypatch: pytest.MonkeyPatch, fresh: bool) -> None:
    """Ever new records are read as a snapshot; ever the same one is a feed that does not work."""
    monkeypatch.setattr("calbridge_pms.feed.PAGES", 20)
    monkeypatch.setattr("calbridge_pms.feed.MANY", 5)
    asked = itertools.count(1)

    def page(request: httpx.Request) -> httpx.Response:
        if "snapshot" in request.url.params:
            return httpx.Response(200, json={"appointments": [], "next_cursor": "now"})
        number = next(asked)
        event = {"object": "appointment", "id": str(number if fresh else 7), "revision": number}
        return httpx.Response(200, json={"events": [event], "next_cursor": f"c{number}", "has_more": True})

    vendor.router.get("/v1/changes").mock(side_effect=page)
    if fresh:
        assert isinstance(read(vendor.provider(), "cursor:c0"), Complete)
    else:
        with pytest.raises(NeedsHuman, match="never ends"):
            read(vendor.provider(), "cursor:c0")
    assert next(asked) <= 21
