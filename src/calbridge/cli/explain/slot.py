"""`calbridge explain slot`: the one decision of listing, holding, booking and moving, rule by rule, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from calbridge.cli import asked
from calbridge.cli.answers import ExplainedSlot, RuleLine, SlotLine, SourceLine
from calbridge.cli.asked import now_option
from calbridge.cli.explain.shown import show
from calbridge.cli.reporting import Outcome, clinic_option, config_option, reporting
from calbridge.cli.texts import instant
from calbridge.cli.workplace import Known, opened
from calbridge.errors import ConfigError
from calbridge.settings import ClinicConfig

if TYPE_CHECKING:
    from calbridge.explain import Explanation, Line
    from calbridge.interval import Interval
    from calbridge.rules import Candidate, Plain


@click.command(short_help="Is this time offered, and what does every rule say?")
@config_option
@clinic_option
@click.option("--at", required=True, help="The start: 2026-11-23T09:00 on the clinic's clock, or with an offset.")
@click.option("--service", default="", help="What is to be booked; with --move that of the booking.")
@click.option("--resource", default="", help="With whom or with what; with --move that of the booking.")
@click.option("--client", type=click.Choice(["new", "known"]), help="What kind of client asks.")
@click.option("--species", help="For what kind of animal; empty for one that is not known.")
@click.option(
    "--scope",
    type=click.Choice(["book", "reschedule"]),
    help="Judge a new booking, or the move of a confirmed appointment.",
)
@click.option("--move", "booking", default="", help="Judge the move of this booking: its own time is free for it.")
@now_option
@reporting
def slot(path: Path, clinic: str, at: str, booking: str, now: str, **who: Any) -> Outcome:
    """Is this time offered, and what does every rule say?

    Every rule in order, passed or failed, with the fact behind it; then what would have to change, and what is offered
    instead. It is the same decision that lists, holds, books and moves.
    """
    from calbridge.explain import explain

    with opened(path, clock=asked.clock(now)) as workplace:
        config = workplace.clinic(clinic)
        known = workplace.known(config, moving=booking)
    wanted = _wanted(config, known, asked.start(config.clinic.time_zone, at), _Asked(**who))
    found = explain(config.clinic, known.facts, wanted, origins=known.origins, reads=known.reads)
    answer = _answer(config, known, wanted, found)
    return Outcome(answer=answer, show=lambda console: show(console, config.clinic, answer))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Who asks for what, as it was typed."""

    service: str
    resource: str
    client: Literal["new", "known"] | None
    species: str | None
    scope: Literal["book", "reschedule"] | None


def _wanted(config: ClinicConfig, known: Known, start: int, given: _Asked) -> Candidate:
    """The candidate; what is not said comes from the booking that is moved, as the core judges its client's move."""
    from calbridge.reconcile import moved_to
    from calbridge.rules import Candidate

    moved = known.booking
    service, resource = given.service or (moved and moved.service), given.resource or (moved and moved.resource)
    if not service or not resource:
        raise ConfigError(f"say --{'resource' if service else 'service'}, or --move with a booking that has one")
    service, resource = asked.service(config.clinic, service), asked.resource(config.clinic, resource)
    if moved is None:
        wish = Candidate(service=service, resource=resource, start=start)
    else:
        wish = moved_to(moved, service=service, resource=resource, start=start)
    return replace(
        wish,
        client=given.client or wish.client,
        species=wish.species if given.species is None else given.species,
        scope=given.scope or wish.scope,
        listed=True,
    )


# --- the answer -----------------------------------------------------------------------------------


def _answer(config: ClinicConfig, known: Known, wanted: Candidate, found: Explanation) -> ExplainedSlot:
    tz = config.clinic.time_zone
    return ExplainedSlot(
        clinic=config.clinic.key,
        service=wanted.service,
        resource=wanted.resource,
        start=instant(tz, found.visit.start),
        end=instant(tz, found.visit.end),
        now=instant(tz, known.facts.now),
        offered=found.offered,
        code=found.code,
        requires=list(found.co_resources),
        rules=[_line(tz, line) for line in found.lines],
        instead=[
            SlotLine(
                start=instant(tz, each.start),
                end=instant(tz, each.end),
                resource=each.resource,
                requires=list(each.co_resources),
            )
            for each in found.instead
        ],
        as_of={name: instant(tz, at) for name, at in known.reads.items()},
    )


def _line(tz: str, line: Line) -> RuleLine:
    return RuleLine(
        code=line.verdict.code,
        title=line.title,
        ok=line.verdict.ok,
        sentence=line.words.sentence,
        remedy=line.words.remedy,
        facts={name: _fact(tz, name, value) for name, value in line.verdict.facts.items()},
        sources=[
            SourceLine(
                kind=each.kind,
                connection=each.connection,
                appointment=each.appointment,
                spans=[_span(tz, span) for span in each.spans],
            )
            for each in line.words.sources
        ],
    )


def _fact(tz: str, name: str, value: Plain) -> int | str | list[str]:
    from calbridge.explain import INSTANTS

    if isinstance(value, tuple):
        return [_span(tz, each) for each in value]
    return instant(tz, value) if name in INSTANTS and isinstance(value, int) else value


def _span(tz: str, span: Interval) -> str:
    return f"{instant(tz, span.start)}/{instant(tz, span.end)}"
