"""The ten steps of the day. A step acts as a person does and says what the sides should show; it never waits."""

from __future__ import annotations

from calbridge.demo.steps.cancelled import cancelled
from calbridge.demo.steps.chosen import chosen
from calbridge.demo.steps.confirmed import ambiguous, confirmed
from calbridge.demo.steps.dragged import dragged
from calbridge.demo.steps.killed import killed
from calbridge.demo.steps.offered import offered
from calbridge.demo.steps.phoned import phoned
from calbridge.demo.steps.quiet import quiet
from calbridge.demo.steps.raced import raced
from calbridge.demo.steps.story import Check, Step, Story, Unmet

STEPS = (
    Step(
        number=1,
        title="Availability reaches the portal; no slot lies under a meeting",
        act=offered,
        patience=40,
    ),
    Step(number=2, title="A client selects a slot: reserved without a name; a second client is refused it", act=chosen),
    Step(number=3, title="Confirmed: in calendar and PMS, linked to client and patient", act=confirmed),
    Step(number=4, title="A client who matches two records: booked, unlinked, a task open", act=ambiguous),
    Step(number=5, title="Staff drag the event in the calendar: portal and PMS follow", act=dragged),
    Step(number=6, title="The client cancels in the portal: gone everywhere, the time is offered again", act=cancelled),
    Step(number=7, title="The receptionist books by phone: the slot leaves the portal", act=phoned),
    Step(number=8, title="The same minute, portal and phone want the same time: exactly one gets it", act=raced),
    Step(
        number=9,
        title="The bridge is killed between two writes, restarts, all sides agree",
        act=killed,
        patience=20,
    ),
    Step(number=10, title="A quiet cycle writes nothing", act=quiet),
)

__all__ = ["STEPS", "Check", "Step", "Story", "Unmet"]
