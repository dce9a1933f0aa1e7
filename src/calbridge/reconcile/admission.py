"""What only the client's identity decides: may she book this at all (rules 2 and 3), and is it confirmed at once?"""

from __future__ import annotations

from typing import Literal

from calbridge.model import Appointment
from calbridge.reconcile.asking import for_each_animal, judge
from calbridge.reconcile.draft import Draft
from calbridge.slots import Candidate
from calbridge.views import ONE_PATIENT

ADMISSION = frozenset({"client_not_admitted", "species_not_admitted"})
KINDS: dict[str, Literal["known", "new"]] = {"linked": "known", "unmatched": "new", "creating": "new"}
"""What a match says of the client; while several records may be hers, nobody knows."""


def not_admitted(draft: Draft, appointment: Appointment) -> str:
    """The reason code of rules 2 and 3 now that client and animal are known, or ""; a hold knew neither."""
    wanted = Candidate(
        service=appointment.service,
        resource=appointment.resource,
        start=appointment.start,
        client=KINDS.get(appointment.match),
    )
    if appointment.details and appointment.details.others and draft.clinic.rules.one_patient_per_booking:
        return ONE_PATIENT
    each_animal = for_each_animal(wanted, appointment.details)
    verdicts = [v for each in each_animal for v in judge(draft, each, without=appointment.id, at=draft.now).verdicts]
    return next((each.code for each in verdicts if each.code in ADMISSION and not each.ok), "")


def instant(draft: Draft, appointment: Appointment) -> bool:
    """Is it confirmed without a person, as far as the booking mode says?"""
    service, rules = draft.clinic.services.get(appointment.service), draft.clinic.rules
    mode = service.booking_mode if service and service.booking_mode else rules.booking_mode
    return mode == "instant" or (rules.auto_confirm_known_only and appointment.match == "linked")
