"""The provider of one CalDAV connection: the hooks, each a line or two over the module that does the work.

What only some cycles need (to read an event, to write one) is imported by those: most find that nothing changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from calbridge.errors import ConfigError
from calbridge.hookspecs import hookimpl
from calbridge.ical import Policy
from calbridge.interval import Interval
from calbridge.provider import Capabilities, Change, Context, Feed, Finding, Learned, Probe, Receipt, Record
from calbridge_caldav import schedule
from calbridge_caldav.auth import login_of
from calbridge_caldav.collection import Collection
from calbridge_caldav.eyes import Eyes
from calbridge_caldav.hrefs import online_of
from calbridge_caldav.lately import Lately
from calbridge_caldav.quirks import Quirks
from calbridge_caldav.settings import CaldavSettings
from calbridge_caldav.wire import Wire

FIELDS = frozenset({"state", "resource", "start", "end", "title", "description", "note", "confidential"})


class CaldavCalendar:
    """One account on one server with a calendar for each resource."""

    def __init__(self, settings: CaldavSettings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._zone = ZoneInfo(context.clinic.time_zone)
        self._wire = Wire(settings.url, context.transport, login_of(settings, context))
        self._collections = {
            resource: Collection(self._wire, resource, path) for resource, path in settings.paths().items()
        }
        self._online = {
            online_of(resource): Collection(self._wire, online_of(resource), path)
            for resource, path in settings.window_paths().items()
        }
        self._marks = context.clinic.rules.publish_categories
        self._lately = Lately()
        self.capabilities = Capabilities(
            fields=FIELDS | ({"marked"} if self._marks else frozenset()),
            mirrors=True,
            adopts=False,
            resources=frozenset(self._collections),
        )

    @hookimpl
    def import_schedule(self, cursor: str, window: Interval, known: Mapping[str, str]) -> Feed[Record]:
        """Every calendar's changes since the cursor, or everything."""
        now = self._context.clock.now()
        return schedule.read(list(self._all().values()), cursor, window, known, self._eyes(window), now)

    @hookimpl
    def propagate_change(self, change: Change) -> Receipt:
        """Write one appointment state into its resource's calendar."""
        from calbridge_caldav.places import Places
        from calbridge_caldav.writing import Writing

        places = Places(self._wire, self._calendars(), self._eyes(Interval(0, 0)), self._lately)
        now = self._context.clock.now()
        return Writing(places, change, self._zone, now, marks=self._marks).carry_out()

    @hookimpl
    def probe(self, ref: str) -> Probe:
        """Is this event really gone?"""
        from calbridge_caldav import probing

        return probing.probe(self._all(), ref)

    @hookimpl
    def check(self) -> tuple[Finding, ...]:
        """Server, login, calendars."""
        from calbridge_caldav.checks import findings

        return findings(self._settings, self._wire, self._all())

    @hookimpl
    def learn(self) -> Learned:
        """What this server does differently, tried out beside the first calendar."""
        from calbridge_caldav.trial import learn

        beside = next(iter(self._collections.values())).path
        return learn(self._wire, beside, self._context)

    def close(self) -> None:
        """Let go of the connection to the server."""
        self._wire.close()

    def _calendars(self) -> dict[str, Collection]:
        """The calendars, each told what is known of its server now."""
        self._all()
        return self._collections

    def _all(self) -> dict[str, Collection]:
        """The same, and those of online windows, which are only read."""
        quirks, every = Quirks.of(self._context.quirks()), self._collections | self._online
        for collection in every.values():
            collection.quirks = quirks
        return every

    def _eyes(self, window: Interval) -> Eyes:
        return Eyes(
            zone=self._zone,
            window=window,
            policy=Policy(all_day=self._settings.all_day, tentative=self._settings.tentative),
            meaning=self._settings.meaning(),
            marks=self._marks,
        )


def create(settings: CaldavSettings, context: Context) -> CaldavCalendar:
    """Make the provider; no I/O. A calendar for a resource that the clinic does not have is a mistake in writing."""
    for resource in settings.calendars:
        if resource not in context.clinic.resources:
            known = ", ".join(sorted(context.clinic.resources)) or "none"
            raise ConfigError(
                f"calendars.{resource}: clinic {context.clinic.key} has no resource of that name (it has: {known}).",
                connection=context.connection,
            )
    return CaldavCalendar(settings, context)
