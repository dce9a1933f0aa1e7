"""The contract's page and the program cannot drift: every address, code and field of one stands in the other."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from calbridge_refpms import main
from calbridge_refpms.api_service import capabilities_of
from calbridge_refpms.records import Terms
from calbridge_refpms.wire import Appointment

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/reference/pms-contract.md").read_text()
README = (ROOT / "contrib/calbridge-refpms/README.md").read_text()
SOURCES = [path.read_text() for path in (ROOT / "contrib/calbridge-refpms/src/calbridge_refpms").glob("*.py")]


def test_every_address_is_described_and_no_other(practice: Any) -> None:
    served = {path for path in practice.bridge.get("/schema").json()["paths"] if path.startswith("/v1")}
    described = {path.rstrip("/") for path in re.findall(r"/v1/[a-z{}/-]+", PAGE)}
    assert described == served


def test_every_refusal_is_described_and_no_other() -> None:
    raised = {
        code
        for text in SOURCES
        for code in re.findall(r'(?:ProblemError\(\s*\d{3},|unprocessable\()\s*"([a-z_]+)"', text)
    }
    raised |= {code for text in SOURCES for code in re.findall(r'\d{3}: "([a-z_]+)"', text)}
    described = set(re.findall(r"^\| \d{3} \| `([a-z_]+)`", PAGE, re.MULTILINE))
    assert described == raised


def test_every_field_and_capability_is_described() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert list(json.loads(example)) == list(Appointment.__struct_fields__)
    keys = set(re.findall(r"^\| `(\w+)` \| ", PAGE.split("## `GET /v1/capabilities`")[1].split("## ")[0], re.MULTILINE))
    assert keys == set(capabilities_of(Terms()))


def test_the_readmes_seed_can_be_planted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (seed,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    (tmp_path / "seed.json").write_text(seed)
    assert main.main(["seed", "--database", str(tmp_path / "db"), str(tmp_path / "seed.json")]) == 0
    assert "1 appointments" in capsys.readouterr().out


def test_the_readme_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.main(["serve", "--help"])
    offered = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert offered == set(re.findall(r"--[a-z][a-z-]+", README.split("## Decisions")[0]))
