"""What is not ours is loaded once and kept: whoever changes it, in whatever process, nobody sees it out of date."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from calbridge.hub import Plan
from calbridge.interval import Interval
from calbridge.provider import AbsenceRecord, Busy, Unreadable, WindowRecord
from calbridge.store import Store


def busy(ref: str, version: str = "1") -> Busy:
    return Busy(ref=ref, version=version, resource="anna", spans=(Interval(0, 60),))


def foreign(store: Store, make: Any, **options: Any) -> Mapping[tuple[str, str], Any]:
    return store.load("hafen", [make.link("calendar"), make.link("pms")], since=0, **options).foreign


def commit(store: Store, **parts: Any) -> None:
    store.commit("hafen", store.begin_cycle("hafen"), Plan(**parts), now=0, run="r")


CHANGE = st.tuples(
    st.integers(0, 1),
    st.lists(
        st.tuples(st.sampled_from(["calendar", "pms"]), st.sampled_from("abc"), st.sampled_from("12")), max_size=3
    ),
    st.lists(st.tuples(st.sampled_from(["calendar", "pms"]), st.sampled_from("abc")), max_size=2),
    st.sampled_from(["", "", "retire", "moved", "dry"]),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(changes=st.lists(CHANGE, max_size=6))
def test_two_stores_and_a_fresh_one_always_agree(
    changes: list[Any], make: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("store") / "calbridge.db"
    stores = [Store.open(path), Store.open(path)]
    try:
        for who, saved, gone, also in changes:
            store = stores[who]
            kept = {(name, ref): busy(ref, version) for name, ref, version in saved}
            commit(
                store,
                foreign=tuple((name, record) for (name, _), record in kept.items()),
                foreign_gone=tuple(key for key in gone if key not in kept),
            )
            _also(store, make, also)
            _agree([*stores, Store.open(path)], make)
    finally:
        for store in stores:
            store.close()


def _also(store: Store, make: Any, what: str) -> None:
    if what == "retire":
        store.load("hafen", [make.link("pms")], since=0)
        store.retire("hafen", "pms")
    elif what in {"moved", "dry"}:
        links = [make.link("calendar", fingerprint="another"), make.link("pms")]
        store.load("hafen", links, since=0, dry=what == "dry")


def _agree(stores: list[Store], make: Any) -> None:
    *kept, fresh = stores
    wanted = dict(foreign(fresh, make))
    fresh.close()
    for store in kept:
        assert dict(foreign(store, make)) == wanted


def test_a_quiet_load_reads_no_record(on_disk: Store, make: Any) -> None:
    commit(on_disk, foreign=(("calendar", busy("a")),))
    before = foreign(on_disk, make)
    statements: list[str] = []
    event.listen(on_disk._database._reading, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert foreign(on_disk, make) is before
    commit(on_disk, foreign=(("calendar", busy("b")),), foreign_gone=(("calendar", "a"),))
    assert set(foreign(on_disk, make)) == {("calendar", "b")}
    assert not [each for each in statements if each.startswith("SELECT") and "foreign_records" in each]


def test_what_is_kept_cannot_be_changed(on_disk: Store, make: Any) -> None:
    commit(on_disk, foreign=(("calendar", busy("a")),))
    with pytest.raises(TypeError):
        foreign(on_disk, make)["calendar", "a"] = busy("a", "2")  # type: ignore[index]


def test_a_commit_that_fails_changes_nothing_that_is_kept(on_disk: Store, make: Any) -> None:
    commit(on_disk, foreign=(("calendar", busy("a")),))
    before = dict(foreign(on_disk, make))
    two = (make.appointment("x"), make.appointment("y"))
    with pytest.raises(Exception, match="held by another"):
        commit(on_disk, appointments=two, foreign=(("calendar", busy("b")),))
    assert dict(foreign(on_disk, make)) == before


def test_every_kind_comes_back_as_it_was(path: Path, on_disk: Store, make: Any) -> None:
    text = 'q"uo\\te,"] ['
    records = (
        busy(f"busy {text}"),
        WindowRecord(ref=f"window {text}", version=text, resource="anna", spans=(Interval(0, 60),), kind="work"),
        AbsenceRecord(ref=f"away {text}", version=text, resource="anna", spans=()),
        Unreadable(ref=f"odd {text}", version=text, why=text),
    )
    commit(on_disk, foreign=tuple(("calendar", record) for record in records))
    again = Store.open(path)
    assert sorted(foreign(again, make).values(), key=lambda each: each.ref) == sorted(
        records, key=lambda each: each.ref
    )
    again.close()
