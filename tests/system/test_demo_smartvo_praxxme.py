"""`calbridge demo --vendor smartvo-praxxme`: the article's story, each step judged by what all sides show."""

from __future__ import annotations

from typing import Any

import pytest

from calbridge.demo.vendors import TALES

VENDOR = "smartvo-praxxme"
STEPS = TALES[VENDOR].steps


@pytest.mark.parametrize("step", STEPS, ids=[step.act.__name__ for step in STEPS])
def test_step(step: Any, lived: Any) -> None:
    assert lived.steps[step.number]["ok"], lived.complaints


def test_every_step_was_lived_and_the_verdict_says_so(lived: Any) -> None:
    assert list(lived.steps) == [step.number for step in STEPS]
    assert lived.code == 0, lived.complaints
