"""The servers that the demo and the system tests talk to, each with a folder of its own and a free loopback port."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from calbridge.testing.processes import Program, ProgramError, answers, free_port, module

TRIES = 3
USER, PASSWORD = "praxis", "nur-zur-probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server. `home` is the collection that calendars are made in; `login` is None where it asks for none."""

    program: Program
    address: str
    home: str = "/"
    login: tuple[str, str] | None = None


def radicale(folder: Path, *, login: bool = True) -> Server:
    """Radicale with one user; without `login` it asks for none."""
    folder.mkdir(parents=True, exist_ok=True)
    users = folder / "users"
    users.write_text(f"{USER}:{PASSWORD}\n", "utf-8")
    users.chmod(0o600)

    def command(port: int) -> list[str]:
        return module(
            "radicale",
            "--config", "",
            "--server-hosts", f"127.0.0.1:{port}",
            "--auth-type", "htpasswd" if login else "none",
            "--auth-htpasswd-filename", str(users),
            "--auth-htpasswd-encryption", "plain",
            "--auth-delay", "0",
            "--storage-filesystem-folder", str(folder / "collections"),
        )  # fmt: skip

    program, address = _on_free_port("radicale", command, folder / "radicale.log")
    return Server(program=program, address=address, home=f"/{USER}/", login=(USER, PASSWORD) if login else None)


def xandikos(folder: Path) -> Server:
    """Xandikos, which asks for no password."""
    folder.mkdir(parents=True, exist_ok=True)

    def command(port: int) -> list[str]:
        return module(
            "xandikos", "serve",
            "--listen-address", "127.0.0.1",
            "--port", str(port),
            "--directory", str(folder / "data"),
            "--current-user-principal", f"/{USER}/",
            "--autocreate",
        )  # fmt: skip

    program, address = _on_free_port("xandikos", command, folder / "xandikos.log")
    return Server(program=program, address=address, home=f"/{USER}/calendars/")


def portal(folder: Path, *, site: str, token_file: Path) -> Server:
    """The booking portal with an empty database."""
    folder.mkdir(parents=True, exist_ok=True)
    command = module("calbridge_portal", "serve")
    command += ["--database", str(folder / "portal.sqlite3"), "--site", site]
    command += ["--token-file", str(token_file), "--port", "0", "--public-rate-limit", "0"]
    program = Program("calbridge-portal", command, log=folder / "portal.log")
    return Server(program=program, address=program.address())


def refpms(folder: Path, seed: dict[str, Any], *, token_file: Path, desk_token_file: Path) -> Server:
    """The reference PMS with `seed` in it."""
    folder.mkdir(parents=True, exist_ok=True)
    data, database = folder / "seed.json", folder / "pms.sqlite3"
    data.write_text(json.dumps(seed, ensure_ascii=False, indent=1), "utf-8")
    with Program(
        "calbridge-refpms seed",
        module("calbridge_refpms.main", "seed", "--database", str(database), str(data)),
        log=folder / "seed.log",
    ) as planting:
        if planting.wait(60):
            raise ProgramError(f"calbridge-refpms refused its seed: {planting.printed()}")
    command = module("calbridge_refpms.main", "serve", "--database", str(database), "--port", "0")
    command += ["--token-file", str(token_file), "--desk-token-file", str(desk_token_file)]
    program = Program("calbridge-refpms", command, log=folder / "pms.log")
    return Server(program=program, address=program.address())


def _on_free_port(name: str, command: Callable[[int], list[str]], log: Path) -> tuple[Program, str]:
    """Servers that cannot pick a port themselves: somebody may be faster, so it is tried again."""
    fault: ProgramError | None = None
    for _ in range(TRIES):
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        program = Program(name, command(port), log=log)
        try:
            program.wait_for(partial(answers, address))
        except ProgramError as error:
            fault = error
        else:
            return program, address
    raise fault or ProgramError(f"{name} was not tried")
