"""`discover` of the kind: from whatever a person knows of a server to the url, the user's name and the calendars.

A login goes to the host that was typed, to hosts of the same owner, and to another one only where a person agrees:
a name service or a redirect can be forged (RFC 6764, section 8).
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from calbridge.errors import BridgeError, NeedsHuman
from calbridge.provider import Choice, Discovered, Finding, Search
from calbridge_caldav import discovery
from calbridge_caldav.addresses import Candidate, Names, Typed, candidates, is_feed, refuses, same_house, typed
from calbridge_caldav.auth import Negotiated
from calbridge_caldav.described import Described
from calbridge_caldav.discovery import ElsewhereError
from calbridge_caldav.names import SystemNames
from calbridge_caldav.settings import in_the_clear
from calbridge_caldav.wire import LoginRefusedError, Wire

_MOVES = 3
_BY = {
    "dns": "the name service names it",
    "well-known": "the host's well-known address leads there",
    "typed": "as given",
}


def discover(search: Search, names: Names | None = None) -> Discovered:
    """Look at one candidate after the other; the first that lists calendars is it. BridgeError says why none is."""
    known = names or SystemNames()
    given = typed(search.address)
    fault: BridgeError | None = None
    for candidate in candidates(given, known):
        try:
            return _at(search, given, candidate)
        except LoginRefusedError:
            raise
        except BridgeError as error:
            fault = _telling(fault, error)
    if not given.url and refuses(given.host, known):
        raise NeedsHuman(f"The name service of {given.host} says that it has no calendars: ask who keeps them.")
    if is_feed(search.address):
        raise NeedsHuman(
            f"{given.host} has no CalDAV at this address, which looks like that of a feed: a connection of "
            'kind = "ics" reads one. To write into the calendar too, give the address of the server itself.'
            f"{f' What was found: {fault.hint}' if fault else ''}"
        ) from fault
    raise fault or NeedsHuman(f"No CalDAV server was found for {given.host}: give its address, beginning with https://")


def _telling(first: BridgeError | None, second: BridgeError) -> BridgeError:
    """Of two failures the one that says more: a server that answered something is nearer than none."""
    return (
        first if first is not None and (isinstance(first, NeedsHuman) or not isinstance(second, NeedsHuman)) else second
    )


def _at(search: Search, given: Typed, candidate: Candidate) -> Discovered:
    """RFC 6764, section 6: the whole e-mail address is the user's name, or else what stands before the @."""
    whole = search.username or given.username
    users = list(dict.fromkeys([whole] if search.username else [whole, whole.partition("@")[0]]))
    for user in users:
        try:
            url, found = _account(search, given, candidate, user)
        except LoginRefusedError:
            if user == users[-1]:
                raise
        else:
            return _discovered(url, user, candidate, found)
    raise NeedsHuman("No user name was given.")  # pragma: no cover  # there is always one, if only an empty one


def _account(search: Search, given: Typed, candidate: Candidate, user: str) -> tuple[str, list[Described]]:
    url, home = candidate.url, given.url or f"https://{given.host}/"
    for _move in range(_MOVES):
        _allowed(search, home, url)
        wire = Wire(url, search.transport, Negotiated(user, search.password) if user else None)
        try:
            return discovery.account(wire, url)
        except ElsewhereError as error:
            if in_the_clear(error.target):
                raise
            url = error.target
        finally:
            wire.close()
    raise NeedsHuman("The servers send on from one to the other without end: give the last address itself.")


def _allowed(search: Search, home: str, url: str) -> None:
    there = urlsplit(url).netloc
    question = f"The calendars of {urlsplit(home).netloc} are said to be at {there}. Send the login there?"
    if not same_house(home, url) and not search.confirm(question):
        raise NeedsHuman(
            f"The calendars are said to be at {there}, which is another owner's: "
            f"if that is right, give https://{there}/ as the address."
        )


def _discovered(url: str, user: str, candidate: Candidate, found: list[Described]) -> Discovered:
    usable = [one for one in found if one.holds_events]
    return Discovered(
        values={"url": url} | ({"username": user} if user else {}),
        choices={"calendars": tuple(_choice(one) for one in usable)},
        findings=tuple(_findings(url, candidate, found, usable)),
    )


def _choice(one: Described) -> Choice:
    note = "read only: the bridge can see it and not write into it" if one.writable is False else ""
    return Choice(value=one.path, label=one.title(), note=note)


def _findings(url: str, candidate: Candidate, found: list[Described], usable: list[Described]) -> Iterator[Finding]:
    parts = urlsplit(url)
    yield Finding(
        level="ok", field="url", message=f"CalDAV is at {parts.scheme}://{parts.netloc} ({_BY[candidate.by]})."
    )
    if in_the_clear(url):
        yield Finding(level="warning", field="url", message="It is http: names and password can be read on the way.")
    if not usable:
        yield Finding(
            level="warning",
            field="calendars",
            message="The account has no calendar for events: make one for each resource in its calendar program.",
        )
    for one in usable:
        rights = " (read only)" if one.writable is False else ""
        yield Finding(level="ok", field="calendars", message=f"{one.title()}: {one.path}{rights}")
    others = len(found) - len(usable)
    if others:
        yield Finding(level="ok", field="calendars", message=f"{others} more hold no events (tasks, contacts).")
