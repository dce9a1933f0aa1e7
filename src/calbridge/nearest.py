"""The name that is probably meant by one that is not there: one way to find it, and one to say it."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(wrong: str, known: Iterable[str]) -> str:
    """The known name that is most like it, or "" when none is like it at all."""
    import difflib  # only a mistake needs it

    found = difflib.get_close_matches(wrong, list(known), n=1)
    return found[0] if found else ""


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?`, or nothing."""
    meant = nearest(wrong, known)
    return f'; did you mean "{meant}"?' if meant else ""
