"""One animal in a booking, or several, as the practice takes them."""

import html
from collections.abc import Callable
from typing import Any

import pytest

from calbridge_portal.testing import SITE, STARTS, Bridge

BO, MINKA = {"name": "Bo", "species": "dog"}, {"name": "Minka", "species": "cat"}


def details(clinic: Bridge) -> Any:
    body = {"type": "checkup", "calendar": "anna", "start": STARTS[0], "client_ref": "browser-1"}
    hold = clinic.http.post(f"/public/sites/{SITE}/holds", json=body).raise_for_status().json()
    return clinic.http.get(f"/book/{SITE}/details/{hold['id']}")


def form(page: Any, **more: str) -> dict[str, str]:
    token = page.text.partition('name="_csrf_token" value="')[2].partition('"')[0]
    return {"_csrf_token": token, "first_name": "Mia", "last_name": "Albers", "email": "mia@example.org"} | more


def test_the_form_takes_several_and_her_page_names_them(clinic: Bridge) -> None:
    page = details(clinic)
    given = {"patient_name": "Bo", "species": "dog", "other_patient_1": "Min & Ka", "other_species_1": "cat"}
    own = clinic.http.post(str(page.url), data=form(page, **given)).raise_for_status()
    assert html.escape("Bo, Min & Ka") in own.text
    (booking,) = clinic.ok("GET", f"/v1/sites/{SITE}/bookings")["items"]
    assert booking["patient"] == BO
    assert booking["other_patients"] == [{"name": "Min & Ka", "species": "cat"}]


def test_where_the_practice_takes_one_the_form_has_no_place_for_more_and_more_are_refused(clinic: Bridge) -> None:
    """S3: only appointments for one animal."""
    clinic.settings(one_patient=True)
    assert "other_patient" not in details(clinic).text
    refused = clinic.book(start=STARTS[2], patient=BO, other_patients=[MINKA])
    assert (refused.status_code, refused.json()["rule"]) == (422, "one_patient_per_booking")
    assert clinic.book(start=STARTS[2], patient=BO).status_code == 201


@pytest.mark.parametrize("others", [[MINKA], [BO, MINKA], [{"name": "Rex"}]])
def test_each_must_be_of_an_admitted_species(clinic: Bridge, retype: Callable[..., None], others: Any) -> None:
    retype(species=["dog"])
    refused = clinic.book(patient=BO, other_patients=others)
    assert (refused.status_code, refused.json()["rule"]) == (422, "species_not_admitted")
    assert clinic.book(patient=BO, other_patients=[BO]).status_code == 201


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"patient": BO, "other_patients": [BO] * 10}, "at most 9"),
        ({"other_patients": [MINKA]}, "beside a patient"),
        ({"patient": BO, "other_patients": [{"name": "x" * 301}]}, "other_patients.name"),
        ({"patient": BO, "other_patients": [{"name": "a\nb"}]}, "other_patients.name"),
    ],
)
def test_what_no_diary_can_hold_is_refused(clinic: Bridge, body: Any, named: str) -> None:
    refused = clinic.book(**body)
    assert (refused.status_code, named in refused.json()["detail"]) == (400, True)
