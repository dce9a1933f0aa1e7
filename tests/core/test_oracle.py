"""`offers` and `decide` against the catalogue read literally (`oracle/`): 500 clinics, 20,000 in the long run."""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle.catalogue import CODES, Catalogue
from oracle.clinics import KEYS, ROOMS, worlds
from oracle.wallclock import minutes_of

from calbridge.rules import RULES
from calbridge.slots import Candidate, decide, offers

CLINICS = 20_000 if os.environ.get("CALBRIDGE_LONG") else 500


def test_the_catalogue_has_the_same_codes_in_the_same_order():
    assert [rule.code for rule in RULES] == list(CODES)


@settings(max_examples=CLINICS, suppress_health_check=list(HealthCheck))
@given(worlds(), st.data())
def test_offers_and_decisions_are_what_the_catalogue_says(world, data):
    clinic, facts, first, asked = world
    catalogue = Catalogue(clinic, facts, asked, first)
    days = catalogue.days[:2]
    expected = catalogue.slots(days)
    found = offers(clinic, facts, "visit", *days, **asked)
    assert [(slot.start, slot.resource, slot.co_resources) for slot in found] == expected
    for start, key in moments(data, catalogue, expected):
        listed = data.draw(st.booleans(), label="listed")
        decision = decide(clinic, facts, Candidate(service="visit", resource=key, start=start, listed=listed, **asked))
        reason = catalogue.reason(key, start, listed=listed)
        assert (start, key, decision.code) == (start, key, reason)
        assert decision.co_resources == (() if reason else catalogue.chosen(key, start))


def moments(data, catalogue, expected):
    """Some of what is offered, what lies just beside it, and any seconds of three days."""
    minutes = [t for day in catalogue.days[:3] for t, _ in minutes_of(catalogue.tz, day)]
    grid = [t for t in minutes if catalogue.off_grid("anna", t)]
    any_start = st.tuples(st.sampled_from(grid), st.sampled_from([*KEYS, *KEYS, *ROOMS]))
    offered = st.sampled_from([(t, key) for t, key, _ in expected]) if expected else any_start
    beside = st.tuples(offered, st.sampled_from([-3600, -900, -300, -60, -1, 1, 60, 300, 900])).map(
        lambda pair: (pair[0][0] + pair[1], pair[0][1])
    )
    return data.draw(st.lists(st.one_of(offered, any_start, beside), min_size=4, max_size=8), label="asked")
