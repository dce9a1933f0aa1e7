"""What only the client's identity decides: may she book this, at this time, and is it confirmed at once?"""

from __future__ import annotations

from dataclasses import replace

from calbridge.model import Appointment
from calbridge.reconcile.asking import TAKEN, asked_anew, for_each_animal, judge
from calbridge.reconcile.draft import Draft
from calbridge.slots import Candidate
from calbridge.views import ONE_PATIENT, SYSTEM_REASONS

THROTTLES = frozenset({"hour_full", "kept_back"})
"""They choose among what is listed; nobody is turned away by them who holds a slot already."""


def not_admitted(draft: Draft, appointment: Appointment) -> str:
    """The reason code that is hers alone, now that client and animal are known, or ""; a hold knew neither.

    Whatever else has changed since the slot was held is not looked at: of the rules that would let anybody have it, the
    first that refuses her. Rules 2 and 3, exclusions for a species, and rules of plugins may, for any animal that comes
    along; and a clinic that takes one animal in a booking refuses several.
    """
    details = appointment.details
    if details and details.others and draft.clinic.rules.one_patient_per_booking:
        return ONE_PATIENT
    codes = (_hers_alone(draft, appointment, each) for each in for_each_animal(asked_anew(appointment), details))
    return next((code for code in codes if code), "")


def _hers_alone(draft: Draft, appointment: Appointment, hers: Candidate) -> str:
    anybodys = replace(hers, client=None, species=None)
    for_her, for_anybody = (judge(draft, each, without=appointment.id, at=draft.now) for each in (hers, anybodys))
    verdicts = zip(for_her.verdicts, for_anybody.verdicts, strict=True)
    codes = (mine.code for mine, any_ in verdicts if any_.ok and not mine.ok)
    return next((code for code in codes if code not in THROTTLES), "")


def turn_away(draft: Draft, appointment: Appointment, code: str) -> None:
    """Keep why she does not get it; where another time may be hers, with what is free instead."""
    if code in SYSTEM_REASONS:
        draft.refuse(appointment, code)
    else:
        draft.refuse(appointment, TAKEN, appointment.place)


def instant(draft: Draft, appointment: Appointment) -> bool:
    """Is it confirmed without a person, as far as the booking mode says?"""
    service, rules = draft.clinic.services.get(appointment.service), draft.clinic.rules
    mode = service.booking_mode if service and service.booking_mode else rules.booking_mode
    return mode == "instant" or (rules.auto_confirm_known_only and appointment.match == "linked")
