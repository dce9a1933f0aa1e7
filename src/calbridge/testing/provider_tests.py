"""What is true of every provider, whatever its side. Each test is one promise of the contract."""
# ruff: noqa: S101 - these are tests; the assertions are their purpose

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields
from typing import Any, ClassVar

import pytest

from calbridge.errors import BridgeError, Replan
from calbridge.hookspecs import ProviderSpec
from calbridge.interval import Interval
from calbridge.provider import (
    Capabilities,
    Complete,
    Delta,
    Entry,
    Feed,
    Gone,
    NotModified,
    Present,
    Record,
    Unknown,
)
from calbridge.testing.drivers import Driver
from calbridge.views import View

HALF_HOUR = 1_800
DAY = 86_400


def window_of(side: Driver) -> Interval:
    """The day the tests use, with a margin."""
    return Interval(side.start - DAY, side.start + 2 * DAY)


def listed(feed: Feed[Record]) -> dict[str, Record]:
    """The records of a feed by ref."""
    match feed:
        case NotModified():
            return {}
        case Delta(changed=records):
            return {record.ref: record for record in records}
        case _:
            return {record.ref: record for record in feed.items}


def entry_of(record: Record | None) -> Entry:
    """The record, which must be an appointment."""
    assert isinstance(record, Entry), f"expected an Entry, got {record}"
    return record


def gone_from(feed: Feed[Record], ref: str) -> bool:
    """The feed says that `ref` takes no time any more: removed, missing from all, or shown with an end state."""
    if isinstance(feed, Delta) and ref in feed.removed:
        return True
    record = listed(feed).get(ref)
    if record is None:
        return isinstance(feed, Complete)
    return isinstance(record, Entry) and record.view.state.gone


class ProviderTests(ABC):
    """What is true of every provider, whatever its side. `view_type` is the view it takes and gives."""

    view_type: ClassVar[type[View]]
    reads: ClassVar[str] = "import_schedule"

    def read(self, side: Driver, cursor: str = "", known: dict[str, str] | None = None) -> Feed[Record]:
        """One read of the provider."""
        feed: Feed[Record] = getattr(side.provider, self.reads)(
            cursor=cursor, window=window_of(side), known=known or {}
        )
        return feed

    def cursor(self, side: Driver) -> str:
        """The cursor of a first, complete read."""
        feed = self.read(side)
        assert isinstance(feed, Complete), f"a first read must be Complete, got {type(feed).__name__}"
        return feed.cursor

    @abstractmethod
    def make(self, side: Any) -> str:
        """Something that the side shows; its ref."""

    def test_capabilities_name_fields_of_the_view(self, side: Driver) -> None:
        """Only what a side stores is compared; a misspelt field would never be."""
        known = {field.name for field in fields(self.view_type)}
        assert isinstance(side.provider.capabilities, Capabilities)
        assert {"state", "resource", "start", "end"} <= side.provider.capabilities.fields <= known

    def test_implements_only_hooks_that_exist(self, side: Driver) -> None:
        """A misspelt hook is never called."""
        marked = {name for name in dir(side.provider) if getattr(getattr(side.provider, name), "calbridge_impl", None)}
        assert {self.reads, "propagate_change", "probe", "check"} <= marked
        assert marked <= {name for name in vars(ProviderSpec) if not name.startswith("_")}

    def test_check_finds_no_fault(self, side: Driver) -> None:
        """A side in order is reported in order."""
        assert not [finding for finding in side.provider.check() if finding.level == "error"]

    def test_the_first_read_is_complete(self, side: Driver) -> None:
        """Only a complete first read can be the base of all later ones."""
        ref = self.make(side)
        feed = self.read(side)
        assert isinstance(feed, Complete)
        assert feed.window == window_of(side)
        assert ref in listed(feed)

    def test_a_quiet_read_says_nothing_changed(self, side: Driver) -> None:
        """Reading does not make news."""
        self.make(side)
        first = self.read(side)
        assert isinstance(first, Complete)
        known = {record.ref: record.version for record in first.items}
        match self.read(side, first.cursor, known):
            case NotModified():
                return
            case Delta(changed=changed, removed=removed):
                assert (changed, removed) == ((), ())
            case Complete(items=items):
                assert {record.ref: record.version for record in items} == known
            case feed:
                pytest.fail(f"a quiet read gave {feed}")

    def test_a_lost_cursor_gives_everything_or_asks_to_read_again(self, side: Driver) -> None:
        """A refused cursor must not look like an empty delta."""
        ref = self.make(side)
        cursor = self.cursor(side)
        side.forget_cursors()
        try:
            feed = self.read(side, cursor, {ref: "0"})
        except Replan:
            feed = self.read(side)
        if isinstance(feed, Complete):
            assert ref in listed(feed)

    def test_a_failure_is_an_error_not_an_empty_feed(self, side: Driver) -> None:
        """303 events were once wiped by an empty answer (R1)."""
        cursor = self.cursor(side)
        with side.outage():
            for place in ("", cursor):
                with pytest.raises(BridgeError):
                    self.read(side, place)

    def test_a_probe_knows_present_gone_and_unknown(self, side: Driver) -> None:
        """Only a 404 or 410 of that very resource is Gone; trouble is Unknown or an error."""
        ref = self.make(side)
        assert side.provider.probe(ref=ref) == Present()
        assert side.provider.probe(ref=f"{ref}x") == Gone()
        with side.outage():
            try:
                answer = side.provider.probe(ref=ref)
            except BridgeError:
                return
            assert isinstance(answer, Unknown)
