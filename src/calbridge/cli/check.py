"""`calbridge check`: the configuration read, every server asked and tried out; what is there already is not touched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli.answer import FindingLine
from calbridge.cli.answers import Check, CheckedClinic, CheckedConnection, CheckedNotifier
from calbridge.cli.reporting import FINE, HUMAN, Outcome, clinic_option, config_option, reporting
from calbridge.cli.tellers import tellers
from calbridge.cli.texts import MARKS
from calbridge.cli.workplace import Workplace, opened
from calbridge.doubts import doubts
from calbridge.errors import BridgeError
from calbridge.settings import ClinicConfig, ConnectionConfig, NotifierConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from calbridge.host import ClinicHost
    from calbridge.model import Clinic
    from calbridge.notify import Notifiers
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
    connections = [finding for each in clinics for part in each.connections for finding in part.findings]
    findings = connections + [finding for each in clinics for part in each.notifiers for finding in part.findings]
    ok = not faults and all(finding.level != "error" for finding in findings)
    answer = Check(ok=ok, plugins=faults, clinics=clinics)
    return Outcome(answer=answer, show=lambda console: _show(console, answer), code=FINE if ok else HUMAN)


def _clinic(workplace: Workplace, clinic: ClinicConfig, *, trying: bool) -> CheckedClinic:
    host, notifiers = workplace.host(clinic), workplace.notifiers(clinic)
    return CheckedClinic(
        clinic=clinic.clinic.key,
        findings=[*_doubts(workplace, clinic), *_unkept(clinic.clinic, host)],
        connections=[
            _connection(workplace, host, notifiers, each, trying=trying) for each in clinic.connections.values()
        ],
        notifiers=[_notifier(notifiers, each) for each in clinic.notifiers.values()],
    )


def _doubts(workplace: Workplace, clinic: ClinicConfig) -> list[FindingLine]:
    found = doubts(clinic.clinic, workplace.clock.now(), every=workplace.config.bridge.every)
    return [FindingLine(level="warning", message=each.text, field=each.field) for each in found]


def _unkept(clinic: Clinic, host: ClinicHost) -> Iterator[FindingLine]:
    """A booking is confirmed once the PMS or a calendar holds it: where neither can, the client waits for ever."""
    sides = host.connections.values()
    if host.broken or not any(each.role == "portal" for each in sides):
        return
    keepers = [each.capabilities.resources for each in sides if each.rank == 0 and each.capabilities.mirrors]
    online = [key for service in clinic.services.values() if service.online for key in service.resources]
    for key in dict.fromkeys(online):
        if clinic.resources[key].online and not any(able is None or key in able for able in keepers):
            message = "can be booked online, and no PMS or calendar keeps its bookings: connect one that can be written"
            yield FindingLine(level="warning", message=message, field=f"resources.{key}")


def _connection(
    workplace: Workplace, host: ClinicHost, notifiers: Notifiers, config: ConnectionConfig, *, trying: bool
) -> CheckedConnection:
    connected = host.connections.get(config.name)
    found = _lines(lambda: host.check(config.name))
    if trying and not any(line.level == "error" for line in found):
        found += _lines(lambda: _learned(workplace, host, config))
    found = found or [FindingLine(level="ok", message="the plugin loads; it checks nothing further", field="")]
    if connected and connected.role == "portal":
        found += tellers(workplace.config.clinics[config.clinic].clinic, host, config.name, notifiers)
    return CheckedConnection(
        name=config.name,
        kind=config.kind,
        role=connected.role if connected else "",
        plugin=connected.plugin if connected else "",
        findings=found,
        quirks=dict(workplace.store.quirks(config.clinic, config.name)),
    )


def _notifier(notifiers: Notifiers, config: NotifierConfig) -> CheckedNotifier:
    return CheckedNotifier(
        name=config.name,
        kind=config.kind,
        plugin=notifiers.plugins.get(config.name, ""),
        findings=_lines(lambda: notifiers.check(config.name)),
    )


def _learned(workplace: Workplace, host: ClinicHost, config: ConnectionConfig) -> tuple[Finding, ...]:
    learned = host.learn(config.name)
    if learned.quirks:
        known = workplace.store.quirks(config.clinic, config.name)  # what could not be tried now stays as it was
        workplace.store.learn(config.clinic, config.name, {**known, **learned.quirks})
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
            _show_findings(console, connection.findings)
        for notifier in clinic.notifiers:
            console.print(f"  notifier {notifier.name} ({notifier.kind}) {notifier.plugin}")
            _show_findings(console, notifier.findings)


def _show_findings(console: Console, findings: list[FindingLine]) -> None:
    from rich.markup import escape

    for finding in findings:
        field = f"{finding.field}: " if finding.field else ""
        console.print(f"    {MARKS[finding.level]} {escape(field + finding.message)}")
