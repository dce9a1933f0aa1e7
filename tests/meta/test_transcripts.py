"""A transcript on a page is what the command says: each is run as it stands, with the page's own configuration."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from calbridge.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "explain-a-slot.md").read_text(encoding="utf-8")
TRANSCRIPTS = re.findall(r"```console\ncalbridge ([^\n]*)\n```\n+```\n(.*?)\n```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("command", "output"), TRANSCRIPTS, ids=[command for command, _ in TRANSCRIPTS])
def test_a_transcript_is_what_the_command_says(
    command: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (configuration,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "calbridge.toml").write_text(configuration, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CALBRIDGE_CONFIG", raising=False)
    said = CliRunner(env={"COLUMNS": "80"}).invoke(main, shlex.split(command), catch_exceptions=False)
    assert [line.rstrip() for line in said.output.splitlines()] == output.splitlines()


def test_the_page_has_its_two_transcripts() -> None:
    assert [command.split()[0] for command, _ in TRANSCRIPTS] == ["explain", "slots"]
