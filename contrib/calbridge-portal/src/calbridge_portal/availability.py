"""Publishing exact starts by window, and reading them back. A late publication never undoes a newer one."""

import hashlib
import itertools

from litestar.serialization import encode_json

from calbridge_portal.documents import get
from calbridge_portal.feed import emit
from calbridge_portal.problems import Problem
from calbridge_portal.site_records import Calendar, OfferedStarts, Publication
from calbridge_portal.store import Tx
from calbridge_portal.times import parse_instant, wire

HIGHEST = 1 << 53


def window_of(from_text: str, to_text: str) -> tuple[int, int]:
    """Read the half-open window of a query."""
    first, last = parse_instant(from_text, "from"), parse_instant(to_text, "to")
    if last <= first:
        raise Problem("invalid_request", "to must be after from.")
    return first, last


def publish(tx: Tx, calendar: str, window: tuple[int, int], publication: Publication) -> Publication:
    """Replace the window; the same publication again changes nothing."""
    get(tx, "calendar", calendar, Calendar)
    if not 0 <= publication.source_revision < HIGHEST:
        raise Problem("invalid_request", "source_revision must be 0 or more, and fit into 53 bits.")
    lists = {
        "offers": _pairs(publication.offers, window, "offers"),
        "moves": _pairs(publication.moves, window, "moves"),
    }
    digest = hashlib.sha256(encode_json(lists)).hexdigest()
    if not _is_repeated(tx, calendar, window, publication.source_revision, digest):
        for table, starts in lists.items():
            _replace(tx, table, calendar, window, starts)
        _remember(tx, calendar, window, publication.source_revision, digest)
        emit(tx, "availability.replaced", calendar, publication.source_revision, "practice")
    return published(tx, calendar, window)


def published(tx: Tx, calendar: str, window: tuple[int, int]) -> Publication:
    """What is published in a window, and the highest source revision that touched it."""
    get(tx, "calendar", calendar, Calendar)
    return Publication(
        source_revision=_last_revision(tx, calendar, window),
        offers=_listed(tx, "offers", calendar, window),
        moves=_listed(tx, "moves", calendar, window),
    )


def _listed(tx: Tx, table: str, calendar: str, window: tuple[int, int]) -> list[OfferedStarts]:
    rows = tx.all(
        f"SELECT type, start_at FROM {table}"  # noqa: S608 - one of the two names above
        " WHERE calendar = :calendar AND start_at >= :first AND start_at < :last ORDER BY type, start_at",
        calendar=calendar,
        first=window[0],
        last=window[1],
    )
    return [
        OfferedStarts(type=kind, starts=[wire(row["start_at"], tx.zone) for row in group])
        for kind, group in itertools.groupby(rows, key=lambda row: row["type"])
    ]


def _pairs(offers: list[OfferedStarts], window: tuple[int, int], name: str) -> list[tuple[str, int]]:
    return sorted({(offer.type, start) for offer in offers for start in _starts(offer, window, name)})


def _starts(offer: OfferedStarts, window: tuple[int, int], name: str) -> list[int]:
    starts = [parse_instant(text, f"{name}[{offer.type}].starts") for text in offer.starts]
    if any(not window[0] <= start < window[1] for start in starts):
        raise Problem("invalid_request", f"{name}[{offer.type}].starts has a start outside [from, to).")
    return starts


def _overlapping(tx: Tx, calendar: str, window: tuple[int, int]) -> list[tuple[int, int, int, str]]:
    rows = tx.all(
        "SELECT from_at, to_at, source_revision, digest FROM publications"
        " WHERE calendar = :calendar AND from_at < :last AND to_at > :first",
        calendar=calendar,
        first=window[0],
        last=window[1],
    )
    return [(row["from_at"], row["to_at"], row["source_revision"], row["digest"]) for row in rows]


def _last_revision(tx: Tx, calendar: str, window: tuple[int, int]) -> int:
    return max((revision for _, _, revision, _ in _overlapping(tx, calendar, window)), default=0)


def _is_repeated(tx: Tx, calendar: str, window: tuple[int, int], revision: int, digest: str) -> bool:
    """True for the same again; 409 for an older one, or for the same revision saying something else."""
    last = _last_revision(tx, calendar, window)
    same = [seen for seen in _overlapping(tx, calendar, window) if seen[:3] == (*window, revision)]
    if revision < last or any(seen[3] != digest for seen in same):
        raise Problem(
            "stale_availability",
            f"Revision {last} of this window is published; send a higher source_revision.",
            conflict={"source_revision": last},
        )
    return bool(same)


def _replace(tx: Tx, table: str, calendar: str, window: tuple[int, int], starts: list[tuple[str, int]]) -> None:
    tx.run(
        f"DELETE FROM {table} WHERE calendar = :calendar AND start_at >= :first AND start_at < :last",  # noqa: S608 - one of the two names above
        calendar=calendar,
        first=window[0],
        last=window[1],
    )
    tx.many(f"INSERT INTO {table} VALUES (?, ?, ?)", [(calendar, kind, start) for kind, start in starts])  # noqa: S608 - one of the two names above


def _remember(tx: Tx, calendar: str, window: tuple[int, int], revision: int, digest: str) -> None:
    """Keep one row for each window; those wholly inside the new one have nothing more to say."""
    tx.run(
        "DELETE FROM publications WHERE calendar = :calendar AND from_at >= :first AND to_at <= :last",
        calendar=calendar,
        first=window[0],
        last=window[1],
    )
    tx.run(
        "INSERT INTO publications VALUES (:calendar, :first, :last, :revision, :digest, :now)",
        calendar=calendar,
        first=window[0],
        last=window[1],
        revision=revision,
        digest=digest,
        now=tx.now,
    )
