"""Every private field of every side with a value of its own, the places where it may turn up, and who listens there.

The table is rules.md section 6: what each place *must* hold (or the search looked at nothing) and what it *may*.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from calbridge.testing import marked
from calbridge.testing.marked import Marked
from calbridge.testing.proxy import Answer, Call, Rule

SIDES = ("calendar", "portal", "pms")
TEXTS = (
    # what a client typed; the first is known to the practice by her e-mail address, the second to nobody
    "known.first", "known.last", "known.address", "known.animal", "known.species", "known.note",
    "stranger.first", "stranger.last", "stranger.address", "stranger.animal", "stranger.species", "stranger.note",
    # what stands in the practice's record of the first
    "record.first", "record.last", "record.address",
    # what she tells again to connect with the practice, and what she corrects after she booked
    "account.first", "account.last", "account.address", "account.animal", "corrected.address",
    # what reception writes into its own diary: an appointment it made, and the first client's
    "desk.title", "desk.description", "desk.note", "desk.block", "desk.absence", "desk.closure",
    "booked.title", "booked.note",
    # what staff has in the calendar: entries of its own, one that is broken, and what it adds to an appointment's
    "staff.summary", "staff.description", "staff.location", "staff.attendee", "staff.organizer", "staff.category",
    "staff.comment", "staff.url", "staff.href", "staff.uid", "broken.summary", "broken.time",
    "own.location", "own.comment", "own.title",
    # what the clinic says of its decisions, and what stands in its configuration
    "said.decline", "said.cancel", "config.closure", "config.absence", "config.room",
    # what comes in where nothing should: webhooks, answers that are none, records that cannot be read, refusals
    "web.path", "web.header", "web.body", "wire.portal", "wire.pms", "wire.calendar", "wire.code", "smtp.refusal",
)  # fmt: skip
MARKS: Mapping[str, Marked] = {
    **{name: marked.text(name) for name in TEXTS},
    **{name: marked.email_address(name) for name in ("known.email", "stranger.email")},
    **{
        name: marked.phone(name)
        for name in ("known.phone", "stranger.phone", "record.phone", "account.phone", "corrected.phone")
    },
    "wire.code": marked.text("wire.code", "{0}{1}"),
    "smtp.refusal": marked.text("smtp.refusal", "{0} {1}"),
}


def value(name: str) -> str:
    """A field's value."""
    return str(MARKS[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a place must hold, and what it may hold besides."""

    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()

    def faults(self, found: frozenset[str]) -> dict[str, list[str]]:
        """{} when all is as it should be."""
        wrong = {"missing": sorted(self.must - found), "forbidden": sorted(found - self.must - self.may)}
        return {name: fields for name, fields in wrong.items() if fields}


def named(*fields: str) -> frozenset[str]:
    """Fields, or all of a group: `stranger.*`."""
    assert all(any(_is(each, name) for name in MARKS) for each in fields), fields
    return frozenset(name for name in MARKS if any(_is(each, name) for each in fields))


def _is(wanted: str, name: str) -> bool:
    return name == wanted or (wanted.endswith("*") and name.startswith(wanted[:-1]))


NOTES = ("known.note", "stranger.note", "desk.description")
"""Reasons of a visit: each side may see them."""
NAMES = tuple(f"{who}.{part}" for who in ("known", "stranger") for part in ("first", "last", "animal"))
MAILED = ("first", "last", "animal", "email", "note")
"""What a message to a client says of herself."""
KEPT = (*NOTES, "own.location", "own.comment", "staff.href")
"""What staff added to an appointment's event stays in it; a file is asked for by the name that the server gave."""


def table(names: str, *, reasons: bool) -> dict[str, Cell]:
    """By place. `names` is the rule `calendar_names`, `reasons` the rule `decline_reason_visible`."""
    private = ("desk.title", "desk.note", "booked.title", "booked.note")
    calendar = {
        "full": Cell(
            must=named(*KEPT, *NAMES, *private, "stranger.*", "corrected.*"), may=named("own.title", "known.species")
        ),
        "pseudonym": Cell(must=named(*KEPT), may=named("own.title")),
        "none": Cell(must=named(*KEPT), may=named("own.title")),
    }[names]
    told = ("said.decline",) if reasons else ()
    hidden = ("said.cancel",) if reasons else ()
    given = ("known.email", "known.phone", "known.address", "known.species")
    nobody = Cell()
    return {
        "calendar": calendar,
        "portal": Cell(
            must=named(*told, *hidden, "desk.description"),
            may=named(*NOTES),
        ),
        "pms": Cell(
            must=named("stranger.*", *NAMES, "known.note", "known.email", "corrected.*"),
            may=named(*given, *NOTES, *private, "own.title", "said.*"),
        ),
        "logins": Cell(must=frozenset(f"secret.{each}" for each in ("calendar-password", "portal-token", "pms-token"))),
        "mail to the known client": Cell(
            must=named(*(f"known.{part}" for part in MAILED), "record.first", "record.last") | {"link.known"},
            may=named(*hidden),
        ),
        "mail to the stranger": Cell(
            must=named(*(f"stranger.{part}" for part in MAILED), *told) | {"link.stranger"},
        ),
        "mail to the clinic": nobody,
        "log": nobody,
        "commands": nobody,
        "commands, beside their answers": nobody,
        "commands, with names": Cell(must=named(*NAMES), may=named("known.*", "stranger.*", "record.*", "corrected.*")),
        "a feed's address, shown once": Cell(must=frozenset({"secret.feed"})),
        "the configuration, shown": Cell(must=named("config.*")),
        "journal, tasks, messages": nobody,
        "health": nobody,
        "published free/busy": nobody,
        "answers to webhooks": nobody,
        "programs": nobody,
        "a staff's file, inspected": Cell(must=named("staff.uid")),
        "a staff's file, with titles": Cell(must=named("staff.uid", "staff.summary")),
    }


ON_PURPOSE: Mapping[tuple[str, ...], str] = {
    ("requests", "list", "--names"): "who waits: somebody may have to be phoned",
    ("requests", "show", "--names"): "who it is can only be said by whoever sees what was given, and whom it may be",
    ("explain", "match", "--names"): "the same, with the rule",
    ("explain", "booking", "--names"): "the same, with its whole life",
    ("messages", "list", "--names"): "who did not get hers has to be phoned",
    ("inspect", "FILE", "--names"): "which entry of one's own file is meant is told by its title",
    ("inspect", "FILE"): "an entry is named by its UID, as its calendar program names it",
    ("config", "show"): "the clinic's own words in its configuration; its secrets are masked",
    ("feeds", "publish"): "the feed's secret address, once: it can be had nowhere else",
}
"""Commands that by contract show people's data or a secret to whoever types them, and why.

Only their answer may: not what they log, and no other place.
"""


_BOOKED = (*NOTES, "known.*", "stranger.*", "corrected.*", "desk.title", "desk.note", "booked.*", "said.*", "own.title")
STATE: Mapping[str, tuple[str, ...]] = {
    "appointments.body": _BOOKED,
    "shadows.view": _BOOKED,
    "foreign_records.ref": ("staff.href",),
    "foreign_records.body": ("staff.href",),
    "messages.body": ("said.*",),
    "outbox.change": ("stranger.*",),
}
"""Whose field may stand in which column of the state once everything is done; no secret stands in any."""
LINKS = "shadows.manage_url"
"""Where a client's own link stands."""


# --- listening ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Ear(Rule):
    """Keeps all that is sent to one side, its login apart. `instead` answers in its place, `spoil` changes answers."""

    heard: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    methods: list[tuple[str, str]] = field(default_factory=list)
    instead: Callable[[Call], Answer | None] = lambda call: None
    spoil: Callable[[Call, Answer], Answer] = lambda call, answer: answer
    lock: threading.Lock = field(default_factory=threading.Lock)

    def before(self, call: Call) -> Call | Answer:
        headers = "\n".join(f"{name}: {value}" for name, value in call.headers if name.lower() != "authorization")
        with self.lock:
            self.logins += [value for name, value in call.headers if name.lower() == "authorization"]
            self.heard.append(f"{call.method} {call.path}\n{headers}\n\n{call.body.decode('utf-8', 'replace')}")
            self.methods.append((call.method, call.path))
        return self.instead(call) or call

    def after(self, call: Call, answer: Answer) -> Answer:
        return self.spoil(call, answer)
