"""`calbridge init` at a real terminal: what is typed there in secret stays secret.

A person pastes an address with a password in it, types a wrong password and then the right one. The terminal shows none
of them, and no file holds any but the one that is for it.
"""

from __future__ import annotations

import base64
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from flooding import Ear
from terminal import Terminal

from calbridge.testing import servers
from calbridge.testing.marked import Marked, found, text
from calbridge.testing.processes import calbridge
from calbridge.testing.proxy import Proxy

PASTED, WRONG = (text(name, "{0}{1}") for name in ("init.pasted", "init.wrong"))
RIGHT = Marked(field="init.right", value=servers.PASSWORD, needles=(servers.PASSWORD,))
MARKS = (PASTED, WRONG, RIGHT)
PASSWORD_FILE = "calendar-password"  # a file's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A finished conversation: its terminal, its folder, and what the server was sent."""

    code: int
    terminal: Terminal
    folder: Path
    ear: Ear

    def files(self) -> dict[str, str]:
        """Every file that was written, by name."""
        return {path.name: path.read_text("utf-8") for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder, ear = tmp_path_factory.mktemp("init"), Ear()
    server = servers.radicale(tmp_path_factory.mktemp("radicale"))
    with server.program, Proxy(server.address, ear) as proxy:
        made = httpx.request("MKCALENDAR", f"{server.address}/{servers.USER}/anna/", auth=server.login, trust_env=False)
        made.raise_for_status()
        host = proxy.address.removeprefix("http://")
        terminal = Terminal(calbridge("init", "--config", "calbridge.toml"), folder=folder)
        code = terminal.talk(
            {
                "Name of the clinic": ["Praxis Nord"],
                "Systems to connect": ["caldav"],
                "host or URL to look at": [f"http://{servers.USER}:{PASTED}@{host}/"],
                "User name": [servers.USER],
                "Look again?": ["y", "y"],
                "Address": [f"http://{host}/", ""],
                "in your own network": ["y"],
                "Password": [str(WRONG), str(RIGHT)],
                "a number or a value": ["1"],
                "Write the password into": ["y"],
            }
        )
        yield Asked(code=code, terminal=terminal, folder=folder, ear=ear)


def test_a_configuration_comes_of_it(asked: Asked) -> None:
    assert asked.code == 0, asked.terminal.seen
    assert set(asked.files()) == {"calbridge.toml", PASSWORD_FILE}
    assert f'password = {{ file = "{PASSWORD_FILE}" }}' in asked.files()["calbridge.toml"]


def test_the_terminal_shows_no_password_that_was_typed_or_pasted(asked: Asked) -> None:
    seen = asked.terminal.seen
    assert "The address holds a password: leave it out" in seen
    assert "Wrote calbridge.toml." in seen
    assert found(seen, MARKS) == set()


def test_the_right_password_is_in_its_own_file_its_owners_alone_and_nowhere_else(asked: Asked) -> None:
    files = asked.files()
    assert files.pop(PASSWORD_FILE) == f"{RIGHT}\n"
    assert stat.S_IMODE((asked.folder / "secrets" / PASSWORD_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE((asked.folder / "secrets").stat().st_mode) == 0o700
    assert {name: seen for name, content in files.items() if (seen := found(content, MARKS))} == {}


def test_the_server_is_told_passwords_as_a_login_and_the_pasted_one_never(asked: Asked) -> None:
    logins = {base64.b64decode(each.partition(" ")[2]).decode() for each in asked.ear.logins}
    assert logins == {f"{servers.USER}:{WRONG}", f"{servers.USER}:{RIGHT}"}
    assert found("\n".join(asked.ear.heard), MARKS) == set()


def test_no_password_is_in_the_list_of_processes(asked: Asked) -> None:
    terminal = asked.terminal
    assert b"init" in terminal.line
    assert found(terminal.line + terminal.environment, MARKS) == set()


def test_a_password_on_the_command_line_is_refused_and_not_repeated(tmp_path: Path) -> None:
    """Before anything is written or asked. `--set` knows no secret."""
    words = ("init", "--non-interactive", "--config", "new.toml", "--connect", "caldav")
    for more, sentence in (
        (("--find", f"caldav=https://{servers.USER}:{PASTED}@calendar.example.org/"), "The address holds a password"),
        (("--set", f"caldav.password={PASTED}"), "--set caldav.password: no secret is given on a command line"),
        (
            ("--set", f"caldav.url=https://{servers.USER}:{PASTED}@calendar.example.org/"),
            "holds no user name or password",
        ),
    ):
        terminal = Terminal(calbridge(*words, *more), folder=tmp_path)
        assert terminal.talk({}) in {1, 2}
        assert sentence in terminal.seen
        assert found(terminal.seen, MARKS) == set()
        assert list(tmp_path.iterdir()) == []
