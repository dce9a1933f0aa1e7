"""Every reason code that is written into the journal has its sentence, and every sentence its code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from calbridge.changes import Receipt
from calbridge.explain.story import STORY, VALUES, told
from calbridge.lifecycle import Event
from calbridge.model import State
from calbridge.rules import RULES
from calbridge.store.records import MessageState

SOURCE = Path(__file__).parents[2] / "src" / "calbridge"
OUTCOMES = get_args(get_type_hints(Receipt)["outcome"])
ANSWERED = set(get_args(MessageState)) - {"due", "sending", "silent"}
BUILT = {*(f"write_{outcome}" for outcome in OUTCOMES), "write_removed", *(f"message_{state}" for state in ANSWERED)}
"""Codes that are put together from a receipt's outcome, or from what became of a message."""
IDENTITY = {"proposed", "ambiguous", "unmatched"}
"""Codes that are a match's outcome."""


def calls() -> Iterator[ast.Call]:
    for path in [*SOURCE.glob("reconcile/*.py"), *SOURCE.glob("engine/*.py"), *SOURCE.glob("store/*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def written() -> set[str]:
    """The codes of every `draft.note("...")`, `JournalEntry(code="...")` and `_line(row, "...")`."""
    codes: set[str] = set()
    for call in calls():
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        said = {"note": call.args[:1], "_line": call.args[1:2]}.get(name, [])
        said += [each.value for each in call.keywords if name == "JournalEntry" and each.arg == "code"]
        codes |= {each.value for each in said if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    return codes


def test_every_code_has_a_sentence_and_every_sentence_a_code() -> None:
    """A new code without one: write it into `STORY` in calbridge/explain/story.py."""
    there = written() | BUILT | IDENTITY | set(Event)
    assert len(there) > 50
    assert {str(code) for code in there} - {str(code) for code in STORY} == set()
    assert {str(code) for code in STORY} - {str(code) for code in there} == set()


@pytest.mark.parametrize("rule", [rule.code for rule in RULES])
def test_a_slot_rule_is_told_in_words(rule: str) -> None:
    assert told("slot_refused", {"rule": rule}) == f"The time could not be given to the client: {VALUES[rule]}."


def test_parts_without_their_facts_are_left_out() -> None:
    assert told("linked", {"by": "pms", "client": "c1"}) == "It was linked to client c1, through the PMS."
    assert told("linked", {"by": "command", "client": "c1", "patient": "p1"}) == (
        "It was linked to client c1 and animal p1, through the command line."
    )
    assert told("write_written", {"revision": "2", "removed": "true"}) == "Taken away there."
    assert told("refused", {"event": "clinic accepts", "why": "not_possible", "state": State.NO_SHOW}) == (
        '"clinic accepts" was refused and changed nothing: it is not possible in this state (it was no show).'
    )


def test_what_became_of_a_message_is_told_in_words() -> None:
    facts = {"kind": "request_received", "audience": "client", "notifier": "mail"}
    assert told("message_sent", facts) == 'The message "request received" went to the client, through mail.'


def test_a_code_without_a_sentence_is_shown_as_it_is() -> None:
    assert told("vendors_own", {"a": "1"}) == "vendors_own a=1"
