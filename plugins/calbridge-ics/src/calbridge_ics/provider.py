"""The provider of one feed: it reads, and writes nothing anywhere."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

from calbridge.errors import BridgeError, ConfigError
from calbridge.hookspecs import hookimpl
from calbridge.ical import Meaning, Occurrence, Policy, Reading, read
from calbridge.ical.policy import GUESSED
from calbridge.interval import Interval
from calbridge.provider import Capabilities, Complete, Context, Feed, Finding, NotModified, Record
from calbridge_ics.feed import records_of, refuse_own, shrunk_to_nothing, too_old
from calbridge_ics.settings import IcsSettings
from calbridge_ics.source import Address, Fetched, File, Seen, Source

AHEAD = 60 * 86_400
"""Seconds that `check` looks at."""


class IcsFeed:
    """One feed that takes one resource's time."""

    def __init__(self, settings: IcsSettings, context: Context, source: Source) -> None:
        self._settings = settings
        self._context = context
        self._source = source
        self._zone = ZoneInfo(context.clinic.time_zone)
        self.capabilities = Capabilities(
            fields=frozenset(),
            mirrors=False,
            resources=frozenset({settings.resource}),
            max_age=_trusted_for(settings),
        )

    @hookimpl
    def import_schedule(self, cursor: str, window: Interval, known: Mapping[str, str]) -> Feed[Record]:
        """All of the feed, or NotModified where it is as it was, or is suddenly empty and was not asked again yet."""
        now = self._context.clock.now()
        seen, asked, emptied = _remembered(cursor)
        if self._settings.url is not None and now - asked < self._settings.refresh:
            return NotModified(cursor=cursor)
        fetched = self._source.fetch(seen)
        if fetched is None:
            return NotModified(cursor=_cursor(seen, now))
        old = too_old(fetched, self._settings.max_age, now, resource=self._settings.resource, window=window)
        found = records_of(self._read(fetched, window), self._settings.resource, window, self._settings.meaning())
        items = (*found, *old)
        if cursor and not emptied and shrunk_to_nothing(items, known):
            return NotModified(cursor=_cursor(Seen(), now, emptied=True))
        # A file that was too old may be so still, or again, without a change to it: it is looked at each time.
        after = Seen() if fetched.written is not None and self._settings.max_age is not None else fetched.seen
        return Complete(window=window, items=items, cursor=_cursor(after, now))

    @hookimpl
    def check(self) -> tuple[Finding, ...]:
        """What the feed holds, and what of it cannot be read."""
        where = "url" if self._settings.url is not None else "path"
        try:
            fetched = self._source.fetch(Seen())
        except BridgeError as error:
            return (Finding(level="error", field=where, message=error.hint),)
        if fetched is None:
            return ()
        now = self._context.clock.now()
        try:
            reading = self._read(fetched, Interval(now, now + AHEAD))
        except BridgeError as error:
            return (Finding(level="error", field=where, message=error.hint),)
        return tuple(self._findings(reading, fetched, now))

    def close(self) -> None:
        """Let go of the connection to the server."""
        self._source.close()

    def _read(self, fetched: Fetched, window: Interval) -> Reading:
        refuse_own(fetched.body, self._context.clinic.key)
        policy = Policy(all_day=self._settings.all_day, tentative=self._settings.tentative)
        return read(fetched.body, window=window, zone=self._zone, policy=policy)

    def _told(self, reading: Reading) -> str:
        meaning = self._settings.meaning()
        kinds = Counter(_kind(one, meaning) for one in reading.occurrences)
        takes = f"The feed takes {kinds['busy']} times of {self._settings.resource} in 60 days"
        if not (meaning.windows or meaning.absences):
            return f"{takes}."
        return f"{takes}, and has {kinds['window']} online windows and {kinds['absence']} absences."

    def _findings(self, reading: Reading, fetched: Fetched, now: int) -> list[Finding]:
        found = [Finding(level="ok", message=self._told(reading))]
        if reading.refused:
            first = reading.refused[0]
            found.append(
                Finding(
                    level="warning",
                    message=f"{len(reading.refused)} of its entries cannot be read, the first in line {first.line} "
                    f"({first.why}); `calbridge inspect` lists them. Their time is kept where it can be read.",
                )
            )
        age = self._settings.max_age
        if fetched.written is not None and age is not None and now - fetched.written > age:
            found.append(Finding(level="error", field="max_age", message="The file is older than max_age."))
        return found


def _kind(one: Occurrence, meaning: Meaning) -> str:
    """What it counts as; a window that could be read in part only opens nothing."""
    kind = meaning.of(one)
    if kind == "window" and one.why == GUESSED:
        return ""
    return kind or ("busy" if one.busy else "")


def _trusted_for(settings: IcsSettings) -> int | None:
    """An answer may already be as old as `refresh` when it is given once more: together they are `max_age`."""
    if settings.max_age is None or settings.url is None:
        return settings.max_age
    return settings.max_age - settings.refresh


def create(settings: IcsSettings, context: Context) -> IcsFeed:
    """Make the provider; no I/O. A feed for a resource that the clinic does not have is a mistake in writing."""
    if settings.resource not in context.clinic.resources:
        known = ", ".join(sorted(context.clinic.resources)) or "none"
        raise ConfigError(
            f'resource: clinic {context.clinic.key} has no resource "{settings.resource}" (it has: {known}).',
            connection=context.connection,
        )
    return IcsFeed(settings, context, _source(settings, context))


def _source(settings: IcsSettings, context: Context) -> Source:
    if settings.path is not None:
        return File(context.home / Path(settings.path).expanduser())
    url, password = settings.url, settings.password

    def login() -> tuple[str, str] | None:
        return (settings.username, context.secrets(password)) if password is not None else None

    return Address(lambda: context.secrets(url), context.transport, login)


def _remembered(cursor: str) -> tuple[Seen, int, bool]:
    """What was seen last, when that was asked for, and whether it was nothing where there had been something."""
    if not cursor:
        return Seen(), 0, False
    seen, asked, emptied = json.loads(cursor)
    return Seen(**seen), asked, emptied


def _cursor(seen: Seen, asked: int, *, emptied: bool = False) -> str:
    return json.dumps([asdict(seen), asked, emptied])
