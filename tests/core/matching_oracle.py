"""Section 5 of the rules once more, written down plainly and without the library that the product matches with.

It knows only the closed world of `test_matching_oracle`: its phone numbers and its one domain in two spellings are
tables here. Slow, literal, and with no line in common with `calbridge.matching`.
"""

from __future__ import annotations

import unicodedata
from typing import Any

COUNTRY_CODES = {"DE": "+49", "AT": "+43", "FI": "+358"}
GIVEN_OUT = {
    *("+493023125001", "+493023125002", "+491711234567", "+491711234568", "+49401234567"),
    *("+436641234567", "+436641234568", "+358401234567"),
}
"""The numbers of this world. Whatever else a field holds is no phone number."""
DOMAINS = {"xn--mller-kva.de": "müller.de"}


def decide(details: Any, records: Any, rules: Any, region: str, refused: Any) -> tuple[Any, ...]:
    """("linked" or "proposed", client, patient), ("ambiguous", clients) or ("unmatched",)."""
    fitting = [each for each in records if each.id not in refused and is_candidate(details, each, rules, region)]
    fitting.sort(key=lambda record: record.id)
    if len(fitting) == 0:
        return ("unmatched",)
    if len(fitting) > 1:
        return ("ambiguous", [record.id for record in fitting])
    word = "proposed" if rules.client_match == "propose" else "linked"
    return (word, fitting[0].id, patient_of(details, fitting[0], rules))


def is_candidate(details: Any, record: Any, rules: Any, region: str) -> bool:
    """The table of `client_match`, line by line."""
    same, _ = evidence(details, record, rules, region)
    both_names = "first_name" in same and "last_name" in same
    if rules.client_match in ("unique", "propose"):
        return "email" in same or "phone" in same or both_names
    if rules.client_match == "strict":
        return both_names and ("phone" in same or "email" in same or "address" in same)
    assert rules.client_match == "email"
    return "email" in same


def evidence(details: Any, record: Any, rules: Any, region: str) -> tuple[set[str], set[str]]:
    """Which fields are equal, and which say something on both sides and not the same. An empty one is neither."""
    agrees, differs = set(), set()
    for field, (mine, theirs) in fields(details, record, rules, region).items():
        said = [text for text in theirs if text != ""]
        if mine != "" and mine in said:
            agrees.add(field)
        elif mine != "" and said != []:
            differs.add(field)
    return agrees, differs


def fields(details: Any, record: Any, rules: Any, region: str) -> dict[str, tuple[str, list[str]]]:
    """What each side says, in a form that can be compared letter by letter."""
    return {
        "first_name": (name(details.first_name, rules), [name(record.first_name, rules)]),
        "last_name": (name(details.last_name, rules), [name(record.last_name, rules)]),
        "email": (email(details.email), [email(text) for text in record.emails]),
        "phone": (phone(details.phone, region), [phone(text, region) for text in record.phones]),
        "address": (address(details.address), [address(text) for text in record.addresses]),
    }


def patient_of(details: Any, record: Any, rules: Any) -> str:
    """The one animal of that name, and of that species where it counts."""
    fitting = set()
    for animal in record.patients:
        same_name = name(details.patient_name, rules) != "" and name(details.patient_name, rules) == name(
            animal.name, rules
        )
        same_species = one_space(details.species) != "" and (
            one_space(details.species).casefold() == one_space(animal.species).casefold()
        )
        if same_name and (rules.patient_match == "name" or same_species):
            fitting.add(animal.id)
    return fitting.pop() if len(fitting) == 1 else ""


# --- the forms ------------------------------------------------------------------------------------


def one_space(text: str) -> str:
    """NFC, with one blank wherever there was any white space, and none around."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def name(text: str, rules: Any) -> str:
    """Capitals count only where the clinic says so."""
    return one_space(text) if rules.name_case == "exact" else one_space(text).casefold()


def email(text: str) -> str:
    """Case-folded; text without an @ between two things is no address."""
    before, at, after = one_space(text).casefold().partition("@")
    before, after = before.strip(), after.strip()
    return before + at + DOMAINS.get(after, after) if before and after else ""


def phone(text: str, region: str) -> str:
    """From whatever is written to +, country code, number."""
    kept = "".join(sign for sign in text.replace("(0)", "") if sign in "+0123456789")
    if kept.startswith("00"):
        kept = "+" + kept[2:]
    elif kept.startswith("0"):
        kept = COUNTRY_CODES[region] + kept[1:]
    return kept if kept in GIVEN_OUT else ""


def address(text: str) -> str:
    """`str.` and `straße` are one word."""
    return one_space(one_space(text).casefold().replace("str.", "strasse "))
