"""What a client gave of herself: as lines for the clinic's private note, taken out of it again, and whether it is all.

The bridge takes back only what it wrote: lines that staff changed are theirs and stay.
"""

from __future__ import annotations

import re

from calbridge import folding
from calbridge.model import Animal, Details

_LABELS = {
    "first_name": "First name",
    "last_name": "Last name",
    "email": "E-mail",
    "phone": "Phone",
    "address": "Address",
    "patient_name": "Patient",
    "species": "Species",
}
CLIENT = ("first_name", "last_name", "email", "phone", "address")
PATIENT = ("patient_name", "species")


def detail_lines(details: Details, names: tuple[str, ...] = (*CLIENT, *PATIENT)) -> str:
    """What was given, as `Key: value` lines for the private note; a value stays on its line.

    Further animals always stand there: no system links more than one to a visit.
    """
    given = [(_LABELS[name], folding.spaced(getattr(details, name))) for name in names]
    given += [("Further patient", other(each)) for each in details.others]
    return "\n".join(f"{label}: {value}" for label, value in given if value)


def other(animal: Animal) -> str:
    """A further animal in one line."""
    return ", ".join(part for part in map(folding.spaced, (animal.name, animal.species)) if part)


def given(details: Details) -> tuple[tuple[str, str], ...]:
    """The fields that say something, by name, and each further animal."""
    said = ((name, getattr(details, name)) for name in _LABELS if folding.spaced(getattr(details, name)))
    return (*said, *(("further_patient", other(each)) for each in details.others))


def with_lines(note: str, lines: str) -> str:
    """The note with the lines under what stands there already; where they stand in it, it is as it should be."""
    return note if not lines or _whole(note, lines) else "\n".join(part for part in (note, lines) if part)


def without_lines(note: str, lines: str) -> str:
    """The note without the lines, where they stand in it whole and unchanged; staff's own text stays as it is."""
    found = _whole(note, lines) if lines else None
    if found is None:
        return note
    start, end = found.span()
    return note[:start] + note[end:] if note.startswith("\n", start) else note[end + 1 :]


def _whole(note: str, lines: str) -> re.Match[str] | None:
    """Where the lines stand, each whole, with the line break before them."""
    return re.search(rf"(?:^|\n){re.escape(lines)}(?=\n|$)", note)


# --- is it enough for a record of her own? --------------------------------------------------------

_POSTCODE = re.compile(r"\b(?:\d{4,6}|\d{2,4}[ -]\d{2,3}|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2})\b")
_WORD = re.compile(r"[^\W\d_]{2,}")
_NUMBER = re.compile(r"\b\d{1,4}\s?[a-z]?\b")


def lacking(details: Details, region: str) -> tuple[str, ...]:
    """What a client must still give before a record is made of her: both names, a phone, a full address (S1)."""
    enough = {
        "first_name": bool(folding.spaced(details.first_name)),
        "last_name": bool(folding.spaced(details.last_name)),
        "phone": bool(folding.phone(details.phone, region)),
        "address": full_address(details.address),
    }
    return tuple(name for name, there in enough.items() if not there)


def full_address(text: str) -> bool:
    """A postcode, a house number beside it, and at least two words: a street and a town.

    Addresses differ too much between countries for more than that; one that is not recognised is left to a person.
    """
    plain = folding.folded(text)
    postcode = _POSTCODE.search(plain)
    if postcode is None:
        return False
    rest = plain[: postcode.start()] + " " + plain[postcode.end() :]
    return bool(_NUMBER.search(rest)) and len(_WORD.findall(rest)) > 1
