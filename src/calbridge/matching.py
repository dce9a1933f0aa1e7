"""Who is this? Details against records (rules.md section 5): linked, proposed, ambiguous or unmatched, never a guess.

Details are compared, never written back (S3). An empty field never equals an empty field. Evidence is the codes of the
fields that are equal or differ, never their values; a field that one of the two leaves empty says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from calbridge import folding
from calbridge.feeds import ClientRecord, PatientRecord
from calbridge.model import Details, Rules

# --- what comes out -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientLikeness:
    """An animal of the name that was given. `fits`: it is one as the clinic's `patient_match` wants it."""

    patient: str
    fits: bool
    agrees: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """One record beside the details. `fits`: it is a candidate by the clinic's `client_match`."""

    client: str
    fits: bool
    agrees: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    patients: tuple[PatientLikeness, ...] = ()

    @property
    def patient(self) -> str:
        """The one animal that fits, else "": of two that fit neither is taken (S3)."""
        fitting = [each.patient for each in self.patients if each.fits]
        return fitting[0] if len(fitting) == 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """Exactly one record is the client."""

    found: Likeness


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """Exactly one record may be the client, and a person must say so (S2)."""

    found: Likeness


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous:
    """Several records may be the client: a person must choose."""

    candidates: tuple[Likeness, ...]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """No record fits."""


Match = Linked | Proposed | Ambiguous | Unmatched


# --- deciding -------------------------------------------------------------------------------------


def match(
    details: Details, records: Iterable[ClientRecord], rules: Rules, region: str, *, refused: Collection[str] = ()
) -> Match:
    """Who `details` are of; `region` (ISO 3166, "DE") reads phone numbers without a country code.

    `refused` are records that a person has already said are somebody else's.
    """
    candidates = tuple(
        each for each in compare(details, records, rules, region) if each.fits and each.client not in refused
    )
    if not candidates:
        return Unmatched()
    if len(candidates) > 1:
        return Ambiguous(candidates=candidates)
    return (Proposed if rules.client_match == "propose" else Linked)(found=candidates[0])


def compare(details: Details, records: Iterable[ClientRecord], rules: Rules, region: str) -> tuple[Likeness, ...]:
    """Every record beside the details, candidate or not, in the order of their keys."""
    folds = _folds(rules, region)
    given = {name: fold(getattr(details, name)) for name, fold in folds.items()}
    found = {record.id: _likeness(given, record, folds, rules) for record in records}  # one may be named twice
    return tuple(found[key] for key in sorted(found))


def _all_of(*names: str) -> Callable[[Collection[str]], bool]:
    return lambda agrees: set(names) <= set(agrees)


def _any_of(*rules: Callable[[Collection[str]], bool]) -> Callable[[Collection[str]], bool]:
    return lambda agrees: any(rule(agrees) for rule in rules)


_UNIQUE = _any_of(_all_of("email"), _all_of("phone"), _all_of("first_name", "last_name"))

WAYS: Mapping[str, Callable[[Collection[str]], bool]] = {
    "unique": _UNIQUE,
    "strict": _any_of(*(_all_of("first_name", "last_name", one) for one in ("phone", "email", "address"))),
    "propose": _UNIQUE,
    "email": _all_of("email"),
}
"""`client_match`: which equal fields make a record a candidate (S0, S3, S2, S1)."""

ANIMALS: Mapping[str, tuple[str, ...]] = {"name": ("patient_name",), "name_species": ("patient_name", "species")}
"""`patient_match`: which fields of an animal must be equal (S3)."""


# --- which fields are equal -----------------------------------------------------------------------

Fold = Callable[[str], str]


def _folds(rules: Rules, region: str) -> Mapping[str, Fold]:
    """What makes two texts the same, field by field of `Details`."""
    name = folding.spaced if rules.name_case == "exact" else folding.folded
    return {
        "first_name": name,
        "last_name": name,
        "email": folding.email,
        "phone": lambda text: folding.phone(text, region),
        "address": folding.address,
        "patient_name": name,
        "species": folding.folded,
    }


def _likeness(given: Mapping[str, str], record: ClientRecord, folds: Mapping[str, Fold], rules: Rules) -> Likeness:
    held = {
        "first_name": (record.first_name,),
        "last_name": (record.last_name,),
        "email": record.emails,
        "phone": record.phones,
        "address": record.addresses,
    }
    agrees, differs = _beside(given, held, folds)
    return Likeness(
        client=record.id,
        fits=WAYS[rules.client_match](agrees),
        agrees=agrees,
        differs=differs,
        patients=_patients(given, record.patients, folds, rules),
    )


def _patients(
    given: Mapping[str, str], records: Iterable[PatientRecord], folds: Mapping[str, Fold], rules: Rules
) -> tuple[PatientLikeness, ...]:
    """The animals of that name, each once, in the order of their keys."""
    found = {}
    for record in records:
        held = {"patient_name": (record.name,), "species": (record.species,)}
        agrees, differs = _beside(given, held, folds)
        if "patient_name" in agrees:
            fits = _all_of(*ANIMALS[rules.patient_match])(agrees)
            found[record.id] = PatientLikeness(patient=record.id, fits=fits, agrees=agrees, differs=differs)
    return tuple(found[key] for key in sorted(found))


def _beside(
    given: Mapping[str, str], held: Mapping[str, Iterable[str]], folds: Mapping[str, Fold]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which fields agree and which differ; where one of the two says nothing it is neither."""
    known = {name: {folds[name](text) for text in texts} - {""} for name, texts in held.items() if given[name]}
    agrees = tuple(name for name, texts in known.items() if given[name] in texts)
    return agrees, tuple(name for name, texts in known.items() if texts and name not in agrees)
