"""Who a booking's client may be, as `requests show` and `explain match` print it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from calbridge.cli.texts import plain
from calbridge.explain import who

if TYPE_CHECKING:
    from rich.console import Console

    from calbridge.cli.answers_booking import ActionLine, CandidateLine, Decided, Who


def show_who(console: Console, answer: Who, actions: Iterable[ActionLine]) -> None:
    """Print it."""
    console.print(_given(answer), markup=False)
    if answer.corrected:
        console.print(f"Corrected by the client since it was linked: {who.listed(answer.corrected)}", markup=False)
    if answer.agreed:
        console.print(f"Agreed to the privacy notice: {answer.agreed}", markup=False)
    console.print(_linked(answer), markup=False)
    if answer.asked:
        console.print(f"The PMS could not be asked who it may be: {answer.asked}", markup=False)
    for each in answer.candidates:
        _candidate(console, each)
    if not answer.candidates and not answer.asked and answer.given:
        console.print("No record of the PMS agrees in anything that was given.", markup=False)
    for action in actions:
        console.print(f"  {plain(action.command)}\n    {plain(action.does)}")


def _given(answer: Who) -> str:
    if not answer.given:
        return "The client gave no details."
    if answer.given[0].value is None:
        return f"Given: {who.listed(each.field for each in answer.given)} (shown with --names)"
    return "\n".join(f"{who.FIELDS[each.field].capitalize()}: {each.value}" for each in answer.given)


def _linked(answer: Who) -> str:
    if not answer.client:
        return f"Not linked ({answer.match or 'nobody was asked yet'})."
    return f"Linked to client {answer.client}, {f'animal {answer.patient}' if answer.patient else 'no animal'}."


def _candidate(console: Console, line: CandidateLine) -> None:
    name = f" {line.name}" if line.name else ""
    console.print(f"Client {line.client}{name}: {line.sentence}", markup=False)
    for each in line.patients:
        console.print(f"  animal {each.patient}: {each.sentence}", markup=False)


def show_decided(console: Console, life: Iterable[Decided]) -> None:
    """What was decided when."""
    for each in life:
        where = f" ({each.connection})" if each.connection else ""
        console.print(f"  {each.at}  {each.sentence}{where}", markup=False)
