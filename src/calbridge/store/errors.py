"""What a write to the store may refuse. All are `Replan`: nothing was written, load again and decide again."""

from __future__ import annotations

from calbridge.errors import Replan


class Fenced(Replan):
    """A newer cycle of the clinic has begun: whoever holds the older epoch writes nothing any more."""


class Superseded(Replan):
    """The outbox row is no longer there: a newer intent took its place, or its connection was reset."""


class Overlap(Replan):
    """`appointment` cannot have its footprint on `resource`: another appointment holds some of it."""

    def __init__(self, appointment: str, resource: str) -> None:
        super().__init__(
            f"its time on resource {resource} is held by another appointment; read again and decide again",
            item=f"appointment {appointment}",
        )
        self.appointment = appointment
        self.resource = resource
