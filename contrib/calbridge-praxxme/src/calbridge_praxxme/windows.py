"""The rule of Praxx.me: an online window must be as long as the offers it is for (S4, "Mindestdauer").

A window too short for the visit itself is outside hours in any clinic. Here a service may ask for more than its own
length, as the "Heilmittelposition" of SmartVO does, so that a small gap in the plan is not filled with a short visit.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from calbridge import bookable
from calbridge.fields import Seconds, ServiceKey
from calbridge.interval import covering, intersect
from calbridge.rules import Answer, Case
from calbridge.wall import date_interval


class WindowLength(BaseModel):
    """`[clinics.<c>.rules.extra.window_too_short]`"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minimum: Seconds | None = Field(default=None, description="of every service; without it, the visit's own length")
    services: dict[ServiceKey, Seconds] = Field(default={}, description="of one service, by its key")


def window_too_short(case: Case, options: WindowLength) -> Answer:
    """The online window that holds the visit is as long as its service asks for.

    A window that goes on past midnight counts with its part on the visit's own dates. A known client who moves a
    confirmed appointment is not bound by online windows.
    """
    if case.wide:
        return True, {}
    windows = bookable.hours(case.clinic, case.facts, case.resource, *case.dates, wide=False)
    window = covering(intersect(windows, [date_interval(case.clinic.time_zone, *case.dates)]), case.visit)
    needed = options.services.get(case.service.key, options.minimum) or case.service.minutes * 60
    if window is None:
        return True, {}  # rule 6 has said so already
    length = window.end - window.start
    return length >= needed, {"minutes": length // 60, "needed": needed // 60}
