"""One quiet cycle over 2,000 events, beside the machine's floor. Read the ratios.

Run by `make bench`. Medians of seven; the server is a real Radicale on loopback.
"""

from __future__ import annotations

import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import structlog

from calbridge.clock import SystemClock
from calbridge.connect import Host
from calbridge.engine import Engine
from calbridge.plugins import load_plugins
from calbridge.settings import load
from calbridge.store import Store
from calbridge.testing import servers

EVENTS = 2_000
ROUNDS = 7
SYNC = (
    '<?xml version="1.0"?><sync-collection xmlns="DAV:"><sync-token>{}</sync-token><sync-level>1</sync-level>'
    "<prop><getetag/></prop></sync-collection>"
)
CONFIG = """
[clinics.bench]
name = "Bench"
time_zone = "Europe/Berlin"
online = true
opening_hours = {{ mon = ["08:00-18:00"], tue = ["08:00-18:00"], wed = ["08:00-18:00"], thu = ["08:00-18:00"] }}
rules = {{ availability = "opening_hours" }}
[clinics.bench.resources.anna]
name = "Anna"
online = true
[clinics.bench.services.checkup]
name = "Check-up"
minutes = 30
online = true
resources = ["anna"]
[clinics.bench.connections.calendar]
kind = "caldav"
url = "{url}"
username = "{user}"
password = "{password}"
calendars = {{ anna = "{path}" }}
allow_private = true
first_run = "apply"
"""


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        rows = quiet_cycle(Path(folder))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        sys.stdout.write(f"{name:<{width}}  {value}\n")


def quiet_cycle(folder: Path) -> list[tuple[str, str]]:
    """The whole engine against Radicale: first cycle, quiet cycles, and the raw request they cannot go below."""
    server = servers.radicale(folder / "radicale")
    try:
        path = f"{server.home}anna/"
        login = server.login or ("", "")
        with httpx.Client(base_url=server.address, auth=login, timeout=120) as raw:
            _fill(raw, path)
            engine, store = _engine(folder, server, path)
            first = _timed(engine.cycle)
            quiet = _median(engine.cycle)
            token = _token(raw, path)
            floor = _median(lambda: raw.request("REPORT", path, content=SYNC.format(token)))
            store.close()
    finally:
        server.program.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return [
        (f"first cycle, {EVENTS} events", f"{first * 1000:8.1f} ms"),
        (f"quiet cycle, {EVENTS} events", f"{quiet * 1000:8.1f} ms"),
        ("floor: one raw sync-collection request", f"{floor * 1000:8.1f} ms   ratio {quiet / floor:.1f}"),
        ("peak memory", f"{peak:8d} MiB"),
    ]


def _engine(folder: Path, server: servers.Server, path: str) -> tuple[Engine, Store]:
    user, password = server.login or ("", "")
    file = folder / "calbridge.toml"
    file.write_text(CONFIG.format(url=server.address, user=user, password=password, path=path), "utf-8")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    plugins = load_plugins()
    config = load(file, {}, plugins)
    clinic = config.clinics["bench"]
    host = Host(plugins, config.bridge, environ={}).clinic(clinic)
    store = Store.open(config.bridge.database)
    engine = Engine(
        store=store,
        clinic=clinic.clinic,
        host=host,
        clock=SystemClock(),
        random=random.Random(1),
        log=structlog.get_logger(),
        first_run={"calendar": "apply"},
    )
    return engine, store


def _fill(raw: httpx.Client, path: str) -> None:
    raw.request("MKCALENDAR", path).raise_for_status()
    start = datetime.now(tz=UTC).replace(minute=0, second=0, microsecond=0)
    events = "".join(_event(n, start + timedelta(hours=n % 1400)) for n in range(EVENTS))
    body = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\n{events}END:VCALENDAR\r\n"
    # Radicale takes a whole calendar in one PUT; only a bench or a restore should ever do this.
    raw.put(path, content=body, headers={"Content-Type": "text/calendar"}).raise_for_status()


def _event(number: int, start: datetime) -> str:
    stamp = start.strftime("%Y%m%dT%H%M%SZ")
    repeat = "RRULE:FREQ=WEEKLY;COUNT=8\r\n" if number % 7 == 0 else ""
    return (
        f"BEGIN:VEVENT\r\nUID:bench-{number}\r\nDTSTAMP:{stamp}\r\nDTSTART:{stamp}\r\nDURATION:PT30M\r\n{repeat}"
        f"SUMMARY:Event {number}\r\nDESCRIPTION:{'x' * 400}\r\nEND:VEVENT\r\n"
    )


def _token(raw: httpx.Client, path: str) -> str:
    answer = raw.request("REPORT", path, content=SYNC.format(""))
    return answer.text.split("<sync-token>")[1].split("</sync-token>")[0]


def _timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def _median(call: Callable[[], object]) -> float:
    call()
    return statistics.median(_timed(call) for _ in range(ROUNDS))


if __name__ == "__main__":
    main()
