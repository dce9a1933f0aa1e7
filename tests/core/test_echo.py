"""What comes back to the bridge of itself takes no time twice; a side may be too old by its own measure."""

from dataclasses import replace

import pytest

from calbridge.facts import Facts
from calbridge.feeds import Busy, Capabilities
from calbridge.hub import HubState, Link
from calbridge.interval import Interval
from calbridge.model import Appointment, Clinic, Resource, Rules, Side, State
from calbridge.reconcile import facts, origins

NOW, HOUR = 1_795_507_200, 3_600
CLINIC = Clinic(key="c", name="C", time_zone="UTC", resources={"anna": Resource(key="anna", name="Anna")})
BOOKED = Appointment(
    id="b1",
    clinic="c",
    state=State.CONFIRMED,
    origin=Side.CLIENT,
    resource="anna",
    start=NOW + HOUR,
    end=NOW + 2 * HOUR,
)
ECHO = Busy(ref="e", version="1", resource="anna", spans=(BOOKED.span,), echo="b1")


def known(state: HubState, without: str = "") -> Facts:
    return facts(state, CLINIC, NOW, without=without)


def test_a_booking_is_not_in_its_own_way_by_way_of_a_feed() -> None:
    state = HubState(appointments={"b1": BOOKED}, foreign={("feed", "e"): ECHO})
    assert known(state).taken == {"anna": (BOOKED.span,)}
    assert known(state, without="b1").taken.get("anna", ()) == ()
    assert [origin.appointment for origin in origins(state, NOW)] == ["b1"]


def test_a_copy_in_a_colleagues_calendar_takes_her_time() -> None:
    """Programs copy an event with its UID: the appointment is Anna's, and Ben is kept free for it as well."""
    copy = replace(ECHO, ref="copy", resource="ben")
    state = HubState(appointments={"b1": BOOKED}, foreign={("feed", "e"): ECHO, ("ben-feed", "copy"): copy})
    assert known(state, without="b1").taken.get("ben") == (BOOKED.span,)
    needed = replace(BOOKED, co_resources=("ben",))
    assert known(replace(state, appointments={"b1": needed}), without="b1").taken.get("ben", ()) == ()


def test_an_appointment_that_the_hub_does_not_know_takes_its_time() -> None:
    """Another bridge's, or one this hub lost: nobody knows better than the feed."""
    state = HubState(foreign={("feed", "e"): ECHO})
    assert known(state).taken == {"anna": (Interval(NOW + HOUR, NOW + 2 * HOUR),)}


@pytest.mark.parametrize(
    ("rule", "own", "age", "stale"),
    [
        (None, None, 10**6, False),
        (None, 60, 60, False),
        (None, 60, 61, True),
        (60, None, 61, True),
        (60, 600, 61, True),
        (600, 60, 61, True),
        (600, 60, 60, False),
    ],
)
def test_the_shorter_of_the_clinics_and_the_connections_age_counts(
    rule: int | None, own: int | None, age: int, stale: bool
) -> None:
    clinic = replace(CLINIC, rules=Rules(max_source_age=rule))
    able = Capabilities(fields=frozenset(), resources=frozenset({"anna"}), max_age=own)
    state = HubState(links={"feed": Link(name="feed", role="calendar", capabilities=able, last_success=NOW - age)})
    assert facts(state, clinic, NOW).stale == ({"anna": "feed"} if stale else {})
