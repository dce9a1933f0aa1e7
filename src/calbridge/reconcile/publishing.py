"""Which appointments the clinic made itself are shown to their clients, and where (`publish`, rules.md section 6, S1).

It is decided from how things stand: marking shows an appointment, unmarking withdraws it, and a crash changes
nothing. Whether she is told of it as of something new depends on why it came to be shown: because somebody at
the clinic made, marked or linked it now, while she was connected already. What was there before she was, or before the
bridge was, is shown quietly (rules.md section 7: no message during a first import).
"""

from __future__ import annotations

from dataclasses import replace

from calbridge.hub import HubState
from calbridge.messages import changed
from calbridge.model import Appointment, Rules, Showing, Side
from calbridge.reconcile.accounts import accounts
from calbridge.reconcile.draft import Draft

Place = tuple[str, str]
"""(portal's connection, account)."""


def for_its_client(appointment: Appointment, rules: Rules) -> bool:
    """Does the clinic want its client to see it? What she booked herself she sees where she booked it."""
    ours = appointment.origin is Side.CLINIC and bool(appointment.client)
    return ours and (rules.publish == "all" or appointment.marked)


def members(state: HubState) -> dict[str, Place]:
    """Client -> where she has an account; of several the first, so that she hears of an appointment once."""
    able = {name for name, link in state.links.items() if link.capabilities.publishes and link.approved}
    found: dict[str, Place] = {}
    for key, record in sorted(accounts(state.foreign).items()) if able else ():
        if key[0] in able and record.client:
            found.setdefault(record.client, key)
    return found


def publish(draft: Draft) -> None:
    """Decide it for everything that is still to come; what is over stays where it was shown."""
    present, before = members(draft.current()), members(draft.state)
    for key, appointment in list(draft.appointments.items()):
        if appointment.state.ended or appointment.end <= draft.now:
            continue
        where = present.get(appointment.client) if for_its_client(appointment, draft.clinic.rules) else None
        showing = appointment.showing
        if where == ((showing.portal, showing.account) if showing else None):
            continue
        quietly = where is not None and not _news(draft, appointment, connected=before.get(appointment.client) == where)
        shown = Showing(portal=where[0], account=where[1], quietly=quietly) if where else None
        draft.appointments[key] = replace(appointment, showing=shown)
        if shown is not None:
            draft.note("shown", key, shown.portal)
        else:
            draft.note("withdrawn", key)


def _news(draft: Draft, appointment: Appointment, *, connected: bool) -> bool:
    """Did somebody make, mark or link it just now, for a client who was connected and has not heard of it?"""
    rules, old = draft.clinic.rules, draft.state.appointments.get(appointment.id)
    told = draft.state.told.get(appointment.id)
    same = old is not None and old.client == appointment.client and for_its_client(old, rules)
    heard = told is not None and not told.state.gone and not changed(appointment, told, rules)
    return connected and not same and not heard and not (old is None and _first_import(draft, appointment))


def _first_import(draft: Draft, appointment: Appointment) -> bool:
    link = draft.state.links.get(appointment.source)
    return link is None or link.last_full is None
