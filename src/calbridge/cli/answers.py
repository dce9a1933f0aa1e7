"""What each command prints with `--json`: one model each, from which the reference's schemas are made.

Instants are RFC 3339 with the clinic's offset. Names of people appear only where `--names` was given.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from calbridge.cli.answer import Answer, FindingLine
from calbridge.cli.answers_booking import Asked, ExplainedBooking, ExplainedMatch, Requests, ShownRequest
from calbridge.cli.answers_plugins import PluginMade, Plugins, PluginShown, PluginTried


class Init(Answer):
    """`init`"""

    path: str = Field(description="the file that was written")
    next: list[str] = Field(description="what to do now")


class CheckedConnection(Answer):
    """One connection of `check`."""

    name: str
    kind: str
    role: str = Field(description="calendar, pms or portal; empty when the plugin does not load")
    plugin: str = Field(description="plugin with its version")
    findings: list[FindingLine]
    quirks: dict[str, str] = Field(description="what the server does differently, as it was found last")


class CheckedNotifier(Answer):
    """One notifier of `check`."""

    name: str
    kind: str
    plugin: str = Field(description="plugin with its version; empty when it does not load")
    findings: list[FindingLine]


class CheckedClinic(Answer):
    """One clinic of `check`."""

    clinic: str
    findings: list[FindingLine] = Field(description="what is legal in its configuration and hardly meant")
    connections: list[CheckedConnection]
    notifiers: list[CheckedNotifier]


class Check(Answer):
    """`check`"""

    ok: bool
    plugins: list[str] = Field(description="plugins that do not load, one sentence each")
    clinics: list[CheckedClinic]


class TaskLine(Answer):
    """One thing for a person."""

    clinic: str
    id: int = Field(description="for `tasks dismiss`; 0 in a dry run")
    kind: str
    sentence: str
    appointment: str
    connection: str
    state: Literal["open", "dismissed", "settled"]
    opened: str = Field(description="instant, empty in a dry run")


class PlannedWrite(Answer):
    """A write that was not made."""

    connection: str
    appointment: str
    action: str = Field(description="create, change or remove")
    state: str
    resource: str
    start: str = Field(description="instant")


class Cycle(Answer):
    """One clinic of `sync` and `apply`."""

    clinic: str
    run: str = Field(description="for `journal --run`")
    reads: dict[str, str] = Field(description="connection: Complete, Delta, NotModified or Partial")
    writes: dict[str, int] = Field(description="connection: outside writes")
    offers: dict[str, int] = Field(
        description="connection not applied yet: days of a resource whose free times would be published"
    )
    planned: list[PlannedWrite] = Field(description="writes of a dry run or of a connection not applied yet")
    failures: dict[str, str] = Field(description="connection: one sentence")
    tasks: list[str] = Field(description="what a person must look at, one sentence each")
    codes: dict[str, int] = Field(description="decisions by reason code")
    messages: dict[str, int] = Field(description="messages sent, by kind; in a dry run, those that are due")


class Sync(Answer):
    """`sync`, `apply`"""

    dry_run: bool
    clinics: list[Cycle]


class ConnectionStatus(Answer):
    """One connection of `status`."""

    name: str
    kind: str
    state: Literal["ok", "new", "failing", "broken"]
    approved: bool = Field(description="false until `apply`, or first_run = apply")
    last_read: str | None = Field(description="instant of the last good read")
    failing_since: str | None = Field(description="instant of the first failure since it last answered")
    retry_at: str | None = Field(description="instant of the next attempt while it fails")
    why: str = Field(description="one sentence while it fails")
    quirks: dict[str, str] = Field(description="what the server does differently, as `check` found it last")
    learned_at: str | None = Field(description="instant of that check")


class ClinicStatus(Answer):
    """One clinic of `status`."""

    clinic: str
    connections: list[ConnectionStatus]
    waiting_writes: int
    unwritten: int = Field(description="confirmed bookings that the clinic's system of record does not have yet")
    requests: int
    tasks: int
    upcoming: int = Field(description="future appointments known to the bridge")


class Status(Answer):
    """`status`"""

    clinics: list[ClinicStatus]


class SlotLine(Answer):
    """One offered time."""

    start: str
    end: str
    resource: str
    requires: list[str] = Field(description="the further resources it takes, one of each group")


class Slots(Answer):
    """`slots`"""

    clinic: str
    service: str
    as_of: dict[str, str] = Field(description="connection: instant of its last good read")
    slots: list[SlotLine]


class SourceLine(Answer):
    """Who says what a rule rests on."""

    kind: str = Field(
        description="held, requested, appointment, entry, unreadable, absence, closure, online (window) or work (time)"
    )
    connection: str = Field(description="where it was read; empty for a booking of the bridge")
    appointment: str = Field(description="id of the booking, or empty")
    spans: list[str] = Field(description="instant/instant; a booking's with its buffers")


class RuleLine(Answer):
    """What one rule says."""

    code: str = Field(description="the reason code of the rule")
    title: str = Field(description="the rule's name for people")
    ok: bool
    sentence: str = Field(description="the verdict in words")
    remedy: str = Field(description="what would make it pass, or empty")
    facts: dict[str, int | str | list[str]] = Field(
        description="what the rule looked at; instants as text, intervals as instant/instant"
    )
    sources: list[SourceLine] = Field(description="who says so")


class ExplainedSlot(Answer):
    """`explain slot`"""

    clinic: str
    service: str
    resource: str
    start: str
    end: str
    now: str = Field(description="the present that was judged by")
    offered: bool
    code: str = Field(description="the reason code of the first rule that failed, or empty")
    requires: list[str] = Field(description="the further resources it takes, one of each group")
    rules: list[RuleLine] = Field(description="every rule in order")
    instead: list[SlotLine] = Field(description="where it is not offered: the next starts that are")
    as_of: dict[str, str] = Field(description="connection: instant of its last good read")


class FeedAddress(Answer):
    """`feeds publish`"""

    clinic: str
    resource: str
    events: str = Field(description="address of the feed for calendar programs; it is shown this once")
    freebusy: str = Field(description="address of the same as one VFREEBUSY")


class FeedLine(Answer):
    """One published resource."""

    clinic: str
    resource: str
    published: str = Field(description="RFC 3339: since when")


class Feeds(Answer):
    """`feeds list`"""

    feeds: list[FeedLine]


class FeedWithdrawn(Answer):
    """`feeds withdraw`"""

    clinic: str
    resource: str


class MessageLine(Answer):
    """One message of `messages list`. Never an address."""

    clinic: str
    id: int = Field(description="for `messages send-again`")
    kind: str
    audience: Literal["client", "clinic"]
    appointment: str = Field(description="empty for an invitation")
    client: str = Field(description="record number in the PMS that an invitation is for, or empty")
    state: Literal["due", "sending", "sent", "refused", "unknown", "nobody", "missed", "silent"]
    at: str = Field(description="instant it may go, or was decided")
    handed: str | None = Field(description="instant it left or was settled")
    notifier: str = Field(description="who took it, or empty")
    why: str = Field(description="one sentence or code where it did not arrive")
    name: str | None = Field(description="only with --names")


class Messages(Answer):
    """`messages list`"""

    messages: list[MessageLine]


class MessageDone(Answer):
    """`messages send-again`, `client invite`"""

    clinic: str
    message: int | None = Field(description="the message that goes once more")
    client: str | None = Field(description="the client who is invited")


class Tasks(Answer):
    """`tasks list`"""

    tasks: list[TaskLine]


class TaskDone(Answer):
    """`tasks release`, `tasks dismiss`, `tasks retry`, `tasks keep`, `tasks cancel`"""

    clinic: str
    task: int | None = Field(description="the task that was dismissed or decided")
    connection: str | None = Field(description="the connection it is about, or that was released")


class JournalLine(Answer):
    """One decision."""

    clinic: str
    id: int
    run: str
    at: str
    code: str
    appointment: str
    connection: str
    facts: dict[str, str]


class Journal(Answer):
    """`journal`"""

    entries: list[JournalLine]


class ShownConfig(Answer):
    """`config show`"""

    path: str
    bridge: dict[str, Any]
    clinics: dict[str, Any] = Field(description="effective values; secrets are masked")


class InspectedOccurrence(Answer):
    """One instance of an event, or one period of free and busy time."""

    uid: str
    start: str = Field(description="instant with the offset in --time-zone; the date of an all-day event")
    end: str = Field(description="likewise, not part of it: of an all-day event the day after its last")
    all_day: bool
    floating: bool = Field(description="written without a time zone: read on the clock of --time-zone")
    busy: bool = Field(description="takes time")
    status: str = Field(description="STATUS as written, or empty")
    why: str = Field(
        description="why it takes no time: cancelled, transparent, free, tentative, all_day, empty or available; "
        "guessed: it takes time, and part of its event cannot be read; else empty"
    )


class InspectedRefusal(Answer):
    """One thing that cannot be read. Its time is among the occurrences as far as that can be."""

    line: int
    uid: str = Field(description="empty where the file itself is at fault")
    why: str = Field(description="the fault, without what stands there")


class Inspected(Answer):
    """`inspect`"""

    occurrences: list[InspectedOccurrence] = Field(description="all that start in the window, in order of time")
    refused: list[InspectedRefusal] = Field(description="in order of lines")


ANSWERS: dict[str, type[Answer]] = {
    "init": Init,
    "check": Check,
    "sync": Sync,
    "apply": Sync,
    "status": Status,
    "slots": Slots,
    "explain slot": ExplainedSlot,
    "explain booking": ExplainedBooking,
    "explain match": ExplainedMatch,
    "requests list": Requests,
    "requests show": ShownRequest,
    "requests accept": Asked,
    "requests decline": Asked,
    "requests cancel": Asked,
    "requests move": Asked,
    "requests link": Asked,
    "requests unlink": Asked,
    "requests create-client": Asked,
    "messages list": Messages,
    "messages send-again": MessageDone,
    "client invite": MessageDone,
    "feeds publish": FeedAddress,
    "feeds list": Feeds,
    "feeds withdraw": FeedWithdrawn,
    "tasks list": Tasks,
    "tasks release": TaskDone,
    "tasks dismiss": TaskDone,
    "tasks retry": TaskDone,
    "tasks keep": TaskDone,
    "tasks cancel": TaskDone,
    "journal": Journal,
    "config show": ShownConfig,
    "plugins list": Plugins,
    "inspect": Inspected,
    "plugins show": PluginShown,
    "plugins new": PluginMade,
    "plugins test": PluginTried,
}
"""Command -> what `--json` prints; `Errors` when it cannot do its work."""
