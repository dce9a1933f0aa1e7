"""A secret is found where it says, never printed, and its absence names every place that was looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from calbridge.errors import ConfigError
from calbridge.fields import SecretReference
from calbridge.secrets import SecretResolver


def resolver(*directories: Path, **environ: str) -> SecretResolver:
    return SecretResolver("calendar", directories, environ)


def test_every_way_to_give_a_secret(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("from a file\n")
    find = resolver(tmp_path / "empty", tmp_path, SECRET="from a variable")
    ways: list[tuple[Any, str]] = [
        ("plain", "plain"),
        (SecretStr("plain"), "plain"),
        (SecretReference(file="one"), "from a file"),
        ({"file": "one"}, "from a file"),
        ({"file": str(tmp_path / "one")}, "from a file"),
        ({"env": "SECRET"}, "from a variable"),
        ({"command": "printf 'from a command\\n'"}, "from a command"),
    ]
    assert [find(reference) for reference, _ in ways] == [text for _, text in ways]


def test_a_program_that_gives_one_secret_is_told_no_other(tmp_path: Path) -> None:
    find = resolver(
        tmp_path, CALBRIDGE_CLINICS__A__CONNECTIONS__PMS__TOKEN="s3cret", LANG="de_DE", PATH="/usr/bin:/bin"
    )
    seen = set(find({"command": "env"}).splitlines())
    assert {"LANG=de_DE", "PATH=/usr/bin:/bin"} <= seen
    assert not [line for line in seen if "CALBRIDGE" in line or "s3cret" in line]


def test_what_is_missing_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    other = tmp_path / "other"
    wrong: list[tuple[Any, str]] = [
        ({"file": "no"}, f'the secret file "no" was not found: looked in {tmp_path}, {other}; put it there'),
        ({"file": "empty"}, f"the secret file {tmp_path / 'empty'} is empty: put the secret into it"),
        ({"file": "binary"}, f"the secret file {tmp_path / 'binary'} cannot be read: let this user read it, as text"),
        ({"env": "NO"}, "the secret's variable NO is not set: set it in the environment"),
        ({"env": "EMPTY"}, "the secret's variable EMPTY is empty: put the secret into it"),
        ({"command": "false s3cret"}, "the secret's command false failed: run it by hand as this user"),
        ({"command": "no-such-program"}, "the secret's command no-such-program failed: run it by hand as this user"),
        ({"command": "true"}, "the output of the secret's command is empty: put the secret into it"),
        ({"command": "pass 'an open quotation"}, "the secret's command pass failed: run it by hand as this user"),
        ({"command": "printf '\\377'"}, "the secret's command printf failed: run it by hand as this user"),
        ({"command": ""}, "the secret's command (empty) failed: run it by hand as this user"),
        (None, "a secret is missing: name a file, an env or a command for it"),
        ({"fil": "x"}, "a secret is missing: name a file, an env or a command for it"),
    ]
    find = resolver(tmp_path, other, EMPTY="")
    for reference, sentence in wrong:
        with pytest.raises(ConfigError) as caught:
            find(reference)
        assert (caught.value.hint, caught.value.connection) == (sentence, "calendar")
