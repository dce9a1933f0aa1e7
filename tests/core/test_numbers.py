"""Names of records: each number beside the connection that keeps it, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.numbers import elsewhere, keeper_of, name_of, number_of

NUMBERS = st.text(min_size=1)
CONNECTIONS = st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True)


@given(CONNECTIONS, NUMBERS)
def test_a_name_gives_back_what_it_is_made_of(connection: str, number: str) -> None:
    """Also a number that has slashes of its own, as a FHIR reference has."""
    name = name_of(connection, number)
    assert (keeper_of(name), number_of(name)) == (connection, number)
    assert not elsewhere(name, connection)


@given(CONNECTIONS, CONNECTIONS, NUMBERS)
def test_equal_numbers_of_two_connections_are_two_records(one: str, other: str, number: str) -> None:
    same = one == other
    assert (name_of(one, number) == name_of(other, number)) is same
    assert elsewhere(name_of(one, number), other) is not same


@pytest.mark.parametrize("name", ["", "4711"])
def test_what_names_no_connection_is_nobodys_elsewhere(name: str) -> None:
    assert (keeper_of(name), number_of(name), elsewhere(name, "pms")) == ("", name, False)


def test_nobody_is_nobody_everywhere() -> None:
    assert name_of("pms", "") == ""
