"""The practice's own categories: one of them shows an appointment to its client, the others are nobody's business."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from calbridge.model import Rules

HALF_HOUR = 1_800


@pytest.fixture
def marking(side: Any) -> Any:
    """The same practice, in which "around.pet" means the portal."""
    side.clinic = replace(side.clinic, rules=Rules(publish="marked", publish_categories=("around.pet", "App")))
    side.provider = side.connect(side.clinic)
    return side


def listed(side: Any) -> dict[str, Any]:
    return {record.ref: record for record in side.read().items}


@pytest.mark.parametrize(
    ("categories", "marked"),
    [
        ([], False),
        (["Chirurgie"], False),
        (["around.pet"], True),
        (["Chirurgie", " Around.PET "], True),
        (["app"], True),
        (["around.pets"], False),
    ],
)
def test_a_category_of_the_desks_is_read_as_a_mark(marking: Any, categories: list[str], marked: bool) -> None:
    ref = marking.phone("anna", marking.start, marking.start + HALF_HOUR, categories=categories)
    assert listed(marking)[ref].view.marked is marked


def test_a_mark_is_written_beside_the_desks_own_words_and_taken_out_alone(marking: Any) -> None:
    ref = marking.phone("anna", marking.start, marking.start + HALF_HOUR, categories=["Chirurgie"])
    entry = listed(marking)[ref]
    for number, marked in enumerate((True, False), start=2):
        view = replace(entry.view, marked=marked)
        entry = marking.write(marking.after(entry, view, key=f"key-{number}", revision=number))
        assert entry.view.marked is marked
        assert marking.get(ref)["categories"] == ["Chirurgie", *(["around.pet"] if marked else [])]


def test_what_the_bridge_makes_is_marked_from_the_start(marking: Any) -> None:
    entry = marking.write(marking.change(marking.view(marked=True)))
    assert marking.get(entry.ref)["categories"] == ["around.pet"]


def test_another_change_leaves_the_categories_alone(marking: Any) -> None:
    ref = marking.phone("anna", marking.start, marking.start + HALF_HOUR, categories=["APP", "Chirurgie"])
    entry = listed(marking)[ref]
    marking.write(marking.after(entry, replace(entry.view, description="hinkt")))
    assert marking.get(ref)["categories"] == ["APP", "Chirurgie"]


def test_without_a_word_for_it_nothing_is_a_mark(side: Any) -> None:
    ref = side.phone("anna", side.start, side.start + HALF_HOUR, categories=["around.pet"])
    assert not listed(side)[ref].view.marked
    assert "marked" not in side.provider.capabilities.fields


def test_a_pms_without_categories_is_never_sent_any(marking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    api = marking.provider._api
    poor = replace(api.abilities(), categories=False)
    monkeypatch.setattr(api, "abilities", lambda **_: poor)
    entry = marking.write(marking.change(marking.view(marked=True)))
    assert marking.get(entry.ref)["categories"] == []
    assert not entry.view.marked
