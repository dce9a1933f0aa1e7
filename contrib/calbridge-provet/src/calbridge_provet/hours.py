"""The rule of Provet Cloud's switch "Allow booking outside opening hours", where it is off."""

from __future__ import annotations

from calbridge import bookable
from calbridge.interval import covering
from calbridge.rules import Answer, Case


def outside_opening_hours(case: Case, options: None) -> Answer:  # noqa: ARG001  # as every rule is called
    """The whole visit lies in the clinic's opening hours, wherever the shift lies."""
    return covering(bookable.opening(case.clinic, *case.dates), case.visit) is not None, {}
