"""What people may write: so much text and no control characters, in a form and in JSON alike.

Everything written here travels to the clinic's other systems. One note of many megabytes would make the whole feed
too large to read, and a line break in a name would become a line of somebody's calendar entry.
"""

import unicodedata
from dataclasses import fields, is_dataclass

from calbridge_portal.problems import Problem

LINE = 300
LONGEST = {"note": 5_000, "address": 1_000, "reason": 1_000}
SEVERAL_LINES = frozenset({"note", "address", "reason"})
BODY = 64 * 1024
"""Bytes of a request that anybody may send."""


def check_texts(record: object, place: str = "") -> None:
    """Refuse a record with a text that is too long or holds control characters; the refusal names the field."""
    if not is_dataclass(record) or isinstance(record, type):
        return
    for each in fields(record):
        value = getattr(record, each.name)
        if isinstance(value, str):
            _check(each.name, place + each.name, value)
        for one in value if isinstance(value, list) else [value]:
            check_texts(one, f"{place}{each.name}.")


def has_controls(text: str, allowed: str) -> bool:
    """A control character that is not allowed, or half of a surrogate pair."""
    return any(unicodedata.category(sign) in {"Cc", "Cs"} and sign not in allowed for sign in text)


def _check(name: str, place: str, text: str) -> None:
    longest = LONGEST.get(name, LINE)
    if len(text) > longest:
        raise Problem("invalid_request", f"{place} is longer than {longest} characters.")
    allowed = "\r\n\t" if name in SEVERAL_LINES else ""
    if has_controls(text, allowed):
        raise Problem("invalid_request", f"{place} holds a line break or another control character.")
