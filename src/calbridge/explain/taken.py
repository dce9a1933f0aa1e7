"""Sentences for what must be free: the resource, and one of each required group; who or what is in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from calbridge.explain.away import away
from calbridge.explain.texts import listed, stretch, times
from calbridge.explain.told import Told, Words, saying
from calbridge.interval import first_overlap
from calbridge.origins import TAKING, Kind, Origin
from calbridge.rules import choose

NOUNS: dict[Kind, str] = {
    "held": "a slot that is being held for a client",
    "requested": "a request that waits for the clinic",
    "appointment": "an appointment",
    "entry": "an entry",
    "unreadable": "an entry that cannot be read",
}
Obstacle = Callable[[Told, str], tuple[str, tuple[Origin, ...]]]
"""What keeps a resource from serving the slot, in words, "" where nothing does; and who says so."""


def absent(told: Told) -> Words:
    """Who is away, by whose word."""
    if told.verdict.ok:
        return Words(sentence=f"{told.resource} is not away{_with(told, 'nor', away)}.")
    if "group" in told.verdict.facts:
        return _none_of(told, "there", away)
    text, sources = away(told, told.case.resource.key)
    return Words(sentence=f"{text}.", remedy="Choose another time, or somebody else.", sources=sources)


def busy(told: Told) -> Words:
    """Who or what takes the time; a visit with its buffers must be free."""
    whole = times(told.tz, told.case.footprint)
    buffers = f" {whole} (the visit with its buffers)" if told.case.footprint != told.case.visit else f" {whole}"
    if told.verdict.ok:
        return Words(sentence=f"{told.resource} is free{buffers}{_with(told, 'and so', away, taken)}.")
    if "group" in told.verdict.facts:
        return _none_of(told, f"free{buffers}", away, taken)
    text, sources = taken(told, told.case.resource.key)
    needs = f"; needed is{buffers}" if told.case.footprint != told.case.visit else ""
    return Words(sentence=f"{text}{needs}.", remedy="Choose another time, or somebody else.", sources=sources)


def taken(told: Told, key: str) -> tuple[str, tuple[Origin, ...]]:
    """What takes the time of a resource during the footprint; "" where it is free."""
    hit = first_overlap(told.case.facts.taken.get(key, ()), told.case.footprint)
    if hit is None:
        return "", ()
    found = told.found(TAKING, key, told.case.footprint)
    texts = [f"{stretch(told.tz, span)} by {_by(origin)}" for span, origin in found] or [stretch(told.tz, hit)]
    return f"{told.name(key)} is taken {listed(texts)}", tuple(origin for _, origin in found)


def _by(origin: Origin) -> str:
    noun = NOUNS[origin.kind]
    return f"{noun} of {saying(origin)}" if origin.connection else f"{noun} ({origin.appointment})"


# --- required co-resources ------------------------------------------------------------------------


def _with(told: Told, joint: str, *obstacles: Obstacle) -> str:
    """What is needed besides and can be had."""
    chosen = choose(told.case, *(_clear(told, obstacle) for obstacle in obstacles))
    return f", {joint} is what is needed too: {told.names(chosen)}" if isinstance(chosen, tuple) and chosen else ""


def _none_of(told: Told, wanted: str, *obstacles: Obstacle) -> Words:
    """Why each candidate of the first group without one fails. `wanted` is what it would have to be."""
    index = int(str(told.verdict.facts["group"])) - 1
    group = told.case.service.requires[index]
    used = {told.case.resource.key, *_chosen_before(told, index, obstacles)}
    found = [_first(told, key, obstacles) for key in group if key not in used]
    texts = [f"{told.name(key)} is used by this slot already" for key in group if key in used]
    texts += [text for text, _ in found]
    none = "none of them is" if len(group) > 1 else "is not"
    sentence = f"{told.names(group, 'or')} is needed too, and {none} {wanted}: {'; '.join(texts)}."
    sources = tuple(origin for _, origins in found for origin in origins)
    return Words(sentence=sentence, remedy="Choose another time.", sources=sources)


def _first(told: Told, key: str, obstacles: tuple[Obstacle, ...]) -> tuple[str, tuple[Origin, ...]]:
    return next((found for obstacle in obstacles if (found := obstacle(told, key))[0]), ("", ()))


def _chosen_before(told: Told, index: int, obstacles: tuple[Obstacle, ...]) -> tuple[str, ...]:
    """What the groups before have taken already; they have found one each."""
    before = replace(told.case, service=replace(told.case.service, requires=told.case.service.requires[:index]))
    chosen = choose(before, *(_clear(told, obstacle) for obstacle in obstacles))
    return chosen if isinstance(chosen, tuple) else ()


def _clear(told: Told, obstacle: Obstacle) -> Callable[[object, str], bool]:
    return lambda _case, key: not obstacle(told, key)[0]
