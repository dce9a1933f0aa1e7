"""What a client counts on, because she was told so or her page shows it."""

from __future__ import annotations

from calbridge.model import Appointment, Side, State
from calbridge.reconcile.afterwards import STANDING
from calbridge.reconcile.draft import Draft
from calbridge.reconcile.effects import promised


def counted_on(draft: Draft, appointment: Appointment) -> bool:
    """Was it promised to her? A move that is under way promises nothing new, and takes nothing back."""
    told = draft.state.told.get(appointment.id)
    heard = told is not None and told.state is State.CONFIRMED
    return heard or promised(appointment) or shown_as_standing(draft, appointment)


def shown_as_standing(draft: Draft, appointment: Appointment) -> bool:
    """Its portal shows it as confirmed: it was promised already, perhaps before any other side was asked."""
    shown = (draft.shadows.get((name, appointment.id)) for name in portals(draft))
    return any(shadow is not None and shadow.view is not None and shadow.view.state in STANDING for shadow in shown)


def portals(draft: Draft) -> list[str]:
    """The connections at which clients look."""
    return [link.name for link in draft.state.links.values() if link.side is Side.CLIENT]
