"""One clinic's life with marked values in every field: what people do at each side, and what breaks in between."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner, Result
from flooding import MARKS, SIDES, Ear, value
from spoiling import BABBLING, SPOILED, after, always, entry, escaped, only_writes, page, problem, spoiled_calendar

from calbridge import log
from calbridge.cli import main
from calbridge.demo.clinic import KEY, SERVICES, Practice
from calbridge.demo.days import at, day_span
from calbridge.demo.people import Animal, Person
from calbridge.demo.running import running
from calbridge.demo.shown import Shown
from calbridge.demo.world import BRIDGED, World
from calbridge.store import Store
from calbridge.testing.columns import columns
from calbridge.testing.mail_server import MailServer, Sink
from calbridge.testing.marked import Marked, found
from calbridge.testing.processes import calbridge

PATIENCE_S = 60.0
STATE_FILE, CHILD, STAFFS = "calbridge.sqlite3", "child", "staff.ics"
HOOKED = "CALBRIDGE_PORTAL_WEBHOOK"
"""The variable in which the portal's webhook finds its secret."""
TELLS = """#!/bin/sh
{{ env; echo "$0 $*"; }} >> {child}
exec cat {secret}
"""
CLINIC_ADDRESS = "praxis@example.org"
RECORD = "k9001"
MAIL = """
[clinics.{key}.resources.attic]
name = "{room}"
[clinics.{key}.notifiers.mail]
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
"""


ADDRESSES = {"known client": value("known.email"), "stranger": value("stranger.email"), "clinic": CLINIC_ADDRESS}


class Flood:
    """The running clinic, and everything that left the bridge, by place."""

    def __init__(self, world: World, ears: dict[str, Ear], sink: Sink, start: Callable[..., Any]) -> None:
        self.world, self.ears, self.sink, self.start = world, ears, sink, start
        self.asked: set[tuple[str, ...]] = set()
        self.left: dict[str, list[str | bytes]] = {}
        self.bookings: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, str] = {}
        self.made = ""
        self.record: dict[str, Any] = {}
        self.state: dict[str, frozenset[str]] = {}
        self.marks = dict(MARKS)
        for path in (world.bridge.config.parent / "secrets").iterdir():
            self._mark(f"secret.{path.name}", path.read_text("utf-8"))

    def _mark(self, name: str, text: str) -> None:
        """A value that others chose: a secret, a client's own link."""
        self.marks[name] = Marked(field=name, value=text, needles=(text.casefold(),))

    @property
    def folder(self) -> Path:
        """Where the configuration lies, and all that the bridge writes."""
        return self.world.bridge.config.parent

    # --- living ---

    def settle(self, there: Callable[[], object], what: str) -> None:
        """Wait for something that the daemon does by itself."""
        ends = time.monotonic() + PATIENCE_S
        while not there():
            assert time.monotonic() < ends, f"not in time: {what}"
            time.sleep(0.4)

    def live(self, *, troubled: bool) -> None:
        """Everything in order; `troubled` with all that can go wrong, and every command in the end."""
        self._before_the_bridge()
        self.world.bridge.environment[HOOKED] = os.environ[HOOKED]
        self.world.bridge.start()
        self.settle(lambda: self.world.free("checkup"), "free times in the portal")
        self._requests()
        self._decisions()
        self._connects()
        self._edits()
        self._letters()
        if troubled:
            self._trouble()
        self._web()
        self._names()
        self._ends()
        if troubled:
            self._look()
        self.record = self.world.pms.record(self.keys["record"])
        self._programs()
        self.world.bridge.stop()
        self._collect()

    def _before_the_bridge(self) -> None:
        world, pms = self.world, self.world.pms
        record = {"first_name": value("record.first"), "last_name": value("record.last"), "number": RECORD}
        record |= {"email": value("known.email"), "phone": value("record.phone"), "address": value("record.address")}
        made = pms.enter("/v1/clients", record)
        self.keys["record"] = made["id"]
        pms.enter(f"/v1/clients/{made['id']}/patients", {"name": value("known.animal"), "species": "dog"})
        far = world.day + timedelta(days=3)
        span = {"start": at(far, "06:00").isoformat(), "end": at(far, "06:30").isoformat()}
        texts = {name: value(f"desk.{name}") for name in ("title", "description", "note")}
        desk = pms.enter("/v1/appointments", {"resource": "alma", "client_id": made["id"], **span, **texts})
        self.keys["desk"] = desk["id"]
        late = {"start": at(far, "20:00").isoformat(), "end": at(far, "21:00").isoformat()}
        pms.enter("/v1/blocks", {"resource": "jonas", **late, "title": value("desk.block")})
        pms.enter("/v1/absences", {"resource": "jonas", **late, "reason": value("desk.absence")})
        pms.enter("/v1/closures", {**late, "reason": value("desk.closure")})
        world.calendar.keep("jonas", STAFFS, entry(far, "staff"))
        (self.folder / STAFFS).write_bytes(entry(far, "staff"))
        world.calendar.keep("jonas", f"{MARKS['staff.href'].needles[0]}.ics", entry(far, ""))
        world.calendar.keep("jonas", "broken.ics", entry(far, "").replace(b"UID:another", b"UID:broken"))
        self.ears["calendar"].spoil = spoiled_calendar

    def _requests(self) -> None:
        for who, slot in zip(("known", "stranger"), self._free("alma")[::8], strict=False):
            self.bookings[who] = self._book(who, slot)
            self._mark(f"link.{who}", self.bookings[who]["manage_token"])
        self.settle(lambda: len(self._ours()) == 2, "two requests in the calendar")
        self.settle(lambda: {bool(line["client"]) for line in self._waiting()} == {True, False}, "one of them linked")
        for line in self._waiting():
            self.keys["known" if line["client"] else "stranger"] = line["id"]

    def _decisions(self) -> None:
        self.said("requests", "accept", self.keys["known"])
        self.settle(lambda: "CONFIRMED" in self._states(), "a confirmed event")
        self._declines()
        self.settle(lambda: len(self._ours()) == 1, "the declined request gone")

    def _declines(self) -> None:
        """A reason that names somebody is given on standard input, so that no list of processes shows it."""
        config = ("--config", str(self.world.bridge.config))
        command = calbridge("requests", "decline", self.keys["stranger"], "--reason", "-", *config)
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as program:
            line = Path(f"/proc/{program.pid}/cmdline").read_bytes()
            said = program.communicate(value("said.decline").encode(), timeout=PATIENCE_S)
        assert program.returncode == 0, said
        self.left["programs"] = [line, *said]

    def _connects(self) -> None:
        """She connects with the practice and sees what the desk had made for her; then she corrects her telephone."""
        portal = self.world.portal
        token = portal.connect(
            Person(
                id="",
                animals=(),
                first_name=value("account.first"),
                last_name=value("account.last"),
                email=value("known.email"),
                phone=value("account.phone"),
                address=value("account.address"),
            ),
            Animal(id="", name=value("account.animal"), species="dog"),
        )
        self.settle(lambda: portal.account(token), "the desk's appointment in her account")
        right = {name: value(f"corrected.{name}") for name in ("phone", "address")}
        url = f"/public/bookings/{self.bookings['known']['manage_token']}/contact"
        portal.client.put(url, json=right).raise_for_status()
        self.settle(self._corrected, "her telephone number on the clinic's sides")

    def _edits(self) -> None:
        """At the desk, then in the calendar, then by the client."""
        (event,) = self._ours()
        visits = self.world.pms.items(self.world.weeks)
        visit = next(each for each in visits if each["client_id"] and each["client_ref"])
        version = event.version
        self.world.pms.change(visit["id"], title=value("booked.title"), note=value("booked.note"))
        if self._shows_names():
            self.settle(lambda: self._ours()[0].version != version, "the desk's title")
        added = f"LOCATION:{escaped('own.location')}\r\nCOMMENT:{escaped('own.comment')}\r\n"
        text = self.world.calendar.text(event.ref).replace("BEGIN:VEVENT\r\n", f"BEGIN:VEVENT\r\n{added}", 1)
        head, _, rest = text.partition("SUMMARY:")
        retitled = f"{head}SUMMARY:{escaped('own.title')}\r\n{after(rest)}"
        self.world.calendar.client.put(event.ref, content=retitled.encode()).raise_for_status()
        later = self._free("alma")[-1].start
        self.world.portal.move(self.bookings["known"]["manage_token"], later)
        self.settle(lambda: [each.start for each in self._ours()] == [later], "the moved event")

    def _trouble(self) -> None:
        """Each side refuses, babbles and sends what cannot be read, with somebody's data in what it says."""
        self._refusals()
        for side in SIDES:
            self._in_order()
            self._babbles(side)
        self._in_order()
        self._unreadables()
        self._in_order()
        self._review()

    def _review(self) -> None:
        """A person says whose a booking is, takes it back, and has a record made of what was given."""
        before = {line["id"] for line in self._waiting()}
        self._book("stranger", self._free("jonas")[0])
        self.settle(lambda: {line["id"] for line in self._waiting()} - before, "one more that waits")
        (key,) = {line["id"] for line in self._waiting()} - before
        for words, linked in (
            (("link", key, "--client", self.keys["record"]), True),
            (("unlink", key), False),
            (("create-client", key), True),
        ):
            self.ran("requests", *words)
            self.settle(partial(self._linked, key, linked), f"the booking after {words[0]}")
        self.made = self._client(key).partition("/")[2]

    def _linked(self, key: str, linked: bool) -> bool:
        return bool(self._client(key)) is linked

    def _client(self, key: str) -> str:
        return str(json.loads(self.said("requests", "show", key, "--json").stdout)["client"])

    def _refusals(self) -> None:
        """A booking comes while nobody takes it."""
        refusals = {side: problem(422, value("wire.code"), self._babble(side)) for side in ("pms", "portal")}
        refusals["calendar"] = page(403, self._babble("calendar"))
        for side, refusal in refusals.items():
            self.ears[side].instead = only_writes(refusal)
        self._book("stranger", self._free("jonas")[0])
        self.settle(lambda: self._tasks("write"), "a write that was given up")
        self._keep_rows()

    def _babbles(self, side: str) -> None:
        """First a web page instead of data. The daemon meets it by itself; later on it waits for longer and longer."""
        self.ears[side].instead = always(page(200, self._babble(side)))
        self.settle(lambda: self._asked_about(side), f"the daemon's question about {side}")
        self.said("requests", "show", self.keys["known"])
        self.said("check", "--look-only")
        self._keep_rows()
        for status, kind in BABBLING[side]:
            self.ears[side].instead = always(page(status, self._babble(side), kind))
            self.settle(lambda: side in self._sync(), f"{side} failing with {status}")
            self._keep_rows()

    def _unreadables(self) -> None:
        """A booking and an appointment of the desk's that cannot be read, beside the calendar's entry."""
        for side, spoil in SPOILED.items():
            self.ears[side].spoil = spoil
        self._book("stranger", self._free("jonas")[-1])
        self.world.pms.change(self.keys["desk"], note=f"{value('desk.note')}.")
        self.settle(lambda: self._unreadable() >= set(SIDES), "records that cannot be read")

    def _in_order(self) -> None:
        """All sides as they should be, but for the entry in the calendar that nobody mends."""
        for side, ear in self.ears.items():
            ear.instead = always(None)
            ear.spoil = spoiled_calendar if side == "calendar" else lambda call, answer: answer
        self.settle(lambda: self._sync() == {}, "all sides in order")

    def _letters(self) -> None:
        """An invitation that is refused, and one that goes, once nothing else is on its way to the mail server."""
        self.settle(lambda: "sent" in self._told("moved") and "due" not in self._told(""), "the mails so far")
        self.sink.rcpt_answers.append(f"550 5.1.1 <{value('known.email')}>: {value('smtp.refusal')}")
        for wanted in ("refused", "sent"):
            self._invite(wanted)

    def _invite(self, wanted: str) -> None:
        """In another second than the last one: two in the same are one invitation."""
        asked = int(time.time())
        self.settle(lambda: int(time.time()) > asked, "the next second")
        self.said("client", "invite", self.keys["record"])
        self.settle(lambda: wanted in self._told("invitation"), f"an invitation {wanted}")

    def _web(self) -> None:
        """Webhooks that nobody sent, and what anybody may read."""
        with httpx.Client(base_url=self.world.bridge.address, trust_env=False) as client:
            headers = {"webhook-id": value("web.header").encode(), "webhook-signature": value("web.header").encode()}
            answers = [
                client.post(f"/hooks/{KEY}/{connection}", content=value("web.body").encode(), headers=headers)
                for connection in (*SIDES, "nothing")
            ]
            answers.append(client.get(f"/{value('web.path')}", params={"q": value("web.path")}))
            answers.append(client.get(f"/feeds/{value('web.path')}.ics"))
            self.left["answers to webhooks"] = [f"{a.status_code} {a.headers} {a.text}" for a in answers]
            self.left["health"] = [client.get("/health").text]
            address = "a feed's address, shown once"
            feeds = json.loads(self.said("feeds", "publish", "alma", "--json", place=address).stdout)
            paths = [httpx.URL(feeds[shape]).path for shape in ("events", "freebusy")]
            self._mark("secret.feed", Path(paths[0]).stem)
            self.left["published free/busy"] = [f"{a.headers} {a.text}" for a in map(client.get, paths)]

    def _names(self) -> None:
        """What a person asked for by name, and what is shown of the configuration."""
        for key in (self.keys["known"], self.keys["stranger"]):
            for form in ((), ("--json",)):
                for words in (("requests", "show"), ("explain", "match"), ("explain", "booking")):
                    self.ran(*words, key, "--names", *form, place="commands, with names")
        for form in ((), ("--json",)):
            for words in (("requests", "list"), ("messages", "list")):
                self.ran(*words, "--names", *form, place="commands, with names")
            self.ran("config", "show", *form, place="the configuration, shown")
            self.ran("inspect", str(self.folder / STAFFS), *form, place="a staff's file, inspected", config=())
            self.ran(
                "inspect", str(self.folder / STAFFS), "--names", *form, place="a staff's file, with titles", config=()
            )

    def _ends(self) -> None:
        self.said("requests", "cancel", self.keys["known"], "--reason", value("said.cancel"))
        self.settle(lambda: not [each for each in self._ours() if each.resource == "alma"], "the cancelled one gone")

    def _look(self) -> None:
        """Every command that shows something, without names, for people and for programs, each as one of its own."""
        slot = self.bookings["known"]["booking"]["start"]
        for words, form in product(_COMMANDS, ((), ("--json",))):
            for who in ("known", "stranger") if "BOOKING" in words else ("known",):
                given = {"BOOKING": self.keys[who], "START": slot}
                self.ran(*(given.get(word, word) for word in words), *form)

    def _programs(self) -> None:
        """How the daemon itself looks in a list of processes, and what it gives the program that knows a secret."""
        line = Path(f"/proc/{self.world.bridge.program.pid}/cmdline").read_bytes()  # type: ignore[union-attr]
        self.left["programs"] += [line, (self.folder / CHILD).read_bytes()]

    # --- asking ---

    def said(self, *words: str, place: str = "commands", config: tuple[str, ...] | None = None) -> Result:
        """What a command says, given here because it is asked often; it is searched as what left the bridge there."""
        log.made.cache_clear()
        result = CliRunner().invoke(main, [*words, *self._configured(config)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code in {0, 1}, result.output
        self._heard(words, place, result.stdout, result.stderr)
        return result

    def ran(self, *words: str, place: str = "commands", config: tuple[str, ...] | None = None) -> None:
        """The same as a program of its own."""
        running = self.start(*words, *self._configured(config))
        code = running.wait()
        answer, beside = (path.read_text("utf-8") for path in (running.output, running.errors))
        assert code in {0, 1}, (words, answer, beside)
        assert answer, words
        self._heard(words, place, answer, beside)

    def _configured(self, config: tuple[str, ...] | None) -> tuple[str, ...]:
        return ("--config", str(self.world.bridge.config)) if config is None else config

    def _heard(self, words: tuple[str, ...], place: str, answer: str, beside: str) -> None:
        """What a command logs is nobody's, whatever it was asked for."""
        self.asked.add(words)
        self.left.setdefault(place, []).append(answer)
        self.left.setdefault("commands, beside their answers", []).append(beside)

    def _waiting(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = json.loads(self.said("requests", "list", "--json").stdout)["requests"]
        return lines

    def _tasks(self, kind: str) -> list[dict[str, Any]]:
        lines = json.loads(self.said("tasks", "list", "--json").stdout)["tasks"]
        return [line for line in lines if line["kind"] == kind]

    def _asked_about(self, side: str) -> bool:
        """Is there a question about a side that sent a web page?"""
        sentences = [line["sentence"] for line in self._tasks("connection") if line["connection"] == side]
        return any("web page" in sentence or "no CalDAV" in sentence for sentence in sentences)

    def _sync(self) -> dict[str, str]:
        """One cycle now, whatever waits for its back-off; what failed in it. The daemon's own may come before it."""
        answer = json.loads(self.said("sync", "--json").stdout)
        failures: dict[str, str] = answer["clinics"][0]["failures"] if "clinics" in answer else {"overtaken": ""}
        return failures

    def _unreadable(self) -> set[str]:
        """Connections with a record that a person was asked about."""
        self._sync()
        sentences = " ".join(line["sentence"] for line in self._tasks("unreadable"))
        return {side for side in SIDES if f"connection {side}:" in sentences}

    def _told(self, kind: str) -> list[str]:
        lines = json.loads(self.said("messages", "list", "--json").stdout)["messages"]
        return [line["state"] for line in lines if kind in {"", line["kind"]}]

    def _ours(self) -> list[Shown]:
        """The bridge's own events but for the desk's appointment."""
        shown = self.world.calendar.shows(day_span(self.world.day))
        return [each for each in shown if each.state in BRIDGED]

    def _free(self, vet: str) -> list[Shown]:
        return [slot for slot in self.world.free("checkup") if slot.resource == vet]

    def _corrected(self) -> bool:
        """Is it in the diary, and in a calendar that shows names?"""
        (event,) = self._ours()
        texts = [item["note"] for item in self.world.pms.items(self.world.weeks)]
        seen = [found("\n".join(texts), MARKS.values())]
        seen += [found(self.world.calendar.text(event.ref), MARKS.values())] if self._shows_names() else []
        return all("corrected.phone" in each for each in seen)

    def _states(self) -> set[str]:
        return {each.state for each in self._ours()}

    def _shows_names(self) -> bool:
        return self.world.practice.rules["calendar_names"] == '"full"'

    def _book(self, who: str, slot: Shown) -> dict[str, Any]:
        portal = self.world.portal
        browser = f"{who}-{slot.start.isoformat()}"
        body = {
            "hold_id": portal.select(slot, browser),
            "client_ref": browser,
            "customer": {
                "first_name": value(f"{who}.first"),
                "last_name": value(f"{who}.last"),
                "email": value(f"{who}.email"),
                "phone": value(f"{who}.phone"),
                "address": value(f"{who}.address"),
            },
            "patient": {"name": value(f"{who}.animal"), "species": value(f"{who}.species")},
            "note": value(f"{who}.note"),
        }
        made = portal.client.post(f"/public/sites/{KEY}/bookings", json=body)
        return dict(made.raise_for_status().json())

    def _babble(self, side: str) -> str:
        everybody = " ".join(value(name) for name in MARKS if name.startswith(("known", "stranger", "booked")))
        return f"{value(f'wire.{side}')} {everybody}"

    # --- collecting ---

    def all_of(self, place: str) -> str:
        """What left the bridge there."""
        return "\n".join(map(str, self.left[place]))

    @property
    def bookings_told(self) -> tuple[str, str]:
        """The ids of the two bookings that lived from beginning to end."""
        return self.keys["known"], self.keys["stranger"]

    def _collect(self) -> None:
        for side in SIDES:
            self.left[side] = list(self.ears[side].heard)
        self.left["logins"] = [login for side in SIDES for login in set(self.ears[side].logins)]
        letters = list(zip(self.sink.to, self.sink.received, strict=True))
        for whom, address in ADDRESSES.items():
            self.left[f"mail to the {whom}"] = [raw for to, raw in letters if to == address]
        self.left["log"] = [self.world.bridge.log.read_text("utf-8")]
        self._keep_rows()
        self.state = columns(self.folder / STATE_FILE, self.marks.values())

    def _keep_rows(self) -> None:
        """What is kept for people. A question's sentence gives way to the next one, so it is read in between too."""
        store = Store.open(self.folder / STATE_FILE)
        rows: list[Any] = [*store.journal(KEY, limit=10_000), *store.tasks(KEY, open_only=False)]
        rows += [row.why for row in (*store.messages(KEY, limit=1_000), *store.waiting(KEY))]
        rows += store.connections(KEY)
        self.left.setdefault("journal, tasks, messages", []).append("\n".join(map(repr, rows)))
        store.close()


_COMMANDS = (
    ("status",),
    ("requests", "list"),
    ("requests", "show", "BOOKING"),
    ("explain", "booking", "BOOKING"),
    ("explain", "match", "BOOKING"),
    ("messages", "list"),
    ("tasks", "list"),
    ("tasks", "list", "--all"),
    ("journal",),
    ("slots", "--service", "checkup"),
    ("journal", "--booking", "BOOKING"),
    ("explain", "slot", "--service", "checkup", "--resource", "alma", "--at", "START"),
    ("check", "--look-only"),
    ("sync", "--dry-run"),
    ("feeds", "list"),
)


# --- opening ----------------------------------------------------------------------------------------


@contextmanager
def flooded(folder: Path, today: date, start: Callable[..., Any], *, names: str, reasons: bool) -> Iterator[Flood]:
    """The made-up clinic with these rules, its mail server, and an ear at each side; not yet started."""
    ears, sink = {side: Ear() for side in SIDES}, Sink()
    practice = Practice(
        services=tuple(offer for offer in SERVICES if offer.key == "checkup"),
        notes=False,
        portal_tells=False,
        days=12,
        keys={
            "email": f'"{CLINIC_ADDRESS}"',
            "booking_url": '"https://book.example.org"',
            "exclusions": "[]",
        },
        rules={
            "lead_days": "1",
            "booking_mode": '"request"',
            "client_match": '"unique"',
            "calendar_names": f'"{names}"',
            "decline_reason_visible": str(reasons).lower(),
        },
    )
    with ExitStack() as stack:
        server = stack.enter_context(MailServer(sink))
        world = stack.enter_context(running(folder, today, rules=ears, practice=practice, daemon=False))
        _configure(world.bridge.config, server.port)
        stack.callback(os.environ.pop, HOOKED)
        yield Flood(world, ears, sink, start)


def _configure(path: Path, port: int) -> None:
    """What the demo's configuration has no place for."""
    text = path.read_text("utf-8").replace("[bridge]\n", '[bridge]\nlog_level = "debug"\n', 1)
    text = text.replace('reason = "Betriebsurlaub"', f"reason = {json.dumps(value('config.closure'))}")
    absence = f"[{{ from = 2027-02-01, until = 2027-02-02, reason = {json.dumps(value('config.absence'))} }}]"
    text = text.replace('kind = "pms"\n', 'kind = "pms"\nresources = { attic = "" }\n', 1)
    folder = path.parent
    program = folder / "tells"
    program.write_text(TELLS.format(child=folder / CHILD, secret=folder / "secrets" / "pms-token"), "utf-8")
    program.chmod(0o700)
    text = text.replace('token = { file = "pms-token" }', f"token = {{ command = {json.dumps(str(program))} }}", 1)
    text = text.replace('webhook_secret = { file = "portal-webhook" }', f'webhook_secret = {{ env = "{HOOKED}" }}', 1)
    os.environ[HOOKED] = (folder / "secrets" / "portal-webhook").read_text("utf-8")
    text = text.replace('name = "Dr. Alma Rehbein"\n', f'name = "Dr. Alma Rehbein"\nabsences = {absence}\n', 1)
    path.write_text(text + MAIL.format(key=KEY, port=port, room=value("config.room")), "utf-8")
