"""Everything that runs, started in a folder of its own and ended by process id, whatever happens in between."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx

from calbridge.demo import config
from calbridge.demo.bridge import Bridge
from calbridge.demo.calendar_side import CalendarSide
from calbridge.demo.clinic import KEY, VETS
from calbridge.demo.gate import Gate
from calbridge.demo.pms_side import PmsSide
from calbridge.demo.portal_side import PortalSide
from calbridge.demo.seed import seed
from calbridge.demo.staff import notes
from calbridge.demo.world import World
from calbridge.testing import servers
from calbridge.testing.processes import Program, free_port
from calbridge.testing.proxy import Proxy

Started = tuple[Program, str]
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
def running(folder: Path, today: date) -> Iterator[World]:
    """The three sides and the bridge, seeded and connected."""
    tokens = Tokens.fresh()
    with ExitStack() as stack:
        radicale, portal, pms = _started(stack, _sides(folder, today, tokens))
        calendar = CalendarSide(
            client=stack.enter_context(_client(radicale, auth=(servers.USER, servers.PASSWORD))),
            home=f"/{servers.USER}/",
            vets=tuple(vet.key for vet in VETS),
        )
        _fill(calendar, today)
        gate = Gate()
        proxy = stack.enter_context(Proxy(radicale, gate))
        addresses = config.Addresses(
            calendar=proxy.address, portal=portal, pms=pms, bridge=f"http://127.0.0.1:{free_port()}"
        )
        operator = stack.enter_context(_client(portal, token=tokens.portal))
        bridge = _bridge(folder, today, addresses, tokens, operator)
        stack.callback(bridge.stop)
        bridge.start()
        yield World(
            today=today,
            calendar=calendar,
            portal=PortalSide(client=stack.enter_context(_client(portal)), operator=operator, site=KEY),
            pms=PmsSide(client=stack.enter_context(_client(pms, token=tokens.desk))),
            bridge=bridge,
            gate=gate,
        )


def _sides(folder: Path, today: date, tokens: Tokens) -> Sequence[Callable[[], Started]]:
    return (
        lambda: servers.radicale(folder / "radicale"),
        lambda: servers.portal(folder / "portal", site=KEY, token_file=tokens.file(folder, "portal")),
        lambda: servers.refpms(
            folder / "pms",
            seed(today),
            token_file=tokens.file(folder, "pms"),
            desk_token_file=tokens.file(folder, "desk"),
        ),
    )


def _started(stack: ExitStack, starts: Sequence[Callable[[], Started]]) -> list[str]:
    """Start all at once; whatever came up is ended with the stack, also when another one failed."""
    waiting: list[Future[Started]] = []
    try:
        with ThreadPoolExecutor(len(starts)) as pool:
            waiting += [pool.submit(start) for start in starts]
    finally:
        for future in waiting:
            if future.done() and future.exception() is None:
                stack.enter_context(future.result()[0])
    return [future.result()[1] for future in waiting]


def _fill(calendar: CalendarSide, today: date) -> None:
    """Staff kept their calendars long before there was a bridge."""
    for vet in calendar.vets:
        calendar.make(vet)
        for note in notes(today, vet):
            calendar.keep(vet, note.name, note.text)


def _bridge(folder: Path, today: date, addresses: config.Addresses, tokens: Tokens, operator: httpx.Client) -> Bridge:
    hook = addresses.bridge + HOOK.format(clinic=KEY, connection="portal")
    registered = operator.post(f"/v1/sites/{KEY}/webhooks", json={"url": hook, "events": []}).raise_for_status().json()
    kept = {
        "calendar-password": servers.PASSWORD,
        "portal-token": tokens.portal,
        "portal-webhook": registered["secret"],
        "pms-token": tokens.pms,
    }
    path = config.write(folder, today, addresses, kept, user=servers.USER)
    return Bridge(config=path, address=addresses.bridge, log=folder / "bridge.log")


def _client(base: str, *, token: str = "", auth: tuple[str, str] | None = None) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=base, headers=headers, auth=auth, timeout=TIMEOUT_S, trust_env=False)
