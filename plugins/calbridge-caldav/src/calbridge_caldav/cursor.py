"""The cursor is ours alone: for each calendar its path, its marks, and when they and its listing were last looked at.

One that cannot be read is a first read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from calbridge_caldav.collection import Collection, Marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One calendar when it was last read. `looked` and `listed`: when its marks and all its entries were asked for.

    `marks.date` is kept only where it was settled. Instants are epoch seconds of the bridge's clock.
    """

    path: str
    marks: Marks
    looked: int = 0
    listed: int = 0


def write(seen: Mapping[str, Seen]) -> str:
    """Resource key to what was seen, as text."""
    return json.dumps({key: _told(one) for key, one in sorted(seen.items())}, separators=(",", ":"))


def _told(one: Seen) -> list[str | int]:
    marks = one.marks
    return [one.path, marks.token, marks.ctag, marks.date if marks.settled else "", one.looked, one.listed]


def read(cursor: str) -> dict[str, Seen] | None:
    """The inverse of `write`; None for a first read or for anything that it did not write."""
    try:
        stored = json.loads(cursor)
        return {str(key): _seen(*values) for key, values in stored.items()}
    except (ValueError, TypeError, AttributeError):
        return None


def _seen(path: str, token: str, ctag: str, date: str, looked: int, listed: int) -> Seen:
    marks = Marks(token=str(token), ctag=str(ctag), date=str(date), settled=bool(date))
    return Seen(path=str(path), marks=marks, looked=int(looked), listed=int(listed))


def seen_of(past: Mapping[str, Seen], collection: Collection) -> Seen | None:
    """What was seen of this calendar; None where the resource had another one then (R27)."""
    seen = past.get(collection.resource)
    return seen if seen is not None and seen.path == collection.path else None
