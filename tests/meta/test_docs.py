"""What is written about the code is generated from it or tested against it."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from calbridge import hookspecs

ROOT = Path(__file__).parents[2]


def test_generated_pages_are_current() -> None:
    script = ROOT / "docs" / "generate.py"
    checked = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("hook", [name for name in vars(hookspecs.ProviderSpec) if not name.startswith("_")])
def test_every_hook_has_a_heading_with_its_name(hook: str) -> None:
    page = (ROOT / "docs" / "reference" / "hooks.md").read_text(encoding="utf-8")
    assert re.search(rf"^### `{hook}\(", page, re.MULTILINE)


@pytest.mark.parametrize(
    "page",
    sorted(
        p.relative_to(ROOT).as_posix()
        for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/*/README.md")]
    ),
)
def test_every_relative_link_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    missing = [
        t for t in targets if "://" not in t and not t.startswith("mailto:") and not ((ROOT / page).parent / t).exists()
    ]
    assert missing == []


def test_the_generator_is_importable_as_a_script() -> None:
    assert "pages" in runpy.run_path(str(ROOT / "docs" / "generate.py"))
