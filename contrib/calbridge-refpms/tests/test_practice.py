"""The practice's shape, its windows across daylight saving and odd weeks, and its clients."""

from typing import Any

import pytest


def hours(practice: Any, resource: str, first: str, last: str) -> list[tuple[str, str]]:
    answer = practice.bridge.get(f"/v1/resources/{resource}/windows", **{"from": first, "to": last})
    return [(window["start"], window["end"]) for window in answer.json()["items"]]


def test_what_the_practice_is(practice: Any) -> None:
    bridge = practice.bridge
    assert bridge.get("/v1/locations").json()["items"][0]["time_zone"] == "Europe/Berlin"
    assert [item["id"] for item in bridge.get("/v1/resources", location="hafen").json()["items"]] == [
        "anna",
        "ben",
        "room1",
    ]
    assert bridge.get("/v1/resources", location="elsewhere").json()["items"] == []
    types = bridge.get("/v1/appointment-types", resource="ben").json()["items"]
    assert [(kind["id"], kind["minutes"], kind["resources"]) for kind in types] == [
        ("dental", 60, [{"resource": "ben", "minutes": 90}])
    ]
    capabilities = bridge.get("/v1/capabilities").json()
    assert capabilities["changes"] == "cursor"
    assert capabilities["write"] == "sync"
    assert bridge.get("/v1/health").json() == {
        "read_ok": True,
        "write_ok": True,
        "last_source_sync": "2026-11-20T07:00:00Z",
    }


DAYS = [
    ("anna", "2026-11-23", [("09:00:00+01:00", "12:00:00+01:00"), ("14:00:00+01:00", "18:00:00+01:00")]),
    ("anna", "2026-11-24", []),
    # Fridays of odd ISO weeks: W48 is even, W49 odd, and 2026-W53 and 2027-W01 are both odd
    ("anna", "2026-11-27", []),
    ("anna", "2026-12-04", [("09:00:00+01:00", "12:00:00+01:00")]),
    ("anna", "2027-01-01", [("09:00:00+01:00", "12:00:00+01:00")]),
    ("anna", "2027-01-08", [("09:00:00+01:00", "12:00:00+01:00")]),
    # the clocks go back: 01:00 to 04:00 lasts four hours; forward: two
    ("anna", "2026-10-25", [("01:00:00+02:00", "04:00:00+01:00")]),
    ("anna", "2027-03-28", [("01:00:00+01:00", "04:00:00+02:00")]),
    ("ben", "2026-11-16", []),
    ("ben", "2026-12-07", []),
]


@pytest.mark.parametrize(("resource", "day", "expected"), DAYS)
def test_windows_of_a_day(practice: Any, resource: str, day: str, expected: list[tuple[str, str]]) -> None:
    found = hours(practice, resource, f"{day}T00:00:00+01:00", f"{day}T23:00:00+01:00")
    assert found == [(f"{day}T{start}", f"{day}T{end}") for start, end in expected]


def test_a_window_may_end_at_midnight_and_is_given_whole(practice: Any) -> None:
    found = hours(practice, "ben", "2026-11-23T23:00:00+01:00", "2026-11-24T01:00:00+01:00")
    assert found == [("2026-11-23T08:00:00+01:00", "2026-11-24T00:00:00+01:00")]


def test_freebusy_says_when_and_never_what(practice: Any) -> None:
    window = {"from": "2026-11-23T00:00:00+01:00", "to": "2026-11-24T00:00:00+01:00"}
    answer = practice.bridge.get("/v1/resources/anna/freebusy", **window)
    assert answer.json()["busy"] == [
        {
            "start": "2026-11-23T09:00:00+01:00",
            "end": "2026-11-23T09:30:00+01:00",
            "kind": "appointment",
            "id": "a1",
        }
    ]
    assert "Rex" not in answer.text
    room = practice.bridge.get("/v1/resources/room1/freebusy", **window).json()
    assert [busy["id"] for busy in room["busy"]] == ["a1"]
    ben = practice.bridge.get("/v1/resources/ben/freebusy", **window)
    assert [busy["kind"] for busy in ben.json()["busy"]] == ["block"]
    assert "Mittag" not in ben.text


def test_a_hold_shows_as_a_hold(bridge: Any) -> None:
    bridge.book("2026-11-23T10:00:00+01:00", "2026-11-23T10:30:00+01:00", status="tentative")
    window = {"from": "2026-11-23T10:00:00+01:00", "to": "2026-11-23T10:30:00+01:00"}
    busy = bridge.get("/v1/resources/anna/freebusy", **window).json()["busy"]
    assert [entry["kind"] for entry in busy] == ["hold"]


def test_absences_are_listed_with_their_window(practice: Any) -> None:
    window = {"from": "2026-12-03T00:00:00+01:00", "to": "2026-12-10T00:00:00+01:00"}
    assert [item["reason"] for item in practice.bridge.get("/v1/absences", **window).json()["items"]] == ["sick"]
    window["from"] = "2026-12-04T00:00:00+01:00"
    assert practice.bridge.get("/v1/absences", **window).json()["items"] == []


def test_what_a_resource_has_plans_for_is_said_where_none_is_left(practice: Any) -> None:
    january = {"from": "2027-01-11T00:00:00+01:00", "to": "2027-01-12T00:00:00+01:00"}
    answers = {
        resource: practice.bridge.get(f"/v1/resources/{resource}/windows", **january).json()
        for resource in ("anna", "ben", "room1")
    }
    assert {resource: answer["planned"] for resource, answer in answers.items()} == {
        "anna": ["online", "work"],
        "ben": ["online"],
        "room1": [],
    }
    assert [len(answer["items"]) for answer in answers.values()] == [2, 0, 0]


def test_closures_come_and_go_and_refuse_nothing(bridge: Any, desk: Any) -> None:
    day = {"start": "2026-12-24T00:00:00+01:00", "end": "2026-12-25T00:00:00+01:00"}
    made = desk.post("/v1/closures", day | {"reason": "Betriebsurlaub"}).json()
    site = desk.post("/v1/closures", day | {"location": "hafen"}).json()
    assert (made["location"], site["location"]) == (None, "hafen")
    window = {"from": "2026-12-24T12:00:00+01:00", "to": "2026-12-24T13:00:00+01:00"}
    listed = bridge.get("/v1/closures", **window).json()["items"]
    assert sorted(listed, key=lambda item: item["id"]) == sorted((made, site), key=lambda item: item["id"])
    assert bridge.get("/v1/closures", **{"from": day["end"], "to": "2026-12-26T00:00:00Z"}).json()["items"] == []
    assert bridge.get(f"/v1/closures/{made['id']}").json() == made
    assert bridge.book("2026-12-24T09:00:00+01:00", "2026-12-24T09:30:00+01:00").status_code == 201
    assert desk.delete(f"/v1/closures/{made['id']}").status_code == 204
    assert bridge.get(f"/v1/closures/{made['id']}").status_code == 404


SEARCHES = [
    ({"email": "erika@EXAMPLE.org"}, ["c1"]),
    ({"email": "erika@example.com"}, []),
    ({"phone": "+49 40 123 45 67"}, ["c1"]),
    ({"phone": "0171-7654321"}, ["c2"]),
    ({"phone": "---"}, []),
    ({"last_name": "muster"}, ["c1", "c2"]),
    ({"last_name": "Muster", "first_name": "ERIK"}, ["c2"]),
    ({"last_name": "Muster", "phone": "1234567"}, ["c1"]),
    ({"last_name": "Mus"}, []),
    ({"last_name": "%"}, []),
]


@pytest.mark.parametrize(("query", "expected"), SEARCHES)
def test_a_search_narrows(practice: Any, query: dict[str, str], expected: list[str]) -> None:
    found = practice.bridge.get("/v1/clients", **query).json()["items"]
    assert [client["id"] for client in found] == expected


def test_a_search_shows_only_what_matching_needs(practice: Any) -> None:
    client = practice.bridge.get("/v1/clients", email="erika@example.org").json()["items"][0]
    assert set(client) == {"id", "number", "first_name", "last_name", "email", "phone", "address"}
    patients = practice.bridge.get("/v1/clients/c1/patients").json()["items"]
    assert patients == [{"id": "p1", "client_id": "c1", "name": "Rex", "species": "dog"}]


def test_a_search_pages(practice: Any) -> None:
    first = practice.bridge.get("/v1/clients", last_name="muster", limit=1).json()
    second = practice.bridge.get("/v1/clients", last_name="muster", limit=1, cursor=first["next_cursor"]).json()
    assert [page["items"][0]["id"] for page in (first, second)] == ["c1", "c2"]
    assert (first["has_more"], second["has_more"]) == (True, False)


def test_a_client_and_a_patient_are_recorded_once(bridge: Any) -> None:
    body = {"first_name": "Neu", "last_name": "Kunde", "phone": "040 999"}
    made = bridge.post("/v1/clients", body, key="c")
    assert made.status_code == 201
    assert made.json()["number"] == "102"
    assert bridge.post("/v1/clients", body, key="c").json() == made.json()
    path = f"/v1/clients/{made.json()['id']}"
    patient = bridge.post(f"{path}/patients", {"name": "Bello", "species": "dog"}, key="p")
    assert bridge.post(f"{path}/patients", {"name": "Bello", "species": "dog"}, key="p").json() == patient.json()
    assert bridge.get(path).json() == made.json()
    assert [animal["name"] for animal in bridge.get(f"{path}/patients").json()["items"]] == ["Bello"]


def test_blocks_come_and_go(bridge: Any, desk: Any) -> None:
    body = {
        "resource": "anna",
        "start": "2026-11-25T12:00:00+01:00",
        "end": "2026-11-25T13:00:00+01:00",
        "title": "OP",
    }
    made = desk.post("/v1/blocks", body).json()
    assert bridge.get(f"/v1/blocks/{made['id']}").json() == made
    window = {"from": "2026-11-25T00:00:00+01:00", "to": "2026-11-26T00:00:00+01:00"}
    assert bridge.get("/v1/blocks", **window).json()["items"] == [made]
    assert bridge.book("2026-11-25T12:30:00+01:00", "2026-11-25T12:45:00+01:00").status_code == 409
    assert desk.delete(f"/v1/blocks/{made['id']}").status_code == 204
    assert bridge.get(f"/v1/blocks/{made['id']}").status_code == 404
    assert bridge.book("2026-11-25T12:30:00+01:00", "2026-11-25T12:45:00+01:00").status_code == 201


def test_the_desk_replaces_a_resources_plans(bridge: Any, desk: Any, world: Any) -> None:
    body = {"plans": [{"days": ["sat"], "windows": ["10:00-11:00"], "until": "2026-11-28"}]}
    assert bridge.http.put("/v1/resources/anna/windows", json=body).status_code == 403
    assert desk.http.put("/v1/resources/anna/windows", json=body).status_code == 200
    found = hours(world, "anna", "2026-11-23T00:00:00+01:00", "2026-12-07T00:00:00+01:00")
    assert found == [("2026-11-28T10:00:00+01:00", "2026-11-28T11:00:00+01:00")]
    body["plans"][0]["windows"] = ["11:00-10:00"]
    assert desk.http.put("/v1/resources/anna/windows", json=body).status_code == 400
    assert hours(world, "anna", "2026-11-23T00:00:00+01:00", "2026-12-07T00:00:00+01:00") == found


def test_the_api_describes_itself(practice: Any) -> None:
    answer = practice.bridge.get("/schema")
    paths = answer.json()["paths"]
    assert answer.headers["content-type"].startswith("application/vnd.oai.openapi+json")
    assert {
        "/v1/health", "/v1/capabilities", "/v1/locations", "/v1/resources", "/v1/appointment-types",
        "/v1/resources/{resource}/windows", "/v1/resources/{resource}/freebusy", "/v1/blocks", "/v1/absences",
        "/v1/closures",
        "/v1/appointments", "/v1/appointments/{ident}", "/v1/appointments/{ident}/cancel", "/v1/clients",
        "/v1/clients/{ident}/patients", "/v1/changes", "/v1/hooks",
    } <= set(paths)  # fmt: skip
    assert not [path for path in paths if path.startswith("/desk")]


CONSENT = {"kind": "consent", "text": "Wir speichern …", "dated": "2026-11-19T12:00:00+01:00"}


def test_what_a_client_agreed_to_is_filed_with_its_date_and_never_changed(practice: Any) -> None:
    path = "/v1/clients/c1/documents"
    filed = practice.bridge.post(path, CONSENT).json()
    assert practice.bridge.get(path).json()["items"] == [filed]
    assert (filed["client_id"], filed["dated"], filed["created_by"]) == ("c1", "2026-11-19T11:00:00Z", "integration")
    assert practice.bridge.get("/v1/clients/c2/documents").json()["items"] == []
    assert practice.bridge.get("/v1/clients/nobody/documents").status_code == 404
    assert [practice.bridge.http.request(method, path).status_code for method in ("PUT", "PATCH", "DELETE")] == [
        405
    ] * 3


@pytest.mark.parametrize(
    "wrong", [{"text": ""}, {"kind": "x"}, {"dated": "2026-11-19"}, {"dated": "2026-11-19T12:00:00"}]
)
def test_a_document_that_is_none_is_refused(practice: Any, wrong: dict[str, str]) -> None:
    assert practice.bridge.post("/v1/clients/c1/documents", CONSENT | wrong).status_code == 400
