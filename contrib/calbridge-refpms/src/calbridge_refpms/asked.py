"""What requests ask for: the query parameters and headers of the contract, read strictly, once."""

import re
from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, QueryParameter

from calbridge_refpms.faults import Faults
from calbridge_refpms.instants import parse
from calbridge_refpms.problems import ProblemError, invalid
from calbridge_refpms.records import Records, Terms
from calbridge_refpms.wire import Role

Books = NamedDependency[Records]
By = NamedDependency[Role]
Armed = NamedDependency[Faults]
Ident = FromPath[str]

From = Annotated[str, QueryParameter(name="from", description="RFC 3339 with an offset, '+' written as %2B")]
To = Annotated[str, QueryParameter(name="to", description="RFC 3339 with an offset, exclusive")]
MaybeFrom = Annotated[str | None, QueryParameter(name="from", description="Only together with 'to'")]
MaybeTo = Annotated[str | None, QueryParameter(name="to", description="Exclusive; only together with 'from'")]
Cursor = Annotated[str | None, QueryParameter(name="cursor", description="Opaque, from the answer before")]
Limit = Annotated[int | None, QueryParameter(name="limit", ge=1, description="At most limits.page_max")]
IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", description='The revision, as in "3"')]
IdempotencyKey = Annotated[str | None, HeaderParameter(name="Idempotency-Key", description="Required")]

DAY = 86_400
NUMBER = re.compile("[0-9]{1,18}")
USUAL_PAGE = 50


def span(start: str, end: str, terms: Terms) -> tuple[int, int]:
    """The window asked for: ordered, and not wider than the limits say."""
    low, high = parse("from", start), parse("to", end)
    if high <= low:
        raise invalid("'to' must lie after 'from'.")
    if high - low > terms.window_days * DAY:
        raise invalid(f"The window is wider than {terms.window_days} days (limits.window_days).")
    return low, high


def maybe_span(start: str | None, end: str | None, terms: Terms) -> tuple[int, int] | None:
    """The window, where one is asked for."""
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise invalid("Give 'from' and 'to' together.")
    return span(start, end, terms)


def at_most(limit: int | None, terms: Terms) -> int:
    """The page size asked for; more than the limit is refused rather than cut without a word."""
    if limit is None:
        return min(USUAL_PAGE, terms.page_max)
    if limit > terms.page_max:
        raise invalid(f"'limit' is at most {terms.page_max} (limits.page_max).")
    return limit


def revision(if_match: str | None, *, required: bool) -> int | None:
    """The revision a change is based on; `*` is any."""
    if if_match is None:
        if required:
            raise ProblemError(428, "precondition_required", 'Send If-Match with the revision you read, as in "3".')
        return None
    text = if_match.strip().strip('"')
    if text == "*":
        return None
    if not NUMBER.fullmatch(text):
        raise invalid('If-Match must be a revision in quotes, as in "3", or *.')
    return int(text)
