"""One booking as the store has it: found by its id in any state, and its life from the journal, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calbridge.cli.answers_booking import Decided
from calbridge.cli.texts import instant
from calbridge.errors import ConfigError
from calbridge.explain.story import told

if TYPE_CHECKING:
    from calbridge.cli.workplace import Workplace
    from calbridge.model import Appointment
    from calbridge.settings import ClinicConfig

LONGEST = 10_000
"""Decisions about one booking; more than any has."""


def known(
    workplace: Workplace, clinic: str, booking: str, *, look: str = '"calbridge journal" names them'
) -> tuple[ClinicConfig, Appointment]:
    """The booking, whatever its state, and its clinic; or one sentence, which says where to `look`."""
    for config in workplace.clinics(clinic):
        found = workplace.store.appointment(config.clinic.key, booking)
        if found is not None:
            return config, found
    raise ConfigError(f'there is no booking "{booking}": {look}')


def decisions(workplace: Workplace, config: ClinicConfig, booking: str) -> list[Decided]:
    """Everything that was decided about it, oldest first."""
    rows = workplace.store.journal(config.clinic.key, appointment=booking, limit=LONGEST)
    return [
        Decided(
            at=instant(config.clinic.time_zone, row.at),
            code=row.code,
            connection=row.connection,
            facts=dict(row.facts),
            sentence=told(row.code, row.facts),
        )
        for row in rows
    ]
