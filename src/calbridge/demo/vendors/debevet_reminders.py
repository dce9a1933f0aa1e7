"""S1's reminders, at their own instants: 25 hours and one hour before appointments that the practice has put there."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from calbridge.demo.days import BERLIN
from calbridge.demo.steps.story import Check, Story, Unmet, expect, first_of
from calbridge.demo.vendors import acts
from calbridge.demo.world import Picture

REMINDED: Final = {"moved": timedelta(hours=1), "later": timedelta(hours=25)}
SOON: Final = timedelta(seconds=6)
"""How far ahead the reminders are put at first: all sides are quicker than that where nothing else runs."""
LATEST: Final = timedelta(minutes=2)


def reminded(story: Story) -> Check:
    """The practice puts one appointment a little more than an hour ahead, another a little more than 25 hours.

    Who is told of a time later than its reminder's instant is not reminded, since she has just been told. So on a
    machine that is too slow for the first try the practice takes a later time, until she knew it before.
    """
    moves = _in_time(story)

    def check(picture: Picture) -> str:
        return first_of(
            *(acts.confirmed(story, picture, story.bookings[name]) for name in REMINDED),
            *(_told(story, name, moves, "reminder") for name in REMINDED),
        )

    return check


def _in_time(story: Story) -> int:
    """How often the practice moved both until their clients knew the time before they were to be reminded of it."""
    keys = {name: acts.key_of(story, story.bookings[name]) for name in REMINDED}
    ahead, moves = SOON, 0
    while ahead <= LATEST:
        instant = (datetime.now(BERLIN) + ahead).replace(microsecond=0)
        for name, before in REMINDED.items():
            acts.put_off(story, name, instant + before)
        moves += 1
        story.settle(partial(_all_told, story, moves))
        if all(_known_since(story, key, _moves(name, moves)) < instant for name, key in keys.items()):
            return moves
        ahead *= 2
    raise Unmet("This machine is too slow to tell a client of a move before she is reminded.")


def _all_told(story: Story, moves: int, picture: Picture) -> str:
    del picture
    return first_of(*(_told(story, name, moves) for name in REMINDED))


def _told(story: Story, name: str, moves: int, *more: str) -> str:
    told = "request_received", "confirmed", *(["moved"] * _moves(name, moves)), *more
    return acts.told(story, story.bookings[name], *told)


def _moves(name: str, moves: int) -> int:
    """One of them was moved before."""
    return moves + (name == "moved")


def _known_since(story: Story, key: str, moves: int) -> datetime:
    """When, by the bridge's own list, the client knew of the last of so many moves."""
    known: list[Any] = []

    def written(picture: Picture) -> str:
        del picture
        lines = story.world.bridge.ask("messages", "list", "--booking", key)["messages"]
        known[:] = [line["handed"] for line in lines if line["kind"] == "moved" and line["handed"]]
        return expect(len(known) == moves, f"The bridge has written down {len(known)} moves, not {moves}.")

    story.settle(written)
    return datetime.fromisoformat(known[-1])
