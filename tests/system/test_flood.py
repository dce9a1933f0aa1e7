"""Real programs are flooded with marked values, and all that left the bridge is searched (rules.md section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from flood import CLINIC_ADDRESS, Flood, flooded, value
from flooding import table

from calbridge.demo.days import BERLIN
from calbridge.testing.marked import found

MODES = (("full", True), ("pseudonym", False), ("none", False))
PLACES = tuple(table("full", reasons=True))


@pytest.fixture(scope="module", params=MODES, ids=[names for names, _ in MODES])
def flood(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flood, Any]]:
    names, reasons = request.param
    today = datetime.now(BERLIN).date()
    with flooded(tmp_path_factory.mktemp(f"flood-{names}"), today, names=names, reasons=reasons) as running:
        running.live()
        yield running, table(names, reasons=reasons)


@pytest.mark.parametrize("place", PLACES)
def test_a_place_holds_what_it_must_and_nothing_it_must_not(flood: tuple[Flood, Any], place: str) -> None:
    running, cells = flood
    left = running.left[place]
    seen = frozenset[str]().union(*(found(each, running.marks.values()) for each in left))
    assert cells[place].faults(seen) == {}


def test_pseudonyms_are_two_letters_of_each_name_and_the_records_number(flood: tuple[Flood, Any]) -> None:
    running, _ = flood
    short = "".join(value(f"known.{name}")[:2] for name in ("first", "last"))
    shown = f"{value('known.animal')[:2]} {short} {running.keys['record']}"
    wanted = running.world.practice.rules["calendar_names"] == '"pseudonym"'
    assert any(shown in body.replace("\r\n ", "") for body in running.left["calendar"]) is wanted


def test_nothing_is_ever_written_back_over_a_clients_record(flood: tuple[Flood, Any]) -> None:
    """S3: whatever she typed. The only writes are of appointments."""
    running, _ = flood
    writes = {(method, path) for method, path in running.ears["pms"].methods if method != "GET"}
    assert writes
    assert {(method, path) for method, path in writes if not path.startswith("/v1/appointments")} == set()
    assert {method for method, _ in writes} <= {"POST", "PATCH"}
    record = running.record
    assert [record[name] for name in ("first_name", "last_name", "phone", "address", "email")] == [
        value(name) for name in ("record.first", "record.last", "record.phone", "record.address", "known.email")
    ]


def test_the_client_is_invited_at_the_address_of_her_record_in_the_pms(flood: tuple[Flood, Any]) -> None:
    """S1."""
    running, _ = flood
    mails = [mail for to, mail in zip(running.sink.to, running.sink.mails, strict=True) if to == value("known.email")]
    assert len(mails) == 1
    assert "https://book.example.org" in mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_the_clinic_is_mailed_each_request_and_reads_nobodys_name(flood: tuple[Flood, Any]) -> None:
    """S2. The table says that no field at all is in it."""
    running, _ = flood
    keys = {running.keys["known"], running.keys["stranger"]}
    texts = [
        mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        for to, mail in zip(running.sink.to, running.sink.mails, strict=True)
        if to == CLINIC_ADDRESS
    ]
    assert all(any(key in text for text in texts) for key in keys)
    assert len(texts) == len(set(texts)) >= len(keys)
