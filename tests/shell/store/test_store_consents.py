"""What clients agreed to is proof: each text once, who agreed to it when, never changed, longer than the booking."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, text

from calbridge.hub import Agreement, Plan
from calbridge.model import Consent
from calbridge.store import Store
from calbridge.store.tables import consents, notices

NOTICE = "Wir speichern, was Sie uns sagen.\n§ 2 …"
AGREED = Consent(notice=NOTICE, agreed_at=1_795_158_000)


def agreement(key: str = "a", consent: Consent = AGREED) -> Agreement:
    return Agreement(appointment=key, consent=consent)


def table(store, which):
    with store._database.read() as connection:
        return [tuple(row) for row in connection.execute(select(which))]


def whose(store):
    with store._database.read() as connection:
        return dict(connection.execute(select(consents.c.appointment, consents.c.client)).all())


def test_a_consent_comes_back_word_for_word_with_its_instant(store, commit, make):
    commit(appointments=(make.appointment("a", agreed=AGREED.agreed_at),), agreements=(agreement(),))
    assert store.consent("hafen", "a") == AGREED
    assert store.consent("hafen", "b") is None
    assert store.consent("berg", "a") is None


def test_a_text_is_kept_once_however_many_agree_to_it(store, commit, make):
    keys = ("a", "b", "c")
    starts = {key: make.now + 3_600 * number for number, key in enumerate(keys)}
    commit(
        appointments=tuple(make.appointment(key, start=starts[key]) for key in keys),
        agreements=tuple(agreement(key) for key in keys),
    )
    commit(agreements=(agreement("d", replace(AGREED, notice=f"{NOTICE} (2027)")),))
    assert len(table(store, notices)) == 2
    assert len(table(store, consents)) == 4
    assert {store.consent("hafen", key) for key in keys} == {AGREED}


def test_the_same_again_changes_nothing_and_another_text_does_not_replace_it(store, commit, make, rows):
    """A portal shows the booking with every read; what she agreed to first is what she agreed to."""
    commit(appointments=(make.appointment("a", agreed=AGREED.agreed_at),), agreements=(agreement(),))
    before = [line for line in rows(store) if "consents" in line or "notices" in line]
    commit(agreements=(agreement(),))
    assert [line for line in rows(store) if "consents" in line or "notices" in line] == before
    commit(agreements=(agreement(consent=Consent(notice="Alles erlaubt.", agreed_at=1)),))
    assert store.consent("hafen", "a") == AGREED


@pytest.mark.parametrize("agreed", [AGREED.agreed_at, None])
def test_whose_it_is_follows_the_bookings_link(store, commit, make, agreed):
    booking = make.appointment("a", agreed=agreed)
    commit(appointments=(booking,), agreements=(agreement(),))
    assert whose(store) == {"a": ""}
    commit(appointments=(replace(booking, client="c1"),))
    assert whose(store) == {"a": "c1" if agreed else ""}
    commit(appointments=(replace(booking, client=""),))
    assert whose(store) == {"a": ""}
    commit(appointments=(make.appointment("b", start=make.now + 7_200, agreed=agreed, client="c2"),))
    assert whose(store) == {"a": ""}, "another booking's link says nothing of this one"


def test_a_consent_outlives_its_booking(store, commit, make):
    commit(appointments=(make.appointment("a", agreed=AGREED.agreed_at),), agreements=(agreement(),))
    with store._database.write() as connection:
        connection.execute(text("DELETE FROM appointments WHERE id = 'a'"))
    assert store.appointment("hafen", "a") is None
    assert store.consent("hafen", "a") == AGREED


def test_a_plan_that_fails_keeps_no_consent(store, epoch, make):
    """All of a plan or nothing: two bookings that overlap are refused by the database itself."""
    twice = (make.appointment("a"), make.appointment("b"))
    with pytest.raises(Exception, match="anna"):
        store.commit("hafen", epoch, Plan(appointments=twice, agreements=(agreement(),)), now=make.now, run="r")
    assert (table(store, consents), table(store, notices)) == ([], [])


def test_it_is_there_after_a_restart(path, make, clock):
    first = Store.open(path, clock=clock)
    plan = Plan(appointments=(make.appointment("a", agreed=AGREED.agreed_at),), agreements=(agreement(),))
    first.commit("hafen", first.begin_cycle("hafen"), plan, now=make.now, run="r")
    first.close()
    again = Store.open(path, clock=clock)
    assert again.consent("hafen", "a") == AGREED
    again.close()
