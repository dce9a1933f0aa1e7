"""What one server does differently, as records: the flow reads these and never a server's name.

They are found by `trial` on a calendar of its own, stored by the bridge, and handed back as short texts. What was
never tried is "", and then the flow assumes the worst that costs nothing but a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """Each is "yes", "no" or "" (never tried).

    `complete_delta`: sync-collection told of a new, a changed and a deleted entry. `delta_bodies`: it gives them
    along when it is asked to. `refuses_strange_token`: a token
    that the server never gave out is an error there, not an empty answer. `moving_ctag`, `moving_date`: ctag and
    getlastmodified of the calendar moved with each of those. `multiget`, `uid_search`: these reports answer rightly.
    `if_none_match`, `if_match`, `if_match_delete`: the condition is honoured. `etag_on_put`: a write is answered with
    the ETag. `keeps_body`: what is read back is what was written, to the letter; `keeps_unknown`: properties that it
    does not know survive. `uid_twice`: it takes one UID under two names.
    """

    complete_delta: str = ""
    delta_bodies: str = ""
    refuses_strange_token: str = ""
    moving_ctag: str = ""
    moving_date: str = ""
    multiget: str = ""
    uid_search: str = ""
    if_none_match: str = ""
    if_match: str = ""
    if_match_delete: str = ""
    etag_on_put: str = ""
    keeps_body: str = ""
    keeps_unknown: str = ""
    uid_twice: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, str]) -> Quirks:
        """From what is stored; words of another version are left out."""
        names = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in names and value in {YES, NO}})

    def stored(self) -> dict[str, str]:
        """What was found, to be stored."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name))}

    @property
    def trusts_delta(self) -> bool:
        """May a delta be taken as it is? (Where it was never tried, a changed ctag with nothing in it shows it.)"""
        return self.complete_delta != NO

    @property
    def sure(self) -> bool:
        """Was the delta seen to be complete, and a token that is not the server's own to be refused?"""
        return self.complete_delta == YES and self.refuses_strange_token == YES

    @property
    def needs_ctag(self) -> bool:
        """Is the ctag worth its price beside the token?"""
        return not self.sure

    @property
    def glances(self) -> bool:
        """Does the calendar's date tell cheaply that nothing changed?"""
        return self.moving_date == YES


def word(*, yes: bool) -> str:
    """A finding as it is stored."""
    return YES if yes else NO
