"""How a PMS says that a time is taken: one table, because hardly two say it alike.

OpenVPMS answers 400 with a sentence, Provet with non_field_errors, Google's booking API with 200 and a cause.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

import httpx

from calbridge.http import json_of
from calbridge_pms.api import code_of

REFUSALS = frozenset({400, 409, 422})
"""What a PMS says of a request that it will never take as it is."""
_WORDS = re.compile(
    r"already (?:scheduled|booked|taken|an appointment)|double[- ]?book|(?:slot|time)\b.{0,20}\b(?:taken|unavailable"
    r"|not available)|overlaps?\b",
    re.IGNORECASE,
)
_CAUSES = re.compile(r"slot_unavailable|slot_taken|already_booked|resource_exhausted", re.IGNORECASE)


def _by_code(response: httpx.Response, _: re.Pattern[str]) -> bool:
    return response.status_code == httpx.codes.CONFLICT and code_of(response) == "slot_unavailable"


def _by_text(response: httpx.Response, words: re.Pattern[str]) -> bool:
    return response.status_code in REFUSALS and bool(words.search(response.text[:2000]))


def _by_body(response: httpx.Response, _: re.Pattern[str]) -> bool:
    if not response.is_success or "json" not in response.headers.get("content-type", ""):
        return False
    body = json_of(response)
    failure = body.get("booking_failure") or body.get("error") if isinstance(body, dict) else None
    return bool(failure) and bool(_CAUSES.search(str(failure)))


DIALECTS: Mapping[str, Callable[[httpx.Response, re.Pattern[str]], bool]] = {
    "409": _by_code,
    "400_text": _by_text,
    "body": _by_body,
}
"""`async` is not here: it shows later, as a write that failed."""


def is_conflict(response: httpx.Response, dialects: Collection[str], text: str = "") -> bool:
    """Does this answer say that the time is taken?"""
    words = re.compile(text, re.IGNORECASE) if text else _WORDS
    return any(DIALECTS[name](response, words) for name in DIALECTS if name in dialects)
