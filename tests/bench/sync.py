"""Two calendars with the same events: read first, quiet, after one change, after one per cent. Read the ratios.

Run by `make bench-sync`, beside vdirsyncer (in an environment of its own) and a raw client (the floor), against a real
Radicale and a real Xandikos on loopback. SIZES, SERVERS, CASES, CLIENTS, REPEATS, QUIET_CYCLES and LIMIT (seconds a
command may take) shorten it; KEPT names a folder that filled servers are kept in, for the next run. Every client has
its byte code, as an installed program has it, whatever the environment says.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import events
import httpx

from calbridge.testing import servers
from calbridge.testing.processes import calbridge

HERE = Path(__file__).parent
SIZES = [int(text) for text in os.environ.get("SIZES", "100,1000,10000").split(",")]
SERVERS = os.environ.get("SERVERS", "radicale,xandikos").split(",")
REPEATS = int(os.environ.get("REPEATS", "3"))
CASES = os.environ.get("CASES", "first,quiet,one change,one per cent,daemon").split(",")
LIMIT = float(os.environ.get("LIMIT", "900"))
QUIET_CYCLES = int(os.environ.get("QUIET_CYCLES", "200"))
KEPT = os.environ.get("KEPT", "")
CLIENTS = os.environ.get("CLIENTS", "raw,vdirsyncer,bridge").split(",")
VDIRSYNCER = Path(os.environ.get("VDIRSYNCER", HERE.parents[1] / ".venv-bench" / "bin" / "vdirsyncer"))

CONFIG = """
[bridge]
secrets_directory = "secrets"
[clinics.bench]
name = "Bench"
time_zone = "Europe/Berlin"
[clinics.bench.resources.anna]
name = "Anna"
[clinics.bench.resources.ben]
name = "Ben"
[clinics.bench.connections.calendar]
kind = "caldav"
url = "{base}/"
calendars = {{ anna = "{first}", ben = "{second}" }}
allow_private = true
first_run = "apply"
timeout = "PT10M"
"""
VDS = """
[general]
status_path = "{folder}/status/"
[pair bench]
a = "first"
b = "second"
collections = null
conflict_resolution = "a wins"
[storage first]
type = "caldav"
url = "{base}{first}"
[storage second]
type = "caldav"
url = "{base}{second}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run took: seconds, MiB (at most, at the end), requests, KiB both ways; or why it did not end well."""

    wall: float = 0.0
    cpu: float = 0.0
    peak: float = 0.0
    resident: float = 0.0
    requests: int = 0
    kilobytes: float = 0.0
    fault: str = ""


class BenchError(Exception):
    """A server or a client that does not get as far as being measured."""


class Meter:
    """The counting forwarder before one server, in a process of its own."""

    def __init__(self, address: str) -> None:
        port = urlsplit(address).port
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "meter.py"), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = self._line().split()[-1]

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def read(self) -> Mapping[str, int]:
        """The counts since they were read last."""
        assert self._process.stdin is not None
        self._process.stdin.write("read\n")
        self._process.stdin.flush()
        counts: dict[str, int] = json.loads(self._line())
        return counts

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


@dataclass
class Pair:
    """One server with two calendars, and the clients' folders."""

    name: str
    server: servers.Server
    folder: Path
    size: int
    meter: Meter
    paths: tuple[str, str]
    changed: int = 0
    faults: dict[str, str] = field(default_factory=dict)

    # --- running ---

    def run(self, command: list[str], *, cwd: Path) -> Cost:
        """One command, measured; its standard error is told when it fails."""
        self.meter.read()
        begun = time.perf_counter()
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=cwd, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        status, used = _wait(process.pid, begun + LIMIT)
        wall = time.perf_counter() - begun
        counts = self.meter.read()
        lines = (self.folder / "log").read_text("utf-8", "replace").strip().splitlines() or [""]
        return Cost(
            wall=wall,
            cpu=used.ru_utime + used.ru_stime,
            peak=used.ru_maxrss / 1024,
            requests=counts["requests"],
            kilobytes=(counts["up"] + counts["down"]) / 1024,
            fault="" if status == 0 else lines[-1][:100],
        )

    def raw(self) -> Cost:
        """The floor."""
        script = [sys.executable, str(HERE / "raw.py"), self.meter.address, str(self.folder / "raw.json"), *self.paths]
        return self.run(script, cwd=self.folder)

    def vdirsyncer(self) -> Cost:
        """The peer."""
        return self.run([str(VDIRSYNCER), "-c", str(self.folder / "vds.cfg"), "sync"], cwd=self.folder)

    def bridge(self) -> Cost:
        """The whole command."""
        return self.run([*calbridge("sync", "--config", "calbridge.toml", "--json")], cwd=self.folder / "bridge")

    # --- preparing ---

    def prepare(self) -> None:
        """Configurations; the server tried out once, as a clinic does; what a server learns of its own files."""
        first, second = self.paths
        values = {"base": self.meter.address, "first": first, "second": second, "folder": self.folder}
        (self.folder / "vds.cfg").write_text(VDS.format(**values))
        (self.folder / "bridge").mkdir()
        (self.folder / "bridge" / "calbridge.toml").write_text(CONFIG.format(**values))
        self.run([str(VDIRSYNCER), "-c", str(self.folder / "vds.cfg"), "discover"], cwd=self.folder)
        checked = self.run([*calbridge("check", "--config", "calbridge.toml")], cwd=self.folder / "bridge")
        if checked.fault:
            raise BenchError(f"the check fails: {checked.fault}")
        shutil.copytree(self.folder / "bridge", self.folder / "checked")
        warm = self.raw()
        if warm.fault:
            raise BenchError(f"the raw client fails: {warm.fault}")
        (self.folder / "raw.json").unlink()

    def anew(self, client: str) -> None:
        """Forget what a client knows, so that its next run is its first."""
        (self.folder / "raw.json").unlink(missing_ok=True) if client == "raw" else None
        if client == "vdirsyncer":
            shutil.rmtree(self.folder / "status", ignore_errors=True)
            self.run([str(VDIRSYNCER), "-c", str(self.folder / "vds.cfg"), "discover"], cwd=self.folder)
        if client == "bridge":
            shutil.rmtree(self.folder / "bridge")
            shutil.copytree(self.folder / "checked", self.folder / "bridge")

    def change(self, count: int) -> None:
        """Staff changes `count` events of the first calendar."""
        with httpx.Client(base_url=self.server.address, timeout=600) as staff:
            for number in range(count):
                self.changed += 1
                body = events.event(number, datetime.now(tz=UTC), f"Changed {self.changed}")
                headers = {"Content-Type": "text/calendar; charset=utf-8"}
                staff.put(f"{self.paths[0]}{events.uid(number)}.ics", content=body, headers=headers).raise_for_status()


def _wait(pid: int, until: float) -> tuple[int, Any]:
    """The end of a child, with what it used; killed when it takes too long."""
    while time.perf_counter() < until:
        found, status, used = os.wait4(pid, os.WNOHANG)
        if found:
            return status, used
        time.sleep(0.005)
    os.kill(pid, 9)
    _, status, used = os.wait4(pid, 0)
    return status, used


# --- the cases ------------------------------------------------------------------------------------


def cases(pair: Pair) -> Iterator[tuple[str, str, Cost]]:
    """(case, client, cost) of everything."""
    yield from _first(pair)
    clients = [client for client in CLIENTS if client not in pair.faults]
    for client in clients if "quiet" in CASES else ():
        yield "quiet", client, _median(getattr(pair, client), lambda: None)
    for case, count in _counts(pair.size):
        yield from _changes(pair, clients, case, count)
    if "daemon" in CASES:
        yield from _resident(pair)


def _counts(size: int) -> list[tuple[str, int]]:
    """The cases in which something changes, and how much."""
    return [each for each in (("one change", 1), ("one per cent", max(1, size // 100))) if each[0] in CASES]


def _first(pair: Pair) -> Iterator[tuple[str, str, Cost]]:
    """Every client in turn, as often as is repeated: what else the machine does meets all of them alike."""
    runs: dict[str, Callable[[], Cost]] = {client: getattr(pair, client) for client in CLIENTS}
    runs |= {"daemon": lambda: _first_cycle(pair)} if "daemon" in CASES else {}
    costs: dict[str, list[Cost]] = {client: [] for client in runs}
    for _repeat in range(REPEATS):
        for client, run in runs.items():
            if client in pair.faults:
                continue
            pair.anew("bridge" if client == "daemon" else client)
            costs[client].append(run())
            if costs[client][-1].fault:
                pair.faults[client] = costs[client][-1].fault
    yield from (("first", client, _middle(each)) for client, each in costs.items())
    if "vdirsyncer" in pair.faults and _in_two_steps(pair):
        del pair.faults["vdirsyncer"]


def _first_cycle(pair: Pair) -> Cost:
    with _daemon(pair) as cycle:
        return cycle()


def _in_two_steps(pair: Pair) -> bool:
    """Where the peer cannot take in all at once, its later runs are still measured: first without some events."""
    if pair.name != "radicale":
        return False
    hidden = pair.folder / "hidden"
    folders = [pair.folder / "server" / "collections" / "collection-root" / path.strip("/") for path in pair.paths]
    names = [f"{events.uid(number)}.ics" for number in range(pair.size // 20)]
    for place, folder in enumerate(folders):
        (hidden / str(place)).mkdir(parents=True)
        for name in names:
            (folder / name).rename(hidden / str(place) / name)
    pair.anew("vdirsyncer")
    first = pair.vdirsyncer()
    for place, folder in enumerate(folders):
        for name in names:
            (hidden / str(place) / name).rename(folder / name)
    return not first.fault and not pair.vdirsyncer().fault


def _changes(pair: Pair, clients: list[str], case: str, count: int) -> Iterator[tuple[str, str, Cost]]:
    for client in clients:
        run: Callable[[], Cost] = getattr(pair, client)

        def changed(run: Callable[[], Cost] = run) -> None:
            run()
            pair.change(count)
            time.sleep(2.1)  # as in life: nobody reads a calendar in the second it is changed

        yield case, client, _median(run, changed, warm=False)


def _resident(pair: Pair) -> Iterator[tuple[str, str, Cost]]:
    """The same in the running daemon, and what it holds after many quiet cycles."""
    pair.anew("bridge")
    with _daemon(pair) as cycle:
        cycle()
        yield "quiet", "daemon", _median(cycle, lambda: None)
        for case, count in _counts(pair.size):

            def changed(count: int = count) -> None:
                pair.change(count)
                time.sleep(2.1)

            yield case, "daemon", _median(cycle, changed, warm=False)
        before = cycle().resident
        after = [cycle() for _quiet in range(QUIET_CYCLES)][-1]
        print_line(
            f"{pair.name}, {pair.size}: memory {before:.0f} MiB, after {QUIET_CYCLES} quiet cycles "
            f"{after.resident:.0f} MiB, peak {after.peak:.0f} MiB"
        )


@contextmanager
def _daemon(pair: Pair) -> Iterator[Callable[[], Cost]]:
    """The bridge in a process of its own; what is called runs one cycle there."""
    script = [sys.executable, str(HERE / "resident.py"), str(pair.folder / "bridge" / "calbridge.toml")]
    with (pair.folder / "log").open("wb") as log:
        process = subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)

    def cycle() -> Cost:
        assert process.stdin is not None
        assert process.stdout is not None
        pair.meter.read()
        process.stdin.write("cycle\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise BenchError("the daemon ended")
        told = json.loads(line)
        counts = pair.meter.read()
        return Cost(
            wall=told["wall"],
            cpu=told["cpu"],
            peak=told["peak"],
            resident=told["rss"],
            requests=counts["requests"],
            kilobytes=(counts["up"] + counts["down"]) / 1024,
            fault="; ".join(told["failures"].values()),
        )

    try:
        yield cycle
    finally:
        process.kill()
        process.wait()


def _median(run: Callable[[], Cost], before: Callable[[], None], *, warm: bool = True) -> Cost:
    """The run of the middle wall time; the first that fails ends it."""
    if warm:
        run()
    costs: list[Cost] = []
    for _repeat in range(REPEATS):
        before()
        costs.append(run())
        if costs[-1].fault:
            break
    return _middle(costs)


def _middle(costs: Sequence[Cost]) -> Cost:
    """Of several runs the one of the middle wall time; where one failed, that one."""
    failed = [cost for cost in costs if cost.fault]
    return failed[0] if failed else sorted(costs, key=lambda cost: cost.wall)[len(costs) // 2]


# --- the table ------------------------------------------------------------------------------------


def print_line(text: str) -> None:
    """At once: a run takes long."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Every server and size, a table each."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(tempfile.gettempdir()) / "calbridge-bench"))
    for name in SERVERS:
        for size in SIZES:
            try:
                with tempfile.TemporaryDirectory() as folder, _pair(Path(folder), name, size) as pair:
                    _table(pair)
            except BenchError as error:
                print_line(f"{name}, {size}: {error}")


@contextmanager
def _pair(folder: Path, name: str, size: int) -> Iterator[Pair]:
    """A server without a login, both calendars filled: now, or by an earlier run."""
    kept = Path(KEPT) / f"{name}-{size}" if KEPT else None
    filled = kept is not None and kept.exists()
    if kept is not None and filled:
        shutil.copytree(kept, folder / "server")
    server = getattr(servers, name)(folder / "server", **({"login": False} if name == "radicale" else {}))
    paths = (f"{server.home}first/", f"{server.home}second/")
    try:
        for path in () if filled else paths:
            _fill(folder / "server", name, server, path, size)
        meter = Meter(server.address)
        try:
            pair = Pair(name=name, server=server, folder=folder, size=size, meter=meter, paths=paths)
            pair.prepare()
            if kept is not None and not filled:
                shutil.copytree(folder / "server", kept)
            yield pair
        finally:
            meter.close()
    finally:
        server.program.close()


def _fill(store: Path, name: str, server: servers.Server, path: str, size: int) -> None:
    if name == "radicale":
        events.into_radicale(store / "collections", path, size)
        return
    httpx.request("MKCALENDAR", server.address + path, timeout=60).raise_for_status()
    events.into_xandikos(store / "data", path, size)


def _table(pair: Pair) -> None:
    print_line(f"\n## {pair.name}, {pair.size} events in each of two calendars\n")
    print_line("| case | client | wall s | of vdirsyncer | of raw | CPU s | peak MiB | requests | KiB |")
    print_line("|---|---|---|---|---|---|---|---|---|")
    walls: dict[tuple[str, str], float] = {}
    for case, client, cost in cases(pair):
        if cost.fault:
            print_line(f"| {case} | {client} | fails: {cost.fault} | | | | | | |")
            continue
        walls[case, client] = cost.wall
        print_line(
            f"| {case} | {client} | {cost.wall:.3f} | {_share(walls, case, client, 'vdirsyncer')} "
            f"| {_share(walls, case, client, 'raw')} | {cost.cpu:.3f} | {cost.peak:.0f} | {cost.requests} "
            f"| {cost.kilobytes:.0f} |"
        )


def _share(walls: Mapping[tuple[str, str], float], case: str, client: str, other: str) -> str:
    floor = walls.get((case, other))
    return f"{walls[case, client] / floor:.0%}" if floor and client != other else ""


if __name__ == "__main__":
    main()
