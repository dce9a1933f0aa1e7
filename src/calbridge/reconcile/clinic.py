"""What the clinic's own sides (calendars, PMS) show: edits of known appointments, adopted ones, stamped strays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from calbridge.feeds import Complete, Delta, Entry, Gone, Present
from calbridge.hub import Link, Observation
from calbridge.model import Appointment, Side, State
from calbridge.reconcile.afterwards import look_after_moves
from calbridge.reconcile.compare import delta, recognised
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.foreign import stray
from calbridge.reconcile.missing import entries, missing, over, undecided
from calbridge.reconcile.places import keeps_record
from calbridge.reconcile.record import shows_place
from calbridge.reconcile.recreated import await_anew, await_no_more, follow_recreated
from calbridge.reconcile.unwritten import by_hand, is_new_failure, still_waiting, write_failed
from calbridge.reconcile.wishes import Wish, settle
from calbridge.views import PmsView

Reads = Iterable[tuple[Link, Observation]]


def read_known(draft: Draft, reads: Reads) -> None:
    """Settle every edit of an appointment the hub knows, all clinic sides together."""
    wishes: defaultdict[str, list[Wish]] = defaultdict(list)
    for link, observation in reads:
        anew = follow_recreated(draft, link, observation)
        for key in _missing(draft, link, observation, anew):
            wishes[key].append(Wish(link=link, entry=None))
        for entry in _ordered(observation):
            wish = _edit(draft, link, entry, observation)
            if wish:
                wishes[wish[0]].append(wish[1])
    for key in sorted(wishes):
        settle(draft, key, wishes[key])
    look_after_moves(draft)


def _ordered(observation: Observation) -> list[Entry]:
    """Of two copies that bear one stamp the same is taken for the original, whatever order a side lists them in."""
    return sorted(entries(observation), key=lambda entry: entry.ref)


def _missing(draft: Draft, link: Link, observation: Observation, anew: Collection[str]) -> list[str]:
    """What the side has ended by showing it no more; `anew` are those that it shows under another ref instead."""
    gone = []
    if undecided(draft.state, link, observation):
        draft.reread(link)
    for shadow in missing(draft.state, link, observation):
        probe = draft.answers.probes.get((link.name, shadow.ref))
        if isinstance(probe, Gone):
            if shadow.appointment not in anew and not await_anew(draft, link, observation, shadow):
                gone.append(shadow.appointment)
        elif isinstance(probe, Present) and shadow.awaited is not None:
            await_no_more(draft, shadow)
        elif shadow.awaited is None or shadow.awaited <= draft.now:
            _unproved(draft, link, shadow.appointment)
    return gone


def _unproved(draft: Draft, link: Link, key: str) -> None:
    """A side that can never prove it would be asked again for ever, and nobody would know."""
    draft.reread(link)
    if draft.appointments[key].state.gone:
        return
    draft.task(
        "missing",
        f"{link.name}/{key}",
        f"Clinic {draft.clinic.key}, connection {link.name}: booking {key} is not shown there any more, and the side "
        "does not say that it was deleted; it was kept. Cancel it if that was meant.",
        appointment=key,
        connection=link.name,
    )


def _edit(draft: Draft, link: Link, entry: Entry, observation: Observation) -> tuple[str, Wish] | None:
    key = known(draft, link, entry, observation)
    if key is None:
        return None
    if (link.name, key) in draft.state.unresolved:
        draft.reread(link)
        return None
    entry = recognised(link, draft.shadows[link.name, key], entry)
    if is_new_failure(draft, link, key, entry):
        write_failed(draft, link, key, entry)
        return None
    shadow = draft.shadows[link.name, key]
    entry = still_waiting(link, shadow, entry)
    changes = delta(link, shadow, entry.view)
    if _reopened(draft, link, key, entry, changes):
        return None
    draft.sighted(link, key, entry, edited=bool(changes))
    _recorded(draft, link, key, entry)
    return (key, Wish(link=link, entry=entry, changes=changes)) if changes else None


def _recorded(draft: Draft, link: Link, key: str, entry: Entry) -> None:
    """The system of record shows it as the hub has it: it is written, also where that took it two stages."""
    if entry.pending or entry.failed:
        return
    appointment, shadow = draft.appointments[key], draft.shadows[link.name, key]
    confirmed = appointment.state is entry.view.state is State.CONFIRMED
    waits = confirmed and not appointment.written and keeps_record(draft.state, link, appointment)
    if waits and shows_place(link, shadow, appointment, draft.clinic):
        draft.put(replace(appointment, written=True))
        draft.note("written", key, link.name)


def _reopened(draft: Draft, link: Link, key: str, entry: Entry, changes: dict[str, object]) -> bool:
    """A PMS entry of an ended booking that staff brought back to life is a new appointment; the old id stays ended.

    Of a visit that took place, or should have, only one to come is: the same time again is a correction.
    """
    appointment = draft.appointments.get(key)
    if appointment is not None and not ("state" in changes and _revived(link, appointment, entry, draft.now)):
        return False
    draft.forget(link.name, key)
    if _adoptable(draft, link, entry, alone=True):
        adopt(draft, link, entry, draft.fresh_id(link, entry))
    else:
        stray(draft, link, entry)
    return True


def _revived(link: Link, appointment: Appointment, entry: Entry, now: int) -> bool:
    if appointment.state.gone:
        return not entry.view.state.gone
    taken_up = appointment.state.ended and not entry.view.state.ended and link.capabilities.adopts
    return taken_up and entry.view.start > now and entry.view.start != appointment.start


def known(draft: Draft, link: Link, entry: Entry, observation: Observation) -> str | None:
    """The appointment this entry is: by its ref, or by our stamp where it was moved to another place (never a copy)."""
    by_ref = draft.by_ref.get((link.name, entry.ref))
    if by_ref is not None or entry.stamp is None:
        return by_ref
    shadow = draft.shadows.get((link.name, entry.stamp.appointment))
    if shadow is None or shadow.view is None:
        return None
    gone = shadow.awaited is not None or _left(draft, link, shadow.ref, observation)
    return shadow.appointment if gone else None


def _left(draft: Draft, link: Link, ref: str, observation: Observation) -> bool:
    """True when the ref's old place is empty: proved by the probe, or by the feed that says so."""
    probed = draft.answers.probes.get((link.name, ref))
    listed = {entry.ref for entry in entries(observation)}
    match observation.feed:
        case Delta():
            absent = ref in observation.feed.removed
        case Complete():
            absent = ref not in listed
        case _:
            absent = False
    return absent or isinstance(probed, Gone)


def read_unknown(draft: Draft, reads: Reads, *, before_portals: bool = False) -> None:
    """Adopt what staff made in a PMS, attach what bears our stamp, and let everything else be busy time."""
    for link, observation in reads:
        for entry in _ordered(observation):
            known_later = before_portals and _orphaned(draft, link, entry)
            if (link.name, entry.ref) not in draft.by_ref and not known_later:
                _place(draft, link, entry, observation)


def _orphaned(draft: Draft, link: Link, entry: Entry) -> bool:
    """Our own request or hold, and the hub lost it: its portal says what it is, and it must not be refused for it."""
    known = entry.stamp is None or entry.stamp.appointment in draft.appointments
    return not known and not (_settled(entry) and link.capabilities.holds)


def _place(draft: Draft, link: Link, entry: Entry, observation: Observation) -> None:
    if known(draft, link, entry, observation) is not None:
        return
    key = entry.stamp.appointment if entry.stamp else ""
    if key and (link.name, key) in draft.state.unresolved:
        draft.reread(link)
        return
    shadow = draft.shadows.get((link.name, key))
    alone = shadow is None or shadow.view is None
    twin = by_hand(draft, link, entry) if entry.stamp is None and _adoptable(draft, link, entry, alone=True) else None
    if twin is not None:
        draft.sighted(link, twin.id, entry, edited=True)
        draft.note("attached", twin.id, link.name, why="by_hand")
        _recorded(draft, link, twin.id, entry)
    elif entry.failed:
        return
    elif key in draft.appointments and alone and not draft.appointments[key].state.gone:
        draft.sighted(link, key, entry, edited=True)
        draft.note("attached", key, link.name)
    elif _adoptable(draft, link, entry, alone=alone):
        lost = key != "" and key not in draft.appointments  # the hub lost it: its stamp is its id
        adopt(draft, link, entry, key if lost else draft.fresh_id(link, entry))
    else:
        stray(draft, link, entry)


def _adoptable(draft: Draft, link: Link, entry: Entry, *, alone: bool) -> bool:
    wanted = link.capabilities.adopts and link.approved and alone
    return wanted and _settled(entry) and not over(entry, draft.now)


def _settled(entry: Entry) -> bool:
    return entry.view.state in {State.CONFIRMED, State.ARRIVED, State.FULFILLED, State.NO_SHOW}


def adopt(draft: Draft, link: Link, entry: Entry, key: str) -> None:
    """An appointment the clinic made itself becomes the hub's: mirrored to calendars, blocking the portal."""
    view = entry.view
    if not isinstance(view, PmsView):
        stray(draft, link, entry)
        return
    service = draft.clinic.services.get(view.service)
    appointment = Appointment(
        id=key,
        clinic=draft.clinic.key,
        state=view.state,
        origin=Side.CLINIC,
        resource=view.resource,
        start=view.start,
        end=view.end,
        service=view.service,
        co_resources=view.co_resources,
        buffer_before=service.buffer_before * 60 if service else 0,
        buffer_after=service.buffer_after * 60 if service else 0,
        title=view.title,
        note=view.note,
        description=view.description,
        client=view.client,
        patient=view.patient,
        marked=view.marked,
        match="linked" if view.client else "",
        written=True,
        reserved=True,
        source=link.name,
    )
    draft.put(appointment)
    draft.sighted(link, key, entry, edited=True)
    draft.agree(link, key)
    draft.note("adopted", key, link.name)
