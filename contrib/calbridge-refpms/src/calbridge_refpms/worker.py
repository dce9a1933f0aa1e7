"""What happens without a request: pending writes settle, notices go out. One thread, woken by writes."""

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
import httpx
from litestar import Litestar

from calbridge_refpms.faults import Faults
from calbridge_refpms.hooks import deliver_due
from calbridge_refpms.records import Records
from calbridge_refpms.two_stage import settle_due

PAUSE_S = 0.2
log = logging.getLogger(__name__)


class Worker:
    """Runs until it is stopped; a fault in one round is logged and the next round goes on."""

    def __init__(self, records: Records, faults: Faults) -> None:
        self._records = records
        self._faults = faults
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="refpms-worker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the round that is under way."""
        self._stop.set()
        self._records.written.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        with httpx.Client(timeout=3, trust_env=False) as client:
            while not self._stop.is_set():
                self._records.written.wait(PAUSE_S)
                self._records.written.clear()
                self._round(client)

    def _round(self, client: httpx.Client) -> None:
        try:
            settle_due(self._records, self._faults)
            deliver_due(self._records, client)
        except Exception:
            log.exception("a background round failed; the next one tries again")


@asynccontextmanager
async def background(app: Litestar) -> AsyncIterator[None]:
    """The worker for as long as the application runs."""
    worker = Worker(app.state.records, app.state.faults)
    worker.start()
    try:
        yield
    finally:
        await anyio.to_thread.run_sync(worker.stop)
