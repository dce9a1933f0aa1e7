"""The clinic's configuration, written as a clinic would write it, with every secret in a file of its own (0600)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from calbridge.demo.clinic import EMAIL, KEY, NAME, OPENING, REGION, ROOMS, ZONE, Offer, Plan, Practice, Vet
from calbridge.demo.days import closure

SECRETS = "secrets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where everything listens; `calendar` is the gate's address when there is one. `mail` is the mail server's port,
    0 where there is none."""

    calendar: str
    portal: str
    pms: str
    bridge: str
    home: str
    user: str = ""
    mail: int = 0

    @property
    def listen(self) -> str:
        """Host and port, as the bridge's own section wants it."""
        return self.bridge.removeprefix("http://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """What differs from run to run."""

    today: date
    addresses: Addresses
    practice: Practice


def write(folder: Path, clinic: Clinic, secrets: Mapping[str, str]) -> Path:
    """The file `calbridge.toml` in `folder`, and its secrets beside it."""
    keep = folder / SECRETS
    keep.mkdir(mode=0o700, exist_ok=True)
    for name, text in secrets.items():
        secret = keep / name
        secret.touch(mode=0o600)
        secret.write_text(text, "utf-8")
    path = folder / "calbridge.toml"
    path.write_text("\n".join(_document(clinic)) + "\n", "utf-8")
    return path


def _document(clinic: Clinic) -> Iterator[str]:
    first, last = closure(clinic.today)
    yield from (
        "[bridge]",
        f'listen = "{clinic.addresses.listen}"',
        'every = "PT1S"',
        f'secrets_directory = "{SECRETS}"',
        "",
        f"[clinics.{KEY}]",
        f'name = "{NAME}"',
        f'time_zone = "{ZONE}"',
        f'region = "{REGION}"',
        "online = true",
        'system_of_record = "pms"',
        *(_reached(clinic) if clinic.addresses.mail else ()),
        *(f"{key} = {value}" for key, value in clinic.practice.keys.items()),
        f'closures = [{{ from = {first}, until = {last}, reason = "Betriebsurlaub" }}]',
        f"[clinics.{KEY}.opening_hours]",
        *(f"{day} = {_list(windows)}" for day, windows in OPENING.items()),
        f"[clinics.{KEY}.rules]",
        f"horizon_days = {clinic.practice.days}",
        *(f"{rule} = {value}" for rule, value in clinic.practice.rules.items()),
    )
    for vet in clinic.practice.vets:
        yield from _vet(vet, () if clinic.practice.plans_in_pms else vet.plans)
    for key, name in ROOMS.items():
        yield from (f"[clinics.{KEY}.resources.{key}]", f'name = "{name}"', 'kind = "room"')
    for offer in clinic.practice.services:
        yield from _service(offer)
    yield from _connections(clinic.addresses, clinic.practice)


def _reached(clinic: Clinic) -> Iterator[str]:
    """Where clients and their mails find the practice."""
    yield f'email = "{EMAIL}"'
    yield f'booking_url = "{clinic.addresses.portal}/{clinic.practice.page}/{KEY}"'


def _vet(vet: Vet, plans: Iterable[Plan]) -> Iterator[str]:
    yield from (f"[clinics.{KEY}.resources.{vet.key}]", f'name = "{vet.name}"', "online = true", "week = [")
    for plan in plans:
        weeks = "" if plan.weeks == "all" else f', weeks = "{plan.weeks}"'
        dates = "".join(f", {key} = {day}" for key, day in (("from", plan.first), ("until", plan.last)) if day)
        yield f"  {{ days = {_list(plan.days)}, windows = {_list(plan.windows)}{weeks}{dates} }},"
    yield "]"


def _service(offer: Offer) -> Iterator[str]:
    yield from (
        f"[clinics.{KEY}.services.{offer.key}]",
        f'name = "{offer.name}"',
        f'group = "{offer.group}"',
        f"minutes = {offer.minutes}",
        f"buffer_before = {offer.before}",
        f"buffer_after = {offer.after}",
        f"online = {str(offer.online).lower()}",
        f"resources = {_list(offer.vets)}",
    )
    if offer.rooms:
        yield f"requires = [{{ any_of = {_list(offer.rooms)} }}]"
    if offer.species:
        yield f"species = {_list(offer.species)}"
    if offer.instructions:
        yield f'instructions = "{offer.instructions}"'


def _connections(addresses: Addresses, practice: Practice) -> Iterator[str]:
    calendars = ", ".join(f'{vet.key} = "{addresses.home}{vet.key}/"' for vet in practice.vets)
    yield from (
        f"[clinics.{KEY}.connections.pms]",
        'kind = "pms"',
        f'url = "{addresses.pms}"',
        'token = { file = "pms-token" }',
        'webhook_secret = { file = "pms-webhook" }',
        *_demo_keys(),
        f"[clinics.{KEY}.connections.calendar]",
        'kind = "caldav"',
        f'url = "{addresses.calendar}/"',
        *_login(addresses.user),
        f"calendars = {{ {calendars} }}",
        *_demo_keys(),
        f"[clinics.{KEY}.connections.portal]",
        'kind = "vetstoria"',
        f'url = "{addresses.portal}"',
        f'site = "{KEY}"',
        'token = { file = "portal-token" }',
        'webhook_secret = { file = "portal-webhook" }',
        f"tells = {str(practice.portal_tells).lower()}",
        *_demo_keys(),
    )
    if addresses.mail:
        yield from (f"[clinics.{KEY}.notifiers.mail]", 'kind = "smtp"', 'host = "127.0.0.1"')
        yield from (f"port = {addresses.mail}", 'security = "none"')


def _login(user: str) -> tuple[str, ...]:
    return (f'username = "{user}"', 'password = { file = "calendar-password" }') if user else ()


def _demo_keys() -> tuple[str, str]:
    """Everything is new and everything listens on this machine."""
    return 'first_run = "apply"', "allow_private = true"


def _list(texts: Iterable[str]) -> str:
    return json.dumps(list(texts), ensure_ascii=False)
