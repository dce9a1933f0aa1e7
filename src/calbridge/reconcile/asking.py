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

TAKEN = "slot_unavailable"
"""Why she does not get a time that somebody else has."""
KINDS: dict[str, Literal["known", "new"]] = {"linked": "known", "unmatched": "new", "creating": "new"}
"""What a match says of the client; while several records may be hers, nobody knows."""


def wish_of(appointment: Appointment) -> Candidate:
    """The slot it takes, or was to take, as a wish: what alternatives are looked for to, and what is moved.

    It is as long as it is, and whom its service is for was asked when it was booked. A known client's confirmed
    appointment may have more time to move to than new bookings have (S4).
    """
    known = appointment.state is State.CONFIRMED and bool(appointment.client)
    return Candidate(
        service=appointment.service,
        resource=appointment.resource,
        start=appointment.start,
        client="known" if known else None,
        species=_species(appointment.details),
        scope="reschedule" if known else "book",
        minutes=appointment.minutes,
    )


def asked_anew(appointment: Appointment) -> Candidate:
    """The same as whoever its client is known to be by now would book it."""
    return replace(wish_of(appointment), client=KINDS.get(appointment.match), scope="book")


def moved_to(appointment: Appointment, *, service: str, resource: str, start: int) -> Candidate:
    """The wish to move it there; another service is asked for anew, and has its own length."""
    if service == appointment.service:
        return replace(wish_of(appointment), resource=resource, start=start)
    return replace(asked_anew(appointment), service=service, resource=resource, start=start, minutes=None)


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


def for_each_animal(wanted: Candidate, details: Details | None) -> tuple[Candidate, ...]:
    """The wish once for each animal that comes along: a service is for all of them or for none."""
    others = details.others if details else ()
    return (wanted, *(replace(wanted, species=each.species) for each in others))


def judge_all(draft: Draft, wanted: Candidate, details: Details | None, *, without: str, at: int) -> Decision:
    """As `judge`, for every animal: the first refusal, else what they all get."""
    found = [judge(draft, each, without=without, at=at) for each in for_each_animal(wanted, details)]
    return next((each for each in found if not each.ok), found[0])
