"""The cursor is ours alone: the marks of each calendar, tied to its path. One that cannot be read is a first read."""

from __future__ import annotations

import json
from collections.abc import Mapping

from calbridge_caldav.collection import Collection, Marks


def write(seen: Mapping[str, tuple[str, Marks]]) -> str:
    """Resource key to path and marks, as text."""
    return json.dumps(
        {key: [path, marks.token, marks.ctag] for key, (path, marks) in sorted(seen.items())},
        separators=(",", ":"),
    )


def read(cursor: str) -> dict[str, tuple[str, Marks]] | None:
    """The inverse of `write`; None for a first read or for anything that it did not write."""
    try:
        stored = json.loads(cursor)
        return {
            str(key): (str(path), Marks(token=str(token), ctag=str(ctag)))
            for key, (path, token, ctag) in stored.items()
        }
    except (ValueError, TypeError, AttributeError):
        return None


def marks_of(past: Mapping[str, tuple[str, Marks]], collection: Collection) -> Marks | None:
    """What was seen of this calendar; None where the resource had another one then (R27)."""
    path, marks = past.get(collection.resource, ("", Marks()))
    return marks if path == collection.path else None
