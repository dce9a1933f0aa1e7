"""One reconciliation, in the order that decides who comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from calbridge.hub import Answers, HubState, Link, Observation, People, Plan
from calbridge.messages import Kind
from calbridge.model import Clinic, Side
from calbridge.reconcile.accounts import account_lookups, read_accounts, to_be_met_again
from calbridge.reconcile.afterwards import look_after_moves
from calbridge.reconcile.alternatives import offer_alternatives
from calbridge.reconcile.client import read_portal
from calbridge.reconcile.clinic import read_known, read_unknown
from calbridge.reconcile.commands import obey
from calbridge.reconcile.creating import take_created
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.effects import effects
from calbridge.reconcile.foreign import read_foreign
from calbridge.reconcile.holds import check_reservations, expire_holds
from calbridge.reconcile.identity import identify_late
from calbridge.reconcile.later import lookups_again, match_again
from calbridge.reconcile.lookout import look_for_overlaps
from calbridge.reconcile.missing import limit, trusted, would_cancel
from calbridge.reconcile.publishing import publish
from calbridge.reconcile.record import believe_record
from calbridge.reconcile.taken import take_back
from calbridge.reconcile.telling import already_shown, telling
from calbridge.reconcile.turns import heard
from calbridge.reconcile.unwritten import overdue, overtaken, written_after_all


def reconcile(
    state: HubState, observations: Mapping[str, Observation], answers: Answers, clinic: Clinic, now: int
) -> Plan:
    """What the bridge now believes and must do.

    Facts of the clinic come before wishes of clients; adoption of what staff made comes before new bookings, so a phone
    booking and a portal booking of the same minute are decided for the phone.
    """
    draft = Draft(state, clinic, now, answers)
    reads = _admitted(draft, observations)
    staff = [pair for pair in reads if pair[0].side is Side.CLINIC]
    for link, observation in reads:
        read_foreign(draft, link, observation)
    read_known(draft, staff)
    read_unknown(draft, [pair for pair in staff if pair[0].capabilities.adopts], before_portals=True)
    portals = [pair for pair in reads if pair[0].side is Side.CLIENT and pair[0].approved]
    expire_holds(draft, portals)
    read_accounts(draft, portals)
    take_created(draft)  # what its client corrected meanwhile is read after her record is there
    read_portal(draft, portals)
    read_unknown(draft, staff)
    take_back(draft)
    obey(draft)
    look_after_moves(draft)
    identify_late(draft)
    match_again(draft)
    believe_record(draft)
    check_reservations(draft, {link.name: observation for link, observation in staff})
    look_for_overlaps(draft)
    written_after_all(draft)
    overtaken(draft)
    overdue(draft)
    offer_alternatives(draft)
    publish(draft)
    plan = draft.plan()
    refused = {Kind.PLEASE_PHONE: draft.too_late, Kind.MOVE_REFUSED: draft.not_moved}
    letters = telling(draft.current(), clinic, now, shown=already_shown(draft), refused=refused)
    return replace(
        plan,
        effects=effects(draft.current(), clinic, now),
        letters=letters,
        people=_heard(state, observations, answers, now),
        full_due=to_be_met_again(state, observations),
    )


def _heard(state: HubState, observations: Mapping[str, Observation], answers: Answers, now: int) -> dict[str, People]:
    """Of every read: one that is not believed, or is told once more, is no reason to look anybody up again."""
    wanted = (*lookups_again(state, observations, now), *account_lookups(state, observations, now))
    return heard(state, observations, [each.key for each in wanted], answers.clients)


def _admitted(draft: Draft, observations: Mapping[str, Observation]) -> list[tuple[Link, Observation]]:
    """The reads that may be believed, the system of record first; one that would cancel too much waits."""
    links = sorted((draft.state.links[name] for name in observations), key=lambda link: (link.rank, link.name))
    admitted = []
    for link in links:
        observation = trusted(link, observations[link.name])
        if _guarded(draft, link, observation):
            continue
        draft.reads[link.name] = observation
        admitted.append((link, observation))
    return admitted


def _guarded(draft: Draft, link: Link, observation: Observation) -> bool:
    many = would_cancel(draft.state, link, observation)
    most = limit(draft.state, link, at_least=draft.clinic.rules.max_cancellations, now=draft.now)
    if many <= most or link.released:
        draft.settled.add(f"guard:{link.name}")
        return False
    draft.note("guarded", "", link.name, cancellations=str(many), limit=str(most))
    draft.task(
        "guard",
        link.name,
        f"Clinic {draft.clinic.key}, connection {link.name}: this read would cancel {many} future bookings, more "
        f"than the limit of {most}, so nothing of it was applied. Look at the {link.role}; if it is right, release it.",
        connection=link.name,
    )
    return True
