"""The command: `calbridge-portal serve`. Wrong use is one sentence and exit code 2."""

import argparse
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from calbridge_portal.app import Options
from calbridge_portal.clock import Clock, FileClock, SystemClock
from calbridge_portal.portal import Portal
from calbridge_portal.server import serve
from calbridge_portal.store import Store

WRONG_USE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        portal = _portal(options)
        serve(portal, _options(options), options.host, options.port)
    except (OSError, ValueError, sqlite3.Error) as error:
        print(f"calbridge-portal: {error}", file=sys.stderr)  # noqa: T201 - what the command says
        return WRONG_USE
    portal.store.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="calbridge-portal", description="A small self-hosted booking site.")
    command = parser.add_subparsers(dest="command", required=True).add_parser("serve", help="serve one site")
    command.add_argument("--database", type=Path, required=True, help="SQLite file; made when it is not there")
    command.add_argument("--site", required=True, help="the site's key, as in /v1/sites/KEY")
    token = command.add_mutually_exclusive_group(required=True)
    token.add_argument("--token", help="the bridge's bearer token (visible in the process list: prefer --token-file)")
    token.add_argument("--token-file", type=Path, help="file holding the bearer token")
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--port", type=int, default=8080, help="0 picks a free one")
    command.add_argument("--clock-file", type=Path, help="read the time (RFC 3339) from this file, for tests and demos")
    command.add_argument(
        "--public-rate-limit", type=int, default=600, help="public requests a minute and peer; 0: none"
    )
    command.add_argument("--secure-cookies", action="store_true", help="set it behind https")
    command.add_argument("--faults", action="store_true", help="serve PUT /faults, for tests only")
    return parser


def _portal(options: argparse.Namespace) -> Portal:
    clock: Clock = SystemClock() if options.clock_file is None else FileClock(path=options.clock_file)
    clock.now()  # an unreadable clock file is said now, not at the first request
    token = options.token or options.token_file.read_text(encoding="utf-8").strip()
    if not token:
        raise ValueError(f"{options.token_file or '--token'}: the bearer token is empty")
    if not options.database.parent.is_dir():
        raise ValueError(f"{options.database.parent}: there is no such directory for --database")
    return Portal(store=Store(options.database, options.site), clock=clock, site=options.site, token=token)


def _options(options: argparse.Namespace) -> Options:
    return Options(
        faults=options.faults,
        public_per_minute=options.public_rate_limit,
        secure_cookies=options.secure_cookies,
    )
