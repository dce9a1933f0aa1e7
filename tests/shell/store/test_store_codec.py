"""Every record that is stored comes back equal, whatever its fields hold."""

from __future__ import annotations

import traceback
from dataclasses import fields
from typing import get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calbridge.changes import CHANGES as CHANGES_OF_A_ROLE
from calbridge.errors import ConfigError
from calbridge.interval import Interval
from calbridge.model import Alternative, Appointment, Details
from calbridge.provider import (
    AbsenceRecord,
    Busy,
    CalendarChange,
    ClosureRecord,
    PmsChange,
    PortalChange,
    Unreadable,
    WindowRecord,
)
from calbridge.store import codec
from calbridge.views import CalendarView, PmsView, PortalView

INSTANTS = st.integers(-(2**53), 2**53)
SPANS = st.lists(st.builds(Interval, INSTANTS, INSTANTS), max_size=3).map(tuple)


def records(kind):
    """Any instance of a dataclass, its instants inside 53 bits."""
    given_types = get_type_hints(kind)
    known = {int: INSTANTS, int | None: st.none() | INSTANTS, tuple[Interval, ...]: SPANS}
    return st.builds(
        kind, **{f.name: known.get(given_types[f.name], st.from_type(given_types[f.name])) for f in fields(kind)}
    )


VIEWS = records(CalendarView) | records(PmsView) | records(PortalView)
FOREIGN = st.one_of(*(records(kind) for kind in (Busy, WindowRecord, AbsenceRecord, ClosureRecord, Unreadable)))
APPOINTMENTS = st.builds(
    lambda base, details: Appointment(**{f.name: getattr(base, f.name) for f in fields(base)} | {"details": details}),
    records(Appointment),
    st.none() | records(Details),
)
CHANGE = {
    "key": st.text(),
    "appointment": st.text(),
    "revision": INSTANTS,
    "remove": st.booleans(),
    "ref": st.text(),
    "version": st.text(),
    "overbook": st.booleans(),
}
OWN = {
    CalendarChange: (CalendarView, {}),
    PmsChange: (PmsView, {"reason": st.text(), "details": st.none() | records(Details)}),
    PortalChange: (
        PortalView,
        {"notify": st.booleans(), "alternatives": st.lists(records(Alternative), max_size=2).map(tuple)},
    ),
}


def changes(kind):
    """Any change of one kind of side."""
    view, own = OWN[kind]
    return st.builds(kind, view=records(view), previous=st.none() | records(view), **CHANGE, **own)


CHANGES = st.one_of(*(changes(kind) for kind in OWN))
EVERYTHING = st.one_of(
    st.tuples(st.just(codec.APPOINTMENT), APPOINTMENTS),
    st.tuples(st.just(codec.VIEW), VIEWS),
    st.tuples(st.just(codec.FOREIGN), FOREIGN),
    st.tuples(st.just(codec.CHANGE), CHANGES),
    st.tuples(st.just(codec.FACTS), st.dictionaries(st.text(), st.text())),
)


@settings(max_examples=300, deadline=None)
@given(EVERYTHING)
def test_every_record_comes_back_equal(case):
    used, record = case
    back = used.read(used.encode(record))
    assert back == record
    assert type(back) is type(record)


def test_no_field_of_a_change_is_left_out():
    """A change is stored field by field: a new field that needs more than plain JSON must show up in the property."""
    assert set(OWN) == set(CHANGES_OF_A_ROLE.values())
    for kind, (_, own) in OWN.items():
        assert {f.name for f in fields(kind)} == {"view", "previous", *CHANGE, *own}


@pytest.mark.parametrize(
    ("used", "text"),
    [
        (codec.APPOINTMENT, '{"id": "Mustermann"'),
        (codec.APPOINTMENT, '{"id": "a", "state": "Mustermann"}'),
        (codec.VIEW, '["calendar", {"state": "Mustermann"}]'),
        (codec.VIEW, '["Mustermann", {"state": "held"}]'),
        (codec.VIEW, '["portal", {"state": "held", "Mustermann": 1}]'),
        (codec.FOREIGN, '["Mustermann", {}]'),
        (
            codec.CHANGE,
            '{"view": null, "previous": null, "alternatives": [], "details": {"first_name": ["Mustermann"]}}',
        ),
        (codec.FACTS, '["Mustermann"]'),
    ],
)
def test_what_cannot_be_read_is_said_without_its_content(used, text):
    with pytest.raises(ConfigError, match=f"record of kind '{used.name}'") as caught:
        used.read(text)
    assert "Mustermann" not in "".join(traceback.format_exception(caught.value))
