"""What is offered: exactly what was published, minus the portal's own holds and bookings, never the past."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calbridge_portal.testing import DAY, SITE, STARTS, Bridge, ManualClock

AVAILABILITY = f"/v1/sites/{SITE}/availability/anna"


def test_a_publication_is_read_back(clinic: Bridge) -> None:
    assert clinic.ok("GET", AVAILABILITY, params=DAY) == {
        "source_revision": 1,
        "offers": [{"type": "checkup", "starts": STARTS}],
        "moves": [],
    }


def test_nothing_published_means_nothing_free(clinic: Bridge) -> None:
    assert clinic.publish([], revision=2).json() == {"source_revision": 2, "offers": [], "moves": []}
    assert clinic.free() == []


def test_only_the_window_is_replaced(clinic: Bridge) -> None:
    morning = {"from": DAY["from"], "to": STARTS[2]}
    body = {"source_revision": 2, "offers": []}
    clinic.ok("PUT", AVAILABILITY, params=morning, json=body)
    assert clinic.free() == STARTS[2:]


def test_the_same_publication_again_changes_nothing(clinic: Bridge) -> None:
    cursor = clinic.changes()["next_cursor"]
    assert clinic.publish(list(reversed(STARTS))).status_code == 200
    assert clinic.changes(cursor=cursor)["events"] == []


def test_an_older_publication_of_an_overlapping_window_is_refused(clinic: Bridge) -> None:
    clinic.publish(STARTS[:1], revision=9)
    wide = {"from": DAY["from"], "to": "2026-11-26T00:00:00+01:00"}
    answer = clinic.call("PUT", AVAILABILITY, params=wide, json={"source_revision": 8, "offers": []})
    assert answer.json()["conflict"] == {"source_revision": 9}
    assert clinic.free() == STARTS[:1]


def test_a_start_outside_the_window_is_refused_whole(clinic: Bridge) -> None:
    answer = clinic.publish([*STARTS[:2], DAY["to"]], revision=2)
    assert answer.status_code == 400
    assert clinic.free() == STARTS


@pytest.mark.parametrize(
    ("duration", "left"),
    [(15, [0, 1, 3, 4, 5]), (30, [0, 1, 3, 4, 5]), (31, [0, 3, 4, 5]), (60, [0, 3, 4, 5])],
    ids=["shorter", "touching", "a minute over", "an hour"],
)
def test_what_a_hold_takes_depends_on_both_lengths(clinic: Bridge, duration: int, left: list[int]) -> None:
    kind = {"display_name": "Other", "duration_min": duration, "calendars": ["anna"], "mode": "instant"}
    clinic.ok("PUT", f"/v1/sites/{SITE}/appointment-types/other", json=kind)
    offers = [{"type": name, "starts": STARTS} for name in ("checkup", "other")]
    clinic.ok("PUT", AVAILABILITY, params=DAY, json={"source_revision": 2, "offers": offers})
    assert clinic.hold(STARTS[2], type="other").status_code == 201
    taken = [index for index, start in enumerate(STARTS) if start not in clinic.free()]
    length = -(-duration // 30)
    assert taken == list(range(2, 2 + length))
    assert clinic.call("DELETE", f"/v1/holds/{held(clinic)}").status_code == 204
    assert clinic.hold(STARTS[2]).status_code == 201
    assert [STARTS.index(start) for start in clinic.free("other")] == left


def held(clinic: Bridge) -> str:
    return str(clinic.changes(snapshot=1)["snapshot"]["holds"][0]["id"])


@pytest.mark.parametrize("end", ["decision", "cancel"])
def test_a_booking_that_ends_frees_its_time(clinic: Bridge, end: str) -> None:
    booking = clinic.booked()
    assert STARTS[0] not in clinic.free()
    clinic.change(booking, end, {"decision": "decline"} if end == "decision" else {"by": "practice"})
    assert clinic.free() == STARTS


def test_an_offline_calendar_offers_nothing(clinic: Bridge) -> None:
    clinic.ok("PUT", f"/v1/sites/{SITE}/calendars/anna", json={"name": "Dr. Anna Sommer", "online": False})
    assert clinic.free() == []


def test_starts_pass_with_the_day(clinic: Bridge, clock: ManualClock) -> None:
    clock.advance(days=1, hours=2)
    assert clinic.free() == STARTS[3:], "the start at this very moment is past"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(windows=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 6)), max_size=5))
def test_nothing_is_offered_that_was_not_published(clinic: Bridge, windows: list[tuple[int, int]]) -> None:
    """Whatever is replaced in whatever order, the portal offers what a plain dictionary would."""
    revision = clinic.ok("GET", AVAILABILITY, params=DAY)["source_revision"]
    model = set(clinic.free())
    for number, (first, length) in enumerate(windows, start=1):
        window = {"from": STARTS[first], "to": DAY["to"]}
        starts = STARTS[first : first + length]
        body = {"source_revision": revision + number, "offers": [{"type": "checkup", "starts": starts}]}
        clinic.ok("PUT", AVAILABILITY, params=window, json=body)
        model = {start for start in model if start < STARTS[first]} | set(starts)
    assert clinic.free() == sorted(model)


def test_documents_rise_only_when_they_change(clinic: Bridge) -> None:
    path = f"/v1/sites/{SITE}/calendars/anna"
    body = {"name": "Dr. Anna Sommer", "online": True, "external_ref": "anna"}
    first = clinic.call("PUT", path, json=body)
    again = clinic.call("PUT", path, json=body, headers={"If-Match": first.headers["etag"]})
    assert again.headers["etag"] == first.headers["etag"] == '"2"'
    stale = clinic.call("PUT", path, json=body | {"online": False}, headers={"If-Match": '"1"'})
    assert stale.json()["code"] == "stale_revision"
    assert clinic.ok("GET", path) == body | {"id": "anna", "revision": 2}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"time_zone": "Europe/Hamburg"}, "time_zone"),
        ({"settings": {"hold_ttl_s": 901}}, "hold_ttl_s"),
        ({"settings": {"client_cancel_cutoff_s": -1}}, "client_cancel_cutoff_s"),
    ],
)
def test_wrong_settings_name_their_field(clinic: Bridge, change: dict[str, object], field: str) -> None:
    body = {"name": "Praxis", "time_zone": "Europe/Berlin"} | change
    answer = clinic.call("PUT", f"/v1/sites/{SITE}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert field in answer.json()["detail"]


def test_a_type_needs_calendars_that_exist(clinic: Bridge) -> None:
    body = {"display_name": "X", "duration_min": 30, "calendars": ["nobody"], "mode": "instant"}
    answer = clinic.call("PUT", f"/v1/sites/{SITE}/appointment-types/x", json=body)
    assert "nobody" in answer.json()["detail"]
