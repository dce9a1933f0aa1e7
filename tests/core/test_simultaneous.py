"""Every pair of simultaneous changes, played through the whole of reconciling and compared with the data."""

from __future__ import annotations

import pytest
from pairs import CLIENT, CLINIC, Cell, every_way, expected
from simultaneous import BEFORE, played
from stories import disagreements

EXPECTED = expected()


@pytest.mark.parametrize(("state", "clinic", "via", "client"), every_way(EXPECTED))
def test_what_comes_of_it(state: str, clinic: str, via: str, client: str) -> None:
    it, cell = played(state, clinic, via, client)
    assert str(cell) == str(EXPECTED[state, clinic, client])
    assert disagreements(it) == []
    quiet = it.see()
    assert (quiet.effects, quiet.appointments, quiet.journal) == ((), (), ())


def test_every_pair_is_there() -> None:
    submitted = {"nothing", "moves", "cancels", "describes", "changes the service"}
    possible = {"held": {"nothing", "releases", "confirms"}}
    wanted = {
        (state, clinic, client) for state in BEFORE for clinic in CLINIC for client in possible.get(state, submitted)
    }
    assert set(EXPECTED) == wanted
    assert {client for (_, _, client) in wanted} == set(CLIENT)


def test_a_cell_is_read_as_it_is_written() -> None:
    for cell in EXPECTED.values():
        assert Cell.parse(str(cell)) == cell


@pytest.mark.parametrize(
    "wrong", ["confirmed client", "cancelled - told cancelled", "confirmed clinic because refused"]
)
def test_the_comparison_bites(wrong: str) -> None:
    _, cell = played("confirmed", "moves", "pms", "moves")
    assert str(cell) != wrong
