"""The categories by which a clinic marks an appointment so that its client sees it in the portal (S1).

The words (`publish_categories`) belong to the clinic's own programs, so they are read and written at their edge; the
core only knows marked or not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from calbridge.folding import folded


def is_marked(categories: Iterable[str], words: Iterable[str]) -> bool:
    """Does one of these categories mean the portal? Case and outer blanks do not count."""
    meant = _folded(words)
    return any(folded(each) in meant for each in categories)


def marked_as(categories: Iterable[str], words: Collection[str], *, marked: bool) -> tuple[str, ...]:
    """The categories with the first of the words, or without any; what else stands there is the clinic's and stays."""
    given = tuple(categories)
    if marked == is_marked(given, words):
        return given
    if marked:
        return (*given, *list(words)[:1])
    meant = _folded(words)
    return tuple(each for each in given if folded(each) not in meant)


def _folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(map(folded, words)) - {""}
