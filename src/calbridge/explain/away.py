"""Sentences for what takes bookable time away whatever the plans say: closures, absences, exclusions."""

from __future__ import annotations

from datetime import date

from calbridge import bookable
from calbridge.explain.texts import listed, ordinals, period, stretch, windows
from calbridge.explain.told import Told, Words, saying
from calbridge.interval import Interval, first_overlap
from calbridge.model import Absence, Exclusion
from calbridge.origins import Kind, Origin
from calbridge.wall import days, window_interval


def closed(told: Told) -> Words:
    """Which closure, with its reason where the configuration gives one."""
    if told.verdict.ok:
        return Words(sentence=f"The clinic is not closed at {told.visit}.")
    texts = [
        f"{period(each.first, each.last)}{_reason(each.reason)} (configuration)"
        for each in told.case.clinic.closures
        if bookable.closing(told.tz, each).overlaps(told.case.visit)
    ]
    read, sources = _read(told, "closure", told.case.resource.key)
    hit = first_overlap(bookable.closures(told.case.clinic, told.case.facts, told.case.resource.key), told.case.visit)
    return Words(
        sentence=f"The clinic is closed {listed([*texts, *read]) or _when_at_all(told, hit)}.",
        remedy="Choose another day, or take the closure out where it stands.",
        sources=sources,
    )


def away(told: Told, key: str) -> tuple[str, tuple[Origin, ...]]:
    """When and by whose word a resource is away during the visit; "" where it is there."""
    hit = first_overlap(bookable.absences(told.case.clinic, told.case.facts, key), told.case.visit)
    if hit is None:
        return "", ()
    known = told.case.clinic.resources.get(key)
    texts = [
        f"{_when(told, each)}{_reason(each.reason)} (configuration)"
        for each in (known.absences if known else ())
        if bookable.away(told.tz, each).overlaps(told.case.visit)
    ]
    read, sources = _read(told, "absence", key)
    return f"{told.name(key)} is away {listed([*texts, *read]) or _when_at_all(told, hit)}", sources


def _when_at_all(told: Told, hit: Interval | None) -> str:
    """Where nobody is named who says so."""
    return stretch(told.tz, hit) if hit is not None else ""


def _when(told: Told, absence: Absence) -> str:
    return period(absence.first, absence.last) if absence.span is None else stretch(told.tz, absence.span)


def _read(told: Told, kind: Kind, key: str) -> tuple[list[str], tuple[Origin, ...]]:
    found = told.found(frozenset({kind}), key, told.case.visit)
    texts = [f"{stretch(told.tz, span)} ({saying(origin)})" for span, origin in found]
    return texts, tuple(origin for _, origin in found)


def _reason(text: str) -> str:
    return f", {text}" if text else ""


def excluded(told: Told) -> Words:
    """Which exclusion, and what it is for."""
    case = told.case
    applying = bookable.applying(case.clinic, case.service.key, case.resource.key, case.species)
    if told.verdict.ok:
        some = "none of those that apply touches it" if applying else "none applies"
        return Words(sentence=f"No exclusion is in the way: {some}.")
    hits = [each for each in applying if _touches(told, each)]
    texts = [f"on {ordinals(each.days)} {windows(each.windows)}{_scope(each)}" for each in hits]
    return Words(
        sentence=f"Nothing is offered {listed(texts)} (exclusions).",
        remedy=f"Choose a time outside of it, or change exclusions in [clinics.{case.clinic.key}].",
    )


def _touches(told: Told, exclusion: Exclusion) -> bool:
    return any(
        span is not None and span.overlaps(told.case.visit)
        for day in days(*told.case.dates)
        if day.weekday() in exclusion.days
        for span in _spans(told, day, exclusion)
    )


def _spans(told: Told, day: date, exclusion: Exclusion) -> list[Interval | None]:
    return [window_interval(told.tz, day, window) for window in exclusion.windows]


def _scope(exclusion: Exclusion) -> str:
    parts = ("service", exclusion.services), ("resource", exclusion.resources), ("species", exclusion.species)
    texts = [f"{noun} {listed(sorted(keys))}" for noun, keys in parts if keys]
    return f" for {listed(texts)}" if texts else ""
