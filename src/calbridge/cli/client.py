"""`calbridge client`: what is done for one client, by the record number in the PMS."""

from __future__ import annotations

from pathlib import Path

import click

from calbridge.cli import people
from calbridge.cli.answers import MessageDone
from calbridge.cli.reporting import Outcome, clinic_option, config_option, reporting
from calbridge.cli.workplace import opened
from calbridge.errors import ConfigError


@click.group(short_help="One client, by the record number in the PMS.")
def client() -> None:
    """One client, by the record number in the PMS."""


@client.command()
@click.argument("number")
@config_option
@clinic_option
@reporting
def invite(path: Path, clinic: str, number: str) -> Outcome:
    """Invite client NUMBER to book online, at the e-mail address in the practice's own record, with the next cycle."""
    with opened(path) as workplace:
        config = workplace.clinic(clinic)
        key = config.clinic.key
        if not config.clinic.booking_url:
            raise ConfigError(f"clinic {key}: an invitation needs booking_url, the page where clients book: set it")
        if not config.notifiers:
            raise ConfigError(
                f"clinic {key} has no notifier that could send an invitation: add one to the configuration"
            )
        number = people.named(workplace, config, number)
        workplace.store.invite(key, number)
    text = f"Client {number} is invited with the next cycle; calbridge messages list shows what became of it."
    return Outcome(
        answer=MessageDone(clinic=key, message=None, client=number),
        show=lambda console: console.print(text, markup=False),
    )
