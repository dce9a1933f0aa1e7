"""The command line: `serve` runs the practice, `seed` fills an empty one. Exit 2 is wrong use."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from calbridge_refpms.access import Tokens
from calbridge_refpms.app import Practice
from calbridge_refpms.instants import file_clock, system_clock
from calbridge_refpms.live import server
from calbridge_refpms.problems import ProblemError
from calbridge_refpms.records import Records, Terms, UnusableFileError
from calbridge_refpms.seed import SeedError, plant


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what goes wrong is one sentence on standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    chosen = _parser().parse_args(arguments)
    try:
        return _serve(chosen) if chosen.command == "serve" else _seed(chosen)
    except (UnusableFileError, SeedError, ProblemError, OSError, ValueError) as error:
        print(f"calbridge-refpms: {error}", file=sys.stderr)  # noqa: T201 - the command's own answer
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="calbridge-refpms", description="A reference PMS with one practice.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve the API and the desk's pages")
    serve.add_argument("--database", type=Path, required=True, metavar="F")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8020, help="0 takes a free one")
    token = serve.add_mutually_exclusive_group(required=True)
    token.add_argument("--token", help="the integration's bearer token")
    token.add_argument("--token-file", type=Path, metavar="F")
    desk = serve.add_mutually_exclusive_group()
    desk.add_argument("--desk-token", help="the desk's token; without one there are no desk pages")
    desk.add_argument("--desk-token-file", type=Path, metavar="F")
    serve.add_argument("--two-stage", type=float, metavar="SECONDS", help="writes are pending for so long")
    serve.add_argument("--keep-changes", type=int, default=30, metavar="DAYS", help="how far the feed goes back")
    serve.add_argument("--clock-file", type=Path, metavar="F", help="the time, read from this file")
    serve.add_argument("--faults", action="store_true", help="let PUT /faults arm faults")
    seed = commands.add_parser("seed", help="fill an empty database from a JSON file")
    seed.add_argument("--database", type=Path, required=True, metavar="F")
    seed.add_argument("--clock-file", type=Path, metavar="F", help="the time, read from this file")
    seed.add_argument("data", type=Path, metavar="DATA.json")
    return parser


def _serve(chosen: argparse.Namespace) -> int:
    practice = Practice(
        database=chosen.database,
        tokens=_tokens(chosen),
        clock=file_clock(chosen.clock_file) if chosen.clock_file else system_clock,
        terms=Terms(two_stage_s=chosen.two_stage, keep_changes_days=chosen.keep_changes),
        faults=chosen.faults,
    )
    runner = server(practice, host=chosen.host, port=chosen.port, ready=_announce)
    runner.run()
    return 0 if runner.started else 1


def _seed(chosen: argparse.Namespace) -> int:
    records = Records(path=chosen.database, clock=file_clock(chosen.clock_file) if chosen.clock_file else system_clock)
    records.prepare()
    counted = plant(records, chosen.data)
    _say(", ".join(f"{number} {name}" for name, number in counted.items()))
    return 0


def _tokens(chosen: argparse.Namespace) -> Tokens:
    integration = _secret(chosen.token, chosen.token_file)
    desk = _secret(chosen.desk_token, chosen.desk_token_file)
    if not integration or desk == "":
        raise ValueError("A token must not be empty.")
    if integration == desk:
        raise ValueError("The desk and the integration need different tokens: a token says who made a change.")
    return Tokens(integration=integration, desk=desk)


def _secret(given: str | None, file: Path | None) -> str | None:
    return file.read_text().strip() if file else given


def _announce(address: str) -> None:
    _say(f"listening on {address}")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the command's own answer


if __name__ == "__main__":
    sys.exit(main())
