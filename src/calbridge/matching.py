"""Who is this? Details against records (rules.md section 5): linked, ambiguous or unmatched, never a guess.

Details are compared, never written back (S3). An empty field never equals an empty field. Evidence is the codes of the
fields that were equal, never their values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from unicodedata import normalize

import phonenumbers

from calbridge.feeds import ClientRecord, PatientRecord
from calbridge.model import Details, Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A record that may be the client: its key, its patient's key ("" for none) and why."""

    client: str
    patient: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """Exactly one record is the client. `patient` is "" where none or several animals fit."""

    client: str
    patient: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous:
    """A person must choose; where `client_match` is "propose" there may be only one to choose from."""

    candidates: tuple[Likeness, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """No record fits."""


def match(
    details: Details, records: Iterable[ClientRecord], rules: Rules, region: str
) -> Linked | Ambiguous | Unmatched:
    """Compare `details` with every record; `region` (ISO 3166, "DE") reads phone numbers without a country code."""
    given = _Normal(rules=rules, region=region)
    accepts = WAYS[rules.client_match]
    found: dict[str, Likeness] = {}
    for record in records:  # a provider may name one record twice, once for its e-mail and once for its name
        evidence = _evidence(details, record, given)
        if accepts(frozenset(evidence)):
            patient, more = _patient(details, record.patients, rules, given)
            found[record.id] = Likeness(client=record.id, patient=patient, evidence=(*evidence, *more))
    return _outcome(tuple(found[key] for key in sorted(found)), rules)


def _outcome(found: tuple[Likeness, ...], rules: Rules) -> Linked | Ambiguous | Unmatched:
    if not found:
        return Unmatched()
    if len(found) > 1 or rules.client_match == "propose":
        return Ambiguous(candidates=found)
    return Linked(client=found[0].client, patient=found[0].patient, evidence=found[0].evidence)


def _any_of(evidence: frozenset[str]) -> bool:
    return bool(evidence & {"email", "phone", "name"})


def _name_and_one(evidence: frozenset[str]) -> bool:
    return "name" in evidence and bool(evidence & {"phone", "email", "address"})


def _email(evidence: frozenset[str]) -> bool:
    return "email" in evidence


WAYS: Mapping[str, Callable[[frozenset[str]], bool]] = {
    "unique": _any_of,
    "strict": _name_and_one,
    "propose": _any_of,
    "email": _email,
}
"""`client_match`: which equal fields make a record a candidate (S0, S3, S2, S1)."""


# --- which fields are equal -----------------------------------------------------------------------


def _evidence(details: Details, record: ClientRecord, normal: _Normal) -> tuple[str, ...]:
    equal = {
        "email": _among(normal.email, details.email, record.emails),
        "phone": _among(normal.phone, details.phone, record.phones),
        "name": _among(normal.name, details.first_name, (record.first_name,))
        and _among(normal.name, details.last_name, (record.last_name,)),
        "address": _among(normal.address, details.address, record.addresses),
    }
    return tuple(code for code, found in equal.items() if found)


def _among(normal: Callable[[str], str], given: str, held: Iterable[str]) -> bool:
    wanted = normal(given)
    return bool(wanted) and any(normal(text) == wanted for text in held)


def _patient(
    details: Details, patients: Iterable[PatientRecord], rules: Rules, normal: _Normal
) -> tuple[str, tuple[str, ...]]:
    """The one animal of that name (and species), else none: two of them are ambiguous."""
    by_species = rules.patient_match == "name_species"
    fits = {
        patient.id
        for patient in patients
        if _among(normal.name, details.patient_name, (patient.name,))
        and (not by_species or _among(folded, details.species, (patient.species,)))
    }
    if len(fits) != 1:
        return "", ()
    return fits.pop(), ("patient_name", "species") if by_species else ("patient_name",)


# --- what equal means -----------------------------------------------------------------------------


def spaced(text: str) -> str:
    """NFC, without outer and repeated inner white space."""
    return " ".join(normalize("NFC", text).split())


def folded(text: str) -> str:
    """As `spaced`, without the difference between upper and lower case."""
    return normalize("NFC", spaced(text).casefold())


_STREET = re.compile(r"str(?:\.\s*|asse\b)")


def address(text: str) -> str:
    """As `folded`, with `str.` and `straße` (folded: `strasse`) alike."""
    return spaced(_STREET.sub("strasse ", folded(text)))


def phone(text: str, region: str) -> str:
    """E.164, or "" for what is no whole number: "99" in a record is a placeholder, not somebody's phone."""
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return ""
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Normal:
    """The clinic's way to read each kind of field."""

    rules: Rules
    region: str

    def name(self, text: str) -> str:
        return spaced(text) if self.rules.name_case == "exact" else folded(text)

    def email(self, text: str) -> str:
        return folded(text)

    def phone(self, text: str) -> str:
        return phone(text, self.region)

    def address(self, text: str) -> str:
        return address(text)


# --- for the people who decide --------------------------------------------------------------------


_LABELS = {
    "first_name": "First name",
    "last_name": "Last name",
    "email": "E-mail",
    "phone": "Phone",
    "address": "Address",
    "patient_name": "Patient",
    "species": "Species",
}


def detail_lines(details: Details) -> str:
    """What was given, as `Key: value` lines for the private note; a value stays on its line."""
    given = ((label, spaced(getattr(details, name))) for name, label in _LABELS.items())
    return "\n".join(f"{label}: {value}" for label, value in given if value)
