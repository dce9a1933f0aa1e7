"""`calbridge explain match`: which rule asked whose booking this is, every record beside it, and what follows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli import people
from calbridge.cli.answers_booking import Decided, ExplainedMatch
from calbridge.cli.onebooking import decisions, known
from calbridge.cli.reporting import FINE, HUMAN, Outcome, clinic_option, config_option, names_option, reporting
from calbridge.cli.showing import show_decided, show_who
from calbridge.cli.workplace import opened
from calbridge.explain import who as words

if TYPE_CHECKING:
    from rich.console import Console

    from calbridge.cli.answers_booking import Who
    from calbridge.settings import ClinicConfig

CODES = frozenset(
    {
        "matched", "proposed", "ambiguous", "unmatched", "patient_open", "animal_found", "details_corrected", "linked",
        "unlinked", "creating", "client_created", "creation_refused", "not_admitted_late",
    }
)  # fmt: skip
"""Decisions about who it is."""


@click.command(short_help="Whose booking is this, by which rule, and on what evidence?")
@click.argument("booking")
@config_option
@clinic_option
@names_option
@reporting
def match(path: Path, clinic: str, booking: str, names: bool) -> Outcome:
    """Whose booking is this, by which rule, and on what evidence?

    The PMS is asked again, now; every record that agrees in anything is shown with what agrees and what differs.
    """
    with opened(path) as workplace:
        config, found = known(workplace, clinic, booking)
        who = people.shown(config, found, people.candidates(workplace, config, found), names=names)
        life = decisions(workplace, config, booking)
    answer = ExplainedMatch(
        **who.model_dump(),
        clinic=config.clinic.key,
        id=found.id,
        rule=words.rule(config.clinic.rules),
        outcome=_outcome(config, who),
        decided=[each for each in life if _about(each)],
        actions=people.actions(config, found, who),
    )
    return Outcome(answer=answer, show=lambda console: _show(console, answer), code=HUMAN if who.asked else FINE)


def _about(line: Decided) -> bool:
    return line.code in CODES or line.facts.get("field") == "client"


def _outcome(config: ClinicConfig, who: Who) -> str:
    if who.asked:
        return "The PMS could not be asked now; what was decided before stands below."
    if not who.given:
        return "The client gave no details, so nobody is looked for."
    return words.outcome(sum(each.fits and not each.refused for each in who.candidates), config.clinic.rules)


def _show(console: Console, answer: ExplainedMatch) -> None:
    console.print(f"Booking {answer.id}: {answer.rule}.", markup=False)
    console.print(answer.outcome, style="bold", markup=False)
    show_decided(console, answer.decided)
    show_who(console, answer, answer.actions)
