"""Forty made-up clients and their animals; a fixed seed makes them the same every time.

The first is the one who books by hand in the demo; the last two share one e-mail address, as couples do, so that a
booking from it cannot be matched (Animana books it unlinked, S0).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

COUNT: Final = 40
FIRST: Final = (
    "Merle", "Tjark", "Ylva", "Ansgar", "Frauke", "Henrike", "Ole", "Svea", "Bosse", "Greta",
    "Ida", "Jorin", "Klara", "Lennard", "Malte", "Nele", "Oskar", "Pia", "Ragna", "Silke",
)  # fmt: skip
LAST: Final = (
    "Achterberg", "Birkenfeld", "Dornbusch", "Eschenloh", "Fliederbach", "Grünspecht", "Haselhorst", "Kiebitz",
    "Lerchenau", "Mohnhaupt", "Nachtigall", "Ohlendorf", "Pirol", "Quendel", "Rotkehl", "Schilfrohr", "Teichgräber",
    "Uferlos", "Wacholder", "Zaunkönig",
)  # fmt: skip
STREETS: Final = ("Ahornallee", "Birkenweg", "Drosselgasse", "Erlenstraße", "Fasanenweg", "Ginsterstraße")
ANIMALS: Final = {
    "dog": ("Bruno", "Emmi", "Fiete", "Hummel", "Krümel", "Paule", "Rieke", "Wanja"),
    "cat": ("Felix", "Lotte", "Minka", "Mogli", "Nelly", "Schnurri", "Socke", "Tiger"),
    "rabbit": ("Hoppel", "Flocke", "Klopfer", "Pünktchen"),
    "guinea pig": ("Bohne", "Erbse", "Pfeffer", "Salz"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Animal:
    """A patient."""

    id: str
    name: str
    species: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A client with one to three patients."""

    id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    address: str
    animals: tuple[Animal, ...]


@cache
def people() -> tuple[Person, ...]:
    """All forty, in the order of their numbers."""
    dice = random.Random(1851)  # noqa: S311 - the same people every time, nothing secret
    everybody = [(first, last) for first in FIRST for last in LAST]
    names = dice.sample(everybody, COUNT - 2)
    couple = (("Hauke", "Sonnentau"), ("Wiebke", "Sonnentau"))
    return tuple(_person(dice, number, *name) for number, name in enumerate((*names, *couple), start=1))


def booker() -> Person:
    """Who books, moves and cancels in the demo: one record, one way to find it."""
    return next(person for person in people() if any(animal.species == "dog" for animal in person.animals))


def couple() -> tuple[Person, Person]:
    """The two who share an address."""
    return people()[-2], people()[-1]


def _person(dice: random.Random, number: int, first: str, last: str) -> Person:
    shared = last == "Sonnentau"
    mail = "familie.sonnentau" if shared else f"{_plain(first)}.{_plain(last)}"
    return Person(
        id=f"k{number:04}",
        first_name=first,
        last_name=last,
        email=f"{mail}@example.org",
        phone=f"+493023125{100 + number:03}",
        address=f"{dice.choice(STREETS)} {dice.randint(1, 88)}, 13599 Berlin",
        animals=tuple(_animals(dice, number)),
    )


def _animals(dice: random.Random, number: int) -> Iterator[Animal]:
    taken: set[str] = set()
    for place in range(1, dice.randint(1, 3) + 1):
        species = dice.choices(tuple(ANIMALS), weights=(5, 5, 2, 1))[0]
        name = dice.choice([name for name in ANIMALS[species] if name not in taken])
        taken.add(name)
        yield Animal(id=f"t{number:04}-{place}", name=name, species=species)


def _plain(name: str) -> str:
    for letter, written in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        name = name.lower().replace(letter, written)
    return name
