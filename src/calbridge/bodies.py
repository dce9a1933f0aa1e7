"""Bodies come raw and are unpacked here, piece by piece, within bounds.

httpx unpacks without any: 1.8 KB of double gzip became 2 GiB. So one coding (gzip), at most `LARGEST` bytes
before and after unpacking, and at most `RATIO` times what came over the wire once `SMALL` is passed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator

import httpx

from calbridge.http import BodyRefused

LARGEST = 32 * 1024 * 1024
RATIO = 100
SMALL = 1024 * 1024
PIECE = 64 * 1024
CODINGS = {"": None, "identity": None, "gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS}


class BoundedBody(httpx.SyncByteStream):
    """The unpacked body of an answer. Refuses to grow past the bounds; a truncated one is an error (R1)."""

    def __init__(self, raw: Iterable[bytes], coding: str, *, close: Callable[[], None]) -> None:
        self._raw = raw
        self._coding = coding.strip().casefold()
        self._close = close
        self._received = 0
        self._unpacked = 0

    def __iter__(self) -> Iterator[bytes]:
        if self._coding not in CODINGS:
            raise BodyRefused("a content coding that was not asked for")
        bits = CODINGS[self._coding]
        pieces = self._count_raw() if bits is None else _gunzip(self._count_raw(), bits)
        for piece in pieces:
            self._unpacked += len(piece)
            if self._unpacked > LARGEST or self._unpacked > max(SMALL, RATIO * self._received):
                raise BodyRefused("the body unpacks to too much")
            yield piece

    def close(self) -> None:
        """Give the network connection back."""
        self._close()

    def _count_raw(self) -> Iterator[bytes]:
        for piece in self._raw:
            self._received += len(piece)
            if self._received > LARGEST:
                raise BodyRefused("the body is too large")
            yield piece


def _gunzip(pieces: Iterable[bytes], bits: int) -> Iterator[bytes]:
    """Every member of a gzip body, never more than `PIECE` bytes at once."""
    member = None
    try:
        for rest in pieces:
            member = member or zlib.decompressobj(bits)
            yield from _inflate(member, rest)
            while member.eof and member.unused_data:
                following, member = member.unused_data, zlib.decompressobj(bits)
                yield from _inflate(member, following)
    except zlib.error as error:
        raise httpx.DecodingError("the gzip body is damaged") from error
    if member is not None and not member.eof:
        raise httpx.DecodingError("the gzip body is cut off")


def _inflate(member: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    while True:
        piece = member.decompress(data, PIECE)
        yield piece
        data = member.unconsumed_tail
        if not data and len(piece) < PIECE:
            return
