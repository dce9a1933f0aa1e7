"""Sentences for the rules whose facts say it all: who may book what, how early, how far ahead, how many."""

from __future__ import annotations

from calbridge.explain.texts import dated, lasting, listed, moment
from calbridge.explain.told import Told, Words
from calbridge.wall import DAY, local_date, minute_of_day


def not_offered(told: Told) -> Words:
    """Clinic, service and resource are switched on, and belong together."""
    case, off = told.case, str(told.verdict.facts.get("off", ""))
    clinic, service, resource = case.clinic.key, case.service.key, case.resource.key
    switches = {
        "clinic": ("the clinic is not online", f"set online = true in [clinics.{clinic}]"),
        "service": (
            f"service {service} is not online",
            f"set online = true in [clinics.{clinic}.services.{service}]",
        ),
        "resource": (
            f"resource {resource} is not online",
            f"set online = true in [clinics.{clinic}.resources.{resource}]",
        ),
        "assignment": (
            f"resource {resource} is not among the resources of service {service}",
            f'add "{resource}" to resources in [clinics.{clinic}.services.{service}]',
        ),
    }
    found = [switches[name] for name in off.split(", ") if name in switches]
    if not found:
        return Words(sentence=f"The clinic, {case.service.name} and {told.resource} are online and belong together.")
    sentences, remedies = zip(*found, strict=True)
    return Words(sentence=_sentence(listed(sentences)), remedy=_sentence(listed(remedies)))


def client_not_admitted(told: Told) -> Words:
    """New clients, known ones, or all."""
    admits, client = told.case.service.clients, told.case.wanted.client
    if admits == "all":
        return Words(sentence="New and known clients may book it.")
    if client is None:
        whether = f"nobody has said yet whether this one is {admits}, so it is asked again"
        return Words(sentence=f"Only {admits} clients may book it; {whether}.")
    word = "so is this one" if told.verdict.ok else f"this one is {client}"
    remedy = "" if told.verdict.ok else f'Set clients = "all" in [{_service(told)}].'
    return Words(sentence=f"Only {admits} clients may book it, and {word}.", remedy=remedy)


def species_not_admitted(told: Told) -> Words:
    """Which animals it is for."""
    service, asked = told.case.service, told.case.species
    parts = [f"for {listed(sorted(service.species))} only"] if service.species else []
    parts += [f"not for {listed(sorted(service.excluded_species))}"] if service.excluded_species else []
    if not parts:
        return Words(sentence="It is for every species.")
    given = {None: "nobody has asked for which animal yet", "": "the species is not known"}.get(
        asked, f"asked for: {asked}"
    )
    remedy = "" if told.verdict.ok else f"Change species or excluded_species in [{_service(told)}]."
    return Words(sentence=f"It is {' and '.join(parts)}; {given}.", remedy=remedy)


def too_soon(told: Told) -> Words:
    """From when on it may be booked."""
    rules, now = told.case.clinic.rules, told.case.facts.now
    earliest = int(str(told.verdict.facts["earliest"]))
    waits = [f"lead_time is {lasting(rules.lead_time)}"] if rules.lead_time else []
    waits += [f"lead_days is {rules.lead_days}"] if rules.lead_days else []
    because = f" ({listed(waits)})" if waits else ""
    if told.verdict.ok:
        return Words(sentence=f"What begins {moment(told.tz, earliest)} or later may be booked{because}.")
    if told.case.start < now:
        return Words(
            sentence=f"It lies in the past: it is {moment(told.tz, now)}.",
            remedy=f"Choose a start from {moment(told.tz, earliest)} on{because}.",
        )
    return Words(
        sentence=f"It is {moment(told.tz, now)}; only what begins {moment(told.tz, earliest)} or later may be booked"
        f"{because}.",
        remedy=f"Choose a start from {moment(told.tz, earliest)} on.",
    )


def beyond_horizon(told: Told) -> Words:
    """The last day that may be booked."""
    days = told.case.clinic.rules.horizon_days
    last = f"{told.verdict.facts['last_day']} is the last day that may be booked (horizon_days is {days})"
    if told.verdict.ok:
        return Words(sentence=f"{last}.")
    first = local_date(told.tz, told.case.start)
    return Words(sentence=f"{dated(first)} is too far ahead: {last}.", remedy="Choose an earlier day, or wait.")


def off_grid(told: Told) -> Words:
    """Which minutes a start may fall on."""
    grid = told.case.clinic.rules.grid_minutes
    each = {15: "quarter of an hour", 30: "half hour", 60: "full hour"}.get(grid, f"{grid} minutes")
    sentence = f"A visit begins every {each}, counted from midnight"
    if told.verdict.ok:
        return Words(sentence=f"{sentence}.")
    minute = minute_of_day(told.tz, told.case.start)
    before = minute - minute % grid
    nearest = [f"{m // 60:02}:{m % 60:02}" for m in (before, before + grid) if m < DAY]
    return Words(sentence=f"{sentence}; {_time(told)} is between.", remedy=f"The nearest are {listed(nearest)}.")


def _time(told: Told) -> str:
    return told.visit.split("-", maxsplit=1)[0]


def day_full(told: Told) -> Words:
    """How many of the day are booked."""
    facts, day = told.verdict.facts, dated(told.case.dates[0])
    if not facts:
        return Words(sentence=f"There is no limit of how many {told.case.service.name} may be booked online a day.")
    booked, most, verb = facts["booked"], facts["max_per_day"], "is" if facts["booked"] == 1 else "are"
    sentence = f"{booked} of at most {most} {told.case.service.name} a day {verb} booked online on {day}"
    remedy = "" if told.verdict.ok else f"Choose another day, or raise max_per_day in [{_service(told)}]."
    return Words(sentence=f"{sentence}.", remedy=remedy)


def source_stale(told: Told) -> Words:
    """Whether what is known is fresh enough to promise anything."""
    facts, age = told.verdict.facts, told.case.clinic.rules.max_source_age
    if told.verdict.ok:
        return Words(sentence=_fresh(told, age))
    if "source" not in facts:
        group = told.case.service.requires[int(str(facts["group"])) - 1]
        why = "what knows of its time was not read in time"
        return Words(sentence=f"{told.names(group, 'or')} is needed too and cannot be promised: {why}.", remedy=_AGAIN)
    source = str(facts["source"])
    return Words(sentence=f"{_last_read(told, source)}, so nothing of {told.resource} is promised.", remedy=_AGAIN)


def _fresh(told: Told, age: int | None) -> str:
    if not told.reads:
        return "There is no connection whose knowledge could be out of date."
    if age is None:
        return f"Everything that knows of {told.resource}'s time was read; how long ago does not matter here."
    return f"Everything that knows of {told.resource}'s time was read within {lasting(age)} (max_source_age)."


_AGAIN = 'Run "calbridge sync"; "calbridge status" says what is wrong with the connection.'


def _last_read(told: Told, source: str) -> str:
    read, age = told.reads.get(source), told.case.clinic.rules.max_source_age
    if read is None:
        return f"Connection {source} was never read, or does not load"
    old = lasting(max(told.case.facts.now - read, 0))
    limit = f"; max_source_age is {lasting(age)}" if age is not None else ""
    return f"Connection {source} was last read {moment(told.tz, read)}, {old} ago{limit}"


def _service(told: Told) -> str:
    return f"clinics.{told.case.clinic.key}.services.{told.case.service.key}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
