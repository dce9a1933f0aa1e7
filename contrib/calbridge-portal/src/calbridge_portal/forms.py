"""What the pages' forms send: texts, of which an empty one says nothing."""

from collections.abc import Mapping

from calbridge_portal.records import Agreed, Customer, Patient

Given = Mapping[str, str | None]


def given(data: Mapping[str, str]) -> Given:
    """Each field without the space around it; None where nothing was written."""
    return {name: value.strip() or None for name, value in data.items()}


def customer(form: Given) -> Customer:
    """Who fills it in."""
    return Customer(
        first_name=form.get("first_name") or "",
        last_name=form.get("last_name") or "",
        email=form.get("email"),
        phone=form.get("phone"),
        address=form.get("address"),
    )


def patient(form: Given, name: str = "patient_name", species: str = "species") -> Patient | None:
    """The animal of these two fields, where one is named."""
    called = form.get(name)
    return Patient(name=called, species=form.get(species)) if called else None


def consent(form: Given) -> Agreed | None:
    """The box under the privacy notice, which has the notice's version."""
    version = form.get("consent")
    return Agreed(version=version) if version else None
