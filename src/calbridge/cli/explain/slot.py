"""`calbridge explain slot`: the one decision of listing, holding and booking, rule by rule."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from calbridge.cli import asked
from calbridge.cli.answers import ExplainedSlot, RuleLine
from calbridge.cli.asked import now_option
from calbridge.cli.reporting import Outcome, clinic_option, config_option, reporting
from calbridge.cli.texts import instant, table
from calbridge.cli.workplace import opened
from calbridge.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console


@click.command(short_help="Is this time offered, and what does every rule say?")
@config_option
@clinic_option
@click.option("--at", required=True, help="The start: an instant (RFC 3339 with offset).")
@click.option("--service", required=True, help="What is to be booked.")
@click.option("--resource", required=True, help="With whom or with what.")
@now_option
@reporting
def slot(path: Path, clinic: str, at: str, service: str, resource: str, now: str) -> Outcome:
    """Is this time offered, and what does every rule say?"""
    from calbridge.slots import Candidate, decide

    with opened(path, clock=asked.clock(now)) as workplace:
        config = workplace.clinic(clinic)
        key, with_whom = asked.service(config.clinic, service), asked.resource(config.clinic, resource)
        facts, as_of = workplace.known(config)
    start, tz = _instant(at), config.clinic.time_zone
    wanted = Candidate(service=key, resource=with_whom, start=start, listed=True)
    decision = decide(config.clinic, facts, wanted)
    answer = ExplainedSlot(
        clinic=config.clinic.key,
        service=key,
        resource=with_whom,
        start=instant(tz, start),
        offered=decision.ok,
        code=decision.code,
        rules=[RuleLine(code=v.code, ok=v.ok, facts=dict(v.facts)) for v in decision.verdicts],
        as_of={name: instant(tz, read) for name, read in as_of.items()},
    )
    return Outcome(answer=answer, show=lambda console: _show(console, answer))


def _instant(at: str) -> int:
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigError("--at is an instant with its offset, such as 2026-11-23T09:00:00+01:00")
    return int(moment.timestamp())


def _show(console: Console, answer: ExplainedSlot) -> None:
    console.print("offered" if answer.offered else f"not offered: {answer.code}", markup=False)
    rows: list[tuple[Any, ...]] = [(line.code, "passes" if line.ok else "fails", line.facts) for line in answer.rules]
    table(console, ("rule", "answer", "facts"), rows, empty="")
