"""`calbridge inspect` shows in every window what independent implementations agree on, through the command itself."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from click.testing import CliRunner
from real_files import CORPUS, Window, agrees, windows

from calbridge.cli import main

BY_FILE: dict[str, list[Window]] = {}
for one in windows():
    BY_FILE.setdefault(one.file, []).append(one)


def inspected(window: Window) -> dict[str, Any]:
    """What the command prints for one window."""
    words = ["inspect", str(CORPUS / window.file), "--from", window.first, "--to", window.last, "--json"]
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    answer: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (1 if answer["refused"] else 0)
    return answer


def shown(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """UID and start as the corpus writes them, sorted and each once."""
    return sorted({(each["uid"], _written(each)) for each in answer["occurrences"]})


def _written(each: dict[str, Any]) -> str:
    start = each["start"].removesuffix("+00:00").replace("-", "").replace(":", "")
    return start if each["all_day"] or each["floating"] else f"{start}Z"


@pytest.mark.parametrize("file", sorted(BY_FILE))
def test_every_unanimous_window_is_equal(file: str) -> None:
    """None is excepted."""
    for window in BY_FILE[file]:
        if window.tier == "unanimous":
            assert agrees(window, shown(inspected(window))), (window.first, window.last)


def test_the_other_windows(capsys: pytest.CaptureFixture[str]) -> None:
    """Where fewer could read a file or one dissents, there is no judge: how many are equal is said, not asserted."""
    counts: Counter[str] = Counter()
    for window in windows():
        if window.tier != "unanimous":
            counts[f"{window.tier}: {'equal' if agrees(window, shown(inspected(window))) else 'differs'}"] += 1
    with capsys.disabled():
        print(f"\ncorpus windows without a unanimous answer: {dict(counts)}")
    assert sum(counts.values()) == sum(window.tier != "unanimous" for window in windows())


def test_the_corpus_is_whole() -> None:
    counts = Counter(window.tier for window in windows())
    assert (len(windows()), counts["unanimous"]) == (1051, 811)
