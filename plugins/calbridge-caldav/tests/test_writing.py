"""propagate_change against real servers: create, change, move, remove, and every way another hand gets in between."""

from __future__ import annotations

import dataclasses
from typing import Any

import httpx
import pytest
from calbridge.errors import RetryLater, SkipItem
from calbridge.model import State
from calbridge.provider import Entry, Receipt, Stamp
from conftest import TEN, Practice, change, event, view


def write(practice: Practice, **fields: Any) -> Entry:
    """A change that must succeed; what was read back."""
    receipt = practice.provider.propagate_change(change(**fields))
    assert receipt.outcome == "written", receipt
    assert receipt.entry is not None
    return receipt.entry


@pytest.mark.parametrize("state", [State.HELD, State.REQUESTED, State.CONFIRMED, State.ARRIVED, State.NO_SHOW])
@pytest.mark.parametrize("note", [None, "", "Frau Öztürk\nTel. 0123; bitte, \"laut\" \\ klingeln"])
def test_what_is_written_is_read_back(practice: Practice, state: State, note: str | None) -> None:
    asked = view(state=state, note=note, confidential=note is not None)
    entry = write(practice, view=asked)
    assert entry.view == asked
    assert entry.ref == "anna/abc123.ics"
    assert entry.stamp == Stamp(appointment="abc123", revision=1)
    assert entry.modified == practice.clock.at
    assert entry.version
