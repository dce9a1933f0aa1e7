"""Whatever pieces a body comes in, it is whole, bounded, or an error."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.bodies import LARGEST, RATIO, SMALL, BoundedBody
from calbridge.http import BodyRefused


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def read(body: bytes, coding: str = "", size: int = 4096) -> bytes:
    return b"".join(BoundedBody(pieces(body, size), coding, close=lambda: None))


MEMBERS = st.lists(st.binary(max_size=2000), min_size=1, max_size=3)


@given(MEMBERS, st.integers(1, 300), st.sampled_from(["gzip", "x-gzip", " GZIP "]))
def test_gzip_of_any_members_in_any_pieces_is_the_whole(members: list[bytes], size: int, coding: str) -> None:
    assert read(b"".join(gzip.compress(each) for each in members), coding, size) == b"".join(members)


@given(st.binary(max_size=3000), st.integers(1, 300), st.sampled_from(["", "identity"]))
def test_a_plain_body_in_any_pieces_is_the_whole(body: bytes, size: int, coding: str) -> None:
    assert read(body, coding, size) == body


@given(st.binary(min_size=1, max_size=500), st.data())
def test_a_cut_gzip_body_is_never_less_data(body: bytes, data: st.DataObject) -> None:
    packed = gzip.compress(body)
    cut = data.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(httpx.DecodingError):
        read(packed[:cut], "gzip")


@given(st.text(max_size=10).filter(lambda text: text.strip().casefold() not in {"", "identity", "gzip", "x-gzip"}))
def test_any_other_coding_is_refused(coding: str) -> None:
    with pytest.raises(BodyRefused):
        read(b"x", coding)


def test_the_bounds_are_exact() -> None:
    assert len(read(bytes(LARGEST), size=SMALL)) == LARGEST
    with pytest.raises(BodyRefused):
        read(bytes(LARGEST + 1), size=SMALL)
    packed = gzip.compress(bytes(SMALL))
    assert len(packed) * RATIO < LARGEST
    assert len(read(packed, "gzip")) == SMALL
    with pytest.raises(BodyRefused):
        read(gzip.compress(bytes(SMALL + SMALL // 2)), "gzip")
