"""`calbridge check`: the configuration read, every server asked and tried out; what is there already is not touched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli.answers import Check, CheckedClinic, CheckedConnection, FindingLine
from calbridge.cli.reporting import FINE, HUMAN, Outcome, clinic_option, config_option, reporting
from calbridge.cli.texts import MARKS
from calbridge.cli.workplace import Workplace, opened
from calbridge.doubts import doubts
from calbridge.errors import BridgeError
from calbridge.settings import ClinicConfig, ConnectionConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from calbridge.host import ClinicHost
    from calbridge.provider import Finding


@click.command(short_help="Look at the configuration and every server, and leave them be.")
@config_option
@clinic_option
@click.option("--look-only", is_flag=True, help="Do not try servers out: make nothing there, not even for a moment.")
@reporting
def check(path: Path, clinic: str, look_only: bool) -> Outcome:
    """Look at the configuration and every server, and leave them be.

    What a server does differently is found by trying, on a calendar that is made for it and removed at once.
    """
    with opened(path) as workplace:
        clinics = [_clinic(workplace, each, trying=not look_only) for each in workplace.clinics(clinic)]
        faults = [plugin.fault for plugin in workplace.plugins.broken]
    findings = [finding for each in clinics for connection in each.connections for finding in connection.findings]
    ok = not faults and all(finding.level != "error" for finding in findings)
    answer = Check(ok=ok, plugins=faults, clinics=clinics)
    return Outcome(answer=answer, show=lambda console: _show(console, answer), code=FINE if ok else HUMAN)


def _clinic(workplace: Workplace, clinic: ClinicConfig, *, trying: bool) -> CheckedClinic:
    host = workplace.host(clinic)
    checked = [_connection(workplace, host, each, trying=trying) for each in clinic.connections.values()]
    return CheckedClinic(clinic=clinic.clinic.key, findings=_doubts(workplace, clinic), connections=checked)


def _doubts(workplace: Workplace, clinic: ClinicConfig) -> list[FindingLine]:
    found = doubts(clinic.clinic, workplace.clock.now(), every=workplace.config.bridge.every)
    return [FindingLine(level="warning", message=each.text, field=each.field) for each in found]


def _connection(workplace: Workplace, host: ClinicHost, config: ConnectionConfig, *, trying: bool) -> CheckedConnection:
    connected = host.connections.get(config.name)
    found = _lines(lambda: host.check(config.name))
    if trying and not any(line.level == "error" for line in found):
        found += _lines(lambda: _learned(workplace, host, config))
    nothing = FindingLine(level="ok", message="the plugin loads; it checks nothing further", field="")
    return CheckedConnection(
        name=config.name,
        kind=config.kind,
        role=connected.role if connected else "",
        plugin=connected.plugin if connected else "",
        findings=found or [nothing],
        quirks=dict(workplace.store.quirks(config.clinic, config.name)),
    )


def _learned(workplace: Workplace, host: ClinicHost, config: ConnectionConfig) -> tuple[Finding, ...]:
    learned = host.learn(config.name)
    if learned.quirks:
        workplace.store.learn(config.clinic, config.name, learned.quirks)
    return learned.findings


def _lines(look: Callable[[], tuple[Finding, ...]]) -> list[FindingLine]:
    try:
        found = look()
    except BridgeError as error:
        return [FindingLine(level="error", message=error.hint, field="")]
    return [FindingLine(level=each.level, message=each.message, field=each.field) for each in found]


def _show(console: Console, answer: Check) -> None:
    from rich.markup import escape

    for fault in answer.plugins:
        console.print(f"{MARKS['error']} {escape(fault)}")
    for clinic in answer.clinics:
        console.print(f"[bold]clinic {clinic.clinic}[/bold]: the configuration is valid")
        for finding in clinic.findings:
            console.print(f"  {MARKS[finding.level]} {escape(f'{finding.field} {finding.message}')}")
        for connection in clinic.connections:
            console.print(f"  connection {connection.name} ({connection.kind}) {connection.plugin}")
            for finding in connection.findings:
                field = f"{finding.field}: " if finding.field else ""
                console.print(f"    {MARKS[finding.level]} {escape(field + finding.message)}")
