"""What `calbridge check` says of a PMS: does it answer, may we, does it know the clinic's names, is it fresh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from calbridge.errors import BridgeError
from calbridge.model import Clinic
from calbridge.provider import Finding
from calbridge_pms.api import Api
from calbridge_pms.names import Names
from calbridge_pms.settings import PmsSettings
from calbridge_pms.wire import PmsNamed, read


def findings(api: Api, settings: PmsSettings, clinic: Clinic, names: Names) -> Iterator[Finding]:
    """From the outside in; the first thing that stops everything ends the list."""
    try:
        abilities = api.abilities(fresh=True)
        yield Finding(level="ok", message=f"The PMS answers; it is read by {abilities.reading}.")
        if settings.holds and not abilities.holds:
            yield _error("This PMS keeps no tentative appointments: write holds = false.", "holds")
        if abilities.two_stage:
            yield _warning("This PMS takes writes first and files them later; until then they show as pending.", "")
        yield from _names(api, settings, clinic, names)
        yield from _health(api.get("/v1/health"))
    except BridgeError as error:
        yield _error(_sentence(error.hint), "token" if "401" in error.hint else "url")


def _names(api: Api, settings: PmsSettings, clinic: Clinic, names: Names) -> Iterator[Finding]:
    sites = {site.id: site.time_zone for site in _named(api, "/v1/locations")}
    if settings.location and settings.location not in sites:
        yield _error(f'The PMS has no site "{settings.location}"; it has {_listed(sites)}.', "location")
    for ident, zone in sites.items():
        if zone and zone != clinic.time_zone and settings.location in {"", ident}:
            yield _warning(f'The PMS\'s site "{ident}" is in {zone}, the clinic in {clinic.time_zone}.', "location")
    resources = {each.id for each in _named(api, "/v1/resources") if settings.location in {"", each.location}}
    yield from _missing("resources", "resource", names.resources, resources)
    types = {each.id for each in _named(api, "/v1/appointment-types")}
    yield from _missing("services", "appointment type", names.services, types)


def _missing(field: str, what: str, mapped: Mapping[str, str], there: set[str]) -> Iterator[Finding]:
    for key, ident in mapped.items():
        if ident not in there:
            yield _error(
                f'The PMS has no {what} "{ident}" for {key}; it has {_listed(there)}. Write its id as {field}.{key}, '
                f'or {field}.{key} = "" if it has none.',
                f"{field}.{key}",
            )


def _health(answer: Any) -> Iterator[Finding]:
    state = answer if isinstance(answer, dict) else {}
    if state.get("read_ok") is False:
        yield _error("The PMS says that it cannot read its records at the moment.", "url")
    if state.get("write_ok") is False:
        yield _warning("The PMS says that it cannot write its records at the moment.", "url")


def _named(api: Api, path: str) -> list[PmsNamed]:
    return [read(PmsNamed, raw, "list of names") for raw in api.all(path)]


def _listed(names: Any) -> str:
    return ", ".join(sorted(names)) or "none"


def _sentence(hint: str) -> str:
    return f"{hint[:1].upper()}{hint[1:]}." if hint and not hint.endswith(".") else hint


def _error(message: str, field: str) -> Finding:
    return Finding(level="error", message=message, field=field)


def _warning(message: str, field: str) -> Finding:
    return Finding(level="warning", message=message, field=field)
