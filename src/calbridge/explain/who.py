"""Whose booking is it, in words: by which rule, what agrees and what differs, and what follows. No value is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from calbridge.matching import ANIMALS, Likeness, PatientLikeness
from calbridge.model import Rules

FIELDS: Mapping[str, str] = {
    "first_name": "first name",
    "last_name": "last name",
    "email": "e-mail",
    "phone": "phone",
    "address": "address",
    "patient_name": "animal's name",
    "species": "species",
    "others": "further animals",
    "privacy_notice": "consent to the privacy notice",
}
"""What a client may give, by its code."""

RULES: Mapping[str, str] = {
    "unique": "an equal e-mail, or an equal phone, or an equal first and last name",
    "strict": "an equal first name and last name, and an equal phone, e-mail or address",
    "propose": "an equal e-mail, or an equal phone, or an equal first and last name; a person always decides",
    "email": "an e-mail equal to the one an invitation goes to: the one in the record",
}
"""`client_match`, as it asks for a candidate."""

FOLLOWS: Mapping[str, str] = {
    "book_unlinked": "the booking is made all the same, and waits here until somebody links it",
    "ask": "the request waits for a person",
    "create": "a new record is made",
    "create_if_complete": "a new record is made where all of it is there",
}
"""`on_ambiguous` and `on_unmatched`."""


def listed(codes: Iterable[str], *, word: str = "and") -> str:
    """ "e-mail, phone and address"."""
    names = [FIELDS.get(code, code) for code in codes]
    return f" {word} ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "") if part)


def rule(rules: Rules) -> str:
    """Which rule asked."""
    case = "; capitals in names count" if rules.name_case == "exact" else ""
    return f"client_match = {rules.client_match}: a candidate has {RULES[rules.client_match]}{case}"


def likeness(found: Likeness, *, refused: bool, linked: bool = False) -> str:
    """One record beside the details."""
    parts = [f"agrees in {listed(found.agrees)}" if found.agrees else "agrees in nothing"]
    parts += [f"differs in {listed(found.differs)}"] * bool(found.differs)
    if linked:
        parts.append("the booking is linked to it")
    elif refused:
        parts.append("a person said that it is somebody else's")
    elif found.fits:
        parts.append("a candidate")
    else:
        parts.append("no candidate by this rule")
    return "; ".join(parts)


def animal(found: PatientLikeness, rules: Rules) -> str:
    """One animal of the name that was given."""
    wanted = listed(ANIMALS[rules.patient_match])
    verdict = "fits" if found.fits else f"does not fit, because {wanted} must be equal"
    differs = f"; differs in {listed(found.differs)}" if found.differs else ""
    return f"agrees in {listed(found.agrees)}{differs}; {verdict}"


def outcome(fitting: int, rules: Rules) -> str:
    """What the rule makes of so many candidates, and what the clinic's settings make of that."""
    if fitting == 1 and rules.client_match != "propose":
        return "Exactly one candidate: it is linked."
    if fitting == 1:
        return f"One candidate is proposed, and never linked without a person: {FOLLOWS[_way(rules, fitting)]}."
    if fitting:
        return f"{fitting} candidates are ambiguous: {FOLLOWS[_way(rules, fitting)]}."
    return f"No candidate, so it is unmatched: {FOLLOWS[_way(rules, fitting)]}."


def _way(rules: Rules, fitting: int) -> str:
    way = rules.on_ambiguous if fitting else rules.on_unmatched
    return "ask" if rules.client_match == "propose" and way.startswith("create") else way
