"""`calbridge run`: the daemon, in the foreground, until SIGTERM or Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge import lastwords
from calbridge.cli.reporting import config_option, failing
from calbridge.log import logger

if TYPE_CHECKING:
    from calbridge.cli.workplace import Workplace


@click.command(short_help="Keep all sides together until stopped.")
@config_option
@click.option("--no-web", is_flag=True, help="No web server: poll only.")
@click.option("--json", "as_json", is_flag=True, help="Log one JSON object a line.")
def run(path: Path, no_web: bool, as_json: bool) -> None:
    """Keep all sides together until stopped: poll every clinic, take webhooks, answer GET /health."""
    from calbridge.cli.workplace import opened

    with failing(as_json=False), opened(path) as workplace:
        _serve(workplace, web=not no_web, as_json=as_json)


def _serve(workplace: Workplace, *, web: bool, as_json: bool) -> None:
    from calbridge.daemon import Daemon, Lane

    bridge = workplace.config.bridge
    workplace.log = log = logger(bridge.log_level, as_json=as_json)
    lastwords.install(log.error)
    lanes = [
        Lane(
            clinic=each.clinic.key,
            engine=workplace.engine(each),
            host=workplace.host(each),
            notifiers=workplace.notifiers(each),
        )
        for each in workplace.clinics()
    ]
    daemon = Daemon(lanes, store=workplace.store, clock=workplace.clock, every=bridge.every, log=log)
    if not web:
        daemon.run()
        return
    from calbridge.web import WebServer, application

    server = WebServer(application(daemon, workplace.store, workplace.clock, log), bridge.host, bridge.port)
    server.start()
    log.info("listening", address=server.address)
    try:
        daemon.run()
    finally:
        server.stop()
