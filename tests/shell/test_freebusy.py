"""The published free/busy: the spans that the rules see, in two shapes, for whoever knows the address; no word more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from calbridge.cli import main
from calbridge.cli.feeds import digest_of
from calbridge.daemon import Lane
from calbridge.feeds import AbsenceRecord, Busy
from calbridge.freebusy import DAY, as_icalendar, busy_of, digest, window_of
from calbridge.hub import HubState
from calbridge.ical import read
from calbridge.interval import Interval, merge
from calbridge.log import logger
from calbridge.model import Appointment, Clinic, Details, Resource, Side, State
from calbridge.reconcile import facts
from calbridge.store import Store
from calbridge.testing.clock import VirtualClock
from calbridge.wall import zone
from calbridge.web import application

NOW = 1_795_507_200
HOUR = 3_600
CLINIC = Clinic(
    key="hafen",
    name="Tierarztpraxis am Hafen",
    time_zone="Europe/Berlin",
    resources={key: Resource(key=key, name=key.title()) for key in ("anna", "ben")},
)
BOOKED = Appointment(
    id="b1",
    clinic="hafen",
    state=State.CONFIRMED,
    origin=Side.CLIENT,
    resource="anna",
    start=NOW + HOUR,
    end=NOW + 2 * HOUR,
    buffer_after=300,
    title="MARK-title",
    note="MARK-note",
    description="MARK-description",
    details=Details(first_name="MARK-first", email="mark@example.org"),
)
FOREIGN = {
    ("cal", "x"): Busy(ref="x", version="1", resource="anna", spans=(Interval(NOW + DAY, NOW + DAY + HOUR),)),
    ("pms", "y"): AbsenceRecord(ref="y", version="1", resource="anna", spans=(Interval(NOW + 2 * DAY, NOW + 3 * DAY),)),
}
STATE = HubState(appointments={"b1": BOOKED}, foreign=FOREIGN)
TAKEN = [
    Interval(NOW + HOUR, NOW + 2 * HOUR + 300),
    Interval(NOW + DAY, NOW + DAY + HOUR),
    Interval(NOW + 2 * DAY, NOW + 3 * DAY),
]


class Engine:
    """What the web server needs of one."""

    state_now = STATE

    def cycle(self) -> None: ...

    def state(self) -> HubState:
        return self.state_now


class Host:
    clinic = CLINIC


class Daemonic:
    stopping = False

    def __init__(self) -> None:
        self.lanes = {"hafen": Lane(clinic="hafen", engine=Engine(), host=Host())}  # type: ignore[arg-type]


@pytest.fixture
def site() -> Iterator[Any]:
    clock = VirtualClock(NOW)
    store = Store.open(":memory:", clock=clock)
    store.publish_feed("hafen", "anna", digest_of("right"), now=NOW)
    with TestClient(application(Daemonic(), store, clock, logger("error"))) as client:  # type: ignore[arg-type]
        client.store = store
        yield client


spans = st.lists(
    st.tuples(st.integers(NOW, NOW + 50 * DAY), st.integers(1, 3 * DAY)).map(lambda t: Interval(t[0], t[0] + t[1])),
    max_size=12,
).map(merge)


@given(spans)
def test_what_is_published_is_read_back_the_same_in_both_shapes(taken: list[Interval]) -> None:
    window = window_of(CLINIC, NOW)
    for shape in ("events", "freebusy"):
        body = as_icalendar(CLINIC, "anna", taken, window, shape=shape)  # type: ignore[arg-type]
        reading = read(body, window=window, zone=zone("UTC"))
        assert (reading.busy, reading.refused) == (tuple(taken), ())


def test_everything_that_takes_time_is_in_it_and_nothing_of_anybody_else() -> None:
    window, known = window_of(CLINIC, NOW), facts(STATE, CLINIC, NOW)
    assert busy_of(CLINIC, known, "anna", window) == TAKEN
    assert busy_of(CLINIC, known, "ben", window) == []


def test_the_digest_differs_with_spans_and_shape() -> None:
    window = window_of(CLINIC, NOW)
    made = {digest(taken, window, shape) for taken in (TAKEN, TAKEN[:1], []) for shape in ("events", "freebusy")}  # type: ignore[arg-type]
    assert len(made) == 6


def test_a_vfreebusy_is_another_where_it_goes_further() -> None:
    today, tomorrow = window_of(CLINIC, NOW), window_of(CLINIC, NOW + DAY)
    assert digest(TAKEN, today, "events") == digest(TAKEN, tomorrow, "events")
    assert digest(TAKEN, today, "freebusy") != digest(TAKEN, tomorrow, "freebusy")


@pytest.mark.parametrize("ending", ["ics", "ifb"])
def test_whoever_knows_the_address_sees_busy_time_and_no_word(site: Any, ending: str) -> None:
    answer = site.get(f"/feeds/right.{ending}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/calendar")
    reading = read(answer.content, window=window_of(CLINIC, NOW), zone=zone("UTC"))
    assert list(reading.busy) == TAKEN
    for word in ("MARK", "mark@", "b1@", "Anna", "anna"):
        assert word not in answer.text
    assert answer.headers["x-robots-tag"] == "noindex"


def test_an_unchanged_feed_is_not_sent_again(site: Any) -> None:
    first = site.get("/feeds/right.ics")
    again = site.get("/feeds/right.ics", headers={"If-None-Match": f'W/{first.headers["etag"]}, "x"'})
    assert (again.status_code, again.content) == (304, b"")
    other = site.get("/feeds/right.ifb", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


def test_a_head_request_has_no_body(site: Any) -> None:
    answer = site.head("/feeds/right.ics")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("name", ["wrong.ics", "right", "right.txt", "right.ics.ics", ".ics", "RIGHT.ics"])
def test_whoever_does_not_sees_nothing(site: Any, name: str) -> None:
    answer = site.get(f"/feeds/{name}")
    assert (answer.status_code, answer.text) == (404, "no such feed")


def test_a_withdrawn_or_renewed_address_is_like_a_wrong_one(site: Any) -> None:
    site.store.publish_feed("hafen", "anna", digest_of("newer"), now=NOW)
    assert site.get("/feeds/right.ics").status_code == 404
    assert site.get("/feeds/newer.ics").status_code == 200
    assert site.store.withdraw_feed("hafen", "anna")
    assert site.get("/feeds/newer.ics").status_code == 404


def test_a_resource_that_is_gone_from_the_file_is_not_served(site: Any) -> None:
    site.store.publish_feed("hafen", "carl", digest_of("carl"), now=NOW)
    assert site.get("/feeds/carl.ics").status_code == 404


# --- the command ----------------------------------------------------------------------------------

FILE = """
[bridge]
public_url = "https://bridge.example"
[clinics.hafen]
name = "Hafen"
time_zone = "Europe/Berlin"
[clinics.hafen.resources.anna]
name = "Anna"
"""


def said(folder: Path, *words: str, code: int = 0) -> Any:
    file = folder / "calbridge.toml"
    file.write_text(FILE)
    result = CliRunner().invoke(main, ["feeds", *words, "--config", str(file), "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_the_address_is_told_once_and_only_its_digest_is_kept(tmp_path: Path) -> None:
    answer = said(tmp_path, "publish", "anna")
    token = answer["events"].removeprefix("https://bridge.example/feeds/").removesuffix(".ics")
    assert answer["freebusy"] == f"https://bridge.example/feeds/{token}.ifb"
    assert len(token) >= 32
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token.encode() not in everything
    assert digest_of(token).encode() in everything
    assert [line["resource"] for line in said(tmp_path, "list")["feeds"]] == ["anna"]


def test_a_second_address_is_asked_for_and_replaces_the_first(tmp_path: Path) -> None:
    first = said(tmp_path, "publish", "anna")
    (sentence,) = said(tmp_path, "publish", "anna", code=2)["errors"]
    assert "--renew" in sentence
    assert said(tmp_path, "publish", "anna", "--renew")["events"] != first["events"]
    said(tmp_path, "withdraw", "anna")
    assert said(tmp_path, "list") == {"feeds": []}
    said(tmp_path, "withdraw", "anna", code=2)


def test_a_resource_that_there_is_not_names_the_nearest(tmp_path: Path) -> None:
    (sentence,) = said(tmp_path, "publish", "ana", code=2)["errors"]
    assert 'no resource "ana"' in sentence
    assert "anna" in sentence
