"""What a client asks for, judged by the one set of slot rules, as of when it was asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from calbridge.facts import Facts
from calbridge.feeds import Entry
from calbridge.interval import Interval
from calbridge.model import Appointment, Details, State
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.facts import facts
from calbridge.reconcile.missing import DAY
from calbridge.rules import case_of
from calbridge.slots import Candidate, Decision, decide
from calbridge.views import PortalView

KINDS: dict[str, Literal["known", "new"]] = {"linked": "known", "unmatched": "new", "creating": "new"}
"""What a match says of the client; while several records may be hers, nobody knows."""


def wish_of(appointment: Appointment) -> Candidate:
    """The slot it takes, or was to take, as a wish of its client: what alternatives are looked for to, what is moved.

    A known client's confirmed appointment is judged as one that is rescheduled (rules.md section 3).
    """
    client = KINDS.get(appointment.match)
    known = client == "known" and appointment.state is State.CONFIRMED
    return Candidate(
        service=appointment.service,
        resource=appointment.resource,
        start=appointment.start,
        client=client,
        species=_species(appointment.details),
        scope="reschedule" if known else "book",
        minutes=appointment.minutes,
    )


def moved_to(appointment: Appointment, view: PortalView) -> Candidate:
    """The wish to move it: it stays as long as it is, unless it becomes another service."""
    minutes = appointment.minutes if view.service == appointment.service else None
    wish = wish_of(appointment)
    return replace(wish, service=view.service, resource=view.resource, start=view.start, minutes=minutes)


def candidate(view: PortalView, details: Details | None) -> Candidate:
    """What is asked for the first time, by somebody who is not known yet."""
    return Candidate(service=view.service, resource=view.resource, start=view.start, species=_species(details))


def _species(details: Details | None) -> str | None:
    return details.species if details else None


def judge(draft: Draft, wanted: Candidate, *, without: str, at: int) -> Decision:
    """What the rules say, with lead time and horizon counted from `at`, when the client asked."""
    return decide(draft.clinic, replace(_known(draft, wanted, without), now=at), wanted)


def _known(draft: Draft, wanted: Candidate, without: str) -> Facts:
    """What the rules may look at: the local days around the footprint; for a plugin's rule that says so, everything."""
    case = case_of(draft.clinic, Facts(now=draft.now), wanted)
    if case is None or any(rule.reach == "clinic" for rule in draft.clinic.extra):
        return facts(draft.current(), draft.clinic, draft.now, without=without)
    around = Interval(case.footprint.start - 2 * DAY, case.footprint.end + 2 * DAY)
    return draft.facts(without=without, around=around)


def asked_at(draft: Draft, entry: Entry) -> int:
    """A client who asked in time is in time, also when the bridge was down meanwhile; but nobody books the past."""
    at = entry.modified if entry.modified is not None else draft.now
    return at if at <= draft.now < entry.view.start else draft.now
