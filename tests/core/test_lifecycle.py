"""Every cell of the table, both sides of every cutoff, and the page made from it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calbridge.lifecycle import CUTOFFS, TABLE, Event, Refused, as_markdown, step
from calbridge.model import Rules, State

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "life-cycle.md"
NOW, DAY = 1_800_000_000, 86_400

# Written by hand from the booking rules and decision 0054, not from the code; states by their first three letters.
# "." is refused, "*" is possible only while the start is far enough ahead.
COLUMNS = (
    *(Event.EXPIRE, Event.RELEASE, Event.SUBMIT_REQUEST, Event.SUBMIT_INSTANT, Event.ACCEPT, Event.DECLINE),
    *(Event.CLIENT_CANCEL, Event.CLINIC_CANCEL, Event.CLIENT_MOVE, Event.CLINIC_MOVE),
    *(Event.ARRIVE, Event.LEAVE, Event.ABSENT, Event.UNDO_ARRIVAL),
)
CONTRACT = """
held      exp rel req con .   .   rel  rel .    .   .   .   .   .
requested .   .   .   .   con dec can  dec req  req .   .   .   .
confirmed .   .   .   .   .   .   can* can con* con arr .   no_ .
arrived   .   .   .   .   .   .   .    can .    arr .   ful .   con
fulfilled .   .   .   .   .   .   .    .   .    .   .   .   .   .
expired   .   .   .   .   .   .   .    .   .    .   .   .   .   .
released  .   .   .   .   .   .   .    .   .    .   .   .   .   .
declined  .   .   .   .   .   .   .    .   .    .   .   .   .   .
cancelled .   .   .   .   .   .   .    .   .    .   .   .   .   .
no_show   .   .   .   .   .   .   .    .   .    .   .   .   .   .
"""
SHORT = {state[:3]: state for state in State}
CELLS = [
    (State(row.split()[0]), event, cell)
    for row in CONTRACT.strip().splitlines()
    for event, cell in zip(COLUMNS, row.split()[1:], strict=True)
]


def test_the_contract_has_every_cell():
    assert {(state, event) for state, event, _ in CELLS} == {(s, e) for s in State for e in Event}


@pytest.mark.parametrize(("state", "event", "cell"), CELLS)
def test_each_cell(state, event, cell):
    after = step(state, event, start=NOW + DAY, now=NOW, rules=Rules())
    if cell == ".":
        assert isinstance(after, Refused)
        assert after.code == "not_possible"
        assert after.sentence.startswith(f'"{event}" is not possible while the booking is ')
    else:
        assert after is SHORT[cell.rstrip("*")]


@pytest.mark.parametrize(("state", "event", "cell"), CELLS)
def test_only_the_marked_cells_are_bound_by_a_cutoff(state, event, cell):
    rules = Rules(client_cancel_cutoff=DAY, client_move_cutoff=DAY)
    after = step(state, event, start=NOW + 60, now=NOW, rules=rules)
    assert isinstance(after, Refused) == (cell == "." or cell.endswith("*"))


@pytest.mark.parametrize(
    ("event", "rule", "code"),
    [
        (Event.CLIENT_CANCEL, "client_cancel_cutoff", "too_late_to_cancel"),
        (Event.CLIENT_MOVE, "client_move_cutoff", "too_late_to_move"),
    ],
)
@given(cutoff=st.integers(0, 10 * DAY))
def test_the_cutoff_is_strict(event, rule, code, cutoff):
    rules = Rules(**{rule: cutoff})
    exactly = step(State.CONFIRMED, event, start=NOW + cutoff, now=NOW, rules=rules)
    assert isinstance(exactly, Refused)
    assert exactly.code == code
    assert isinstance(step(State.CONFIRMED, event, start=NOW + cutoff + 1, now=NOW, rules=rules), State)


@pytest.mark.parametrize("event", [Event.CLIENT_CANCEL, Event.CLIENT_MOVE])
@given(start=st.integers(NOW - DAY, NOW + DAY))
def test_without_a_cutoff_the_client_is_not_bound(event, start):
    assert isinstance(step(State.CONFIRMED, event, start=start, now=NOW, rules=Rules()), State)


def test_each_cutoff_binds_its_own_event_only():
    rules = Rules(client_cancel_cutoff=DAY)
    assert step(State.CONFIRMED, Event.CLIENT_MOVE, start=NOW, now=NOW, rules=rules) is State.CONFIRMED


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "online only before it starts"),
        (3_600, "more than 1 hour before"),
        (86_400, "more than 24 hours before"),
        (5_400, "more than 90 minutes before"),
        (60, "more than 1 minute before"),
    ],
)
def test_a_late_client_is_told_the_window_and_to_phone(seconds, words):
    rules = Rules(client_cancel_cutoff=seconds)
    refused = step(State.CONFIRMED, Event.CLIENT_CANCEL, start=NOW - 1, now=NOW, rules=rules)
    assert isinstance(refused, Refused)
    assert words in refused.sentence
    assert refused.sentence.endswith("please phone the practice.")


@given(st.lists(st.sampled_from(Event), max_size=12))
def test_every_life_ends_or_stays_open_and_no_end_is_left(events):
    state = State.HELD
    for event in events:
        after = step(state, event, start=NOW + DAY, now=NOW, rules=Rules())
        assert not (state.ended and isinstance(after, State))
        state = after if isinstance(after, State) else state
    assert state.ended == (state not in TABLE)


def test_the_page_is_made_from_the_table():
    assert PAGE.read_text(encoding="utf-8") == as_markdown(), (
        "run: python -c 'from calbridge.lifecycle import as_markdown; print(as_markdown(), end=str())' "
        "> docs/reference/life-cycle.md"
    )


def test_the_page_shows_every_way_and_marks_the_bounded_ones():
    page = as_markdown()
    for state, row in TABLE.items():
        for after in row.values():
            assert f"    {state} --> {after}: " in page
    assert page.count("cancelled* |") == page.count("confirmed* |") == 1
    assert len(CUTOFFS) == 2
