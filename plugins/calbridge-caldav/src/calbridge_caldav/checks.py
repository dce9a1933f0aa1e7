"""`check`: reachable, trusted, logged in, CalDAV, each calendar there, and which calendars are not used yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from calbridge.errors import BridgeError
from calbridge.provider import Finding
from calbridge_caldav import discovery
from calbridge_caldav.auth import HERE
from calbridge_caldav.collection import Collection
from calbridge_caldav.settings import CaldavSettings
from calbridge_caldav.wire import Wire


def findings(settings: CaldavSettings, wire: Wire, collections: Mapping[str, Collection]) -> tuple[Finding, ...]:
    """One line for each thing looked at; the first error of the server itself ends it."""
    found = list(_transport(settings))
    server, reachable = _server(settings, wire)
    found.append(server)
    if reachable:
        found += [_calendar(collection) for collection in collections.values()]
        found += _unused(settings, wire)
    return tuple(found)


def _transport(settings: CaldavSettings) -> Iterator[Finding]:
    parts = urlsplit(settings.url)
    if parts.scheme == "http" and parts.hostname not in HERE:
        yield Finding(
            level="warning",
            field="url",
            message="The url is http: names and password can be read on the way. Use https where the server has it.",
        )


def _server(settings: CaldavSettings, wire: Wire) -> tuple[Finding, bool]:
    """OPTIONS tells what the server is; its refusals are said in plain words."""
    try:
        response = wire.request("OPTIONS", urlsplit(settings.url).path or "/")
        offers = response.headers.get("dav", "")
    except BridgeError as error:
        return Finding(level="error", field="url", message=error.hint), False
    if response.status_code in {401, 407}:
        return _refused(settings), False
    if "calendar-access" in offers:
        return Finding(level="ok", field="url", message="The server answers and speaks CalDAV."), True
    return Finding(
        level="warning", field="url", message="The server does not say at this address that it is CalDAV."
    ), True


def _refused(settings: CaldavSettings) -> Finding:
    if not settings.username:
        return Finding(level="error", field="username", message="The server wants a login: set username and password.")
    return Finding(
        level="error",
        field="password",
        message="The server refuses this user name or password: correct them.",
    )


def _calendar(collection: Collection) -> Finding:
    field = f"calendars.{collection.resource}"
    try:
        marks = collection.look()
        count = len(collection.listing())
    except BridgeError as error:
        return Finding(level="error", field=field, message=error.hint)
    how = "reports changes" if marks.token else "tells that something changed" if marks.ctag else "is listed each time"
    return Finding(level="ok", field=field, message=f"The calendar is there with {count} entries; it {how}.")


def _unused(settings: CaldavSettings, wire: Wire) -> Iterator[Finding]:
    try:
        offered = discovery.calendars(wire, settings.url)
    except BridgeError as error:
        yield Finding(level="warning", message=f"The account's calendars cannot be listed: {error.hint}")
        return
    for path in sorted(offered - set(settings.paths().values())):
        yield Finding(level="ok", field="calendars", message=f"There is a calendar at {path} that no resource uses.")
