"""What README and docs tell people to type exists, and the configurations they show load.

A snippet that is not to be loaded says so with the info string `toml fragment`.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from calbridge.cli import main
from calbridge.plugins import load_plugins
from calbridge.settings import load

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/*/README.md")]
    if path.name != "commands.md"  # written from the click tree
)
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
PROSE = re.compile(r'^calbridge [a-z][^`"]*$')
WORDS = {"calbridge", ".venv/bin/calbridge"}
CLINIC = """
[clinics.{key}]
name = "A clinic"
time_zone = "Europe/Berlin"
[clinics.{key}.resources.anna]
name = "Anna"
"""
"""What a snippet that shows only a part of a file is completed with."""


def _text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def _blocks(page: str, *kinds: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(_text(page)) if kind.strip() in kinds]


def _lines(page: str) -> Iterator[str]:
    for body in _blocks(page, "console", "sh", "bash", ""):
        yield from (line.partition("#")[0].strip() for line in body.splitlines())
    yield from (code.strip() for code in INLINE.findall(BLOCK.sub("", _text(page))))


def _commands(page: str) -> list[list[str]]:
    found = []
    for line in _lines(page):
        if line.startswith((".venv/bin/calbridge ", "calbridge ")) and (" = " not in line):
            words = re.split(r"\s[|>&;]", line)[0]
            found.append(shlex.split(words.replace("[", " ").replace("]", " ").replace("...", "")))
    return found


def _unknown(words: list[str]) -> list[str]:
    """Subcommands and options that the click tree does not have. `list|link` are two."""
    command: click.Command = main
    context = click.Context(main)
    wrong = []
    for word in words[1:]:
        if isinstance(command, click.Group) and not word.startswith("-"):
            names = word.split("|")
            found = [command.get_command(context, name) for name in names]
            wrong += [name for name, one in zip(names, found, strict=True) if one is None]
            command = next((one for one in found if one is not None), click.Command("nothing"))
        elif word.startswith("-") and word != "-":  # "-" alone is standard input
            known = {option for param in command.get_params(context) for option in (*param.opts, *param.secondary_opts)}
            wrong += [word] if word.partition("=")[0] not in known else []
    return wrong


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_exists(page: str) -> None:
    wrong = {" ".join(words): unknown for words in _commands(page) if (unknown := _unknown(words))}
    assert wrong == {}


def test_the_reader_of_commands_bites() -> None:
    assert _unknown(["calbridge", "synk"]) == ["synk"]
    assert _unknown(["calbridge", "sync", "--dryrun"]) == ["--dryrun"]
    assert _unknown(["calbridge", "requests", "list|frob"]) == ["frob"]
    assert _unknown(["calbridge", "slots", "--service", "x", "--json"]) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", _text("Makefile"), re.MULTILINE))
    named = {name for line in _lines(page) for name in re.findall(r"^make ([a-z-]+)", line)}
    assert named - targets == set()


def test_the_readme_names_the_commands_of_a_first_minute() -> None:
    lines = set(_lines("README.md"))
    assert {"make demo", "make test", "make demo-once", "make dev"} <= lines
    first = [words[1] for words in _commands("README.md") if words[0] == ".venv/bin/calbridge"]
    assert first == ["init", "check", "sync", "apply", "run"]


SNIPPETS = [
    (page, body)
    for page in PAGES
    for body in _blocks(page, "toml")
    if "project" not in tomllib.loads(body)  # a plugin's pyproject.toml, which its page's own test runs
]


@pytest.mark.parametrize(("page", "body"), SNIPPETS, ids=[f"{page}-{i}" for i, (page, _) in enumerate(SNIPPETS)])
def test_every_configuration_shown_loads(page: str, body: str, tmp_path: Path) -> None:
    clinics: dict[str, dict[str, Any]] = tomllib.loads(body)["clinics"]
    partly = [CLINIC.format(key=key) for key, clinic in clinics.items() if "name" not in clinic]
    path = tmp_path / "calbridge.toml"
    path.write_text("".join(partly) + body, encoding="utf-8")
    assert set(load(path, {}, load_plugins()).clinics) == set(clinics)


def test_some_configuration_is_shown_in_the_tutorial() -> None:
    assert "docs/tutorial/first-day.md" in {page for page, _ in SNIPPETS}
