"""The bridge's own events as they were last written, so that changing one again needs no look at it first.

Only a body whose ETag is the very one that the hub knows is taken from here, and only for a server that was seen to
honour If-Match: whatever staff did meanwhile refuses the write, and then the event is looked at as ever. Nothing is
kept beyond the process, and no more than a few hundred events of ordinary size.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

EVENTS = 256
SIZE = 16_384
"""Bytes. A larger event, with a picture attached say, is looked at each time."""


class Lately:
    """Bodies by ref, the least lately kept forgotten first. Several threads may use it."""

    def __init__(self) -> None:
        self._bodies: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self._lock = Lock()

    def keep(self, ref: str, etag: str, data: bytes) -> None:
        """What stands there now. Without an ETag nobody could tell later that it still does."""
        with self._lock:
            self._bodies.pop(ref, None)
            if etag and len(data) <= SIZE:
                self._bodies[ref] = (etag, data)
            if len(self._bodies) > EVENTS:
                self._bodies.popitem(last=False)

    def of(self, ref: str, etag: str) -> bytes | None:
        """The body of this very version, where it is kept."""
        with self._lock:
            version, data = self._bodies.get(ref, ("", b""))
        return data if version and version == etag else None
