"""What `calbridge check` says of this connection: the portal answers, the token fits, the names are known."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from calbridge.errors import BridgeError
from calbridge.provider import Finding, PublicClinic
from calbridge_vetstoria.client import PortalClient
from calbridge_vetstoria.settings import VetstoriaSettings
from calbridge_vetstoria.wire import Site

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def check(client: PortalClient, settings: VetstoriaSettings, clinic: PublicClinic) -> tuple[Finding, ...]:
    """The hook `check`."""
    return (*_names(settings, clinic), *_transport(settings), *_server(client, clinic), _telling(settings))


def _names(settings: VetstoriaSettings, clinic: PublicClinic) -> Iterator[Finding]:
    for field, given, known in (
        ("resources", settings.resources, clinic.resources),
        ("services", settings.services, clinic.services),
    ):
        for key in sorted(set(given) - set(known)):
            yield Finding(
                level="error",
                field=field,
                message=f'"{key}" is none of the clinic\'s {field}: correct it or leave it out',
            )


def _transport(settings: VetstoriaSettings) -> Iterator[Finding]:
    parts = urlsplit(settings.url)
    if parts.scheme == "http" and parts.hostname not in LOCAL:
        yield Finding(
            level="warning", field="url", message="the token and people's data travel in clear: use an https:// address"
        )


def _telling(settings: VetstoriaSettings) -> Finding:
    """No protocol says what a portal really writes to whom: it cannot be compared, so it is said."""
    if settings.tells:
        message = "taken to write to its clients itself; if they hear nothing from it, set tells = false"
    else:
        message = "taken to write to nobody; if its clients hear from it as well, set tells = true"
    return Finding(level="ok", field="tells", message=message)


def _server(client: PortalClient, clinic: PublicClinic) -> Iterator[Finding]:
    try:
        site = client.parse(Site, client.send("GET", client.site()).document)
    except BridgeError as error:
        yield Finding(level="error", field=_field(error.hint), message=error.hint)
        return
    if site.time_zone != clinic.time_zone:
        message = f"the portal's site is in {site.time_zone}; the next export sets it to {clinic.time_zone}"
        yield Finding(level="warning", message=message)
    yield Finding(level="ok", message="the portal answers and takes the token")


def _field(hint: str) -> str:
    return next((field for field in ("token", "site") if f"correct {field}" in hint), "url")
