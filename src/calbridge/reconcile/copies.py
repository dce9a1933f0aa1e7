"""Which foreign entry counts as the clinic's own copy of a booking: only where something speaks for it (decision 0058).

Staff enters bookings by hand into a calendar that the bridge does not write to, or the export of a PMS shows them there
once more. But most visits of a clinic are equally long: an entry of exactly a booking's time may be somebody else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product

from calbridge.feeds import Busy
from calbridge.hub import horizon
from calbridge.interval import Interval
from calbridge.model import Appointment, Side, State
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.places import has_place

FEW = 2
"""Copies that make it a habit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What one side shows: (resource, span) of its single entries, and the appointments it shows as copies of ours."""

    entries: frozenset[tuple[str, Interval]]
    echoes: frozenset[str]


@dataclass(slots=True)
class _Habit:
    """Ids of appointments of which a side has no entry of the bridge's own, and of those among them that it has."""

    there: set[str] = field(default_factory=set)
    copied: set[str] = field(default_factory=set)

    def speaks_for(self, key: str) -> bool:
        """Are most of the others copied? One alone may be chance."""
        copied, there = (len(keys) - (key in keys) for keys in (self.copied, self.there))
        return copied >= FEW and 2 * copied > there


class Copies:
    """Looks at each side when it is first asked about, once for many appointments."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._sides: dict[str, _Shown] = {}
        self._habits: dict[str, defaultdict[tuple[str, bool], _Habit]] = {}

    def alike(self, appointment: Appointment, entries: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Those that may be its copy: on each side one of each that it needs, because a visit is copied once.

        The second is somebody else.
        """
        found: dict[tuple[str, str], tuple[str, str]] = {}
        for key in entries:
            record = self._draft.foreign[key]
            if not isinstance(record, Busy) or record.spans != (appointment.span,):
                continue
            if not self._ours(key[0], appointment):
                found.setdefault((key[0], record.resource), key)
        return tuple(found.values())

    def kept(self, entry: tuple[str, str], appointment: Appointment) -> bool:
        """Do copies stand there of more of the other appointments than not that need the entry's resource?

        Of those of clients, or of all: staff may copy only what came from a portal. That a vet's visits are copied says
        nothing of who is in the room.
        """
        connection, resource = entry[0], self._draft.foreign[entry].resource
        if connection not in self._habits:
            self._habits[connection] = self._looked_at(connection)
        found = self._habits[connection]
        return any(found[resource, hers].speaks_for(appointment.id) for hers in (True, False))

    def _looked_at(self, connection: str) -> defaultdict[tuple[str, bool], _Habit]:
        """By resource, of its clients' alone and of everybody: as much of the past as a side shows, and all to come."""
        since, shown = horizon(self._draft.now, 0).start, self._shown(connection)
        found: defaultdict[tuple[str, bool], _Habit] = defaultdict(_Habit)
        for each in self._draft.appointments.values():
            stood = each.state is not State.HELD and not each.state.gone and each.end > since
            if not stood or self._ours(connection, each):
                continue
            for resource, hers in product(each.resources, {each.origin is Side.CLIENT, False}):
                habit = found[resource, hers]
                habit.there.add(each.id)
                habit.copied |= {each.id} if (resource, each.span) in shown.entries else set()
        return found

    def _ours(self, connection: str, appointment: Appointment) -> bool:
        """Does the bridge's own entry stand there, or will it? What staff keeps there is not written a second time."""
        link, shadow = self._draft.state.links.get(connection), self._draft.shadows.get((connection, appointment.id))
        if shadow is not None and shadow.view is not None:
            return True
        if link is None or not link.capabilities.mirrors or not has_place(link, appointment):
            return appointment.id in self._shown(connection).echoes
        given_up = shadow is not None and bool(shadow.asked)
        return not (appointment.source or given_up)

    def _shown(self, connection: str) -> _Shown:
        if connection not in self._sides:
            mine = (record for (name, _), record in self._draft.foreign.items() if name == connection)
            records = [record for record in mine if isinstance(record, Busy)]
            single = ((each.resource, each.spans[0]) for each in records if len(each.spans) == 1 and not each.echo)
            echoes = frozenset(each.echo for each in records if each.echo)
            self._sides[connection] = _Shown(entries=frozenset(single), echoes=echoes)
        return self._sides[connection]
