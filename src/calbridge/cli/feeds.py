"""`calbridge feeds`: the clinic's free/busy as iCalendar feeds under secret addresses, for other programs to read."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli.answers import FeedAddress, FeedLine, Feeds, FeedWithdrawn
from calbridge.cli.reporting import Outcome, clinic_option, config_option, reporting
from calbridge.cli.texts import instant, table
from calbridge.cli.workplace import Workplace, opened
from calbridge.errors import ConfigError
from calbridge.nearest import did_you_mean

if TYPE_CHECKING:
    from rich.console import Console

    from calbridge.settings import ClinicConfig

_TOKEN_BYTES = 24


@click.group(short_help="Publish a resource's free/busy for other programs.")
def feeds() -> None:
    """Publish a resource's free/busy for other programs, under a secret address and without a word about anybody."""


@feeds.command()
@click.argument("resource")
@config_option
@clinic_option
@click.option("--renew", is_flag=True, help="Make a new address; the old one shows nothing from now on.")
@reporting
def publish(path: Path, clinic: str, resource: str, renew: bool) -> Outcome:
    """Make RESOURCE's secret address and print it, this once: only a digest of it is kept."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with opened(path) as workplace:
        config = _with_resource(workplace, clinic, resource)
        key = config.clinic.key
        if not renew and any(row.resource == resource for row in workplace.store.feeds(key)):
            raise ConfigError(
                f"clinic {key}: {resource} is published already, and its address cannot be shown again; "
                f'"calbridge feeds publish {resource} --renew" makes a new one'
            )
        workplace.store.publish_feed(key, resource, digest_of(token), now=workplace.clock.now())
        bridge = workplace.config.bridge
        base = bridge.public_url.rstrip("/") or f"http://{bridge.host}:{bridge.port}"
    answer = FeedAddress(
        clinic=key, resource=resource, events=f"{base}/feeds/{token}.ics", freebusy=f"{base}/feeds/{token}.ifb"
    )
    return Outcome(answer=answer, show=lambda console: _show_address(console, answer))


@feeds.command("list")
@config_option
@clinic_option
@reporting
def list_feeds(path: Path, clinic: str) -> Outcome:
    """What is published. The addresses are not kept, so they are not shown."""
    with opened(path) as workplace:
        lines = [
            FeedLine(clinic=row.clinic, resource=row.resource, published=instant(config.clinic.time_zone, row.created))
            for config in workplace.clinics(clinic)
            for row in workplace.store.feeds(config.clinic.key)
        ]
    rows = [(line.clinic, line.resource, line.published) for line in lines]
    return Outcome(
        answer=Feeds(feeds=lines),
        show=lambda console: table(console, ("clinic", "resource", "since"), rows, empty="Nothing is published."),
    )


@feeds.command()
@click.argument("resource")
@config_option
@clinic_option
@reporting
def withdraw(path: Path, clinic: str, resource: str) -> Outcome:
    """Let RESOURCE's address show nothing from now on."""
    with opened(path) as workplace:
        key = workplace.clinic(clinic).clinic.key
        if not workplace.store.withdraw_feed(key, resource):
            raise ConfigError(f'clinic {key} publishes no "{resource}"; "calbridge feeds list" shows what it does')
    answer = FeedWithdrawn(clinic=key, resource=resource)
    text = f"Withdrawn: the address of {resource} shows nothing any more."
    return Outcome(answer=answer, show=lambda console: console.print(text, markup=False))


def digest_of(token: str) -> str:
    """What is kept of an address's secret."""
    return hashlib.sha256(token.encode()).hexdigest()


def _with_resource(workplace: Workplace, clinic: str, resource: str) -> ClinicConfig:
    config = workplace.clinic(clinic)
    known = config.clinic.resources
    if resource not in known:
        advice = did_you_mean(resource, known) or f"; there are {', '.join(known) or 'none'}"
        raise ConfigError(f'clinic {config.clinic.key} has no resource "{resource}"{advice}')
    return config


def _show_address(console: Console, answer: FeedAddress) -> None:
    for line in (
        f"Whoever has one of these addresses sees when {answer.resource} is busy, and nothing else:",
        f"  {answer.events}  for calendar programs",
        f"  {answer.freebusy}  the same as one VFREEBUSY",
        "They are served while `calbridge run` runs, and are shown only now: keep what you need.",
    ):
        console.print(line, markup=False, soft_wrap=True)
