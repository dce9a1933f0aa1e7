"""A clinic with nothing but a portal and a mail server, so that a daemon starts and dies quickly."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from paper import desk

from calbridge.model import Details
from calbridge.store import MessageRow, Store
from calbridge.testing.mail_server import MailServer, Sink

PATIENCE_S = 30.0
CONFIGURATION = """
[bridge]
every = "{every}"
database = "{folder}/state.sqlite3"
[clinics.hafen]
name = "Hafen"
time_zone = "Europe/Berlin"
email = "praxis@example.org"
booking_url = "https://book.example.org"
online = true
opening_hours = {{ mon = ["00:00-24:00"], tue = ["00:00-24:00"], wed = ["00:00-24:00"], thu = ["00:00-24:00"], \
fri = ["00:00-24:00"], sat = ["00:00-24:00"], sun = ["00:00-24:00"] }}
[clinics.hafen.rules]
availability = "opening_hours"
horizon_days = 3
grid_minutes = 60
{rules}
[clinics.hafen.resources.anna]
name = "Dr. Anna Sommer"
online = true
[clinics.hafen.services.checkup]
name = "Check-up"
minutes = 30
online = true
resources = ["anna"]
[clinics.hafen.connections.portal]
kind = "paper"
path = "{folder}/portal.pickle"
first_run = "apply"
[clinics.hafen.notifiers.mail]
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
timeout = "PT5S"
"""


class Office:
    """The files of a clinic, and the daemon over them."""

    def __init__(self, folder: Path, sink: Sink, port: int, start: Callable[..., Any]) -> None:
        self.folder, self.sink, self._port, self._start = folder, sink, port, start
        self.config = folder / "calbridge.toml"
        self.death = folder / "death"
        self.portal = folder / "portal.pickle"
        self.answer = ""
        self._packages = _installed(folder / "packages")

    def configure(self, *, every: str = "PT1S", rules: str = "") -> None:
        """Write the configuration anew."""
        text = CONFIGURATION.format(every=every, folder=self.folder, rules=rules, port=self._port)
        self.config.write_text(text, "utf-8")

    def daemon(self, step: int = 0, **more: Any) -> Any:
        """`calbridge run`, which dies before a step of sending mail."""
        return self._mortal("run", "--no-web", STEP=step, **more)

    def sync(self, step: int = 0) -> int:
        """`calbridge sync`, which dies before a step of all it does; its exit code."""
        running = self._mortal("sync", STEP=step, WHOLE=True)
        code: int = running.wait()
        self.answer = running.output.read_text("utf-8")
        return code

    def _mortal(self, *words: str, **given: Any) -> Any:
        self.death.unlink(missing_ok=True)
        given |= {"DEATH": str(self.death), "PACKAGES": str(self._packages)}
        return self._start(*words, "--json", "--config", str(self.config), script="mortal.py", **given)

    def book(self, who: str, *, at: int = 0) -> int:
        """Somebody books the first offered start from `at` on; when it is."""
        with desk(self.portal) as portal:
            taken = {booking.start for booking in portal.live()}
            offered = sorted(start for _, start in portal.offers["anna"] if start not in taken and start >= at)
            hold = portal.select("anna", "checkup", offered[0])
            portal.confirm(hold, Details(first_name="Mia", last_name="Albers", email=f"{who}@example.org"))
            return offered[0]

    def rows(self) -> list[MessageRow]:
        """Every message of the store."""
        with self.store() as store:
            return store.messages("hafen", limit=1_000)

    def of(self, who: str) -> list[MessageRow]:
        """Every message to one client."""
        with self.store() as store:
            mine = {
                each.id
                for each in store.appointments("hafen")
                if each.details and each.details.email == f"{who}@example.org"
            }
            return [row for row in store.messages("hafen", limit=1_000) if row.message.appointment in mine]

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The daemon's own database, looked at beside it."""
        store = Store.open(self.folder / "state.sqlite3")
        try:
            yield store
        finally:
            store.close()


def until(there: Callable[[], object], *, patience: float = PATIENCE_S) -> None:
    """Wait for something that comes by itself."""
    ends = time.monotonic() + patience
    while not there():
        assert time.monotonic() < ends, "it did not come in time"
        time.sleep(0.05)


@contextmanager
def opened(folder: Path, start: Callable[..., Any], **options: Any) -> Iterator[Office]:
    """The clinic with its mail server."""
    sink = Sink()
    with MailServer(sink) as server:
        office = Office(folder, sink, server.port, start)
        office.configure(**options)
        yield office


def _installed(packages: Path) -> Path:
    """The portal as an installed plugin."""
    info = packages / "calbridge_paper-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: calbridge-paper\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[calbridge]\npaper = paper\n")
    shutil.copy(Path(__file__).with_name("paper.py"), packages)
    return packages
