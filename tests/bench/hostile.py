"""Files that are made to cost, ten megabytes of each shape: what reading one takes. CPU seconds, and MiB at its peak.

Run by `make bench-hostile`. The shapes are those of tests/ical/test_hostile.py, which bounds their work in calls; each
is read in a process of its own, so that none profits from what another left behind. The file itself is in the peak.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import resource
import sys
import time
from pathlib import Path
from typing import Any

from calbridge.ical import read

SIZE = 10_000_000
SHAPES = Path(__file__).parents[1] / "ical" / "test_hostile.py"


def shapes() -> Any:
    """The module that makes them."""
    spec = importlib.util.spec_from_file_location("shapes", SHAPES)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cost(shape: str) -> tuple[float, float, bool]:
    """CPU seconds, peak in MiB, whether the file was read to its end."""
    made = shapes()
    body = made.file(shape, SIZE)
    begun = time.process_time()
    found = read(body, window=made.WINDOW, zone=made.BERLIN)
    seconds = time.process_time() - begun
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, found.whole


def main() -> None:
    """One line a shape."""
    print(f"{'':26}{'CPU s':>8}{'MiB':>8}")
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for shape in sys.argv[1:] or shapes().UNITS:
            seconds, peak, whole = pool.apply(cost, (shape,))
            print(f"{shape:26}{seconds:8.2f}{peak:8.0f}{'' if whole else '  not to its end'}", flush=True)


if __name__ == "__main__":
    main()
