"""The categories by which a clinic marks an appointment so that its client sees it in the portal (S1).

The words belong to the clinic's own programs, so they are read and written at their edge; the core only knows marked
or not.
"""

from __future__ import annotations

from collections.abc import Iterable

from calbridge.folding import folded
from calbridge.model import Rules


def can_mark(rules: Rules) -> bool:
    """Has the clinic any word for it?"""
    return bool(rules.publish_categories)


def is_marked(categories: Iterable[str], rules: Rules) -> bool:
    """Does one of these categories mean the portal? Case and outer blanks do not count."""
    words = _words(rules)
    return any(folded(each) in words for each in categories)


def marked_as(categories: Iterable[str], rules: Rules, *, marked: bool) -> tuple[str, ...]:
    """The categories with the mark, or without; what else stands there is the clinic's and stays."""
    given = tuple(categories)
    if marked == is_marked(given, rules):
        return given
    if marked:
        return (*given, *rules.publish_categories[:1])
    words = _words(rules)
    return tuple(each for each in given if folded(each) not in words)


def _words(rules: Rules) -> frozenset[str]:
    return frozenset(map(folded, rules.publish_categories)) - {""}
