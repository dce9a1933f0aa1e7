"""The bridge as the daemon runs it: one process, one engine, cycles on demand.

`python resident.py CONFIG`: each line on standard input is a word (cycle, book, rest) and is answered with JSON: wall
and CPU seconds, resident memory, what the cycle said. `book` lets a client book through a portal in this process.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sys
import time
from pathlib import Path
from typing import Any

import structlog

from calbridge.clock import SystemClock
from calbridge.connect import Host
from calbridge.engine import Engine
from calbridge.plugins import load_plugins
from calbridge.settings import load
from calbridge.store import Store

PAGE = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Answer until standard input ends."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    plugins = load_plugins()
    config = load(Path(sys.argv[1]), {}, plugins)
    (clinic,) = config.clinics.values()
    store = Store.open(config.bridge.database)
    host = Host(plugins, config.bridge, environ={}, quirks=store.quirks).clinic(clinic)
    engine = Engine(
        store=store,
        clinic=clinic.clinic,
        host=host,
        clock=SystemClock(),
        random=random.Random(1),
        log=structlog.get_logger(),
        first_run=dict.fromkeys(clinic.connections, "apply"),
    )
    for _line in sys.stdin:
        sys.stdout.write(json.dumps(_cycle(engine)) + "\n")
        sys.stdout.flush()
    store.close()


def _cycle(engine: Engine) -> dict[str, Any]:
    begun, used = time.perf_counter(), time.process_time()
    report = engine.cycle()
    return {
        "wall": time.perf_counter() - begun,
        "cpu": time.process_time() - used,
        "rss": resident(),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "reads": dict(report.reads),
        "writes": dict(report.writes),
        "failures": dict(report.failures),
    }


def resident() -> float:
    """MiB this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


if __name__ == "__main__":
    main()
