"""A portal that lives in a file, so that it outlives the bridge and both can be killed; it tells its clients nothing.

The file of a plugin: `conftest` or a test puts it on the path under an entry point.
"""

import fcntl
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from calbridge.clock import SystemClock
from calbridge.hookspecs import hookimpl
from calbridge.provider import ProviderKind
from calbridge.testing.memory_portal import PortalModel
from calbridge.testing.portal_provider import MemoryPortal


class Settings(BaseModel):
    """Where it lies."""

    model_config = ConfigDict(extra="forbid")
    path: str


def empty() -> PortalModel:
    """As on the first day."""
    return PortalModel(SystemClock(), tells=False)


@contextmanager
def desk(path: str | Path) -> Iterator[PortalModel]:
    """The portal, to look at and to change; nobody else has it meanwhile."""
    with Path(path).open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        model = pickle.loads(text) if text else empty()
        yield model
        file.seek(0)
        file.truncate()
        file.write(pickle.dumps(model))


class Paper:
    """Each hook opens the file, does what the portal in memory does, and closes it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.capabilities = MemoryPortal(empty()).capabilities

    @hookimpl
    def import_bookings(self, cursor: str, window: Any, known: Any) -> Any:
        """What changed."""
        with desk(self._path) as model:
            return MemoryPortal(model).import_bookings(cursor, window, known)

    @hookimpl
    def export_availability(self, offer: Any) -> Any:
        """What is free."""
        with desk(self._path) as model:
            return MemoryPortal(model).export_availability(offer)

    @hookimpl
    def propagate_change(self, change: Any) -> Any:
        """The clinic's word."""
        with desk(self._path) as model:
            return MemoryPortal(model).propagate_change(change)

    @hookimpl
    def probe(self, ref: str) -> Any:
        """Is it there?"""
        with desk(self._path) as model:
            return MemoryPortal(model).probe(ref)


@hookimpl
def calbridge_register(registry: Any) -> None:
    """One kind."""
    registry.provider(
        ProviderKind(name="paper", role="portal", settings=Settings, create=lambda s, context: Paper(s.path))
    )
