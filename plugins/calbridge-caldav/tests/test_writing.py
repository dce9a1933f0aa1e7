"""propagate_change against real servers: create, change, move, remove, and every way another hand gets in between."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest

from calbridge.errors import NeedsHuman, RetryLater, SkipItem
from calbridge.model import State
from calbridge.provider import Gone, Receipt, Stamp

ALARM = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Bello kommt\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n"


@pytest.fixture(params=["", "yes"], ids=["looking", "knowing"], autouse=True)
def conditions(practice: Any, request: pytest.FixtureRequest) -> None:
    """Before it was tried out and after: a server that honours If-Match is not asked what the bridge knows already."""
    if practice.server.quirks.get("if_match") != "no":
        practice.quirks["if_match"] = request.param


@pytest.mark.parametrize(
    ("state", "note"),
    [
        (State.HELD, None),
        (State.REQUESTED, ""),
        (State.CONFIRMED, 'Frau Öztürk\nTel. 0123; bitte, "laut" \\n klingeln ' + "und warten, " * 20 + "ja"),
        (State.NO_SHOW, "--\n"),
    ],
)
def test_what_is_written_is_read_back(practice: Any, make: Any, state: State, note: str | None) -> None:
    asked = make.view(state=state, note=note, confidential=note is not None)
    entry = practice.write(view=asked)
    assert entry.view == asked
    assert entry.ref == "anna/abc123.ics"
    assert entry.stamp == Stamp(appointment="abc123", revision=1)
    assert entry.modified == practice.clock.at
    assert practice.records() == {entry.ref: entry}


def test_the_event_is_as_the_design_says(practice: Any, make: Any) -> None:
    practice.write()
    lines = practice.text("anna/abc123.ics").replace("\r\n ", "").split("\r\n")
    for wanted in [
        "UID:abc123@calbridge", "STATUS:CONFIRMED", "TRANSP:OPAQUE", "CLASS:PRIVATE", "CATEGORIES:confirmed",
        "X-CALBRIDGE-ID:abc123", "X-CALBRIDGE-REVISION:1", "SEQUENCE:1", "SUMMARY:Check-up - Bello",
        "DTSTART;TZID=Europe/Berlin:20260303T100000", "DTEND;TZID=Europe/Berlin:20260303T103000", "BEGIN:VTIMEZONE",
    ]:  # fmt: skip
        assert wanted in lines
    assert not [line for line in lines if line.startswith(("ATTENDEE", "ORGANIZER")) or line.endswith(":")]


def test_a_change_keeps_what_staff_added(practice: Any, make: Any) -> None:
    entry = practice.write()
    practice.edit(entry.ref, ("END:VEVENT", f"X-ROOM-COLOUR;X-P=1:bl\\, ue\r\nLOCATION:Raum 2\r\n{ALARM}END:VEVENT"))
    practice.edit(entry.ref, ("CATEGORIES:confirmed", "CATEGORIES:confirmed\r\nCATEGORIES:Hund"))
    fresh, shown = practice.records()[entry.ref], practice.text(entry.ref).replace("\r\n ", "").splitlines()
    later = practice.write(entry=fresh, view=make.view(start=make.ten + 3600, end=make.ten + 5400, state=State.ARRIVED))
    text = practice.text(entry.ref).replace("\r\n ", "")
    (colour,) = [line for line in shown if line.startswith("X-ROOM-COLOUR")]  # one server rewords it by itself
    for kept in [colour, "LOCATION:Raum 2", "CATEGORIES:Hund", "DESCRIPTION:Bello kommt"]:
        assert kept in text.splitlines()
    assert later.view.state is State.ARRIVED
    assert "CATEGORIES:confirmed" not in text
    assert "SEQUENCE:2" in text
    assert practice.write(entry=later, revision=3, view=replace(later.view, title="Neu")).view.title == "Neu"


ADDED = (
    "ORGANIZER;CN=Praxis:mailto:praxis@example.org",
    'ATTENDEE;CN="Roth; Eva";PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:eva@example.org',
    "X-ROOM-COLOUR;X-P=1:bl\\, ue",
    "GEO:52.5;13.4",
)


def test_what_staff_added_goes_back_to_the_letter(practice: Any, make: Any) -> None:
    """Attendees, alarms and unknown properties: of what the server gives, only what the change is about is replaced."""
    entry = practice.write()
    practice.edit(entry.ref, ("END:VEVENT", "\r\n".join(ADDED) + f"\r\n{ALARM}END:VEVENT"))
    fresh, before = practice.records()[entry.ref], practice.text(entry.ref)
    sent: list[bytes] = []
    practice.wire.before = lambda request: sent.append(request.content) if request.method == "PUT" else None
    practice.write(entry=fresh, view=make.view(start=make.ten + 3600, end=make.ten + 5400))
    (body,) = sent
    lines = body.decode().replace("\r\n ", "").split("\r\n")
    old = before.replace("\r\n ", "").split("\r\n")
    swapped = {line.partition(":")[0].partition(";")[0] for line in {*old} ^ {*lines}}
    moved = {"DTSTART", "DTEND", "SEQUENCE", "X-CALBRIDGE-REVISION", "DTSTAMP", "LAST-MODIFIED"}
    assert swapped <= moved
    assert {"DTSTART", "SEQUENCE"} <= swapped
    assert [line for line in old if line.startswith(("ATTENDEE", "ORGANIZER", "X-ROOM", "GEO", "TRIGGER"))] == [
        line for line in lines if line.startswith(("ATTENDEE", "ORGANIZER", "X-ROOM", "GEO", "TRIGGER"))
    ]
    assert sum(line.startswith(("ATTENDEE", "ORGANIZER", "X-ROOM", "GEO", "TRIGGER")) for line in lines) == 5


def test_the_same_change_twice_writes_once(practice: Any, make: Any) -> None:
    first = practice.write()
    written = len(practice.wire.writes())
    again = practice.provider.propagate_change(make.change())
    assert again.entry == first
    assert practice.text("anna/abc123.ics").count("BEGIN:VEVENT") == 1
    moved = make.change(entry=first, view=make.view(title="Anders"))
    once, twice = practice.provider.propagate_change(moved), practice.provider.propagate_change(moved)
    assert once == twice
    assert len(practice.wire.writes()) == written + 2  # the refused create, and one update


@pytest.mark.parametrize("kind", ["create", "update", "move", "remove"])
def test_a_lost_answer_is_made_good_by_doing_it_again(practice: Any, make: Any, kind: str) -> None:
    """The n-th answer is lost after the server has done what it was asked, for every n."""
    for lost in range(1, 9):
        appointment = f"abc{lost}"
        entry = None if kind == "create" else practice.write(appointment=appointment)
        asked = make.change(
            entry=entry,
            appointment=appointment,
            view=make.view(title="Anders", resource="ben" if kind == "move" else "anna"),
            remove=kind == "remove",
        )
        practice.wire.after = Lost(lost)
        try:
            assert practice.provider.propagate_change(asked).outcome == "written"
        except RetryLater:
            assert practice.provider.propagate_change(asked).outcome == "written"
        else:
            assert lost > 1
            return
        practice.wire.after = lambda request, response: response
        found = [one for one in practice.records().values() if one.stamp.appointment == appointment]
        shown = [] if kind == "remove" else [(asked.view, asked.revision)]
        assert [(one.view, one.stamp.revision) for one in found] == shown
    pytest.fail("a write that takes eight requests")


class Lost:
    """Loses one answer."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        self.left -= 1
        if self.left == 0:
            raise httpx.ReadTimeout("lost", request=request)
        return response


def test_a_staff_edit_is_not_overwritten(practice: Any, make: Any) -> None:
    entry = practice.write()
    practice.edit(entry.ref, ("SUMMARY:Check-up - Bello", "SUMMARY:Bello\\, nüchtern"))
    receipt = practice.provider.propagate_change(make.change(entry=entry, view=make.view(title="Anders")))
    assert receipt.outcome == "moved"
    assert receipt.entry is not None
    assert receipt.entry.view.title == "Bello, nüchtern"
    assert "Anders" not in practice.text(entry.ref)


def test_a_put_off_alarm_is_no_edit(practice: Any, make: Any) -> None:
    """Thunderbird writes X-MOZ-LASTACK: the ETag changes, the meaning does not."""
    entry = practice.write()
    practice.edit(entry.ref, ("END:VEVENT", "X-MOZ-LASTACK:20260301T080000Z\r\nEND:VEVENT"))
    later = practice.write(entry=entry, view=make.view(title="Anders"))
    assert later.view.title == "Anders"
    assert "X-MOZ-LASTACK:20260301T080000Z" in practice.text(entry.ref)


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_an_edit_between_look_and_write_is_seen(practice: Any, make: Any) -> None:
    """The 412 race: staff saves between our GET and our PUT."""
    entry = practice.write()

    def meanwhile(request: httpx.Request) -> None:
        if request.method == "PUT":
            practice.wire.before = lambda request: None
            practice.edit(entry.ref, ("SUMMARY:Check-up - Bello", "SUMMARY:Schneller"))

    practice.wire.before = meanwhile
    receipt = practice.provider.propagate_change(make.change(entry=entry, view=make.view(title="Anders")))
    assert receipt.outcome == "moved"
    assert receipt.entry is not None
    assert receipt.entry.view.title == "Schneller"


EDITS = {
    "accepted": ("STATUS:TENTATIVE", "STATUS:CONFIRMED"),
    "moved": ("T103000", "T110000"),
    "cancelled": ("STATUS:TENTATIVE", "STATUS:CANCELLED"),
}


@pytest.mark.parametrize("answers_etag", [True, False])
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("first", [True, False], ids=["created", "changed"])
def test_an_edit_between_write_and_reading_back_is_seen(
    practice: Any, make: Any, *, first: bool, edit: tuple[str, str], answers_etag: bool
) -> None:
    """Staff accepts a request just after our PUT: taken for the server's own wording, it would never be carried on."""
    asked = make.view(state=State.REQUESTED, note="Neu")
    entry = None if first else practice.write(view=make.view(state=State.REQUESTED))
    ref = "anna/abc123.ics"

    def at_once(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.method == "PUT":
            practice.wire.after = lambda request, response: response
            practice.edit(ref, edit)
            if not answers_etag:
                del response.headers["ETag"]
        return response

    practice.wire.after = at_once
    receipt = practice.provider.propagate_change(make.change(entry=entry, view=asked))
    assert receipt.outcome == "moved"
    assert receipt.entry.stamp.revision == (1 if first else 2)
    assert receipt.entry.view == practice.records()[ref].view != asked
    assert receipt.entry.view.note == "Neu"


@pytest.mark.parametrize(("keeps", "outcome"), [("yes", "moved"), ("no", "written"), ("", "written")])
def test_another_text_under_another_etag_is_the_servers_unless_it_keeps_what_it_gets(
    practice: Any, make: Any, keeps: str, outcome: str
) -> None:
    practice.quirks["keeps_body"] = keeps

    def at_once(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.method == "PUT":
            practice.wire.after = lambda request, response: response
            practice.edit("anna/abc123.ics", ("SUMMARY:Check-up - Bello", "SUMMARY:Bello"))
        return response

    practice.wire.after = at_once
    assert practice.provider.propagate_change(make.change()).outcome == outcome


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a server that shows late what it took."""
    monkeypatch.setattr("calbridge_caldav.writing.PAUSES", (0.0, 0.0))


def showing_late(practice: Any, times: int) -> None:
    """Of several machines one answers the next GETs, and it has not heard of the write yet."""
    path = practice.url("anna/abc123.ics")
    shown = practice.staff.get(path)
    etag = {"ETag": shown.headers["ETag"]} if shown.is_success else {}
    left = [times]

    def before(request: httpx.Request) -> httpx.Response | None:
        late = request.method == "GET" and ("PUT", path) in practice.wire.log and left[0] > 0
        left[0] -= late
        return httpx.Response(shown.status_code, content=shown.content, headers=etag) if late else None

    practice.wire.log.clear()
    practice.wire.before = before


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("first", [True, False], ids=["created", "changed"])
def test_a_server_that_shows_a_write_late_has_nothing_deleted_or_moved_back(
    practice: Any, make: Any, times: int, *, first: bool
) -> None:
    """What stood there before was taken for an edit of staff's, and the client's own move was undone on all sides."""
    entry = None if first else practice.write()
    showing_late(practice, times)
    asked = make.view(start=make.ten + 3600, end=make.ten + 5400)
    assert practice.write(entry=entry, view=asked).view == asked
    assert len(practice.wire.writes()) == 1


@pytest.mark.usefixtures("impatient")
def test_a_server_that_never_shows_what_it_took_is_asked_again_later(practice: Any, make: Any) -> None:
    entry = practice.write()
    showing_late(practice, 99)
    change = make.change(entry=entry, view=make.view(start=make.ten + 3600, end=make.ten + 5400))
    with pytest.raises(RetryLater, match="still shows what was there before"):
        practice.provider.propagate_change(change)
    practice.wire.before = lambda request: None
    assert practice.provider.propagate_change(change).outcome == "written"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("first", [True, False], ids=["created", "changed"])
def test_a_deletion_between_write_and_reading_back_is_seen(practice: Any, make: Any, *, first: bool) -> None:
    """Of a new event the bridge knows nothing yet: without its ref it would be made anew, over staff's word."""
    entry = None if first else practice.write()

    def at_once(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.method == "PUT":
            practice.wire.after = lambda request, response: response
            practice.delete("anna/abc123.ics")
        return response

    practice.wire.after = at_once
    receipt = practice.provider.propagate_change(make.change(entry=entry, view=make.view(title="Anders")))
    assert (receipt.outcome, receipt.entry, bool(receipt.gone)) == ("moved", None, first)
    assert not practice.exists("anna/abc123.ics")
    assert not first or isinstance(practice.provider.probe(receipt.gone), Gone)


def test_a_deletion_between_look_and_write_ends(practice: Any, make: Any) -> None:
    """R24: a 412 on a deleted resource must terminate."""
    entry = practice.write()

    def meanwhile(request: httpx.Request) -> None:
        if request.method == "PUT":
            practice.wire.before = lambda request: None
            practice.delete(entry.ref)

    practice.wire.before = meanwhile
    receipt = practice.provider.propagate_change(make.change(entry=entry, view=make.view(title="Anders")))
    assert (receipt.outcome, receipt.entry) == ("moved", None)
    assert not practice.exists(entry.ref)


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_foreign_event_on_our_href_is_left_alone(practice: Any, make: Any) -> None:
    body = make.event("somebody", "DTSTART:20260303T090000Z", "DTEND:20260303T093000Z", "SUMMARY:Team")
    practice.put("anna/abc123.ics", body)
    before = practice.text("anna/abc123.ics")
    with pytest.raises(SkipItem, match="Another entry"):
        practice.provider.propagate_change(make.change())
    assert practice.provider.propagate_change(make.change(remove=True)).outcome == "written"
    gone = make.change(remove=True, ref="anna/abc123.ics", version='"other"')
    assert practice.provider.propagate_change(gone).outcome == "written"
    assert practice.text("anna/abc123.ics") == before


def test_into_another_calendar_with_all_that_staff_added(practice: Any, make: Any) -> None:
    entry = practice.write()
    practice.edit(entry.ref, ("END:VEVENT", f"{ALARM}END:VEVENT"))
    moved = practice.write(entry=entry, view=make.view(resource="ben"))
    assert moved.ref == "ben/abc123.ics"
    assert not practice.exists("anna/abc123.ics")
    assert "BEGIN:VALARM" in practice.text(moved.ref)


@pytest.mark.parametrize("carries", [True, False])
def test_a_crash_between_the_two_calendars(practice: Any, make: Any, *, carries: bool) -> None:
    """After each request that reaches the server the program ends; what staff added survives where the server can
    carry an event over (MOVE), and the event itself survives everywhere."""
    for ended in range(1, 16):
        appointment = f"abc{ended}"
        entry = practice.write(appointment=appointment)
        practice.edit(entry.ref, ("END:VEVENT", f"{ALARM}END:VEVENT"))
        entry = practice.records()[entry.ref]
        asked = make.change(entry=entry, appointment=appointment, view=make.view(resource="ben", start=make.ten + 600))
        practice.wire.before, practice.wire.after = _ending(ended, carries=carries)
        done = False
        with suppress(Ended):
            done = practice.provider.propagate_change(asked).outcome == "written"
        practice.wire.before, practice.wire.after = lambda request: None, lambda request, response: response
        assert practice.provider.propagate_change(asked).outcome == "written"
        found = [one for one in practice.records().values() if one.stamp.appointment == appointment]
        assert [(one.ref, one.view) for one in found] == [(f"ben/{appointment}.ics", asked.view)]
        assert "BEGIN:VALARM" in practice.text(f"ben/{appointment}.ics") or not carries
        if done:
            assert ended > 1
            return
    pytest.fail("a move that takes fifteen requests")


class Ended(BaseException):
    """The program was ended."""


def _ending(number: int, *, carries: bool) -> tuple[Any, Any]:
    """Ends the program after the server has done the n-th request; a server without MOVE where that is wanted."""
    left = [number]

    def before(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(405, request=request) if request.method == "MOVE" and not carries else None

    def after(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        left[0] -= 1
        if not left[0]:
            raise Ended
        return response

    return before, after


def test_an_edit_while_it_is_carried_over_is_seen(practice: Any, make: Any) -> None:
    entry = practice.write()

    def meanwhile(request: httpx.Request) -> None:
        if request.method == "MOVE":
            practice.wire.before = lambda request: None
            practice.edit(entry.ref, ("SUMMARY:Check-up - Bello", "SUMMARY:Nüchtern"))

    practice.wire.before = meanwhile
    asked = make.change(entry=entry, view=make.view(resource="ben", title="Anders"))
    receipt = practice.provider.propagate_change(asked)
    assert receipt.outcome == "moved"
    (shown,) = practice.records().values()
    assert shown == receipt.entry
    assert shown.view.title == "Nüchtern"
    carried = replace(entry.view, resource="ben")
    assert receipt.wrote == (carried if shown.view.resource == "ben" else None), "who carried it over is no guess"


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_refused_move_leaves_the_event_where_it_was(practice: Any, make: Any) -> None:
    entry = practice.write()

    def refuse(request: httpx.Request) -> httpx.Response | None:
        full = request.method == "PUT" and request.url.path.startswith(practice.paths["ben"])
        return httpx.Response(413, request=request) if full else None

    practice.wire.before = refuse
    with pytest.raises(SkipItem, match="413"):
        practice.provider.propagate_change(make.change(entry=entry, view=make.view(resource="ben")))
    assert list(practice.records()) == ["anna/abc123.ics"]


@pytest.mark.parametrize("moves", [True, False])
def test_a_move_that_is_answered_with_200_is_looked_after(practice: Any, make: Any, *, moves: bool) -> None:
    """DAViCal does, and so does a page that stands in between: then nothing was carried anywhere."""
    entry = practice.write()
    practice.edit(entry.ref, ("END:VEVENT", f"{ALARM}END:VEVENT"))

    def before(request: httpx.Request) -> httpx.Response | None:
        return None if moves or request.method != "MOVE" else httpx.Response(200, text="<html>")

    def after(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return httpx.Response(200) if request.method == "MOVE" and response.is_success else response

    practice.wire.before, practice.wire.after = before, after
    asked = make.change(entry=entry, view=make.view(resource="ben"))
    assert practice.provider.propagate_change(asked).outcome == "written"
    assert list(practice.records()) == ["ben/abc123.ics"]
    assert "BEGIN:VALARM" in practice.text("ben/abc123.ics")
    assert ("DELETE" in {method for method, _ in practice.wire.writes()}) is not moves


@pytest.mark.parametrize("renumbers", [False, True])
def test_a_move_that_has_to_wait_keeps_what_staff_added(practice: Any, make: Any, *, renumbers: bool) -> None:
    """The old one is gone when the new calendar answers 503: an event made anew would have lost the alarm.

    `renumbers`: what was carried over has another ETag there (DAViCal).
    """
    entry = practice.write()
    practice.edit(entry.ref, ("END:VEVENT", f"{ALARM}END:VEVENT"))
    asked = make.change(entry=entry, view=make.view(resource="ben"))

    def busy(request: httpx.Request) -> httpx.Response | None:
        there = request.url.path.startswith(practice.paths["ben"])
        if there and renumbers and request.method == "MOVE" and request.headers.pop("If-Match") != '"there"':
            return httpx.Response(412, request=request)
        return httpx.Response(503, request=request) if there and request.method == "PUT" else None

    def numbered(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if renumbers and request.method == "GET" and request.url.path.startswith(practice.paths["ben"]):
            response.headers["ETag"] = '"there"'
        return response

    practice.wire.before, practice.wire.after = busy, numbered
    with pytest.raises(RetryLater):
        practice.provider.propagate_change(asked)
    assert list(practice.records()) == ["anna/abc123.ics"]
    practice.wire.before, practice.wire.after = lambda request: None, lambda request, response: response
    assert practice.provider.propagate_change(asked).outcome == "written"
    assert list(practice.records()) == ["ben/abc123.ics"]
    assert "BEGIN:VALARM" in practice.text("ben/abc123.ics")


@pytest.mark.parametrize("status", [423, 429, 503])
def test_a_server_that_cannot_carry_it_just_now_is_asked_again(practice: Any, make: Any, status: int) -> None:
    """A DELETE instead would leave nothing of it, if the bridge ended there."""
    entry = practice.write()
    practice.wire.before = lambda request: httpx.Response(status, request=request) if request.method == "MOVE" else None
    with pytest.raises(RetryLater):
        practice.provider.propagate_change(make.change(entry=entry, view=make.view(resource="ben")))
    assert [method for method, _path in practice.wire.writes()][1:] == ["MOVE"]
    practice.wire.before = lambda request: None
    assert practice.provider.propagate_change(make.change(entry=entry, view=make.view(resource="ben"))).outcome == (
        "written"
    )


def test_an_earlier_lost_create_in_another_calendar_is_found(practice: Any, make: Any) -> None:
    """The answer to revision 1 was lost, then the appointment went to Ben: it must not stand in both."""
    first = practice.write()
    receipt = practice.provider.propagate_change(make.change(revision=2, view=make.view(resource="ben")))
    assert receipt.outcome == "moved"
    assert receipt.entry == first
    assert practice.provider.propagate_change(
        make.change(revision=3, view=make.view(resource="ben"), remove=True)
    ) == Receipt(outcome="written")
    assert practice.records() == {}


def test_removal(practice: Any, make: Any) -> None:
    entry = practice.write()
    asked = make.change(entry=entry, remove=True)
    assert practice.provider.propagate_change(asked) == Receipt(outcome="written")
    assert practice.provider.propagate_change(asked) == Receipt(outcome="written")
    assert not practice.exists(entry.ref)


def test_what_staff_crossed_out_goes_when_it_is_cancelled(practice: Any, make: Any) -> None:
    entry = practice.write()
    practice.edit(entry.ref, ("STATUS:CONFIRMED", "STATUS:CANCELLED"))
    assert practice.provider.propagate_change(make.change(entry=entry, remove=True)).outcome == "written"
    assert not practice.exists(entry.ref)


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_an_unreadable_event_of_ours_is_not_overwritten_but_goes(practice: Any, make: Any) -> None:
    entry = practice.write()
    text = practice.text(entry.ref)
    broken = text.replace("DTSTART;TZID=Europe/Berlin:20260303T100000", "DTSTART;TZID=Nowhere/Else:20260303T100000")
    practice.wire.after = lambda request, response: _with_body(request, response, broken)
    with pytest.raises(SkipItem, match="line"):
        practice.provider.propagate_change(make.change(entry=replace(entry, version='"old"')))
    practice.wire.after = lambda request, response: response
    assert practice.provider.propagate_change(make.change(entry=entry, remove=True)).outcome == "written"


def _with_body(request: httpx.Request, response: httpx.Response, text: str) -> httpx.Response:
    if request.method != "GET":
        return response
    return httpx.Response(200, headers={"ETag": response.headers["ETag"]}, text=text, request=request)


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
def test_a_resource_without_a_calendar_leaves_the_one_it_was_in(practice: Any, make: Any) -> None:
    entry = practice.write()
    away = practice.provider.propagate_change(make.change(entry=entry, view=make.view(resource="room")))
    assert away == Receipt(outcome="written")
    assert practice.records() == {}


def test_a_calendar_that_is_no_longer_there(practice: Any, make: Any) -> None:
    """A person's matter, whatever the server answers to the PUT."""
    entry = practice.write()
    assert practice.staff.delete(practice.paths["anna"]).is_success
    event = make.event("x", "DTSTART:20260303T080000Z", "DTEND:20260303T090000Z")
    if practice.server.name == "given" and practice.staff.put(practice.url("anna/x.ics"), content=event).is_success:
        make.found("It makes a calendar anew where somebody writes into one that is gone.")
        return
    with pytest.raises(NeedsHuman, match=r"calendars\.anna"):
        practice.provider.propagate_change(make.change(appointment="new1"))
    assert practice.provider.propagate_change(make.change(entry=entry, remove=True)).outcome == "written"


def test_a_moved_event_is_changed_where_staff_put_it(practice: Any, make: Any) -> None:
    entry = practice.write()
    practice.drag(entry.ref, "ben/other-name.ics")
    moved = practice.records()["ben/other-name.ics"]
    assert moved.stamp == entry.stamp
    later = practice.write(entry=moved, view=make.view(resource="ben", title="Anders"))
    assert later.ref == "ben/other-name.ics"


def test_a_second_event_with_our_uid_is_found_where_it_is(practice: Any, make: Any) -> None:
    """Staff's program saved it under a name of its own; a server refuses the same UID twice, or takes both."""
    entry = practice.write()
    text = practice.text(entry.ref)
    practice.delete(entry.ref)
    practice.put("anna/own-name.ics", text)
    receipt = practice.provider.propagate_change(make.change())
    assert receipt.outcome == "written"
    assert receipt.entry is not None
    found = practice.records()
    assert receipt.entry.ref in found
    assert all(record.stamp == entry.stamp for record in found.values())


@pytest.mark.parametrize("server", ["radicale"], indirect=True)
@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [(503, {"Retry-After": "120"}, 120.0), (429, {}, None), (423, {}, None), (500, {}, None), (502, {}, None)],
)
def test_trouble_of_the_server_is_tried_again_later(
    practice: Any, make: Any, status: int, headers: dict[str, str], wait: float | None
) -> None:
    practice.wire.before = lambda request: httpx.Response(status, headers=headers, request=request)
    with pytest.raises(RetryLater) as caught:
        practice.provider.propagate_change(make.change())
    assert caught.value.after == wait
