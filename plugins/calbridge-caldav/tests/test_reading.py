"""import_schedule against real servers: everything, then only what changed, whatever the server's marks do."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest

from calbridge.errors import NeedsHuman, RetryLater
from calbridge.interval import Interval
from calbridge.model import State
from calbridge.provider import Busy, Complete, Delta, Entry, Gone, NotModified, Present, Unknown, Unreadable
from calbridge_caldav import collection
from calbridge_caldav.wire import Login, Wire

MEETING = ("DTSTART:20260303T120000Z", "DTEND:20260303T130000Z", "SUMMARY:Frau Geheim")


class Reader:
    """What the bridge does: it keeps the cursor, and the version of every ref."""

    def __init__(self, practice: Any) -> None:
        self.practice = practice
        self.cursor = ""
        self.known: dict[str, str] = {}

    def __call__(self) -> Any:
        feed = self.practice.read(self.cursor, self.known)
        self.cursor = feed.cursor
        if isinstance(feed, Complete):
            self.known = {item.ref: item.version for item in feed.items}
        if isinstance(feed, Delta):
            self.known |= {item.ref: item.version for item in feed.changed}
            for ref in feed.removed:
                del self.known[ref]
        return feed


@pytest.fixture
def read(practice: Any) -> Reader:
    return Reader(practice)


def test_a_first_read_is_everything(practice: Any, make: Any, read: Reader) -> None:
    """R32: two empty calendars are all right; what is busy has no text."""
    assert read() == Complete(window=make.window, items=(), cursor=read.cursor)
    entry = practice.write()
    practice.put("ben/team.ics", make.event("team", *MEETING))
    feed = practice.read()
    busy = next(item for item in feed.items if isinstance(item, Busy))
    assert set(feed.items) == {entry, busy}
    assert (busy.ref, busy.resource) == ("ben/team.ics", "ben")
    assert busy.spans == (make.span("2026-03-03 13:00", "2026-03-03 14:00"),)
    assert "Geheim" not in repr(feed)


def test_quiet_is_one_request_a_calendar(practice: Any, make: Any, read: Reader) -> None:
    practice.put("anna/team.ics", make.event("team", *MEETING))
    practice.write()
    read()
    practice.wire.log.clear()
    assert read() == NotModified(cursor=read.cursor)
    assert [method for method, _ in practice.wire.log] == ["PROPFIND", "PROPFIND"]


def test_only_what_changed_is_fetched(practice: Any, make: Any, read: Reader) -> None:
    practice.quirks.clear()  # of a given server more is known
    for number in range(5):
        practice.put(f"anna/e{number}.ics", make.event(f"e{number}", *MEETING))
    read()
    practice.put("anna/e3.ics", make.event("e3", "DTSTART:20260304T120000Z", "DURATION:PT1H"))
    practice.put("anna/new.ics", make.event("new", *MEETING))
    practice.delete("anna/e1.ics")
    practice.wire.log.clear()
    feed = read()
    assert isinstance(feed, Delta)
    assert {item.ref for item in feed.changed} == {"anna/e3.ics", "anna/new.ics"}
    assert feed.removed == ("anna/e1.ics",)
    assert len(practice.wire.log) == 4  # two looks, one delta, one multiget
    assert isinstance(read(), NotModified)


def test_what_the_bridge_wrote_is_no_news(practice: Any, make: Any, read: Reader) -> None:
    read()
    entry = practice.write()
    read.known[entry.ref] = entry.version
    assert isinstance(read(), NotModified)


def _answer(status: int, body: str = "", matching: bytes = b"sync-collection") -> Any:
    def before(request: httpx.Request) -> httpx.Response | None:
        hit = request.method == "REPORT" and matching in request.content
        return httpx.Response(status, text=body, headers={"Content-Type": "application/xml"}) if hit else None

    return before


EMPTY = '<D:multistatus xmlns:D="DAV:"><D:sync-token>{token}</D:sync-token></D:multistatus>'


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, '<D:error xmlns:D="DAV:"><D:valid-sync-token/></D:error>'),
        (409, '<D:error xmlns:D="DAV:"><D:valid-sync-token/></D:error>'),
        (412, ""),
        (400, ""),
        (501, ""),
        (507, ""),
        (207, '<D:multistatus xmlns:D="DAV:"/>'),
        (207, EMPTY.format(token="urn:new")),
    ],
)
@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_refused_token_or_an_empty_delta_means_a_listing(
    practice: Any, make: Any, read: Reader, status: int, body: str
) -> None:
    """R5, R6: the marks say that something changed, the delta says nothing or no."""
    practice.put("anna/a.ics", make.event("a", *MEETING))
    practice.put("anna/b.ics", make.event("b", *MEETING))
    read()
    practice.delete("anna/a.ics")
    practice.put("anna/c.ics", make.event("c", *MEETING))
    practice.wire.before = _answer(status, body)
    feed = read()
    assert isinstance(feed, Delta)
    assert ([item.ref for item in feed.changed], feed.removed) == (["anna/c.ics"], ("anna/a.ics",))
    practice.wire.before = lambda request: None
    assert isinstance(read(), NotModified)


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_new_token_with_an_empty_delta_is_looked_into_where_that_is_all_there_is(
    practice: Any, make: Any, read: Reader
) -> None:
    """A server with neither ctag nor date: its token alone says that something changed."""
    practice.wire.after = lambda request, response: _without(request, response, b"getctag|getlastmodified")
    practice.put("anna/a.ics", make.event("a", *MEETING))
    read()
    practice.delete("anna/a.ics")
    practice.wire.before = _answer(207, EMPTY.format(token="urn:new"))
    assert read().removed == ("anna/a.ics",)


def test_a_delta_comes_in_pages(practice: Any, make: Any, read: Reader) -> None:
    """507 on the collection itself: the answer is cut, the next token brings the rest."""
    read()
    pages = iter(
        [
            ("p1", "one", "<D:response><D:href>{path}</D:href><D:status>HTTP/1.1 507 Full</D:status></D:response>"),
            ("p2", "two", ""),
        ]
    )
    for name in ("one", "two"):
        practice.put(f"anna/{name}.ics", make.event(name, *MEETING))
    asked: list[bytes] = []

    def before(request: httpx.Request) -> httpx.Response | None:
        if b"sync-collection" not in request.content:
            return None
        asked.append(request.content)
        token, name, more = next(pages)
        path = practice.paths["anna"]
        part = f"<D:response><D:href>{path}{name}.ics</D:href><D:status>HTTP/1.1 200 OK</D:status></D:response>"
        end = f"<D:sync-token>{token}</D:sync-token></D:multistatus>"
        return httpx.Response(207, text=f'<D:multistatus xmlns:D="DAV:">{part}{more.format(path=path)}{end}')

    practice.wire.before = before
    feed = read()
    assert [item.ref for item in feed.changed] == ["anna/one.ics", "anna/two.ics"]
    assert b">p1<" in asked[1]
    assert '"p2"' in read.cursor


@pytest.mark.parametrize("second", [403, 207])
@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_token_that_fails_in_the_middle_means_a_listing(practice: Any, make: Any, read: Reader, second: int) -> None:
    """R6: refused on the second page, or a server that gives the same token for ever."""
    practice.put("anna/gone.ics", make.event("gone", *MEETING))
    read()
    practice.delete("anna/gone.ics")
    path = practice.paths["anna"]
    cut = f"<D:response><D:href>{path}</D:href><D:status>HTTP/1.1 507 Full</D:status></D:response>"
    page = f'<D:multistatus xmlns:D="DAV:">{cut}<D:sync-token>p1</D:sync-token></D:multistatus>'
    status = iter([207, second])

    def before(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(next(status), text=page) if b"sync-collection" in request.content else None

    practice.wire.before = before
    assert read().removed == ("anna/gone.ics",)


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_removed_href_of_another_calendar_is_nothing(practice: Any, make: Any, read: Reader) -> None:
    """R4: a phantom. Only what lies in this calendar and is known can be removed from it."""
    practice.put("ben/team.ics", make.event("team", *MEETING))
    read()
    practice.put("anna/new.ics", make.event("new", *MEETING))
    gone = "".join(
        f"<D:response><D:href>{href}</D:href><D:status>HTTP/1.1 404 Gone</D:status></D:response>"
        for href in (practice.paths["ben"] + "team.ics", practice.paths["anna"] + "never.ics", "/else/x.ics")
    )
    body = f'<D:multistatus xmlns:D="DAV:">{gone}<D:sync-token>t</D:sync-token></D:multistatus>'
    practice.wire.before = _answer(207, body)
    read.known["anna/kept.ics"] = '"1"'
    feed = practice.read(read.cursor, read.known)
    assert isinstance(feed, NotModified)


@pytest.mark.parametrize("cursor", ["nonsense", "[]", "{}", '{"anna": 3}', '{"anna": ["/else/", "t", "c"]}'])
@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_any_cursor_is_survived(practice: Any, make: Any, cursor: str) -> None:
    """One that is not ours is a first read; one of another calendar is a listing (R27)."""
    practice.put("anna/team.ics", make.event("team", *MEETING))
    feed = practice.read(cursor, {})
    found = feed.items if isinstance(feed, Complete) else feed.changed
    assert [item.ref for item in found] == ["anna/team.ics"]


def test_a_server_without_tokens_is_listed(practice: Any, make: Any, read: Reader) -> None:
    """sabre 1.8: a ctag at most; and one that has nothing at all."""
    for marks in (b"sync-token", b"sync-token|getctag"):
        practice.wire.after = lambda request, response, marks=marks: _without(request, response, marks)
        reader = Reader(practice)
        reader()
        practice.put("anna/a.ics", make.event("a", *MEETING))
        assert [item.ref for item in reader().changed] == ["anna/a.ics"]
        assert isinstance(reader(), NotModified)
        practice.delete("anna/a.ics")
        assert reader().removed == ("anna/a.ics",)
        assert isinstance(reader(), NotModified)


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_listing_that_lost_nearly_everything_is_asked_about_it(practice: Any, make: Any, read: Reader) -> None:
    """Foreign entries have no booking behind them that a person would miss: their time would be free at once."""
    for number in range(5):
        practice.put(f"anna/e{number}.ics", make.event(f"e{number}", *MEETING))
    read()
    practice.put("anna/new.ics", make.event("new", *MEETING))
    practice.wire.before = _answer(403)
    practice.wire.after = _only_itself
    for cursor in (read.cursor, ""):
        with pytest.raises(RetryLater, match=r"listing of calendars\.anna leaves out"):
            practice.read(cursor, read.known)
    practice.wire.after = lambda request, response: response
    for number in range(5):
        practice.delete(f"anna/e{number}.ics")
    assert len(read().removed) == 5


def _only_itself(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """A listing with nothing in it but the calendar."""
    if request.method != "PROPFIND" or request.headers["depth"] != "1":
        return response
    first, end, _rest = response.content.partition(b"</response>")
    assert end
    return httpx.Response(207, content=first + end + b"</multistatus>", headers={"Content-Type": "application/xml"})


def _without(request: httpx.Request, response: httpx.Response, marks: bytes) -> httpx.Response:
    if request.method != "PROPFIND":
        return response
    content = response.content
    for mark in marks.split(b"|"):
        content = (
            content.replace(mark + b">", b"nothing>").replace(mark + b" ", b"nothing ").replace(mark + b"/", b"n/")
        )
    return httpx.Response(response.status_code, content=content, headers={"Content-Type": "application/xml"})


@pytest.mark.parametrize("status", [400, 403, 404, 413, 500, 501])
@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_multiget_that_fails_is_replaced_by_gets(practice: Any, make: Any, status: int) -> None:
    for name in ("a", "b"):
        practice.put(f"anna/{name}.ics", make.event(name, *MEETING))
    wanted = practice.records()
    practice.wire.before = _answer(status, "", b"calendar-multiget")
    assert practice.records() == wanted


def test_what_a_multiget_leaves_out_is_fetched_alone(practice: Any, make: Any) -> None:
    """DAViCal and sabre leave a missing one out; a propstat of 404 is a missing property, not a missing object (R3)."""
    for name in ("a", "b"):
        practice.put(f"anna/{name}.ics", make.event(name, *MEETING))
    wanted = practice.records()
    path = practice.paths["anna"]
    body = (
        '<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f"<D:response><D:href>{path}a.ics</D:href>"
        "<D:propstat><D:prop><C:calendar-data/></D:prop><D:status>HTTP/1.1 404 No</D:status></D:propstat></D:response>"
        "</D:multistatus>"
    )
    practice.wire.before = _answer(207, body, b"calendar-multiget")
    assert practice.records() == wanted


@pytest.mark.parametrize("bodies", ["yes", "no"])
@pytest.mark.parametrize("server", ["radicale"], indirect=True)  # the other one refuses to take it
def test_an_event_that_xml_cannot_carry_stops_nothing(practice: Any, make: Any, bodies: str) -> None:
    """A vertical tab out of a word processor: an answer with it is no XML, so the event is fetched by itself."""
    practice.quirks.update(delta_bodies=bodies)
    practice.put("anna/a.ics", make.event("a", *MEETING))
    first = practice.read()
    practice.put("anna/b.ics", make.event("b", *MEETING))
    odd = make.event("odd", *MEETING).replace("SUMMARY:", "SUMMARY:\x0b")
    practice.put("anna/odd.ics", odd)
    feed = practice.read(first.cursor, {item.ref: item.version for item in first.items})
    assert [(item.ref, bool(item.spans)) for item in feed.changed] == [("anna/b.ics", True), ("anna/odd.ics", True)]
    assert len(practice.records()) == 3


def test_more_than_one_chunk(practice: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """R30: one multiget for all is refused somewhere."""
    monkeypatch.setattr(collection, "CHUNK", 3)
    for number in range(7):
        practice.put(f"anna/e{number}.ics", make.event(f"e{number}", *MEETING))
    practice.wire.log.clear()
    assert len(practice.records()) == 7
    assert [method for method, _ in practice.wire.log].count("REPORT") == 3


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_the_server_works_on_a_chunk_while_another_is_taken_in(
    practice: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two are under way at once, and never three."""
    monkeypatch.setattr(collection, "CHUNK", 1)
    for number in range(6):
        practice.put(f"anna/e{number}.ics", make.event(f"e{number}", *MEETING))
    both, places = threading.Barrier(2), threading.Semaphore(collection.WAYS)

    def before(request: httpx.Request) -> None:
        if b"calendar-multiget" in request.content:
            assert places.acquire(blocking=False)
            both.wait(timeout=60)

    def after(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if b"calendar-multiget" in request.content:
            places.release()
        return response

    practice.wire.before, practice.wire.after = before, after
    assert len(practice.records()) == 6


def test_requests_take_turns_where_the_login_counts_them() -> None:
    """Digest numbers its requests, and a refresh token is exchanged once."""
    alone = threading.Semaphore(1)

    def answer(_request: httpx.Request) -> httpx.Response:
        assert alone.acquire(blocking=False)
        time.sleep(0.002)
        alone.release()
        return httpx.Response(200)

    wire = Wire("https://calendar.example", httpx.MockTransport(answer), Login())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _number: wire.request("GET", "/"), range(12)))
    assert len(answers) == 12


def test_gone_between_listing_and_fetching(practice: Any, make: Any, read: Reader) -> None:
    practice.quirks.clear()  # else a given server may hand the bodies out with the delta
    practice.put("anna/a.ics", make.event("a", *MEETING))
    read()
    practice.put("anna/a.ics", make.event("a", "DTSTART:20260304T120000Z", "DURATION:PT1H"))
    practice.put("anna/b.ics", make.event("b", *MEETING))

    def before(request: httpx.Request) -> None:
        if b"calendar-multiget" in request.content:
            practice.wire.before = lambda request: None
            practice.delete("anna/a.ics")

    practice.wire.before = before
    feed = read()
    assert ([item.ref for item in feed.changed], feed.removed) == (["anna/b.ics"], ("anna/a.ics",))


def test_one_object_that_is_not_handed_out_stops_nothing(practice: Any, make: Any, read: Reader) -> None:
    """R7, R8: it is reported, blocks nothing that can be read, and is asked for again."""
    for name in ("a", "b"):
        practice.put(f"anna/{name}.ics", make.event(name, *MEETING))

    def before(request: httpx.Request) -> httpx.Response | None:
        if b"calendar-multiget" in request.content:
            return httpx.Response(500)
        return httpx.Response(500) if request.url.path.endswith("a.ics") else None

    practice.wire.before = before
    feed = read()
    assert {type(item) for item in feed.items} == {Busy, Unreadable}
    assert read.known["anna/a.ics"] == ""


def test_a_missing_calendar_is_a_persons_matter(practice: Any, make: Any, read: Reader) -> None:
    """R1, R2: never "everything was deleted"."""
    practice.put("anna/a.ics", make.event("a", *MEETING))
    read()
    assert practice.staff.delete(practice.paths["anna"]).is_success
    for cursor in ("", read.cursor):
        with pytest.raises(NeedsHuman, match=r"calendars\.anna"):
            practice.read(cursor, read.known)
    assert isinstance(practice.provider.probe("anna/a.ics"), Unknown)


def test_an_event_dragged_into_another_calendar_is_still_ours(practice: Any, make: Any, read: Reader) -> None:
    entry = practice.write()
    read()
    practice.drag(entry.ref, "ben/dragged.ics")
    feed = read()
    (moved,) = feed.changed
    assert feed.removed == (entry.ref,)
    assert moved.stamp == entry.stamp
    assert moved.view == replace(entry.view, resource="ben")
    probe = practice.provider.probe(entry.ref)
    assert isinstance(probe, Unknown)
    assert "ben" in probe.why


def test_a_copy_is_foreign(practice: Any, make: Any) -> None:
    entry = practice.write()
    practice.put("ben/copy.ics", practice.text(entry.ref).replace("UID:abc123@calbridge", "UID:copy-of-it"))
    found = practice.records()
    assert found[entry.ref] == entry
    assert isinstance(found["ben/copy.ics"], Busy)
    assert found["ben/copy.ics"].spans == (Interval(make.ten, make.ten + 1800),)


def test_what_staff_did_to_our_event(practice: Any, make: Any, read: Reader) -> None:
    entry = practice.write(view=make.view(state=State.REQUESTED))
    read()
    practice.edit(
        entry.ref,
        ("STATUS:TENTATIVE", "STATUS:CONFIRMED"),
        ("20260303T100000", "20260303T140000"),
        ("20260303T103000", "20260303T141500"),
        ("SUMMARY:Check-up - Bello", "SUMMARY:Bello\\, beißt"),
        ("DESCRIPTION:Impfung\\n--\\nRuft vorher an", "DESCRIPTION:bitte nüchtern"),
    )
    (shown,) = read().changed
    assert isinstance(shown, Entry)
    assert shown.stamp == entry.stamp
    assert (shown.view.state, shown.view.title) == (State.CONFIRMED, "Bello, beißt")
    assert Interval(shown.view.start, shown.view.end) == make.span("2026-03-03 14:00", "2026-03-03 14:15")
    assert (shown.view.description, shown.view.note) == ("", "bitte nüchtern")


def test_staff_makes_our_event_repeat_itself(practice: Any, make: Any, read: Reader) -> None:
    """The appointment is the event itself; what follows takes time, and no longer when it is undone."""
    entry = practice.write()
    read()
    practice.edit(entry.ref, ("TRANSP:OPAQUE", "TRANSP:OPAQUE\r\nRRULE:FREQ=WEEKLY;COUNT=3"))
    own, more = read().changed
    assert (own.ref, own.view) == (entry.ref, entry.view)
    assert (more.ref, more.resource) == ("anna/abc123.ics/repeats", "anna")
    week = 7 * 86_400
    assert more.spans == tuple(Interval(make.ten + n * week, make.ten + n * week + 1800) for n in (1, 2))
    assert isinstance(read(), NotModified)
    practice.edit(entry.ref, ("RRULE:FREQ=WEEKLY;COUNT=3\r\n", ""))
    feed = read()
    assert ([item.ref for item in feed.changed], feed.removed) == ([entry.ref], (more.ref,))
    practice.edit(entry.ref, ("TRANSP:OPAQUE", "TRANSP:OPAQUE\r\nRRULE:FREQ=WEEKLY;COUNT=3"))
    read()
    assert set(read.known) == {entry.ref, more.ref}
    practice.delete(entry.ref)
    assert read().removed == (entry.ref, more.ref)


@pytest.mark.parametrize(
    "name", ["Müller 1.ics", "a b+c%41.ics", "50%.ics", "quarter=1&2.ics", "per%cent%2e.ics", "at@home.ics"]
)
def test_any_name_of_an_object(practice: Any, make: Any, read: Reader, name: str) -> None:
    """hrefs come quoted in any way; a ref is the name itself."""
    path = practice.paths["anna"] + quote(name)
    body = make.event("odd", *MEETING).encode()
    put = practice.staff.put(path, content=body, headers={"Content-Type": "text/calendar"})
    listed = practice.staff.request("PROPFIND", practice.paths["anna"], headers={"Depth": "1"}).text
    if practice.server.name == "given" and not (put.is_success and unquote(quote(name)) in unquote(listed)):
        make.found(f'It does not take an object by the name "{name}", or takes it by another.')
        pytest.skip("the server has no such names")
    assert put.is_success
    assert [item.ref for item in read().items] == [f"anna/{name}"]
    assert practice.provider.probe(f"anna/{name}") == Present()
    assert practice.staff.delete(path).is_success
    assert read().removed == (f"anna/{name}",)
    assert practice.provider.probe(f"anna/{name}") == Gone()


@pytest.mark.parametrize("rewriting", [False, True])
def test_ten_quiet_rounds_write_nothing(practice: Any, make: Any, read: Reader, rewriting: bool) -> None:
    """R16: a server that trims text, drops alarms and changes ETags: what was read back is what is read again."""
    if rewriting:
        practice.wire.after = _rewrite
    entry = practice.write(view=make.view(title="Bello  ", note="viel \n\n Text  "))
    read()
    read.known[entry.ref] = entry.version
    for _round in range(10):
        feed = read()
        assert isinstance(feed, NotModified)
        assert practice.records()[entry.ref] == entry
        again = practice.provider.propagate_change(make.change(view=entry.view))
        assert (again.outcome, again.entry) == ("written", entry)
    assert [method for method, _ in practice.wire.writes()] == ["PUT"] * 11  # ten of them refused with 412
    assert practice.text(entry.ref).count("SEQUENCE:1") == 1


def _rewrite(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """Every body that comes from the server has trimmed lines, as some servers store them."""
    if response.status_code not in {200, 207} or b"SUMMARY" not in response.content:
        return response
    content = response.content.replace(b"Bello  ", b"Bello").replace(b"Text  ", b"Text")
    headers = {name: response.headers[name] for name in ("ETag", "Content-Type") if name in response.headers}
    return httpx.Response(response.status_code, content=content, headers=headers)


def test_the_cursor_is_small_and_holds_no_names(practice: Any, make: Any, read: Reader) -> None:
    practice.put("anna/a.ics", make.event("a", *MEETING))
    read()
    assert set(json.loads(read.cursor)) == {"anna", "ben"}
    assert len(read.cursor) < 600
