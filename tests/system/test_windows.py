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
