"""`check`: reachable, trusted, logged in, CalDAV, each calendar there and writable, and which are not used yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import httpx

from calbridge.errors import BridgeError, ConfigError
from calbridge.provider import Finding
from calbridge_caldav import discovery
from calbridge_caldav.collection import Collection
from calbridge_caldav.described import Described
from calbridge_caldav.hrefs import ONLINE, field_of, quoted
from calbridge_caldav.settings import CaldavSettings, in_the_clear
from calbridge_caldav.wire import Wire

_LONGEST = 60


def findings(settings: CaldavSettings, wire: Wire, collections: Mapping[str, Collection]) -> tuple[Finding, ...]:
    """One line for each thing looked at; the first error of the server itself ends it."""
    found = list(_transport(settings))
    server, reachable = _server(settings, wire, next(iter(collections.values())))
    found.append(server)
    if reachable:
        for collection in collections.values():
            found += _calendar(wire, collection)
        found += _unused(settings, wire)
    return tuple(found)


def _transport(settings: CaldavSettings) -> Iterator[Finding]:
    if in_the_clear(settings.url):
        yield Finding(
            level="warning",
            field="url",
            message="The url is http: names and password can be read on the way. Use https where the server has it.",
        )


def _server(settings: CaldavSettings, wire: Wire, calendar: Collection) -> tuple[Finding, bool]:
    """OPTIONS tells what the server is, of some only at a calendar; its refusals are said in plain words."""
    try:
        response = wire.request("OPTIONS", urlsplit(settings.url).path or "/")
        if response.is_success and not _speaks(response):
            response = wire.request("OPTIONS", quoted(calendar.path))
    except ConfigError as error:
        return Finding(level="error", field=_login_field(settings), message=error.hint), False
    except BridgeError as error:
        return Finding(level="error", field="url", message=error.hint), False
    if response.status_code in {401, 407}:
        return _refused(settings, wire, response), False
    if _speaks(response):
        return Finding(
            level="ok", field="url", message=f"The server answers and speaks CalDAV{_product(response)}."
        ), True
    return Finding(
        level="warning", field="url", message="The server does not say at this address that it is CalDAV."
    ), True


def _speaks(response: httpx.Response) -> bool:
    return "calendar-access" in response.headers.get("dav", "")


def _product(response: httpx.Response) -> str:
    """As it calls itself, for people only: nothing depends on a name."""
    name = "".join(each for each in response.headers.get("server", "") if each.isprintable())[:_LONGEST]
    return f" (it calls itself {name})" if name else ""


def _login_field(settings: CaldavSettings) -> str:
    """The secret that was looked for and not found."""
    return next((name for name in ("refresh_token", "token") if getattr(settings, name) is not None), "password")


def _refused(settings: CaldavSettings, wire: Wire, response: httpx.Response) -> Finding:
    """In the words that every other command has for it, at the key that may be wrong."""
    login = "password" if settings.username else "username"
    field = "token" if settings.refresh_token or settings.token else login
    return Finding(level="error", field=field, message=wire.problem(response).hint)


def _calendar(wire: Wire, collection: Collection) -> Iterator[Finding]:
    field = field_of(collection.resource)
    try:
        marks = collection.look()
        count = len(collection.listing())
        shown = discovery.describe(wire, collection.path) or Described(path=collection.path)
    except BridgeError as error:
        yield Finding(level="error", field=field, message=error.hint)
        return
    how = "reports changes" if marks.token else "tells that something changed" if marks.ctag else "is listed each time"
    named = f' "{shown.name}"' if shown.name else ""
    online = collection.resource.startswith(ONLINE)
    what = ", each of them an online window" if online else ""
    yield Finding(
        level="ok", field=field, message=f"The calendar{named} is there with {count} entries{what}; it {how}."
    )
    yield from _limits(field, shown, read_only=online)


def _limits(field: str, shown: Described, *, read_only: bool) -> Iterator[Finding]:
    if shown.writable is False and not read_only:
        yield Finding(
            level="error",
            field=field,
            message="The account may only read this calendar: share it with the right to write, or use another one.",
        )
    if shown.components is not None and "VEVENT" not in shown.components:
        yield Finding(level="error", field=field, message="This calendar takes no events (VEVENT): name another one.")


def _unused(settings: CaldavSettings, wire: Wire) -> Iterator[Finding]:
    try:
        offered = discovery.calendars(wire, settings.url)
    except BridgeError as error:
        yield Finding(level="warning", message=f"The account's calendars cannot be listed: {error.hint}")
        return
    used = {*settings.paths().values(), *settings.window_paths().values()}
    for one in offered:
        if one.path not in used and one.holds_events:
            named = f'"{one.name}" ' if one.name else ""
            yield Finding(
                level="ok",
                field="calendars",
                message=f"There is a calendar {named}at {one.path} that no resource uses.",
            )
