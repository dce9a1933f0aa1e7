"""The corpus of real calendar files, beside the repository, and what independent implementations read from it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from calbridge.interval import Interval

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
ZONE = ZoneInfo("UTC")
"""Expected occurrences place dates and floating times as if they were UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One file in one window, and the occurrences in it as independent implementations agree on them."""

    file: str
    first: str
    last: str
    tier: str
    expected: dict[str, Any]

    @property
    def interval(self) -> Interval:
        """In epoch seconds."""
        return Interval(instant(self.first), instant(self.last))

    @property
    def body(self) -> bytes:
        """The file."""
        return body(self.file)


def instant(text: str) -> int:
    """Epoch seconds of a UTC time as the corpus writes it."""
    return int(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())


@cache
def body(file: str) -> bytes:
    """The bytes of one file of the corpus."""
    return (CORPUS / file).read_bytes()


def files() -> Sequence[str]:
    """All 782 of them."""
    return [one["file"] for one in _json("MANIFEST.json")] if CORPUS.is_dir() else []


def windows() -> Sequence[Window]:
    """All 1,051 of them."""
    if not CORPUS.is_dir():
        return []
    return [
        Window(file=one["file"], first=one["start"], last=one["end"], tier=one["tier"], expected=one)
        for one in _json("expected.json")["entries"]
    ]


@cache
def _json(name: str) -> Any:
    return json.loads((CORPUS / name).read_text(encoding="utf-8"))


def agrees(window: Window, found: list[tuple[str, str]]) -> bool:
    """The same occurrences; of more than 300 the corpus keeps their number and a checksum."""
    if "occ" in window.expected:
        return found == [(uid, start) for uid, start in window.expected["occ"]]
    lines = "\n".join(f"{uid} {start}" for uid, start in found)
    return len(found) == window.expected["n"] and sha256(lines.encode()).hexdigest() == window.expected["sha256"]
