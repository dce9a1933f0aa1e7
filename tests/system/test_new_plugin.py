"""What `calbridge plugins new` writes is installed as anybody would, passes its own tests, and is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from calbridge.cli import main

NEW = {"rule": "not-so-early", "preset": "acme", "provider": "acme-plan"}


def made(name: str, what: str, into: Path, *, code: int = 0) -> Any:
    result = CliRunner().invoke(main, ["plugins", "new", name, f"--{what}", "--into", str(into), "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def run(*words: str, site: Path, cwd: Path) -> str:
    """A fresh interpreter that finds the new distribution and its entry point."""
    environ = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environ, cwd=cwd, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("what", NEW)
def test_a_new_plugin_passes_its_own_tests(what: str, tmp_path: Path) -> None:
    name, site = NEW[what], tmp_path / "site"
    directory = Path(made(name, what, tmp_path)["path"])
    install = ["-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(site)]
    run(*install, str(directory), site=site, cwd=tmp_path)
    assert " passed" in run("-m", "pytest", "-q", "-p", "no:cacheprovider", ".", site=site, cwd=directory)
    program = "from calbridge.cli import main; main()"
    shown = json.loads(run("-c", program, "plugins", "show", name, "--json", site=site, cwd=tmp_path))
    assert (shown["distribution"], shown["fault"]) == (f"calbridge-{name}", "")
    brings = {"rule": shown["rules"], "preset": shown["presets"], "provider": shown["kinds"]}
    assert len(brings[what]) == 1


def test_what_it_writes_is_linted_and_typed(tmp_path: Path) -> None:
    directories = [made(name, what, tmp_path)["path"] for what, name in NEW.items()]
    ruff = ["--isolated", "--no-cache", "--line-length", "120", "--target-version", "py311", *directories]
    run("-m", "ruff", "check", "--select", "E,F,W,UP,B,N,RET,SIM", *ruff, site=tmp_path, cwd=tmp_path)
    run("-m", "ruff", "format", "--check", *ruff, site=tmp_path, cwd=tmp_path)
    sources = [f"{directory}/src" for directory in directories]
    run("-m", "mypy", "--strict", "--cache-dir", os.devnull, *sources, site=tmp_path, cwd=tmp_path)
