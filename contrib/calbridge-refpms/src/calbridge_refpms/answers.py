"""A repeated request gets the first answer again: an answer may be lost, its effect may not be doubled.

Only successes are kept. A refusal changed nothing, so the same key may be tried again later.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from calbridge_refpms.problems import ProblemError, invalid, unprocessable
from calbridge_refpms.records import Transaction

KEPT_S = 7 * 86_400
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A stored answer, byte for byte."""

    status: int
    headers: dict[str, str]
    body: bytes


def once(
    tx: Transaction,
    key: str | None,
    request: object,
    make: Callable[[], tuple[msgspec.Struct, dict[str, str]]],
) -> Answer:
    """Carry out `make` the first time, replay its answer for the same key and request."""
    name = _key(key)
    fingerprint = hashlib.sha256(msgspec.json.encode(request)).hexdigest()
    tx.run("DELETE FROM answers WHERE at < ?", tx.now - KEPT_S)
    row = tx.row("SELECT * FROM answers WHERE role = ? AND key = ?", tx.by, name)
    if row is None:
        return _first(tx, name, fingerprint, *make())
    if row["fingerprint"] != fingerprint:
        raise unprocessable(
            "idempotency_key_reused", "This Idempotency-Key was used for another request; make a new one."
        )
    headers = json.loads(row["headers"]) | {"Idempotent-Replayed": "true"}
    return Answer(status=row["status"], headers=headers, body=row["body"])


def _first(tx: Transaction, name: str, fingerprint: str, made: msgspec.Struct, headers: dict[str, str]) -> Answer:
    answer = Answer(status=201, headers=headers, body=msgspec.json.encode(made))
    tx.insert(
        "answers",
        role=tx.by,
        key=name,
        fingerprint=fingerprint,
        status=answer.status,
        headers=json.dumps(headers),
        body=answer.body,
        at=tx.now,
    )
    return answer


def _key(header: str | None) -> str:
    """The key without the quotes of a structured-field string."""
    if header is None:
        raise ProblemError(400, "idempotency_key_missing", "This request needs an Idempotency-Key header.")
    key = header.strip().strip('"')
    if not 1 <= len(key) <= LONGEST_KEY:
        raise invalid(f"The Idempotency-Key must have 1 to {LONGEST_KEY} characters.")
    return key
