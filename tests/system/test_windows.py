"""Windows, shifts, absences and closures from real sides, all the way: server -> sync -> slots and explain slot."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from calbridge.testing import servers

BERLIN = ZoneInfo("Europe/Berlin")
CLINIC = """
[bridge]
secrets_directory = "secrets"
[clinics.hafen]
name = "Hafen"
time_zone = "Europe/Berlin"
online = true
opening_hours = { mon = ["08:00-09:00"] }
[clinics.hafen.rules]
without_windows = "opening_hours"
[clinics.hafen.resources.anna]
name = "Dr. Anna Sommer"
online = true
[clinics.hafen.resources.ben]
name = "Dr. Ben Winter"
online = true
[clinics.hafen.resources.cleo]
name = "Cleo Herbst"
online = true
[clinics.hafen.services.checkup]
name = "Check-up"
minutes = 30
online = true
resources = ["anna", "ben", "cleo"]
"""


def monday() -> date:
    """One that is more than a week away."""
    today = datetime.now(BERLIN).date()
    return today + timedelta(days=14 - today.weekday())


def at(clock: str, *, days: int = 0) -> str:
    """That time on the Monday, or so many days after it."""
    moment = datetime.combine(monday() + timedelta(days=days), time.fromisoformat(clock), BERLIN)
    return moment.isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """The commands of one configuration, each in a process of its own."""

    path: Path
    start: Callable[..., Any]

    def ask(self, *words: str) -> Any:
        running = self.start(*words, "--json", "--config", str(self.path))
        assert running.wait() in (0, 1), running.output.read_text("utf-8")
        return running.answer()

    def sync(self) -> None:
        (report,) = self.ask("sync")["clinics"]
        assert (report["failures"], report["tasks"]) == ({}, [])

    def starts(self, resource: str, *, days: int = 0) -> list[str]:
        """When the clinic offers that resource on the Monday, or so many days after it."""
        day = (monday() + timedelta(days=days)).isoformat()
        words = ("slots", "--service", "checkup", "--resource", resource, "--from", day, "--to", day)
        return [slot["start"][11:16] for slot in self.ask(*words)["slots"]]

    def why(self, resource: str, start: str) -> tuple[str, str]:
        """The reason a start is not offered, and the words of that rule."""
        answer = self.ask("explain", "slot", "--service", "checkup", "--resource", resource, "--at", start)
        rules = {line["code"]: line["sentence"] for line in answer["rules"]}
        return answer["code"], rules.get(answer["code"], "")


# --- a PMS ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Reception's own program."""

    client: httpx.Client

    def post(self, kind: str, **body: Any) -> None:
        key = {"Idempotency-Key": f'"{uuid.uuid4()}"'}
        self.client.post(f"/v1/{kind}", json=body, headers=key).raise_for_status()

    def plans(self, resource: str, *plans: dict[str, Any]) -> None:
        self.client.put(f"/v1/resources/{resource}/windows", json={"plans": list(plans)}).raise_for_status()


MORNING = {"days": ["mon"], "windows": ["09:00-12:00"]}
SEED: dict[str, Any] = {
    "locations": [{"id": "hafen", "name": "Hafen", "time_zone": "Europe/Berlin"}],
    "resources": [
        {"id": key, "name": key, "kind": "practitioner", "location": "hafen"} for key in ("anna", "ben", "cleo")
    ],
    "types": [{"id": "checkup", "name": "Check-up", "minutes": 30}],
    "windows": [
        {"resource": "anna", **MORNING},
        {"resource": "anna", "days": ["mon"], "windows": ["08:00-11:00"], "kind": "work"},
        {"resource": "ben", **MORNING, "until": "2020-12-31"},
    ],
}


@pytest.fixture
def reception(tmp_path: Path, start: Callable[..., Any]) -> Iterator[tuple[Bridge, Desk]]:
    """A clinic whose PMS says when its people can be booked."""
    tokens = {name: secrets.token_urlsafe(24) for name in ("bridge", "desk")}
    kept = tmp_path / "secrets"
    kept.mkdir(mode=0o700)
    for name, token in tokens.items():
        (kept / name).touch(mode=0o600)
        (kept / name).write_text(token, "utf-8")
    seed = SEED | {"absences": [{"resource": "anna", "start": at("09:00"), "end": at("09:30"), "reason": "Geheim"}]}
    server = servers.refpms(tmp_path / "pms", seed, token_file=kept / "bridge", desk_token_file=kept / "desk")
    with server.program:
        path = tmp_path / "calbridge.toml"
        path.write_text(
            CLINIC
            + f"""
[clinics.hafen.connections.pms]
kind = "pms"
url = "{server.address}/"
token = {{ file = "bridge" }}
allow_private = true
first_run = "apply"
""",
            "utf-8",
        )
        headers = {"Authorization": f"Bearer {tokens['desk']}"}
        with httpx.Client(base_url=server.address, headers=headers, timeout=20, trust_env=False) as client:
            yield Bridge(path=path, start=start), Desk(client=client)


def test_a_pms_says_when_its_people_can_be_booked(reception: tuple[Bridge, Desk]) -> None:
    bridge, desk = reception
    assert bridge.why("anna", at("08:00"))[0] == "source_stale"  # nobody has looked yet
    bridge.sync()
    assert bridge.starts("anna") == ["09:30", "09:45", "10:00", "10:15", "10:30"]
    code, said = bridge.why("anna", at("09:00"))
    assert (code, "is away on" in said, "(connection pms)" in said, "Geheim" in said) == ("absent", True, True, False)
    code, said = bridge.why("anna", at("11:00"))
    day = monday().isoformat()
    assert code == "outside_hours"
    assert f"online window on Mon {day} is 09:00-12:00 (connection pms)" in said
    assert f"working time on Mon {day} is 08:00-11:00 (connection pms)" in said
    # a plan that has run out is no plan for every opening hour; somebody without any plan has them
    assert (bridge.starts("ben"), bridge.starts("cleo")) == ([], ["08:00", "08:15", "08:30"])
    assert "has no online window on" in bridge.why("ben", at("08:00"))[1]

    desk.plans("ben", MORNING | {"windows": ["10:00-11:00"]})
    desk.plans("anna", MORNING)
    desk.post("closures", start=at("10:30"), end=at("12:00"), reason="Umbau")
    bridge.sync()
    assert bridge.starts("ben") == ["10:00"]
    assert bridge.starts("anna") == ["09:30", "09:45", "10:00"]  # and no shift limits her any more
    code, said = bridge.why("anna", at("10:30"))
    assert (code, said) == ("closed", f"The clinic is closed on Mon {day} 10:30-12:00 (connection pms).")

    desk.plans("anna")
    bridge.sync()
    assert bridge.starts("anna") == ["08:00", "08:15", "08:30"]  # no plan at all any more: every opening hour


def test_the_configuration_and_the_pms_add_up_and_both_limit(reception: tuple[Bridge, Desk]) -> None:
    bridge, _ = reception
    week = """week = [
  { days = ["mon"], windows = ["13:00-14:00"] },
  { days = ["mon"], windows = ["10:00-14:00"], kind = "work" },
]
absences = [{ from = %s, until = %s, reason = "Zahnarzt" }]
"""
    away = week % (at("10:15"), at("10:30"))
    text = bridge.path.read_text("utf-8").replace('name = "Dr. Anna Sommer"\n', f'name = "Dr. Anna Sommer"\n{away}')
    bridge.path.write_text(text, "utf-8")
    bridge.sync()
    # online 09-12 and 13-14, at work 10-14 and (in the PMS) 08-11, away till 10:30
    assert bridge.starts("anna") == ["10:30"]
    assert bridge.why("anna", at("10:15"))[0] == "absent"
    code, said = bridge.why("anna", at("13:00"))
    assert code == "outside_hours"
    assert "10:00-14:00 (configuration) and 08:00-11:00 (connection pms)" in said


# --- a calendar -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A calendar program of staff's on a real server."""

    client: httpx.Client
    home: str

    def make(self, name: str) -> None:
        self.client.request("MKCALENDAR", f"{self.home}{name}/").raise_for_status()

    def put(self, place: str, *lines: str) -> None:
        uid = place.replace("/", "-")
        inner = ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", "SUMMARY:Geheim", *lines, "END:VEVENT"]
        body = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//staff//EN", *inner, "END:VCALENDAR", ""])
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        self.client.put(f"{self.home}{place}.ics", content=body.encode(), headers=headers).raise_for_status()

    def delete(self, place: str) -> None:
        self.client.delete(f"{self.home}{place}.ics").raise_for_status()


def on(clock: str, *, days: int = 0) -> str:
    """As iCalendar writes a time on the wall of that Monday, or so many days after it."""
    return f"{monday() + timedelta(days=days):%Y%m%d}T{clock.replace(':', '')}00"


def lasting(first: str, last: str, *, days: int = 0) -> tuple[str, str]:
    zone = ";TZID=Europe/Berlin:"
    return f"DTSTART{zone}{on(first, days=days)}", f"DTEND{zone}{on(last, days=days)}"


@pytest.fixture
def calendars(tmp_path: Path, start: Callable[..., Any]) -> Iterator[tuple[Bridge, Staff]]:
    """Anna has a calendar for her online windows; Ben marks his in his own; holidays are categories."""
    server = servers.radicale(tmp_path / "calendars")
    with server.program:
        kept = tmp_path / "secrets"
        kept.mkdir(mode=0o700)
        (kept / "calendar").touch(mode=0o600)
        (kept / "calendar").write_text(servers.PASSWORD, "utf-8")
        path, home = tmp_path / "calbridge.toml", server.home
        path.write_text(
            CLINIC
            + f"""
[clinics.hafen.connections.calendar]
kind = "caldav"
url = "{server.address}/"
username = "{servers.USER}"
password = {{ file = "calendar" }}
calendars = {{ anna = "{home}anna/", ben = "{home}ben/" }}
windows = {{ anna = "{home}anna-online/" }}
window_categories = ["Onlinebuchung"]
absence_categories = ["Urlaub", "krank"]
allow_private = true
first_run = "apply"
""",
            "utf-8",
        )
        with httpx.Client(base_url=server.address, auth=server.login, timeout=20, trust_env=False) as client:
            staff = Staff(client=client, home=home)
            for name in ("anna", "ben", "anna-online"):
                staff.make(name)
            yield Bridge(path=path, start=start), staff


def test_a_calendar_says_when_its_people_can_be_booked(calendars: tuple[Bridge, Staff]) -> None:
    bridge, staff = calendars
    bridge.sync()
    # an online calendar with nothing in it is closed; whoever has none has the opening hours
    assert [bridge.starts(who) for who in ("anna", "ben", "cleo")] == [[], [], ["08:00", "08:15", "08:30"]]

    staff.put("anna-online/mornings", *lasting("09:00", "10:30", days=-7), "RRULE:FREQ=WEEKLY;COUNT=3")
    staff.put("ben/open", *lasting("14:00", "15:00"), "CATEGORIES:Praxis,ONLINEBUCHUNG")
    staff.put("anna/team", *lasting("09:00", "09:30"))
    bridge.sync()
    assert bridge.starts("anna") == ["09:30", "09:45", "10:00"]
    assert bridge.starts("ben") == ["14:00", "14:15", "14:30"]
    code, said = bridge.why("anna", at("09:15"))
    assert code == "busy"
    assert said.endswith(" 09:00-09:30 by an entry of connection calendar.")
    code, said = bridge.why("anna", at("10:15"))
    assert code == "outside_hours"
    assert f"online window on Mon {monday().isoformat()} is 09:00-10:30 (connection calendar)" in said

    first, after = (f"{monday() + timedelta(days=days):%Y%m%d}" for days in (-1, 3))
    holiday = (f"DTSTART;VALUE=DATE:{first}", f"DTEND;VALUE=DATE:{after}", "TRANSP:TRANSPARENT", "CATEGORIES:urlaub")
    staff.put("anna/holiday", *holiday)
    staff.put("ben/sick", *lasting("14:00", "14:15"), "CATEGORIES:Krank")
    bridge.sync()
    assert (bridge.starts("anna"), bridge.starts("anna", days=7)) == ([], ["09:00", "09:15", "09:30", "09:45", "10:00"])
    assert bridge.starts("ben") == ["14:15", "14:30"]
    code, said = bridge.why("anna", at("09:30"))
    first_day, last_day = (monday() + timedelta(days=days) for days in (-1, 2))
    assert (code, said) == (
        "absent",
        f"Dr. Anna Sommer is away from {first_day.isoformat()} to {last_day.isoformat()} (connection calendar).",
    )

    staff.delete("anna/holiday")
    staff.delete("ben/open")
    bridge.sync()
    assert bridge.starts("anna") == ["09:30", "09:45", "10:00"]
    assert bridge.starts("ben") == []  # still a calendar whose windows count, with none left
    assert "has no online window on" in bridge.why("ben", at("14:00"))[1]
