"""What the bridge wrote itself is known: changing it again asks nothing first, and staff is seen all the same."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.parametrize("server", ["radicale", "xandikos"], indirect=True)
EDIT = ("SUMMARY:Check-up - Bello", "SUMMARY:Von Hand")


@pytest.fixture(autouse=True)
def conditions(practice: Any) -> None:
    """A server that was seen to honour If-Match."""
    practice.quirks["if_match"] = "yes"


def methods(practice: Any) -> list[str]:
    return [method for method, _ in practice.wire.log]


def test_a_change_after_a_change_is_a_write_and_its_read_back(practice: Any, make: Any) -> None:
    entry = practice.write()
    practice.wire.log.clear()
    entry = practice.write(entry=entry, view=make.view(title="Anders"))
    assert methods(practice) == ["PUT", "GET"]
    practice.wire.log.clear()
    practice.write(entry=entry, view=make.view(title="Noch anders"))
    assert methods(practice) == ["PUT", "GET"]


def test_it_is_asked_where_nothing_is_known_of_this_version(practice: Any, make: Any) -> None:
    entry = practice.write()
    practice.edit(entry.ref, ("END:VEVENT", "LOCATION:Raum 2\r\nEND:VEVENT"))
    fresh = practice.records()[entry.ref]
    practice.wire.log.clear()
    practice.write(entry=fresh, view=make.view(title="Anders"))
    assert methods(practice) == ["GET", "PUT", "GET"]
    assert "LOCATION:Raum 2" in practice.text(entry.ref)


def test_it_is_asked_where_the_condition_is_not_known_to_be_honoured(practice: Any, make: Any) -> None:
    practice.quirks["if_match"] = "no"
    entry = practice.write()
    practice.wire.log.clear()
    practice.write(entry=entry, view=make.view(title="Anders"))
    assert methods(practice) == ["GET", "PUT", "GET"]


def test_nothing_is_known_after_a_restart(practice: Any, make: Any) -> None:
    entry = practice.write()
    practice.provider = practice.again()
    practice.wire.log.clear()
    practice.write(entry=entry, view=make.view(title="Anders"))
    assert methods(practice) == ["GET", "PUT", "GET"]


@pytest.mark.parametrize("status", [None, 404, 410])
def test_what_staff_did_since_is_seen(practice: Any, make: Any, status: int | None) -> None:
    """Some servers refuse a conditional write with 412 where nothing stands any more, and some with 404."""
    entry = practice.write()
    practice.edit(entry.ref, EDIT)
    receipt = practice.provider.propagate_change(make.change(entry=entry, view=make.view(title="Anders")))
    assert (receipt.outcome, receipt.entry.view.title) == ("moved", "Von Hand")
    practice.delete(entry.ref)
    entry = practice.write()
    practice.delete(entry.ref)
    practice.wire.log.clear()
    practice.wire.before = lambda r: httpx.Response(status) if status and r.method == "PUT" else None
    receipt = practice.provider.propagate_change(make.change(entry=entry, view=make.view(title="Anders")))
    assert (receipt.outcome, receipt.entry) == ("moved", None)
    assert methods(practice) == ["PUT", "GET"]
    assert not practice.exists(entry.ref)


def test_a_write_that_is_there_already_is_looked_at(practice: Any, make: Any) -> None:
    """Its answer was lost, and it is asked for again in the version that it brought about."""
    entry = practice.write()
    practice.delete(entry.ref)
    again = make.change(entry=entry, revision=entry.stamp.revision)
    assert practice.provider.propagate_change(again).outcome == "moved"
