"""Everything that runs, started in a folder of its own and ended by process id, whatever happens in between."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from calbridge.demo import config
from calbridge.demo.bridge import Bridge
from calbridge.demo.calendar_side import CalendarSide
from calbridge.demo.clinic import DAY, KEY, Practice
from calbridge.demo.gate import Gate
from calbridge.demo.pms_side import PmsSide
from calbridge.demo.portal_side import PortalSide
from calbridge.demo.seed import seed
from calbridge.demo.staff import notes
from calbridge.demo.world import World
from calbridge.testing import servers
from calbridge.testing.processes import PLAIN, free_port
from calbridge.testing.proxy import Chain, Proxy, Rule
from calbridge.testing.servers import Server

if TYPE_CHECKING:
    from calbridge.demo.mail_side import MailSide

HOOK = "/hooks/{clinic}/{connection}"
TIMEOUT_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The made-up clinic's secrets, new for each run."""

    portal: str
    pms: str
    desk: str

    @classmethod
    def fresh(cls) -> Tokens:
        """Three that nobody knows."""
        return cls(portal=secrets.token_urlsafe(24), pms=secrets.token_urlsafe(24), desk=secrets.token_urlsafe(24))

    def file(self, folder: Path, name: str) -> Path:
        """One of them in a file that only its owner reads."""
        path = folder / f"{name}.token"
        path.touch(mode=0o600)
        path.write_text(str(getattr(self, name)), "utf-8")
        return path


@contextmanager
def running(
    folder: Path,
    today: date,
    *,
    calendars: Callable[[Path], Server] = servers.radicale,
    rules: Mapping[str, Rule] | None = None,
    practice: Practice = DAY,
    daemon: bool = True,
) -> Iterator[World]:
    """The three sides and the bridge, seeded and connected.

    `rules` puts a proxy with that rule between the bridge and a side: "calendar", "portal" or "pms".
    """
    tokens = Tokens.fresh()
    with ExitStack() as stack:
        places = _started(stack, _sides(folder, seed(today, practice.visits, practice), tokens, calendars))
        calendar = _calendar(stack, places["calendar"], practice)
        _fill(calendar, today, practice)
        gate = Gate()
        fronts = {"calendar": Chain(gate, (rules or {}).get("calendar", Rule()))} | _others(rules)
        mail = _mail(stack) if practice.mails else None
        addresses = _addresses(stack, places, fronts, mail.port if mail else 0)
        portal, pms = _portal(stack, places["portal"], tokens), _pms(stack, places["pms"], tokens)
        clinic = config.Clinic(today=today, addresses=addresses, practice=practice)
        bridge = _bridge(folder, clinic, tokens, portal, pms)
        stack.callback(bridge.stop)
        if daemon:
            bridge.start()
        yield World(
            today=today,
            practice=practice,
            calendar=calendar,
            portal=portal,
            pms=pms,
            bridge=bridge,
            gate=gate,
            mail=mail,
        )


def _sides(
    folder: Path, data: dict[str, Any], tokens: Tokens, calendars: Callable[[Path], Server]
) -> dict[str, Callable[[], Server]]:
    return {
        "calendar": lambda: calendars(folder / "calendars"),
        "portal": lambda: servers.portal(folder / "portal", site=KEY, token_file=tokens.file(folder, "portal")),
        "pms": lambda: servers.refpms(
            folder / "pms",
            data,
            token_file=tokens.file(folder, "pms"),
            desk_token_file=tokens.file(folder, "desk"),
        ),
    }


def _started(stack: ExitStack, starts: Mapping[str, Callable[[], Server]]) -> dict[str, Server]:
    """Start all at once; whatever came up is ended with the stack, also when another one failed."""
    waiting: dict[str, Future[Server]] = {}
    try:
        with ThreadPoolExecutor(len(starts)) as pool:
            waiting |= {name: pool.submit(start) for name, start in starts.items()}
    finally:
        for future in waiting.values():
            if future.done() and future.exception() is None:
                stack.enter_context(future.result().program)
    return {name: future.result() for name, future in waiting.items()}


def _others(rules: Mapping[str, Rule] | None) -> dict[str, Rule]:
    return {side: rule for side, rule in (rules or {}).items() if side != "calendar"}


def _mail(stack: ExitStack) -> MailSide:
    """A mail server; the library for it is asked for only here."""
    from calbridge.demo.mail_side import MailSide
    from calbridge.testing.mail_server import MailServer, Sink

    sink = Sink()
    return MailSide(sink=sink, port=stack.enter_context(MailServer(sink)).port)


def _addresses(
    stack: ExitStack, places: Mapping[str, Server], fronts: Mapping[str, Rule], mail: int
) -> config.Addresses:
    """Where the bridge finds each side: at its proxy, where it has one."""
    shown = {side: place.address for side, place in places.items()}
    shown |= {side: stack.enter_context(Proxy(shown[side], rule)).address for side, rule in fronts.items()}
    login = places["calendar"].login
    return config.Addresses(
        **shown,
        bridge=f"http://127.0.0.1:{free_port()}",
        home=places["calendar"].home,
        user=login[0] if login else "",
        mail=mail,
    )


def _calendar(stack: ExitStack, place: Server, practice: Practice) -> CalendarSide:
    return CalendarSide(
        client=stack.enter_context(_client(place.address, auth=place.login)),
        home=place.home,
        vets=tuple(vet.key for vet in practice.vets),
    )


def _portal(stack: ExitStack, place: Server, tokens: Tokens) -> PortalSide:
    return PortalSide(
        client=stack.enter_context(_client(place.address)),
        operator=stack.enter_context(_client(place.address, token=tokens.portal)),
        site=KEY,
    )


def _pms(stack: ExitStack, place: Server, tokens: Tokens) -> PmsSide:
    return PmsSide(client=stack.enter_context(_client(place.address, token=tokens.desk)))


def _fill(calendar: CalendarSide, today: date, practice: Practice) -> None:
    """Staff kept their calendars long before there was a bridge."""
    for vet in calendar.vets:
        calendar.make(vet)
        for note in notes(today, vet) if practice.notes else ():
            calendar.keep(vet, note.name, note.text)


def _bridge(folder: Path, clinic: config.Clinic, tokens: Tokens, portal: PortalSide, pms: PmsSide) -> Bridge:
    login = {"calendar-password": servers.PASSWORD} if clinic.addresses.user else {}
    kept = login | {
        "portal-token": tokens.portal,
        "portal-webhook": _hook(portal.operator, f"/v1/sites/{KEY}/webhooks", clinic.addresses, "portal"),
        "pms-token": tokens.pms,
        "pms-webhook": _hook(pms.client, "/v1/hooks", clinic.addresses, "pms"),
    }
    path = config.write(folder, clinic, kept)
    return Bridge(config=path, address=clinic.addresses.bridge, log=folder / "bridge.log")


def _hook(side: httpx.Client, path: str, addresses: config.Addresses, connection: str) -> str:
    """Have a side tell the bridge of changes; the secret it signs with."""
    url = addresses.bridge + HOOK.format(clinic=KEY, connection=connection)
    registered = side.post(path, json={"url": url}).raise_for_status().json()
    return str(registered["secret"])


def _client(base: str, *, token: str = "", auth: tuple[str, str] | None = None) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=base, headers=headers, auth=auth, timeout=TIMEOUT_S, trust_env=False, verify=PLAIN)
