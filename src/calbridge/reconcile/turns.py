"""Whose turn it is to be looked up again, and what was made of a side's word that its clients' records changed.

Everybody who waits has a turn at once when a side tells news, and else one of her own in every quarter of an hour, for
most systems say nothing of their clients. News is told in every read, while something else in it keeps the side's
cursor where it was; it counts once (decision 0061).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar
from zlib import crc32

from calbridge.feeds import Complete, Delta
from calbridge.hub import HubState, Link, Observation, People

T = TypeVar("T")

EVERY = 900
"""Seconds in which each that waits is looked up once."""
MOST = 50
"""Looked up in one reconciliation: half of them the first in order, the other half goes round among those after."""


def keepers(state: HubState, observations: Mapping[str, Observation]) -> list[Link]:
    """The sides that keep clients and have just answered."""
    links = (state.links[name] for name in observations)
    return [link for link in links if link.capabilities.matches_clients]


def news(state: HubState, observations: Mapping[str, Observation]) -> dict[str, str]:
    """What is said of clients' records that was not heard before, by connection."""
    feeds = [(link, observations[link.name].feed) for link in keepers(state, observations)]
    said = {link.name: feed.people for link, feed in feeds if isinstance(feed, Delta)}
    return {name: told for name, told in said.items() if told not in {"", state.links[name].people.news}}


def turn(key: str, since: int | None, now: int) -> bool:
    """Does its time lie between the last read and this one? Each id has another, so that not all come at once."""
    offset = crc32(key.encode()) % EVERY
    return since is None or (since - offset) // EVERY < (now - offset) // EVERY


def bounded(due: Sequence[T], now: int) -> Sequence[T]:
    """At most `MOST`. In every quarter of an hour it is the turn of others, so that nobody waits for ever."""
    if len(due) <= MOST:
        return due
    first, rest = due[: MOST // 2], due[MOST // 2 :]
    begin = (now // EVERY * (MOST - len(first))) % len(rest)
    return [*first, *[*rest[begin:], *rest[:begin]][: MOST - len(first)]]


def heard(
    state: HubState, observations: Mapping[str, Observation], wanted: Iterable[str], answered: Mapping[str, object]
) -> dict[str, People]:
    """What is now known of each side's news. `wanted` are the keys of the look-ups whose turn it was.

    What could not be answered is everybody's turn again at the next read, also when the side does not repeat its news.
    """
    told, whole = news(state, observations), all(key in answered for key in wanted)
    met = (name for name, each in observations.items() if isinstance(each.feed, Complete))
    known = {name: state.links[name].people for name in {*(link.name for link in keepers(state, observations)), *met}}
    return {
        name: People(
            news=told.get(name, before.news),
            asked=observations[name].started if whole else None if told else before.asked,
        )
        for name, before in sorted(known.items())
    }
