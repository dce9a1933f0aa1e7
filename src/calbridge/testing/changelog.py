"""What changed at a remote system, in order. A cursor is a place in it; a forgotten place is a 410."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from calbridge.interval import Interval
from calbridge.provider import Complete, Delta, Feed, NotModified, Record

RecordT = TypeVar("RecordT", bound=Record)


class ChangeLog:
    """The refs that changed, oldest first."""

    def __init__(self) -> None:
        self._refs: list[str] = []
        self._epoch = 1

    @property
    def cursor(self) -> str:
        """The present place."""
        return f"{self._epoch}.{len(self._refs)}"

    def note(self, ref: str) -> None:
        """Something happened to `ref`."""
        self._refs.append(ref)

    def forget(self) -> None:
        """Every cursor given out so far is refused from now on (a restored server, an expired token)."""
        self._epoch += 1

    def since(self, cursor: str) -> tuple[str, ...] | None:
        """The refs that changed after `cursor`, each once; None when that place is not known any more."""
        epoch, _, place = cursor.partition(".")
        if epoch != str(self._epoch) or not place.isdecimal() or int(place) > len(self._refs):
            return None
        return tuple(dict.fromkeys(self._refs[int(place) :]))


def read(
    log: ChangeLog,
    cursor: str,
    window: Interval,
    *,
    listing: Callable[[], Iterable[RecordT]],
    look: Callable[[str], RecordT | None],
) -> Feed[RecordT]:
    """A feed as the contract wants it: all of the window at first and after a lost cursor, else the changes.

    The cursor is taken before anything is read, so that a change during the read is seen again, not lost.
    """
    here = log.cursor
    refs = log.since(cursor) if cursor else None
    if refs is None:
        return Complete(window=window, items=tuple(listing()), cursor=here)
    if not refs:
        return NotModified(cursor=here)
    found = {ref: look(ref) for ref in refs}
    return Delta(
        changed=tuple(item for item in found.values() if item is not None),
        removed=tuple(ref for ref, item in found.items() if item is None),
        cursor=here,
    )
