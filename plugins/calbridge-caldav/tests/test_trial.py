"""What a server does differently is found by trying, stored as plain words, and read by the flow: never by its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from calbridge.provider import Delta, Learned, NotModified
from calbridge_caldav import trial
from calbridge_caldav.quirks import NO, YES, Quirks

MEETING = ("DTSTART:20260303T120000Z", "DTEND:20260303T130000Z", "SUMMARY:Team")
GOOD = Quirks(
    complete_delta=YES,
    refuses_strange_token=YES,
    moving_ctag=YES,
    multiget=YES,
    uid_search=YES,
    if_none_match=YES,
    if_match=YES,
    if_match_delete=YES,
    etag_on_put=YES,
    keeps_unknown=YES,
    uid_twice=NO,
)


def learn(practice: Any, make: Any) -> Learned:
    provider = practice.provider
    path = practice.paths["anna"]
    sleep = trial.time.sleep if practice.server.name == "given" else _turned if _dated(practice) else _at_once
    learned = trial.learn(provider._wire, path, make.context(practice.wire), sleep=sleep)
    practice.quirks.clear()
    practice.quirks.update(learned.quirks)
    return learned


def _at_once(seconds: float) -> None:
    """There is no date to wait for."""


def _turned(seconds: float) -> None:
    """Wait until no date of this machine's is that of a moment ago; a file's may be some milliseconds late."""
    trial.time.sleep(min(seconds, 1.05 - trial.time.time() % 1))


def _dated(practice: Any) -> bool:
    """Does its date have to be waited for?"""
    return bool(practice.server.name != "xandikos")


def test_both_servers_do_all_that_the_bridge_needs(practice: Any, make: Any) -> None:
    """And nothing of the trial is left behind."""
    before = practice.provider.check()
    learned = learn(practice, make)
    found = Quirks.of(learned.quirks)
    assert [each.message for each in practice.provider.check()] == [each.message for each in before]
    if practice.server.name == "given":  # whatever it is like: the summary says so
        return
    assert replace(found, moving_date="", keeps_body="", delta_bodies="") == GOOD
    assert (found.moving_date, found.delta_bodies) == ((YES, YES) if _dated(practice) else (NO, NO))
    assert learned.quirks["tried"] == YES
    assert "calendar-access" in learned.quirks["dav"]
    assert not [each for each in learned.findings if each.level != "ok"]


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_where_no_calendar_may_be_made_it_says_so(practice: Any, make: Any) -> None:
    practice.wire.before = lambda request: httpx.Response(403) if request.method == "MKCALENDAR" else None
    learned = learn(practice, make)
    assert learned.quirks["tried"] == NO
    assert Quirks.of(learned.quirks) == Quirks()
    assert [(each.level, "403" in each.message) for each in learned.findings] == [("warning", True)]
    assert [method for method, _ in practice.wire.writes()] == ["MKCALENDAR"]


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_what_cannot_be_removed_again_is_named(practice: Any, make: Any) -> None:
    def before(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(423) if request.method == "DELETE" and request.url.path.endswith("/") else None

    practice.wire.before = before
    learned = learn(practice, make)
    (left,) = [each for each in learned.findings if each.level == "warning"]
    assert re.search(r"/calbridge-check-[0-9a-f]{10}/ .*423.*delete it", left.message)


@pytest.mark.parametrize("server", ["xandikos"], indirect=True)
def test_a_server_that_is_busy_for_a_moment_is_not_thought_ill_or_too_well_of(practice: Any, make: Any) -> None:
    """Each of these requests in turn is not served: a quirk stays unknown, or is doubted at the price of requests."""
    truth = learn(practice, make).quirks
    doubtful = {"complete_delta", "delta_bodies", "moving_ctag", "moving_date", "multiget", "uid_search"}
    telling = {"PUT", "GET", "DELETE"}  # of what is asked by PROPFIND and REPORT the last is the strange token
    asked = [number for number, (method, _) in enumerate(practice.wire.log) if method in telling]
    asked.append(max(number for number, (method, _) in enumerate(practice.wire.log) if method == "REPORT"))
    for unlucky in asked:
        log, status = practice.wire.log, (429, 500, 503)[unlucky % 3]
        log.clear()
        practice.wire.before = lambda request: httpx.Response(status) if len(log) == unlucky + 1 else None  # noqa: B023
        found = learn(practice, make).quirks
        practice.wire.before = lambda request: None
        wrong = {name for name, value in found.items() if value != truth[name]}
        assert {found[name] for name in wrong} <= {NO}
        assert wrong <= doubtful, log[unlucky]
    for each in practice.staff.request("PROPFIND", practice.server.home, headers={"Depth": "1"}).text.split("href>"):
        if "calbridge-check-" in each:  # the one whose removal was not served, and it was named
            practice.staff.delete(each.partition("<")[0])


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_what_nobody_answers_for_is_named_too(practice: Any, make: Any) -> None:
    def before(request: httpx.Request) -> httpx.Response | None:
        if request.method == "DELETE" and request.url.path.endswith("/"):
            raise httpx.ConnectError("gone", request=request)
        return None

    practice.wire.before = before
    learned = learn(practice, make)
    (left,) = [each for each in learned.findings if each.level == "warning"]
    assert "(no answer): delete it" in left.message
    assert Quirks.of(learned.quirks).multiget == YES


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("server", ["xandikos"], indirect=True)
def test_a_server_that_makes_no_calendar_just_now_is_not_said_to_allow_none(
    practice: Any, make: Any, status: int
) -> None:
    practice.wire.before = lambda request: httpx.Response(status) if request.method == "MKCALENDAR" else None
    learned = learn(practice, make)
    assert "tried" not in learned.quirks
    (told,) = [each for each in learned.findings if each.level == "warning"]
    assert (told.level, f"making a calendar ({status})" in told.message) == ("warning", True)


@pytest.mark.parametrize("server", ["xandikos"], indirect=True)
def test_what_could_not_be_tried_is_not_praised(practice: Any, make: Any) -> None:
    practice.wire.before = lambda request: httpx.Response(507) if request.method == "PUT" else None
    learned = learn(practice, make)
    assert not any("Tried out" in each.message for each in learned.findings)
    (told,) = [each for each in learned.findings if each.message.startswith("Not tried")]
    assert {"if_match", "keeps_body", "multiget"} <= set(re.findall(r"[a-z_]+", told.message))


@pytest.mark.parametrize("holds", ["where nothing stands", "for what came in its place"])
@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_version_that_outlives_its_entry_is_no_condition(practice: Any, make: Any, holds: str) -> None:
    """SOGo counts versions from nought again for what is made anew, and nought is also what stands nowhere."""
    counts = {"etag": '"gcs00000000"'}

    def before(request: httpx.Request) -> None:
        if request.method == "PUT" and request.headers.get("If-Match") == counts["etag"]:
            request.headers.pop("If-Match")
            if holds != "where nothing stands":
                request.headers["If-Match"] = '"never"'

    def after(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path.endswith("/four.ics") and "etag" in response.headers:
            response.headers["ETag"] = counts["etag"]
        return response

    practice.wire.before, practice.wire.after = before, after
    assert learn(practice, make).quirks["if_match"] == NO


def ignoring(name: str, method: str) -> Callable[[httpx.Request], None]:
    """A server that does not look at a condition."""

    def before(request: httpx.Request) -> None:
        if request.method == method:
            request.headers.pop(name, None)

    return before


@pytest.mark.parametrize(
    ("name", "method", "quirk"),
    [
        ("If-None-Match", "PUT", "if_none_match"),
        ("If-Match", "PUT", "if_match"),
        ("If-Match", "DELETE", "if_match_delete"),
    ],
)
@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_condition_that_is_ignored_is_found(practice: Any, make: Any, name: str, method: str, quirk: str) -> None:
    practice.wire.before = ignoring(name, method)
    learned = learn(practice, make)
    assert {key for key, value in learned.quirks.items() if value == NO} - {"keeps_body", "uid_twice"} == {quirk}
    assert any(each.level == "warning" for each in learned.findings)


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_wild_4_nothing_foreign_is_overwritten_where_if_none_match_is_ignored(practice: Any, make: Any) -> None:
    """SOGo (servers in the wild, 4)."""
    practice.wire.before = ignoring("If-None-Match", "PUT")
    practice.quirks["if_none_match"] = NO
    practice.put("anna/abc123.ics", make.event("somebody", *MEETING))
    with pytest.raises(Exception, match="Another entry stands"):
        practice.provider.propagate_change(make.change())
    assert "UID:somebody" in practice.text("anna/abc123.ics")
    practice.delete("anna/abc123.ics")
    assert practice.provider.propagate_change(make.change()).outcome == "written"


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_wild_4_no_edit_is_deleted_where_if_match_is_ignored(practice: Any, make: Any) -> None:
    """SOGo (servers in the wild, 4): staff moved it, so it is handed back, not deleted."""
    entry = practice.write()
    practice.edit(entry.ref, ("20260303T100000", "20260303T140000"), ("20260303T103000", "20260303T143000"))
    practice.wire.before = ignoring("If-Match", "DELETE")
    practice.quirks["if_match_delete"] = NO
    receipt = practice.provider.propagate_change(make.change(entry=entry, remove=True))
    assert receipt.outcome == "moved"
    assert practice.exists(entry.ref)


def without_deletions(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """DAViCal: a delta that does not tell what is gone."""
    if b"sync-collection" not in request.content or response.status_code != 207:
        return response
    gone = rb"(?s)<(\w*:?)response>(?:(?!</\1response>).)*404.*?</\1response>"
    parts = re.sub(gone, b"", response.content)
    return httpx.Response(207, content=parts, headers={"Content-Type": "application/xml"})


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_delta_that_is_not_whole_is_found_and_not_used(practice: Any, make: Any) -> None:
    practice.wire.after = without_deletions
    assert learn(practice, make).quirks["complete_delta"] == NO
    practice.put("anna/a.ics", make.event("a", *MEETING))
    cursor = practice.read().cursor
    practice.delete("anna/a.ics")
    feed = practice.read(cursor, {"anna/a.ics": '"1"'})
    assert isinstance(feed, Delta)
    assert feed.removed == ("anna/a.ics",)


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_server_that_answers_any_token_is_found_and_listed_oftener(practice: Any, make: Any) -> None:
    """DAViCal, SOGo, sabre (servers in the wild, 1): after a restore such a delta says nothing, for ever."""

    def after(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        refused = b"sync-collection" in request.content and response.status_code in {403, 409}
        body = f'<D:multistatus xmlns:D="DAV:">{"<D:sync-token>t</D:sync-token>"}</D:multistatus>'
        return httpx.Response(207, text=body, headers={"Content-Type": "application/xml"}) if refused else response

    practice.wire.after = after
    assert learn(practice, make).quirks["refuses_strange_token"] == NO
    cursor = practice.read().cursor
    practice.wire.log.clear()
    assert isinstance(practice.read(cursor), NotModified)
    assert len(practice.wire.log) == 2
    practice.clock.at += 900
    practice.wire.log.clear()
    assert isinstance(practice.read(cursor), NotModified)
    assert len(practice.wire.log) == 4


def plain(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """A server that drops every property it does not know."""
    if b"BEGIN:VCALENDAR" not in response.content:
        return response
    content = re.sub(rb"X-CALBRIDGE-[A-Z]+:[^\r\n]*(?:&#13;)?\r?\n", b"", response.content)
    headers = {name: response.headers[name] for name in ("ETag", "Content-Type") if name in response.headers}
    return httpx.Response(response.status_code, content=content, headers=headers)


def test_an_event_without_its_stamp_is_known_by_its_uid(practice: Any, make: Any) -> None:
    """The write is believed for what it shows; there is no second one."""
    practice.wire.after = plain
    assert learn(practice, make).quirks["keeps_unknown"] == NO
    practice.wire.log.clear()
    entry = practice.write(view=make.view(note=""))
    assert entry.stamp is not None
    assert (entry.stamp.appointment, entry.stamp.revision) == ("abc123", 0)
    again = practice.provider.propagate_change(make.change(view=entry.view))
    assert (again.outcome, again.entry) == ("written", entry)
    moved = make.view(note="", start=make.ten + 3600, end=make.ten + 5400)
    assert practice.write(entry=entry, view=moved).view.start == make.ten + 3600
    assert len([method for method, _ in practice.wire.writes()]) == 3  # made, refused with 412, changed


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_server_without_multiget_and_search(practice: Any, make: Any) -> None:
    refused = (b"calendar-multiget", b"calendar-query")

    def before(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(501) if any(name in request.content for name in refused) else None

    practice.wire.before = before
    learned = learn(practice, make)
    assert (learned.quirks["multiget"], learned.quirks["uid_search"]) == (NO, NO)
    practice.put("anna/a.ics", make.event("a", *MEETING))
    practice.wire.log.clear()
    assert list(practice.records()) == ["anna/a.ics"]
    assert "REPORT" not in {method for method, _ in practice.wire.log}


def test_no_quirk_is_decided_by_a_name() -> None:
    """The flow reads records; only `check` shows what a server calls itself."""
    from pathlib import Path

    sources = Path(trial.__file__).parent.glob("*.py")
    names = re.compile(r"radicale|xandikos|sogo|davical|sabre|cyrus|nextcloud|icloud|google|zimbra", re.IGNORECASE)
    for source in sources:
        code = re.sub(r'""".*?"""|#[^\n]*', "", source.read_text("utf-8"), flags=re.DOTALL)
        assert not names.search(code), source.name


# --- the calendar's date, where it was seen to move --------------------------------------------------


def settle(practice: Any) -> None:
    """Until no further change can fall into the same second."""
    trial.time.sleep(2.1)


@pytest.fixture
def dated(practice: Any) -> Any:
    practice.quirks.update(GOOD.stored() | {"moving_date": YES, "delta_bodies": YES})
    return practice


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_glance_is_enough_while_the_date_stands(dated: Any, make: Any) -> None:
    dated.put("anna/a.ics", make.event("a", *MEETING))
    dated.read()  # the server makes its own notes beside a calendar when it is first asked for a token
    settle(dated)
    first = dated.read()
    known = {item.ref: item.version for item in first.items}
    asked: list[bytes] = []
    dated.wire.before = lambda request: asked.append(request.content)
    assert isinstance(dated.read(first.cursor, known), NotModified)
    assert [b"sync-token" in content for content in asked] == [False, False]
    dated.put("anna/b.ics", make.event("b", *MEETING))
    asked.clear()
    feed = dated.read(first.cursor, known)
    assert [item.ref for item in feed.changed] == ["anna/b.ics"]
    assert len(asked) == 3  # two glances, and one delta with the body in it
    dated.clock.at += 900
    asked.clear()
    dated.read(feed.cursor, known)
    assert all(b"sync-token" in content for content in asked[:1])


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_date_of_this_very_second_hides_nothing(dated: Any, make: Any) -> None:
    """Two changes within one second: the second is seen, because the first one's date was not believed."""
    dated.put("anna/a.ics", make.event("a", *MEETING))
    first = dated.read()
    dated.put("anna/b.ics", make.event("b", *MEETING))
    feed = dated.read(first.cursor, {item.ref: item.version for item in first.items})
    assert [item.ref for item in feed.changed] == ["anna/b.ics"]


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_delta_that_names_what_is_known_is_no_delta(practice: Any, make: Any) -> None:
    """DAViCal and SOGo answer a forgotten token with everything that is left, and no deletions."""
    for name in ("a", "b", "c", "gone"):
        practice.put(f"anna/{name}.ics", make.event(name, *MEETING))
    first = practice.read()
    known = {item.ref: item.version for item in first.items}
    practice.delete("anna/gone.ics")

    def before(request: httpx.Request) -> httpx.Response | None:
        if b"sync-collection" not in request.content:
            return None
        parts = "".join(
            f"<D:response><D:href>{practice.paths['anna']}{name}.ics</D:href><D:propstat><D:prop><D:getetag>"
            f"{known[f'anna/{name}.ics']}</D:getetag></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
            "</D:response>"
            for name in ("a", "b", "c")
        )
        return httpx.Response(
            207, text=f'<D:multistatus xmlns:D="DAV:">{parts}<D:sync-token>t</D:sync-token></D:multistatus>'
        )

    practice.wire.before = before
    assert practice.read(first.cursor, known).removed == ("anna/gone.ics",)
