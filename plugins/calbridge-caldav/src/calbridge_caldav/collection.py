"""One calendar collection as the server tells of it: its marks, a listing, a delta, bodies.

The truth is a full listing of hrefs and ETags; tokens and ctags only save work. A collection that is not there, or
is no calendar, is a person's matter: it never means that everything in it was deleted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx

from calbridge.errors import BridgeError, NeedsHuman, RetryLater
from calbridge.http import BodyRefused, classify
from calbridge_caldav import multistatus as ms
from calbridge_caldav.hrefs import field_of, member_path, path_of, quoted, segment_in
from calbridge_caldav.quirks import NO, Quirks
from calbridge_caldav.wire import GONE, Body, Wire, etag_of

ArgumentT = TypeVar("ArgumentT")
ResultT = TypeVar("ResultT")

CHUNK = 80
WAYS, AHEAD = 2, 3
"""Chunks asked for at once, so that a server need not wait while one is taken in; and those held before their turn."""

PAGES = 1000
SETTLED = 2
"""Seconds after which a date of whole seconds cannot hide a further change."""

_NOT_THIS_REQUEST = frozenset({401, 407, 408, 423, 425, 429})
"""Client errors that say nothing about the request itself: all others refuse it as it is."""

_AWAY = GONE | {403}
"""There is no calendar there, for this account at least."""

_SPOILED = (BodyRefused, ms.NoMultistatusError)
"""An answer with many objects that cannot be taken: one is too large, or holds what XML cannot (a vertical tab)."""

_REFUSALS = frozenset(range(400, 500)) - _NOT_THIS_REQUEST | {500, 501, 507}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What tells cheaply that something changed; "" where the server has none.

    `date` is the calendar's getlastmodified; `settled`: it is old enough to show every change from now on.
    """

    token: str = ""
    ctag: str = ""
    date: str = ""
    settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One object's body; no `data` and no `fault`: it is gone meanwhile; `fault`: the server does not hand it out."""

    segment: str
    etag: str = ""
    data: bytes | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """A delta: segments with their ETags ("" where not told), segments that are gone, and the next token.

    `bodies` are the changed objects that came along.
    """

    changed: dict[str, str] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    token: str = ""
    bodies: Mapping[str, Fetched] = field(default_factory=dict)


@dataclass(slots=True)
class _News:
    """A delta while its pages come in."""

    changed: dict[str, str] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    bodies: dict[str, Fetched] = field(default_factory=dict)

    def until(self, token: str) -> Changes:
        """All of it, up to this token."""
        return Changes(changed=self.changed, removed=frozenset(self.removed), token=token, bodies=self.bodies)


class Collection:
    """One calendar; `resource` is its name here (`hrefs`). `path` is unquoted, with a slash at its end."""

    def __init__(self, wire: Wire, resource: str, path: str, quirks: Quirks | None = None) -> None:
        self._wire = wire
        self.resource = resource
        self.path = path
        self.quirks = quirks or Quirks()
        self._names = {path}

    # --- marks ---

    def look(self) -> Marks:
        """The marks, taken before anything is read; NeedsHuman when there is no calendar at this address."""
        ctag = ("S:getctag",) if self.quirks.needs_ctag else ()
        return self._marks("D:sync-token", *ctag, "D:getlastmodified")

    def glance(self) -> Marks:
        """The calendar's date alone: a server may have to read every entry to tell its token."""
        return self._marks("D:getlastmodified")

    def _marks(self, *names: str) -> Marks:
        body = ms.propfind("D:resourcetype", *names)
        answer = self._wire.multistatus("PROPFIND", quoted(self.path), body, depth=0, accept=_AWAY, long=True)
        if isinstance(answer, httpx.Response) and answer.status_code == httpx.codes.FORBIDDEN:
            raise self._hidden(answer)
        if isinstance(answer, httpx.Response) or not answer.parts or answer.parts[0].gone:
            raise NeedsHuman(
                f"There is no calendar at the address in {field_of(self.resource)} (404): correct it, "
                "or restore the calendar. Nothing was deleted here."
            )
        itself = answer.parts[0]
        self._names = {self.path, path_of(itself.href).rstrip("/") + "/"}
        if not itself.has(f"{ms.DAV}resourcetype", f"{ms.CAL}calendar"):
            raise NeedsHuman(
                f"The address in {field_of(self.resource)} is no calendar: "
                "write the path of a calendar collection, `calbridge check` lists them."
            )
        date = itself.text(f"{ms.DAV}getlastmodified")
        return Marks(
            token=itself.text(f"{ms.DAV}sync-token"),
            ctag=itself.text(ms.CTAG),
            date=date,
            settled=_settled(date, answer.date),
        )

    def _hidden(self, answer: httpx.Response) -> BridgeError:
        """A server that is asked too often says 403 too, somewhere."""
        problem = self._wire.problem(answer)
        if not isinstance(problem, NeedsHuman):
            return problem
        return NeedsHuman(
            f"This account may not see the calendar in {field_of(self.resource)} (403): share it with the account, "
            "or correct its path. Nothing was deleted here."
        )

    # --- what is there, what changed ---

    def listing(self) -> dict[str, str]:
        """Every object's segment and ETag, by the one request that all servers answer rightly."""
        body = ms.propfind("D:getetag", "D:resourcetype")
        answer = self._wire.multistatus("PROPFIND", quoted(self.path), body, depth=1, long=True)
        if isinstance(answer, ms.Multistatus) and any(self._cut(part) for part in answer.parts):
            raise NeedsHuman(
                f"The server does not list the whole of {field_of(self.resource)}: it is too large for it. "
                "Nothing was taken for deleted; raise the server's limit, or use a smaller calendar."
            )
        if isinstance(answer, httpx.Response) or not any(self._is_here(part) and part.found for part in answer.parts):
            raise RetryLater(f"The listing of {field_of(self.resource)} came back without this calendar in it.")
        return {
            segment: etag_of(part.text(f"{ms.DAV}getetag"))
            for part in answer.parts
            if (segment := self._segment(part))
            and part.found
            and not part.has(f"{ms.DAV}resourcetype", f"{ms.DAV}collection")
        }

    def _segment(self, part: ms.Part) -> str | None:
        """The member that a part is about; servers behind a proxy may name the calendar by another path (`look`)."""
        found = (segment_in(name, part.href) for name in self._names)
        return next((segment for segment in found if segment), None)

    def _is_here(self, part: ms.Part) -> bool:
        """It names the calendar, or what is in it."""
        return path_of(part.href).rstrip("/") + "/" in self._names or self._segment(part) is not None

    def _cut(self, part: ms.Part) -> bool:
        """507 on the collection itself: the answer is not whole."""
        return part.status == httpx.codes.INSUFFICIENT_STORAGE and self._is_here(part) and self._segment(part) is None

    def changes(self, token: str, *, bodies: bool = False) -> Changes | None:
        """What changed since the token; None where the server refuses it or answers nonsense, on any page (R6).

        `bodies`: the objects shall come along; where they are too many for one answer, or one of them spoils it, they
        do not.
        """
        try:
            return self._changes(token, bodies=bodies)
        except NeedsHuman as error:
            if not (bodies and isinstance(error.__cause__, _SPOILED)):
                raise
            return self._changes(token, bodies=False)

    def _changes(self, token: str, *, bodies: bool) -> Changes | None:
        news = _News()
        for _page in range(PAGES):
            answer = self._report(ms.sync_collection(token, bodies=bodies), depth=0)
            if answer is None or not answer.token:
                return None
            cut = sum(self._note(part, news) for part in answer.parts)
            if not cut:
                return news.until(answer.token)
            if answer.token == token:
                return None
            token = answer.token
        return None

    def _note(self, part: ms.Part, news: _News) -> bool:
        """Take one part in; True when it says that the answer is not whole."""
        segment = self._segment(part)
        if segment is None:
            return self._cut(part)
        news.bodies.pop(segment, None)
        if part.gone:
            news.changed.pop(segment, None)
            news.removed.add(segment)
        else:
            news.removed.discard(segment)
            news.changed[segment] = etag_of(part.text(f"{ms.DAV}getetag"))
            if part.text(f"{ms.CAL}calendar-data"):
                news.bodies[segment] = _fetched(segment, part)
        return False

    def etag(self, segment: str) -> str:
        """The ETag of one object, for servers that name none on a GET; "" where there is none."""
        answer = self._wire.multistatus(
            "PROPFIND", member_path(self.path, segment), ms.propfind("D:getetag"), depth=0, accept=_REFUSALS
        )
        parts = answer.parts if isinstance(answer, ms.Multistatus) else ()
        return etag_of(parts[0].text(f"{ms.DAV}getetag")) if parts else ""

    def find(self, uid: str) -> list[str] | None:
        """The segments of events with this UID; None where the server cannot search."""
        if self.quirks.uid_search == NO:
            return None
        answer = self._report(ms.by_uid(uid), depth=1)
        if answer is None:
            return None
        found = (self._segment(part) for part in answer.parts if not part.gone)
        return [segment for segment in found if segment]

    def _report(self, body: bytes, *, depth: int) -> ms.Multistatus | None:
        answer = self._wire.multistatus("REPORT", quoted(self.path), body, depth=depth, accept=_REFUSALS, long=True)
        return answer if isinstance(answer, ms.Multistatus) else None

    # --- bodies ---

    def bodies(self, segments: Sequence[str]) -> Iterator[Fetched]:
        """The objects, in chunks (one multiget for ten thousand is refused); what one leaves out is asked for alone.

        The server works on the next chunks while the last one is being read here.
        """
        chunks = [segments[start : start + CHUNK] for start in range(0, len(segments), CHUNK)]
        for chunk, got in zip(chunks, ahead(self._several, chunks), strict=True):
            yield from (got.get(segment) or self.fetch(segment) for segment in chunk)

    def _several(self, segments: Sequence[str]) -> dict[str, Fetched]:
        return self.multiget(segments) if self.quirks.multiget != NO else {}

    def multiget(self, segments: Sequence[str]) -> dict[str, Fetched]:
        """Several objects at once, those that the server gives."""
        try:
            answer = self._report(ms.multiget(member_path(self.path, one) for one in segments), depth=1)
        except NeedsHuman as error:
            if not isinstance(error.__cause__, _SPOILED):
                raise
            return {}
        wanted = set(segments)
        named = ((self._segment(part), part) for part in (answer.parts if answer else ()))
        found = (_fetched(segment, part) for segment, part in named if segment is not None and segment in wanted)
        return {each.segment: each for each in found if each.data != b""}

    def fetch(self, segment: str) -> Fetched:
        """One object by a GET of its own. What the server says of this object alone stops nothing else."""
        try:
            answer = self._wire.get(member_path(self.path, segment))
        except NeedsHuman as error:
            if isinstance(error.__cause__, BodyRefused):
                return Fetched(segment=segment, fault="the object is too large")
            raise
        if isinstance(answer, Body):
            return Fetched(segment=segment, etag=answer.etag, data=answer.data)
        if answer.status_code in GONE:
            return Fetched(segment=segment)
        if answer.status_code in _REFUSALS:
            return Fetched(segment=segment, fault=f"the server does not hand it out ({answer.status_code})")
        raise classify(answer)


def ahead(call: Callable[[ArgumentT], ResultT], arguments: Sequence[ArgumentT]) -> Iterator[ResultT]:
    """The results in order, the next ones already being worked on in other threads; one alone needs none."""
    if len(arguments) <= 1:
        yield from map(call, arguments)
        return
    with ThreadPoolExecutor(WAYS, thread_name_prefix="ahead") as pool:
        pending = deque(pool.submit(call, argument) for argument in arguments[:AHEAD])
        for argument in arguments[AHEAD:]:
            result = pending.popleft().result()
            pending.append(pool.submit(call, argument))
            yield result
        while pending:
            yield pending.popleft().result()


def _fetched(segment: str, part: ms.Part) -> Fetched:
    if part.gone:
        return Fetched(segment=segment)
    data = part.text(f"{ms.CAL}calendar-data").encode("utf-8", "replace")
    return Fetched(segment=segment, etag=etag_of(part.text(f"{ms.DAV}getetag")), data=data)


def _settled(modified: str, now: str) -> bool:
    """False while another change may still fall into the same second, or where the server's clock is not known."""
    try:
        age = parsedate_to_datetime(now) - parsedate_to_datetime(modified)
    except (ValueError, TypeError):
        return False
    return age.total_seconds() >= SETTLED
