"""Ten thousand made-up bookings beside made-up card indexes: the matcher and the plain oracle say the same of each."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import matching_oracle as oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.feeds import ClientRecord, PatientRecord
from calbridge.matching import Ambiguous, Linked, Proposed, compare, match
from calbridge.model import Details, Rules

BOOKINGS = 10_000
WRITTEN = [each.name for each in fields(Details) if each.name != "others"]
SEED = 20_261_120

# In each pool some are the same written otherwise, and some are nearly the same and somebody else's.
NAMES = (
    "Maja",
    "Maia",
    "Zoë",
    "Zoe",
    "Anna Maria",
    "Anna",
    "Jörg",
    "Joerg",
    "Strauß",
    "Strauss",
    "Berg",
    "van der Berg",
)
EMAILS = (
    *("maja@example.org", "maja@example.com", "maja+vet@example.org", "m.aja@example.org", "office@example.org"),
    *("jörg@müller.de", "jörg@xn--mller-kva.de", "jörg@mueller.de"),
)
PHONES = {
    "DE": (
        *("030 23125001", "+49 (0)30 23125001", "0049 30 23125002", "0171/1234567", "+491711234567"),
        *("0171 1234568", "040 1234567", "+358 40 1234567"),
    ),
    "AT": ("0664 1234567", "+43 664 1234567", "+43 664 1234568", "+49 30 23125001"),
    "FI": ("040 1234567", "+358 40 123 4567", "00358401234567", "+49 171 1234567", "+49 40 1234567"),
}
ADDRESSES = (
    *("Hauptstraße 5, 10115 Berlin", "Hauptstr. 5, 10115 Berlin", "Hauptstr.5, 10115 Berlin"),
    *("Hauptstraße 55, 10115 Berlin", "Hauptstraße 5a, 10115 Berlin", "Ringstrasse 5"),
)
ANIMALS = ("Bello", "Kitty", "Bello von der Au")
SPECIES = ("dog", "cat")
EMPTY = ("", " ", "\t", "\u00a0")
PLACEHOLDERS = ("", " ", "-", "99", "none", "0000000", "@", "x@")
LETTERS: tuple[Callable[[str], str], ...] = (
    str, str, str.upper, str.lower, lambda text: f" {text}\u00a0", lambda text: text.replace(" ", "  "),
    lambda text: unicodedata.normalize("NFD", text),
)  # fmt: skip


def written(chance: random.Random, pool: tuple[str, ...], empty: tuple[str, ...] = EMPTY) -> str:
    """One of the pool as people write it, or nothing."""
    if chance.random() < 0.2:
        return chance.choice(empty)
    return chance.choice(LETTERS)(chance.choice(pool))


def animal(chance: random.Random, number: int) -> PatientRecord:
    return PatientRecord(id=f"p{number}", name=written(chance, ANIMALS), species=written(chance, SPECIES))


def card(chance: random.Random, number: int, region: str) -> ClientRecord:
    return ClientRecord(
        id=f"c{number}",
        first_name=written(chance, NAMES),
        last_name=written(chance, NAMES),
        emails=tuple(written(chance, EMAILS, PLACEHOLDERS) for _ in range(chance.randrange(3))),
        phones=tuple(written(chance, PHONES[region], PLACEHOLDERS) for _ in range(chance.randrange(3))),
        addresses=tuple(written(chance, ADDRESSES) for _ in range(chance.randrange(2))),
        patients=tuple(animal(chance, n) for n in range(chance.randrange(4))),
    )


def index_of(chance: random.Random, region: str) -> list[ClientRecord]:
    """A few cards; now and then a twin of one, with another number and perhaps another thing that differs."""
    cards = [card(chance, n, region) for n in range(chance.randrange(4))]
    if cards and chance.random() < 0.7:
        one, other = chance.choice(cards), card(chance, len(cards), region)
        name = chance.choice(("emails", "phones", "addresses", "patients", "first_name"))
        cards.append(replace(one, id=other.id, **{name: getattr(other, name)}))
    return cards


def rewritten(chance: random.Random, text: str) -> str:
    """The same thing as somebody else would write it."""
    return chance.choice(LETTERS)(text)


def slipped(chance: random.Random, text: str) -> str:
    """Nearly the same: a letter before any @ lost, doubled, swapped with its neighbour, or all accents left out."""
    before, at, after = text.partition("@")
    if len(before) < 3:
        return text
    place = chance.randrange(1, len(before))
    bare = "".join(sign for sign in unicodedata.normalize("NFD", before) if not unicodedata.combining(sign))
    slips = (
        before[:place] + before[place + 1 :],
        before[:place] + before[place] + before[place:],
        before[: place - 1] + before[place] + before[place - 1] + before[place + 1 :],
        bare,
    )
    return chance.choice(slips) + at + after


def near_miss(chance: random.Random, known: ClientRecord, details: Details) -> Details:
    """Almost everything as the card has it; one thing is not quite."""
    truth = {"first_name": known.first_name, "last_name": known.last_name}
    truth |= {"email": known.emails[0]} if known.emails else {}
    truth |= {"address": known.addresses[0]} if known.addresses else {}
    name = chance.choice(sorted(truth))
    return replace(details, **{**truth, name: slipped(chance, truth[name])})


def booking(chance: random.Random, cards: list[ClientRecord], region: str) -> tuple[Details, str]:
    """Somebody of the card index ("known"), nearly somebody of it ("near"), or any ("any")."""
    made = Details(
        first_name=written(chance, NAMES),
        last_name=written(chance, NAMES),
        email=written(chance, EMAILS, PLACEHOLDERS),
        phone=written(chance, PHONES[region], PLACEHOLDERS),
        address=written(chance, ADDRESSES),
        patient_name=written(chance, ANIMALS),
        species=written(chance, SPECIES),
    )
    if not cards or chance.random() < 0.2:
        return made, "any"
    known = chance.choice(cards)
    if chance.random() < 0.3:
        return near_miss(chance, known, replace(made, phone="")), "near"
    truth = {"first_name": known.first_name, "last_name": known.last_name}
    truth |= {"email": known.emails[0]} if known.emails else {}
    truth |= {"phone": known.phones[0]} if known.phones else {}
    truth |= {"address": known.addresses[0]} if known.addresses else {}
    kept = {name: rewritten(chance, text) for name, text in truth.items() if chance.random() < 0.7}
    return replace(made, **kept), "known"


def rules_of(chance: random.Random) -> Rules:
    return Rules(
        client_match=chance.choice(("unique", "strict", "propose", "email")),
        patient_match=chance.choice(("name", "name_species")),
        name_case=chance.choice(("fold", "exact")),
    )


def said(found: Any) -> tuple[Any, ...]:
    """The matcher's answer in the oracle's words."""
    match found:
        case Linked() | Proposed():
            return (type(found).__name__.lower(), found.found.client, found.found.patient)
        case Ambiguous():
            return ("ambiguous", [each.client for each in found.candidates])
    return ("unmatched",)


def full(text: str) -> bool:
    return bool(text.strip())


def test_ten_thousand_bookings_agree_with_the_plain_implementation(record_property: Any) -> None:
    chance = random.Random(SEED)
    outcomes: Counter[tuple[str, str]] = Counter()
    for number in range(BOOKINGS):
        region = chance.choice(tuple(PHONES))
        cards = index_of(chance, region)
        (details, who), rules = booking(chance, cards, region), rules_of(chance)
        refused = tuple(each.id for each in cards if chance.random() < 0.05)
        found = match(details, cards, rules, region, refused=refused)
        wanted = oracle.decide(details, cards, rules, region, refused)
        assert said(found) == wanted, (number, details, cards, rules, region, refused)
        by_id = {each.id: each for each in cards}
        for each in compare(details, cards, rules, region):
            evidence = oracle.evidence(details, by_id[each.client], rules, region)
            assert (set(each.agrees), set(each.differs)) == evidence, (number, details, by_id[each.client])
        if isinstance(found, Linked | Proposed):
            _rests_on_something(details, by_id[found.found.client], found.found.agrees)
        outcomes[rules.client_match, wanted[0]] += 1
        outcomes[who, "linked" if wanted[0] in {"linked", "proposed"} else wanted[0]] += 1
        outcomes["patient", "linked"] += wanted[0] == "linked" and wanted[2] != ""
    record_property("bookings", BOOKINGS)
    record_property("outcomes", {" ".join(key): count for key, count in sorted(outcomes.items())})
    for way in ("unique", "strict", "propose", "email"):
        kinds = {kind for (each, kind), count in outcomes.items() if each == way and count >= 50}
        assert kinds == {"proposed" if way == "propose" else "linked", "ambiguous", "unmatched"}, outcomes
    assert outcomes["patient", "linked"] >= 100
    assert all(outcomes["near", kind] >= 100 for kind in ("linked", "ambiguous", "unmatched")), outcomes
    assert sum(count for (who, _), count in outcomes.items() if who in {"any", "near", "known"}) == BOOKINGS


def _rests_on_something(details: Details, known: ClientRecord, agrees: tuple[str, ...]) -> None:
    """Each field that a link rests on was filled in by the client, and stands in the record."""
    held = {
        "first_name": (known.first_name,),
        "last_name": (known.last_name,),
        "email": known.emails,
        "phone": known.phones,
        "address": known.addresses,
    }
    assert agrees
    assert all(full(getattr(details, name)) and any(map(full, held[name])) for name in agrees), (details, known)


# --- an empty field -------------------------------------------------------------------------------

BLANKS = st.sampled_from([*EMPTY, "\n", "\u2003", "\u3000"])
TEXTS = st.one_of(BLANKS, st.sampled_from(("Maja", "maja@example.org", "030 23125001", "-", "99", "@")))
CARDS = st.lists(
    st.builds(
        ClientRecord,
        id=st.sampled_from(("c1", "c2", "c3")),
        first_name=TEXTS,
        last_name=TEXTS,
        emails=st.lists(TEXTS, max_size=2).map(tuple),
        phones=st.lists(TEXTS, max_size=2).map(tuple),
        addresses=st.lists(TEXTS, max_size=2).map(tuple),
    ),
    max_size=3,
    unique_by=lambda record: record.id,
)
WAYS = st.sampled_from(("unique", "strict", "propose", "email"))


@given(st.builds(Details, **dict.fromkeys(WRITTEN, TEXTS)), CARDS, WAYS, st.data())
def test_emptying_a_field_never_makes_anybody_a_candidate(
    details: Details, cards: list[ClientRecord], way: Any, data: st.DataObject
) -> None:
    """What is not said is no evidence: with less given there is never more that fits."""
    rules = Rules(client_match=way)
    name = data.draw(st.sampled_from(WRITTEN))
    blank = replace(details, **{name: data.draw(BLANKS)})
    with_it = {each.client for each in compare(details, cards, rules, "DE") if each.fits}
    without = {each.client for each in compare(blank, cards, rules, "DE") if each.fits}
    assert without <= with_it


@pytest.mark.parametrize("way", ["unique", "strict", "propose", "email"])
@given(blank=BLANKS, cards=CARDS)
def test_nobody_is_linked_who_said_nothing(way: Any, blank: str, cards: list[ClientRecord]) -> None:
    details = Details(**dict.fromkeys(WRITTEN, blank))
    assert said(match(details, cards, Rules(client_match=way), "DE")) == ("unmatched",)
