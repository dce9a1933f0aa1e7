"""Sentences for the two rules that look at the whole list of the day: so many an hour, the last ones for the phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from calbridge.explain.texts import clock, dated, listed
from calbridge.explain.told import Told, Words
from calbridge.rules import earliest_of_hour
from calbridge.slots import offers
from calbridge.wall import local

SHOWN = 6
"""More starts than this are not named one by one."""


def hour_full(told: Told) -> Words:
    """Which starts of the hour are shown instead."""
    most = told.case.clinic.rules.slots_per_hour
    if most is None:
        return Words(sentence="There is no limit of how many starts of an hour are shown.")
    if told.case.wide:
        return Words(sentence="A known client who moves an appointment is shown every start (reschedule_scope).")
    some = "start of each hour is" if most == 1 else f"{most} starts of each hour are"
    only = f"Only the first {some} shown (slots_per_hour)"
    if told.verdict.ok:
        which = "this is one of them" if told.case.wanted.listed else "but nobody asks for a list"
        return Words(sentence=f"{only}; {which}.")
    first = [start for start in earliest_of_hour(told.tz, _passing(told), most) if _same_hour(told, start)]
    return Words(
        sentence=f"{only}, and {'that is' if len(first) == 1 else 'those are'} {_named(told, first)}.",
        remedy="A booking of this start would still be accepted: the rule thins lists only.",
    )


def kept_back(told: Told) -> Words:
    """Which starts of the day are the phone's."""
    rules = told.case.clinic.rules
    if not rules.reserved_per_day:
        return Words(sentence="No starts are kept for the phone.")
    if told.case.wide:
        return Words(sentence="A known client who moves an appointment may use those kept for the phone too.")
    starts = _passing(told)
    if rules.slots_per_hour is not None:
        starts = list(earliest_of_hour(told.tz, starts, rules.slots_per_hour))
    kept, day = starts[-rules.reserved_per_day :], dated(told.case.dates[0])
    they = "it is" if len(kept) == 1 else "they are"
    which = f"on {day} {they} {_named(told, kept)}" if kept else f"nothing else is left on {day}"
    some = "start of a day is" if rules.reserved_per_day == 1 else f"{rules.reserved_per_day} starts of a day are"
    sentence = f"The last {some} kept for the phone (reserved_per_day); {which}."
    return Words(sentence=sentence, remedy="" if told.verdict.ok else "The clinic can give it out by phone.")


def _passing(told: Told) -> list[int]:
    """What would be listed that day without these two rules."""
    case, wanted = told.case, told.case.wanted
    free = replace(case.clinic, rules=replace(case.clinic.rules, slots_per_hour=None, reserved_per_day=0))
    found = offers(
        free,
        case.facts,
        wanted.service,
        case.dates[0],
        case.dates[0],
        resource=wanted.resource,
        client=wanted.client,
        species=wanted.species,
        scope=wanted.scope,
        minutes=wanted.minutes,
    )
    return [slot.start for slot in found]


def _same_hour(told: Told, start: int) -> bool:
    """An hour that happens twice is one."""
    mine, other = local(told.tz, told.case.start), local(told.tz, start)
    return (mine.date(), mine.hour) == (other.date(), other.hour)


def _named(told: Told, starts: Sequence[int]) -> str:
    shown = [clock(told.tz, start) for start in starts[:SHOWN]]
    return listed([*shown, f"{len(starts) - SHOWN} more"] if len(starts) > SHOWN else shown)
