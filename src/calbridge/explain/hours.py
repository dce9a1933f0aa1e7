"""The sentence of `outside_hours`: which lines of which plan count that day, which do not and why, who else says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from calbridge import bookable
from calbridge.explain.texts import clock, dated, listed, ordinals, times, week, windows
from calbridge.explain.told import Told, Words, saying
from calbridge.interval import Interval
from calbridge.model import WeeklyPlan
from calbridge.origins import Kind, Origin
from calbridge.wall import date_interval, day_interval

NOUNS: dict[Kind, str] = {"online": "online window", "work": "working time"}


def outside_hours(told: Told) -> Words:
    """Inside one bookable window, or not, and where the windows come from."""
    if told.case.wide:
        return _judged(told, [f"a known client may move it anywhere in the opening hours; {_opening(told)}"])
    if told.case.clinic.rules.availability == "opening_hours":
        return _judged(told, [_opening(told)])
    sentences, sources = _of_kind(told, "online") if _has_any(told, "online") else ([_without(told)], ())
    if _has_any(told, "work"):
        limits, more = _of_kind(told, "work")
        sentences, sources = [*sentences, *limits], (*sources, *more)
    return _judged(told, sentences, sources)


def _without(told: Told) -> str:
    """A resource without any online window at all (`without_windows`)."""
    if told.case.clinic.rules.without_windows == "closed":
        return f'{told.resource} has no online window at all, which means closed (without_windows = "closed")'
    return (
        f"{told.resource} has no online window at all, so the opening hours count "
        f'(without_windows = "opening_hours"); {_opening(told)}'
    )


def _opening(told: Told) -> str:
    hours = told.case.clinic.opening_hours
    texts = [
        f"{ordinals([day.weekday()])} {windows(hours[day.weekday()])}"
        if hours.get(day.weekday())
        else f"closed on {ordinals([day.weekday()])}"
        for day in _days(told)
    ]
    return f"the clinic's opening hours: {listed(texts)}"


def _days(told: Told) -> list[date]:
    first, last = told.case.dates
    return [first] if first == last else [first, last]


def _has_any(told: Told, kind: Kind) -> bool:
    given = told.case.facts.windows if kind == "online" else told.case.facts.work
    return bookable.has_plan(told.case.resource, kind) or told.case.resource.key in given


# --- one kind of window ---------------------------------------------------------------------------


def _of_kind(told: Told, kind: Kind) -> tuple[list[str], tuple[Origin, ...]]:
    """What counts that day, and the lines of the plan that do not, with the reason."""
    around = date_interval(told.tz, *told.case.dates)
    read = told.found(frozenset({kind}), told.case.resource.key, around)
    counting = [*_counting(told, kind), *(f"{times(told.tz, span)} ({saying(origin)})" for span, origin in read)]
    on = listed([dated(day) for day in _days(told)])
    noun = NOUNS[kind]
    if counting:
        many = kind == "online" and len(counting) > 1
        sentence = f"{told.resource}'s {noun}{'s' * many} on {on} {'are' if many else 'is'} {listed(counting)}"
    else:
        sentence = f"{told.resource} has no {noun} on {on}"
    idle = [] if told.verdict.ok else _idle(told, kind)
    return [sentence, *idle], tuple(origin for _, origin in read)


def _counting(told: Told, kind: Kind) -> Iterator[str]:
    for plan, day in _lines(told, kind):
        if bookable.applies(plan, day):
            yield f"{windows(plan.windows)} (configuration{_validity(plan)})"


def _validity(plan: WeeklyPlan) -> str:
    return f", {plan.weeks} weeks" if plan.weeks != "all" else ""


def _idle(told: Told, kind: Kind) -> list[str]:
    """Lines of that weekday which do not count on this date."""
    return [
        f"{windows(plan.windows)} is {_why_not(plan, day)}"
        for plan, day in _lines(told, kind)
        if not bookable.applies(plan, day)
    ]


def _why_not(plan: WeeklyPlan, day: date) -> str:
    if plan.first is not None and day < plan.first:
        return f"valid only from {plan.first.isoformat()} on"
    if plan.last is not None and day > plan.last:
        return f"valid only until {plan.last.isoformat()}"
    other = "odd" if plan.weeks == "even" else "even"
    return f"for {plan.weeks} weeks, and {week(day)} is {other}"


def _lines(told: Told, kind: Kind) -> Iterator[tuple[WeeklyPlan, date]]:
    for day in _days(told):
        for plan in told.case.resource.week:
            if plan.kind == kind and day.weekday() in plan.days and plan.windows:
                yield plan, day


# --- the outcome ----------------------------------------------------------------------------------


def _judged(told: Told, sentences: list[str], sources: tuple[Origin, ...] = ()) -> Words:
    verb = "is inside" if told.verdict.ok else "is not inside"
    sentence = f"{told.visit} {verb} the bookable time: {'; '.join(sentences)}."
    return Words(sentence=sentence, remedy="" if told.verdict.ok else _fitting(told), sources=sources)


def _fitting(told: Told) -> str:
    """Where on that day a visit of this length would fit."""
    length, date_ = told.case.visit.end - told.case.visit.start, told.case.dates[0]
    day = day_interval(told.tz, date_)
    given = told.verdict.facts["windows"]
    fits = [
        Interval(max(span.start, day.start), span.end - length)
        for span in (given if isinstance(given, tuple) else ())
        if max(span.start, day.start) <= min(span.end - length, day.end - 1)
    ]
    if not fits:
        return f"No start on {dated(date_)} leaves room for {length // 60} minutes."
    return f"On {dated(date_)} it may begin {listed([_begins(told, each, day) for each in fits], 'or')}."


def _begins(told: Told, starts: Interval, day: Interval) -> str:
    first = clock(told.tz, starts.start)
    if starts.start == starts.end:
        return f"at {first}"
    return f"from {first} on" if starts.end >= day.end else f"from {first} to {clock(told.tz, starts.end)}"
