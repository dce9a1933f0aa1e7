"""When two texts about a person are the same (rules.md section 5). What is no such thing folds to "", equal to nothing.

A placeholder that staff typed into a required field ("99", "-", "none") is no phone number and no e-mail address: were
it compared as text, it would make everybody who has one the same person.
"""

from __future__ import annotations

import re
from unicodedata import normalize

import idna


def spaced(text: str) -> str:
    """NFC, without outer and repeated inner white space."""
    return " ".join(normalize("NFC", text).split())


def folded(text: str) -> str:
    """As `spaced`, without the difference between upper and lower case."""
    return normalize("NFC", spaced(text).casefold())


def email(text: str) -> str:
    """The address case-folded, its domain as it is looked up: `müller.de` is `xn--mller-kva.de`, never `mueller.de`.

    Nothing more is made alike: to most servers `m.aja@` and `maja+vet@` are other people's addresses than `maja@`.
    """
    local, _, domain = normalize("NFC", text).strip().rpartition("@")
    if not local.strip() or not domain.strip():
        return ""
    return f"{folded(local)}@{_domain(domain.strip())}"


def _domain(text: str) -> str:
    plain = text.rstrip(".")
    if plain.isascii():
        return plain.lower()
    try:
        return idna.encode(plain, uts46=True).decode()
    except idna.IDNAError:
        return folded(plain)


def phone(text: str, region: str) -> str:
    """E.164; `region` (ISO 3166, "DE") reads a number without a country code.

    "" for what no country's numbering plan has: "0000000" is possible by its length, and half a card index has it.
    """
    import phonenumbers  # the plans of all countries: only who compares a number needs them

    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_STREET = re.compile(r"str(?:\.\s*|asse\b)")


def address(text: str) -> str:
    """As `folded`, with `str.` and `straße` (folded: `strasse`) alike."""
    return spaced(_STREET.sub("strasse ", folded(text)))
