"""`calbridge run`: the daemon, in the foreground, until SIGTERM or Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import click

from calbridge.cli.reporting import config_option


@click.command(short_help="Keep all sides together until stopped.")
@config_option
@click.option("--no-web", is_flag=True, help="No web server: poll only.")
@click.pass_context
def run(ctx: click.Context, path: Path, no_web: bool) -> None:
    """Keep all sides together until stopped: poll every clinic, take webhooks, answer GET /health."""
    from calbridge.cli.workplace import opened
    from calbridge.daemon import Daemon
    from calbridge.errors import BridgeError, ConfigError

    try:
        with opened(path) as workplace:
            Daemon.of(workplace, web=not no_web).run()
    except BridgeError as error:
        for sentence in getattr(error, "faults", None) or (str(error),):
            click.echo(f"error: {sentence}", err=True)
        ctx.exit(2 if isinstance(error, ConfigError) else 1)
