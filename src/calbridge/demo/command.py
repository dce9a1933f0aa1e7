"""`calbridge demo`: start a whole clinic on this machine, live a day in it, keep it up or end it."""

from __future__ import annotations

import importlib.util
import json
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.version import __version__

if TYPE_CHECKING:
    from types import FrameType

    from calbridge.demo.run import Outcome
    from calbridge.demo.world import World

NEEDED = (
    "radicale",
    "calbridge_portal",
    "calbridge_refpms",
    "aiosmtpd",
    "calbridge_caldav",
    "calbridge_mail",
    "calbridge_pms",
    "calbridge_vetstoria",
)
VENDORS = {
    "animana-vetstoria": "calbridge_vetstoria",
    "debevet-aroundpet": "calbridge_aroundpet",
    "smarttherapy": "calbridge_smarttherapy",
    "provet": "calbridge_provet",
    "smartvo-praxxme": "calbridge_praxxme",
}
"""Preset -> the package that brings it."""


@click.command()
@click.option(
    "--vendor", type=click.Choice(VENDORS), help="Live the story of this vendor's article, by its preset, instead."
)
@click.option("--once", is_flag=True, help="End everything after the last step; exit 1 if a step failed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a step.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep configuration, data and logs in this new folder.",
)
def demo(*, vendor: str | None, once: bool, as_json: bool, directory: Path | None) -> None:
    """Live a made-up clinic's day, or a vendor's story, with real programs on this machine.

    Starts Radicale, the booking portal, the reference PMS and the bridge on free loopback ports, then lives ten steps
    (or the vendor's own) and reads all three sides back after each. Nobody in it exists.
    """
    _require(vendor)
    show = _print_json if as_json else _print_text
    with _folder(directory) as folder, _ended_by_signal():
        ok = _day(folder, show, vendor=vendor, once=once, aside=as_json)
    sys.exit(0 if ok else 1)


def _day(folder: Path, show: Callable[[Outcome], None], *, vendor: str | None, once: bool, aside: bool) -> bool:
    from calbridge.demo.days import BERLIN
    from calbridge.demo.run import live
    from calbridge.demo.running import running
    from calbridge.demo.steps import Story
    from calbridge.demo.vendors import PLAIN, TALES
    from calbridge.testing.processes import ProgramError

    tale = TALES[vendor] if vendor else PLAIN
    today = datetime.now(BERLIN).date()
    try:
        with running(folder, today, practice=tale.practice(today)) as world:
            started = time.monotonic()
            ok = live(Story(world=world), show, tale.steps)
            if not aside:
                click.echo(_verdict(time.monotonic() - started, ok=ok))
            if not once:
                _stay(world, aside=aside)
            return ok
    except ProgramError as fault:
        click.echo(f"error: {fault}", err=True)
        return False


def _verdict(seconds: float, *, ok: bool) -> str:
    """One line after a long page of steps."""
    if ok:
        return f"All steps went as they should, in {seconds:.0f} s."
    return f"At least one step FAILED, see above ({seconds:.0f} s)."


def _stay(world: World, *, aside: bool) -> None:
    """Everything stays up until Ctrl-C. The addresses go to standard error where standard output is JSON."""
    if not (world.bridge.program and world.bridge.program.running):
        world.bridge.start()
    for line in world.addresses():
        click.echo(line, err=aside)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("Ending everything.", err=True)


def _require(vendor: str | None) -> None:
    needed = (*NEEDED, VENDORS[vendor]) if vendor else NEEDED
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        click.echo(
            f"error: the demo needs {', '.join(missing)}, which is not installed: "
            f'pip install "calbridge[demo]=={__version__}"',
            err=True,
        )
        sys.exit(2)


@contextmanager
def _folder(directory: Path | None) -> Iterator[Path]:
    if directory is None:
        with tempfile.TemporaryDirectory(prefix="calbridge-demo-") as temporary:
            yield Path(temporary)
        return
    if directory.exists() and any(directory.iterdir()):
        click.echo(f"error: {directory} is not empty: name a new folder for the demo", err=True)
        sys.exit(2)
    directory.mkdir(parents=True, exist_ok=True)
    yield directory


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """SIGTERM, or a closed terminal, ends the demo as Ctrl-C does: with everything it started."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(1)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_json(outcome: Outcome) -> None:
    click.echo(json.dumps(outcome.as_json(), ensure_ascii=False))
    if outcome.why:
        click.echo(f"step {outcome.step.number}: {outcome.why}", err=True)


def _print_text(outcome: Outcome) -> None:
    click.echo(f"{outcome.step.number:2}  {outcome.step.title}")
    for side, lines in outcome.sides.items():
        for index, line in enumerate(lines or ["-"]):
            click.echo(f"      {side if not index else '':9} {line}")
    verdict = "ok" if outcome.ok else f"FAILED: {outcome.why}"
    click.echo(f"    {verdict} ({outcome.seconds:.1f} s)\n")
