"""Trying a server out, on a calendar that is made for it and removed again: what it does is seen, not looked up.

Each trial is a few requests with a plain outcome. One that fails leaves its quirk unknown and stops no other: what a
server does when it is just too busy says nothing of it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import httpx

from calbridge.errors import BridgeError
from calbridge.provider import Context, Finding, Learned
from calbridge_caldav.collection import Collection
from calbridge_caldav.hrefs import member_path, quoted
from calbridge_caldav.multistatus import Multistatus, sync_collection
from calbridge_caldav.quirks import NO, YES, Quirks, word
from calbridge_caldav.wire import GONE, Wire

NAME = "calbridge-check"
TICK = 1.2
"""Seconds: a date in a header counts whole ones."""
_CONFLICT = 412
_NOT_NOW = frozenset({401, 407, 408, 423, 425, 429})
_TYPE = {"Content-Type": "text/calendar; charset=utf-8"}
_MAKE = (
    b'<?xml version="1.0" encoding="utf-8"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
    b"<D:set><D:prop><D:displayname>calbridge check</D:displayname><C:supported-calendar-component-set>"
    b'<C:comp name="VEVENT"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>'
)


def learn(wire: Wire, beside: str, context: Context, *, sleep: Callable[[float], None] = time.sleep) -> Learned:
    """Try the server out beside the calendar `beside`."""
    words, said = _words(wire, beside)
    path = f"{beside.rstrip('/').rpartition('/')[0]}/{NAME}-{_mark(context.random)}/"
    made = wire.request("MKCALENDAR", quoted(path), headers={"Content-Type": "application/xml"}, content=_MAKE)
    if made.is_server_error or made.status_code in _NOT_NOW:
        return Learned(quirks=words, findings=(*said, _not_now([f"making a calendar ({made.status_code})"])))
    if not made.is_success:
        return Learned(quirks={**words, "tried": NO}, findings=(*said, _not_allowed(made.status_code)))
    try:
        quirks = Trial(wire, path, context.clock.now(), sleep).run()
    finally:
        left = _removed(wire, path)
    return Learned(quirks={**words, "tried": YES, **quirks.stored()}, findings=(*said, *_sentences(quirks), *left))


def _removed(wire: Wire, path: str) -> tuple[Finding, ...]:
    """Nothing to say where it is gone."""
    try:
        response = wire.request("DELETE", quoted(path))
    except BridgeError:
        return (_left_behind(path, "no answer"),)
    return (
        () if response.is_success or response.status_code in GONE else (_left_behind(path, str(response.status_code)),)
    )


def _mark(source: random.Random) -> str:
    return f"{source.getrandbits(40):010x}"


def _words(wire: Wire, beside: str) -> tuple[dict[str, str], tuple[Finding, ...]]:
    """What the server says of itself; at a calendar, for at its root it may be any web server."""
    answer = wire.request("OPTIONS", quoted(beside))
    classes = sorted({each.strip().lower() for each in answer.headers.get("dav", "").split(",") if each.strip()})
    words = {"dav": ", ".join(classes)[:400]} if classes else {}
    if "calendar-auto-schedule" not in classes:
        return words, ()
    sentence = (
        "The server mails invitations by itself for events with attendees; the bridge writes none. "
        "Whom staff invites to one of its events is mailed when the bridge changes it."
    )
    return {**words, "schedules": YES}, (Finding(level="ok", message=sentence),)


def _not_allowed(status: int) -> Finding:
    return Finding(
        level="warning",
        message=f"The account may not make a calendar ({status}), so the server could not be tried out: "
        "what it does differently is found while reading, at the price of some more requests.",
    )


def _not_now(untried: Sequence[str]) -> Finding:
    return Finding(
        level="warning",
        message=f"Not tried, for the server refused it or was busy: {', '.join(untried)}. What was found there before "
        "is kept; run the check again.",
    )


def _left_behind(path: str, why: str) -> Finding:
    return Finding(
        level="warning", message=f"The calendar {path} was made for trying and cannot be removed ({why}): delete it."
    )


class Trial:
    """The trials, on one empty calendar."""

    def __init__(self, wire: Wire, path: str, now: int, sleep: Callable[[float], None]) -> None:
        self._wire = wire
        self._path = path
        self._now = now
        self._sleep = sleep
        self._collection = Collection(wire, "check", path)

    def run(self) -> Quirks:
        """Everything, in an order in which one does not disturb the next."""
        found = Quirks()
        for trial in (self._writing, self._conditions, self._reports, self._twice, self._marks):
            try:
                found = trial(found)
            except BridgeError:
                continue
        return found

    # --- the trials ---

    def _writing(self, found: Quirks) -> Quirks:
        body = self._event("one")
        answer = self._done(self._put("one", body, **{"If-None-Match": "*"}))
        back = self._done(self._wire.request("GET", self._place("one")))
        return replace(
            found,
            etag_on_put=word(yes="etag" in answer.headers),
            keeps_body=word(yes=back.content == body),
            keeps_unknown=word(yes=b"X-CALBRIDGE-CHECK:kept" in back.content.replace(b"\r\n ", b"")),
        )

    def _conditions(self, found: Quirks) -> Quirks:
        self._done(self._put("one", self._event("one")))
        again = self._put("one", self._event("one", "again"), **{"If-None-Match": "*"})
        over = self._put("one", self._event("one", "over"), **{"If-Match": '"calbridge-never-given"'})
        gone = self._wire.request("DELETE", self._place("one"), headers={"If-Match": '"calbridge-never-given"'})
        return replace(
            found,
            if_none_match=_honoured(again),
            if_match=NO if self._outlived() else _honoured(over),
            if_match_delete=_honoured(gone),
        )

    def _outlived(self) -> bool:
        """Does a version hold where its entry is gone, or for another one in its place (a counter that begins anew)?"""
        self._done(self._put("four", self._event("four")))
        etag = self._done(self._wire.request("GET", self._place("four"))).headers.get("etag", "")
        self._done(self._wire.request("DELETE", self._place("four")))
        if not etag or self._put("four", self._event("four", "late"), **{"If-Match": etag}).is_success:
            return bool(etag)
        self._done(self._put("four", self._event("four", "another")))
        again = self._done(self._wire.request("GET", self._place("four")))
        return bool(again.headers.get("etag") == etag)

    def _reports(self, found: Quirks) -> Quirks:
        self._done(self._put("two", self._event("two")))
        several = self._collection.multiget(["two.ics", "never.ics"])
        uids = self._collection.find(self._uid("two"))
        return replace(
            found,
            multiget=word(yes="two.ics" in several and several["two.ics"].data is not None),
            uid_search=word(yes=uids == ["two.ics"]),
        )

    def _twice(self, found: Quirks) -> Quirks:
        self._done(self._put("two", self._event("two")))
        second = self._put("other", self._event("two"))
        self._wire.request("DELETE", self._place("other"))
        return replace(found, uid_twice=YES if second.is_success else NO if _refused(second) else "")

    def _marks(self, found: Quirks) -> Quirks:
        """One entry new, then changed, then deleted: what moves with each, and is each in the delta?"""
        looks = [self._collection.look()]
        deltas = []
        for step in (self._new, self._change, self._delete):
            self._sleep(TICK if looks[0].date else 0)
            step()
            token = looks[-1].token
            deltas.append(self._collection.changes(token, bodies=True) if token else None)
            looks.append(self._collection.look())
        told = [
            delta is not None and ("three.ics" in (delta.removed if last else delta.changed))
            for delta, last in zip(deltas, (False, False, True), strict=True)
        ]
        return replace(
            found,
            complete_delta=word(yes=all(told)),
            delta_bodies=word(yes=deltas[0] is not None and "three.ics" in deltas[0].bodies),
            refuses_strange_token=self._strange(looks[-1].token) if looks[-1].token else "",
            moving_ctag=word(yes=_moves([each.ctag for each in looks])),
            moving_date=word(yes=_moves([each.date for each in looks])),
        )

    def _new(self) -> None:
        self._done(self._put("three", self._event("three")))

    def _change(self) -> None:
        self._done(self._put("three", self._event("three", "changed")))

    def _delete(self) -> None:
        self._done(self._wire.request("DELETE", self._place("three")))

    def _strange(self, token: str) -> str:
        """Does it refuse a token that it never gave out?"""
        body, path = sync_collection(_turned(token)), quoted(self._path)
        answer = self._wire.multistatus("REPORT", path, body, depth=0, accept=range(400, 600))
        return NO if isinstance(answer, Multistatus) else YES if _refused(answer) else ""

    # --- requests ---

    def _done(self, response: httpx.Response) -> httpx.Response:
        """The answer to what must go through, or nothing is tried."""
        if not response.is_success:
            raise self._wire.problem(response)
        return response

    def _place(self, name: str) -> str:
        return member_path(self._path, f"{name}.ics")

    def _put(self, name: str, body: bytes, **headers: str) -> httpx.Response:
        return self._wire.request("PUT", self._place(name), headers={**_TYPE, **headers}, content=body)

    def _uid(self, name: str) -> str:
        return f"{name}-{self._path.strip('/').rpartition('-')[2]}@calbridge-check"

    def _event(self, name: str, title: str = "Check") -> bytes:
        stamp = datetime.fromtimestamp(self._now, UTC)
        lines = (
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//calbridge//check//EN", "BEGIN:VEVENT",
            f"UID:{self._uid(name)}", f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}", f"DTSTART:{stamp:%Y%m%dT%H0000Z}",
            f"DTEND:{stamp:%Y%m%dT%H3000Z}", f"SUMMARY:{title}", "TRANSP:TRANSPARENT", "X-CALBRIDGE-CHECK:kept",
            "DESCRIPTION:Prüfung\\, \\\\n und mehr \\n ", "X-CALBRIDGE-TEXT;X-P=1:a\\, b", "CLASS:PRIVATE",
            "END:VEVENT", "END:VCALENDAR", "",
        )  # fmt: skip
        return "\r\n".join(lines).encode()


def _moves(values: list[str]) -> bool:
    return all(values) and all(before != after for before, after in pairwise(values))


def _honoured(response: httpx.Response) -> str:
    """Was a condition that does not hold in the way? Any other refusal, or a fault, says nothing of that."""
    return YES if response.status_code == _CONFLICT else NO if response.is_success else ""


def _refused(response: httpx.Response) -> bool:
    """It will be so the next time too."""
    return response.is_client_error and response.status_code not in _NOT_NOW


def _turned(token: str) -> str:
    """A token of the same form that the server never gave out: letters and digits turned round."""
    head, slash, tail = token.rpartition("/")
    return f"{head}{slash}{tail[::-1]}" if tail != tail[::-1] else f"{token}1"


def _sentences(found: Quirks) -> Iterator[Finding]:
    """What it cannot do, or does differently, and what the bridge does about it."""
    plain = {name: sentence for name, sentence in _MISSING.items() if getattr(found, name) == NO}
    for name, sentence in plain.items():
        yield Finding(level="warning" if name in _GRAVE else "ok", message=sentence)
    if found.uid_twice == YES:
        yield Finding(level="ok", message="It takes one event under two names; the bridge looks for the second.")
    untried = [name for name in _MISSING if not getattr(found, name) and name != "refuses_strange_token"]
    if untried:
        yield _not_now(untried)
    elif not plain:
        yield Finding(level="ok", message="Tried out: it does all that the bridge can make use of.")


_GRAVE = frozenset({"if_match", "if_none_match", "if_match_delete", "complete_delta", "keeps_unknown"})
_MISSING = {
    "complete_delta": "Its list of changes (sync-collection) is missing or not whole: it is listed instead.",
    "refuses_strange_token": "It answers tokens that it never gave out: the calendar is listed more often.",
    "moving_ctag": "Its ctag is missing or stands still: it is not used.",
    "moving_date": "The calendar's date does not tell of changes: it is not used.",
    "multiget": "It does not give several entries at once: each is fetched alone.",
    "uid_search": "It cannot search by UID: a lost entry is only looked for at its own place.",
    "if_none_match": "It overwrites an entry although it was told not to: the bridge looks before it makes one.",
    "if_match": "It overwrites what changed meanwhile although it was told not to: the bridge looks before and after.",
    "if_match_delete": "It deletes what changed meanwhile although it was told not to: the bridge looks before.",
    "etag_on_put": "It does not tell the new version of what was written: it is read back (as everything is).",
    "keeps_body": "It rewrites what it is given: what counts is what is read back.",
    "keeps_unknown": "It drops properties that it does not know: the bridge knows its events by their UID alone there.",
}
