"""The command: `calbridge-portal serve`. Wrong use is one sentence and exit code 2."""

import argparse
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from calbridge_portal.app import Options
from calbridge_portal.clock import Clock, FileClock, SystemClock
from calbridge_portal.portal import Portal
from calbridge_portal.server import serve
from calbridge_portal.store import Store

WRONG_USE = 2
OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--database", {"type": Path, "required": True, "help": "SQLite file; made when it is not there"}),
    ("--site", {"required": True, "help": "the site's key, as in /v1/sites/KEY"}),
    ("--token", {"help": "the bridge's bearer token (visible in the process list: prefer --token-file)"}),
    ("--token-file", {"type": Path, "help": "file holding the bearer token"}),
    ("--host", {"default": "127.0.0.1", "help": "address to listen on"}),
    ("--port", {"type": int, "default": 8080, "help": "0 picks a free one"}),
    ("--public-url", {"default": "", "help": "where clients reach the site, for the links of their bookings"}),
    ("--clock-file", {"type": Path, "help": "read the time (RFC 3339) from this file, for tests and demos"}),
    ("--public-rate-limit", {"type": int, "default": 600, "help": "public requests a minute and peer; 0: none"}),
    ("--secure-cookies", {"action": "store_true", "help": "set it behind https"}),
    ("--faults", {"action": "store_true", "help": "serve PUT /faults, for tests only"}),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    given = _parser().parse_args(arguments)
    try:
        portal = _portal(given)
        serve(portal, _options(given), given.host, given.port, _public_url(given.public_url))
    except (OSError, ValueError, sqlite3.Error) as error:
        print(f"calbridge-portal: {error}", file=sys.stderr)  # noqa: T201 - what the command says
        return WRONG_USE
    portal.store.close()
    return 0


def options() -> list[str]:
    """The options of `serve`, for the documentation's own test."""
    return [name for name, _ in OPTIONS]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="calbridge-portal", description="A small self-hosted booking site.")
    command = parser.add_subparsers(dest="command", required=True).add_parser("serve", help="serve one site")
    token = command.add_mutually_exclusive_group(required=True)
    for name, settings in OPTIONS:
        (token if name.startswith("--token") else command).add_argument(name, **settings)
    return parser


def _portal(given: argparse.Namespace) -> Portal:
    clock: Clock = SystemClock() if given.clock_file is None else FileClock(path=given.clock_file)
    clock.now()  # an unreadable clock file is said now, not at the first request
    token = given.token or given.token_file.read_text(encoding="utf-8").strip()
    if not token:
        raise ValueError(f"{given.token_file or '--token'}: the bearer token is empty")
    if not given.database.parent.is_dir():
        raise ValueError(f"{given.database.parent}: there is no such directory for --database")
    return Portal(store=Store(given.database, given.site), clock=clock, site=given.site, token=token)


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if text and not (parts.scheme in {"http", "https"} and parts.hostname and not parts.query):
        raise ValueError(f"--public-url {text}: it is written like https://booking.example")
    return text


def _options(given: argparse.Namespace) -> Options:
    return Options(
        faults=given.faults,
        public_per_minute=given.public_rate_limit,
        secure_cookies=given.secure_cookies,
    )
