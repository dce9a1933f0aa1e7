"""A first sync brings the sides together, a second writes nothing: on real CalDAV servers, also where they rewrite."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from calbridge.demo.steps.quiet import marks
from calbridge.demo.world import World
from calbridge.testing import servers
from calbridge.testing.proxy import RewritesEvents, Rule

VISITS = 4
STAMPED = b"BEGIN:VEVENT\r\nX-STAFF-APP:looked at it"


@pytest.mark.parametrize("rule", [Rule, RewritesEvents])
@pytest.mark.parametrize("calendars", [servers.radicale, servers.xandikos])
def test_a_second_sync_writes_nothing(
    clinic: Callable[..., AbstractContextManager[World]],
    sync: Callable[[World], dict[str, Any]],
    calendars: Callable[[Path], servers.Server],
    rule: Callable[[], Rule],
) -> None:
    with clinic(calendars=calendars, rules={"calendar": rule()}) as world:
        staff = _staff(world)
        first = sync(world)
        assert first["writes"]["calendar"] == VISITS
        assert first["writes"]["portal"] > 0
        assert first["failures"] == {}
        assert world.picture().disagreement() == ""
        _unchanged_by_a_sync(world, sync)
        _rewrite(world)
        _unchanged_by_a_sync(world, sync)
        assert _staff(world) == staff


def _unchanged_by_a_sync(world: World, sync: Callable[[World], dict[str, Any]]) -> None:
    before = marks(world)
    report = sync(world)
    assert report["writes"] == {"pms": 0, "calendar": 0, "portal": 0}
    assert report["tasks"] == []
    assert marks(world) == before


def _rewrite(world: World) -> None:
    """The server stores other text of the same meaning, under another ETag, as migrations and apps do."""
    for entry in world.picture().bridged:
        text = world.calendar.text(entry.ref).replace("\r\n", "\n").replace("\n", "\r\n").encode()
        name = entry.ref.rsplit("/", 1)[1]
        world.calendar.keep(entry.resource, name, text.replace(b"BEGIN:VEVENT", STAMPED, 1), version=entry.version)
    assert all("X-STAFF-APP" in world.calendar.text(entry.ref) for entry in world.picture().bridged)


def _staff(world: World) -> dict[str, str]:
    """Every entry that staff keeps, byte for byte."""
    return {entry.ref: world.calendar.text(entry.ref) for entry in world.picture().calendar if entry.state == "staff"}
