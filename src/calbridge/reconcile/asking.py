"""What a client asks for, judged by the one set of slot rules, as of when it was asked."""

from __future__ import annotations

from dataclasses import replace

from calbridge.feeds import Entry
from calbridge.interval import Interval
from calbridge.model import Appointment, Details
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.missing import DAY
from calbridge.slots import Candidate, Decision, decide
from calbridge.views import PortalView


def wish_of(appointment: Appointment) -> Candidate:
    """The slot it takes, or was to take, as a wish: what alternatives are looked for to."""
    return Candidate(service=appointment.service, resource=appointment.resource, start=appointment.start)


def judge(draft: Draft, wanted: Candidate, *, without: str, at: int) -> Decision:
    """What the rules say, with lead time and horizon counted from `at`, when the client asked."""
    around = Interval(wanted.start - 2 * DAY, wanted.start + 3 * DAY)  # its local day, whatever the zone
    known = draft.facts(without=without, around=around)
    return decide(draft.clinic, replace(known, now=at), wanted)


def asked_at(draft: Draft, entry: Entry) -> int:
    """A client who asked in time is in time, also when the bridge was down meanwhile; but nobody books the past."""
    at = entry.modified if entry.modified is not None else draft.now
    return at if at <= draft.now < entry.view.start else draft.now


def for_each_animal(wanted: Candidate, details: Details | None) -> tuple[Candidate, ...]:
    """The wish once for each animal that comes along: a service is for all of them or for none."""
    if details is None:
        return (wanted,)
    species = (details.species, *(each.species for each in details.others))
    return tuple(replace(wanted, species=each) for each in species)


def judge_all(draft: Draft, wanted: Candidate, details: Details | None, *, without: str, at: int) -> Decision:
    """As `judge`, for every animal: the first refusal, else what they all get."""
    found = [judge(draft, each, without=without, at=at) for each in for_each_animal(wanted, details)]
    return next((each for each in found if not each.ok), found[0])


def candidate(view: PortalView, details: Details | None) -> Candidate:
    species = details.species if details else None
    return Candidate(service=view.service, resource=view.resource, start=view.start, species=species)
