"""`calbridge status`: how every connection stands, how far behind it is, and what waits for a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from calbridge.cli.answers import ClinicStatus, ConnectionStatus, Status
from calbridge.cli.reporting import FINE, HUMAN, Outcome, clinic_option, config_option, reporting
from calbridge.cli.texts import maybe_instant
from calbridge.cli.workplace import Workplace, opened
from calbridge.model import State
from calbridge.settings import ClinicConfig, ConnectionConfig

if TYPE_CHECKING:
    from rich.console import Console

    from calbridge.store import ConnectionState

COLOURS = {"ok": "green", "new": "cyan", "failing": "yellow", "broken": "red"}


@click.command(short_help="How every connection stands, and what waits for a person.")
@config_option
@clinic_option
@reporting
def status(path: Path, clinic: str) -> Outcome:
    """How every connection stands, and what waits for a person."""
    with opened(path) as workplace:
        clinics = [_clinic(workplace, each) for each in workplace.clinics(clinic)]
    answer = Status(clinics=clinics)
    fine = all(each.state in {"ok", "new"} for one in clinics for each in one.connections)
    waiting = any(one.tasks or one.requests for one in clinics)
    return Outcome(
        answer=answer,
        show=lambda console: _show(console, answer),
        code=FINE if fine and not waiting else HUMAN,
    )


def _clinic(workplace: Workplace, config: ClinicConfig) -> ClinicStatus:
    store, key = workplace.store, config.clinic.key
    now = workplace.clock.now()
    known = {state.name: state for state in store.connections(key)}
    upcoming = store.appointments(key, frm=now)
    return ClinicStatus(
        clinic=key,
        connections=[
            _connection(workplace, config, each, known.get(name)) for name, each in config.connections.items()
        ],
        waiting_writes=len(store.waiting(key)),
        unwritten=sum(each.state is State.CONFIRMED and not each.written for each in upcoming),
        requests=sum(each.state is State.REQUESTED for each in upcoming),
        tasks=len(store.tasks(key)),
        upcoming=sum(not each.state.ended for each in upcoming),
    )


def _connection(
    workplace: Workplace, config: ClinicConfig, connection: ConnectionConfig, known: ConnectionState | None
) -> ConnectionStatus:
    tz = config.clinic.time_zone
    broken = workplace.host(config).broken.get(connection.name)
    return ConnectionStatus(
        name=connection.name,
        kind=connection.kind,
        state="broken" if broken else _state(known),
        approved=known.approved if known else connection.first_run == "apply",
        last_read=maybe_instant(tz, known.last_success if known else None),
        failing_since=maybe_instant(tz, known.failing_since if known else None),
        retry_at=maybe_instant(tz, known.retry_at if known else None),
        why=broken.hint if broken else (known.why if known else ""),
        quirks=dict(known.quirks) if known else {},
        learned_at=maybe_instant(tz, known.learned_at if known else None),
    )


def _state(known: ConnectionState | None) -> Literal["ok", "new", "failing", "broken"]:
    if known is None or (known.last_success is None and not known.why):
        return "new"
    if not known.why:
        return "ok"
    return "failing" if known.recovery == "retry" else "broken"


def _show(console: Console, answer: Status) -> None:
    from rich.markup import escape

    for clinic in answer.clinics:
        console.print(
            f"[bold]clinic {clinic.clinic}[/bold]: {clinic.upcoming} upcoming, {clinic.requests} requests, "
            f"{clinic.tasks} tasks, {clinic.waiting_writes} writes waiting, {clinic.unwritten} not written yet"
        )
        for each in clinic.connections:
            mark = f"[{COLOURS[each.state]}]{each.state}[/]"
            plan = "" if each.approved else ", only planned for until apply"
            console.print(f"  {each.name} ({each.kind}): {mark}, last read {each.last_read or 'never'}{plan}")
            if each.why:
                times = (("since", each.failing_since), ("again at", each.retry_at))
                told = ", ".join(f"{word} {at}" for word, at in times if at)
                console.print(f"    {escape(each.why)}{f' ({told})' if told else ''}")
