"""The kit that every calendar must pass, over real servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from calbridge.testing.conformance import CalendarTests


class Staff:
    """Staff with a calendar program of their own."""

    resources = ("anna", "ben")

    def __init__(self, practice: Any, make: Any) -> None:
        self.provider = practice.provider
        self.clinic = make.clinic()
        self.start = make.ten
        self._practice = practice
        self._make = make

    @contextmanager
    def outage(self) -> Iterator[None]:
        self._practice.wire.before = lambda request: httpx.Response(503, request=request)
        yield
        self._practice.wire.before = lambda request: None

    def forget_cursors(self) -> None:
        """The server refuses every token it gave out."""
        self._practice.wire.before = _refuse_tokens

    def add(self, resource: str, start: int, end: int) -> str:
        ref = f"{resource}/meeting.ics"
        times = (f"DTSTART:{self._make.utc(start)}", f"DTEND:{self._make.utc(end)}")
        self._practice.put(ref, self._make.event("meeting", *times, "SUMMARY:Team"))
        return ref

    def drag(self, ref: str, start: int, end: int) -> None:
        lines = self._practice.text(ref).replace("\r\n ", "").split("\r\n")
        times = {"DTSTART;": f"DTSTART:{self._make.utc(start)}", "DTEND;T": f"DTEND:{self._make.utc(end)}"}
        self._practice.put(ref, "\r\n".join(times.get(line[:8], times.get(line[:7], line)) for line in lines))

    def delete(self, ref: str) -> None:
        self._practice.delete(ref)

    def body(self, ref: str) -> object:
        return self._practice.text(ref)


def _refuse_tokens(request: httpx.Request) -> httpx.Response | None:
    refused = request.method == "REPORT" and b"sync-collection" in request.content
    return httpx.Response(403, request=request) if refused else None


class TestCaldav(CalendarTests):
    """Radicale and Xandikos."""

    @pytest.fixture
    def side(self, practice: Any, make: Any) -> Staff:
        return Staff(practice, make)
