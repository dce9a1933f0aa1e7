"""`calbridge explain booking`: its whole life, where each side shows it now, what is pending, and what it lacks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli.answers_booking import ExplainedBooking, ShownBy, WaitingWrite
from calbridge.cli.onebooking import decisions, known
from calbridge.cli.reporting import Outcome, clinic_option, config_option, names_option, reporting
from calbridge.cli.showing import show_decided
from calbridge.cli.texts import instant, maybe_instant, plain
from calbridge.cli.workplace import opened
from calbridge.explain.texts import moment
from calbridge.reconcile import fingerprint, has_place, pending, standing
from calbridge.views import project

if TYPE_CHECKING:
    from rich.console import Console

    from calbridge.hub import HubState, Link, Shadow
    from calbridge.model import Appointment, Clinic
    from calbridge.store import OutboxRow


@click.command(short_help="Its whole life, where each side shows it, and what it still lacks.")
@click.argument("booking")
@config_option
@clinic_option
@names_option
@reporting
def booking(path: Path, clinic: str, booking: str, names: bool) -> Outcome:
    """Its whole life, where each side shows it, and what it still lacks.

    Every decision in order, with its reason code; what its client may count on now, and why not more; what is on its
    way to which side, and what a person was asked.
    """
    with opened(path) as workplace:
        config, found = known(workplace, clinic, booking)
        key, store, state = config.clinic.key, workplace.store, workplace.engine(config).state()
        shadows = {each.connection: each for each in store.shadows(key, found.id)}
        answer = ExplainedBooking(
            clinic=key,
            id=found.id,
            state=str(found.state),
            service=found.service,
            resource=found.resource,
            start=instant(config.clinic.time_zone, found.start),
            end=instant(config.clinic.time_zone, found.end),
            client=found.client,
            patient=found.patient,
            name=_name(found) if names else None,
            stands=[each.sentence for each in standing(state, found)],
            life=decisions(workplace, config, found.id),
            shown=_sides(config.clinic, state, found, shadows),
            waiting=[_write(config.clinic, row) for row in store.waiting(key) if _of(row, found)],
            commands=[each.kind for each in state.commands if each.appointment == found.id],
            tasks=[task.sentence for task in store.tasks(key) if task.appointment == found.id],
        )
    return Outcome(answer=answer, show=lambda console: _show(console, config.clinic, found, answer))


def _name(booking: Appointment) -> str:
    details = booking.details
    return f"{details.first_name} {details.last_name}".strip() if details else ""


def _of(row: OutboxRow, booking: Appointment) -> bool:
    return row.effect.change.appointment == booking.id


def _write(clinic: Clinic, row: OutboxRow) -> WaitingWrite:
    return WaitingWrite(
        connection=row.connection,
        state=row.state,
        attempts=row.attempts,
        again_at=maybe_instant(clinic.time_zone, row.not_before or None),
        why=row.why,
    )


# --- where it is shown ------------------------------------------------------------------------------


def _sides(clinic: Clinic, state: HubState, booking: Appointment, shadows: dict[str, Shadow]) -> list[ShownBy]:
    links = sorted(state.links.values(), key=lambda link: (link.rank, link.name))
    return [_side(clinic, link, booking, shadows.get(link.name)) for link in links]


def _side(clinic: Clinic, link: Link, booking: Appointment, shadow: Shadow | None) -> ShownBy:
    view = shadow.view if shadow else None
    behind = sorted(pending(link, shadow, project(link.role, booking, clinic))) if shadow and view else []
    return ShownBy(
        connection=link.name,
        role=link.role,
        shows=view is not None,
        state=str(view.state) if view else "",
        resource=view.resource if view else "",
        start=instant(clinic.time_zone, view.start) if view else None,
        end=instant(clinic.time_zone, view.end) if view else None,
        behind=[] if booking.state.gone and view and view.state.gone else behind,
        sentence=_sentence(clinic, link, booking, shadow, behind),
    )


def _sentence(clinic: Clinic, link: Link, booking: Appointment, shadow: Shadow | None, behind: list[str]) -> str:
    view = shadow.view if shadow else None
    if shadow is None or view is None:
        return _absent(link, booking, shadow)
    where = f"{view.state.replace('_', ' ')}, {moment(clinic.time_zone, view.start)} with {view.resource}"
    if booking.state.gone and view.state.gone:
        return f"shows it as over: {where}"
    rewrites = shadow.asked and behind and not _asked_otherwise(clinic, link, booking, shadow)
    if rewrites:
        return f"shows {where}; it keeps its own {', '.join(behind)}"
    return f"shows {where}" + (f"; not yet as it should be: {', '.join(behind)}" if behind else "")


def _asked_otherwise(clinic: Clinic, link: Link, booking: Appointment, shadow: Shadow) -> bool:
    return shadow.asked != fingerprint(link, project(link.role, booking, clinic))


def _absent(link: Link, booking: Appointment, shadow: Shadow | None) -> str:
    if booking.state.gone:
        return "shows nothing of it any more"
    if not link.approved:
        return 'is not written to before "calbridge apply"'
    if shadow is not None:
        return "does not have it; the write was given up, and a person was asked"
    if not has_place(link, booking):
        return "has no place for it"
    return "does not have it yet" if link.capabilities.mirrors else "did not bring it, and does not show it"


# --- for people -------------------------------------------------------------------------------------


def _show(console: Console, clinic: Clinic, booking: Appointment, answer: ExplainedBooking) -> None:
    service = clinic.services.get(booking.service)
    what = service.name if service else "Appointment"
    name = f", {answer.name}" if answer.name else ""
    console.print(f"{what}{name}, {moment(clinic.time_zone, booking.start)} with {booking.resource}", markup=False)
    for sentence in answer.stands:
        console.print(sentence, style="bold", markup=False)
    show_decided(console, answer.life)
    console.print("Where it is shown now:", markup=False)
    for side in answer.shown:
        console.print(f"  {plain(side.connection)} {plain(side.sentence)}")
    for row in answer.waiting:
        state = "sent, not answered" if row.state == "sent" else "waits to be written"
        again = f", again at {row.again_at}" if row.again_at else ""
        console.print(f"  {row.connection}: {state}{again}{f': {row.why}' if row.why else ''}", markup=False)
    for kind in answer.commands:
        console.print(f"  {kind}: asked for, done by the next cycle", markup=False)
    for task in answer.tasks:
        console.print(f"To do: {task}", markup=False)
