"""The configuration: what it gives, and one exact sentence for everything that can be wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, field_validator

from calbridge.fields import SecretText, ServerUrl
from calbridge.interval import Interval
from calbridge.model import WallWindow, WeeklyPlan
from calbridge.plugins import Plugin, Plugins, load_plugins
from calbridge.provider import ProviderKind
from calbridge.registration import Brought
from calbridge.settings import Config, ConfigErrors, load

GOOD = """\
[bridge]
listen = "127.0.0.1:9000"
every = "PT30S"

[clinics.hafen]
name = "Tierarztpraxis am Hafen"
time_zone = "Europe/Berlin"
region = "DE"
preset = "debevet-aroundpet"
online = true
opening_hours = { mon = ["10:00-12:00", "14:00-18:00"], tue = ["10:00-12:00"] }
closures = [{ from = 2026-12-24, until = 2027-01-01, reason = "Betriebsurlaub" }]
exclusions = [{ days = ["mon"], windows = ["14:00-15:00"], services = ["checkup"] }]
system_of_record = "calendar"

[clinics.hafen.rules]
lead_time = "PT2H"

[clinics.hafen.resources.anna]
name = "Dr. Anna Sommer"
kind = "practitioner"
online = true
week = [{ days = ["mon"], windows = ["09:00-24:00"], weeks = "odd", from = 2026-11-01, until = 2027-03-31 }]
absences = [{ from = 2026-12-01, until = 2026-12-03, reason = "sick" }]

[clinics.hafen.resources.room1]
name = "Room 1"
kind = "room"

[clinics.hafen.services.checkup]
name = "Check-up"
minutes = 30
buffer_after = 5
online = true
resources = ["anna"]
requires = [{ any_of = ["room1"] }]
species = ["dog", "cat"]

[clinics.hafen.connections.calendar]
kind = "acme"
url = "http://127.0.0.1:5232/"
password = { env = "PASSWORD" }
allow_private = true
first_run = "apply"
"""


class Acme(BaseModel):
    """A plugin's section."""

    model_config = ConfigDict(extra="forbid")

    url: ServerUrl
    password: SecretText
    calendars: dict[str, str] = {}
    colour: str = "red"

    @field_validator("colour")
    @classmethod
    def _odd(cls, value: str) -> str:
        if value == "crash":
            raise KeyError("Rex")
        return value


ACME = ProviderKind(name="acme", role="calendar", settings=Acme, create=lambda settings, context: None)
PRESETS = load_plugins().presets
BROUGHT = Brought(kinds={"acme": ACME}, presets={**PRESETS, "odd": {"lead_time": "four hours"}})
PLUGINS = Plugins(found=(Plugin(name="acme", brought=BROUGHT),))


def read(tmp_path: Path, text: str, environ: Mapping[str, str] | None = None, plugins: Plugins = PLUGINS) -> Config:
    path = tmp_path / "calbridge.toml"
    path.write_text(text, "utf-8")
    return load(path, environ or {}, plugins)


def faults(tmp_path: Path, text: str, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, text, environ)
    return caught.value.faults


def test_a_good_file_becomes_the_cores_records(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    hafen = config.clinics["hafen"]
    clinic = hafen.clinic
    assert (config.bridge.host, config.bridge.port, config.bridge.every) == ("127.0.0.1", 9000, 30)
    assert config.bridge.database == tmp_path / "calbridge.sqlite3"
    assert (clinic.key, clinic.name, clinic.time_zone, clinic.region) == (
        "hafen", "Tierarztpraxis am Hafen", "Europe/Berlin", "DE",
    )  # fmt: skip
    assert clinic.opening_hours[0] == (WallWindow(start=600, end=720), WallWindow(start=840, end=1080))
    assert (clinic.closures[0].first, clinic.closures[0].last) == (date(2026, 12, 24), date(2027, 1, 1))
    assert clinic.exclusions[0].services == {"checkup"}
    (plan,) = clinic.resources["anna"].week
    assert plan == WeeklyPlan(
        days=frozenset({0}),
        windows=(WallWindow(start=540, end=1440),),
        weeks="odd",
        first=date(2026, 11, 1),
        last=date(2027, 3, 31),
    )
    assert clinic.resources["anna"].absences[0].last == date(2026, 12, 3)
    assert clinic.services["checkup"].requires == (("room1",),)
    assert (hafen.system_of_record, hafen.preset) == ("calendar", "debevet-aroundpet")


def test_own_rules_override_the_preset_and_defaults_fill_the_rest(tmp_path: Path) -> None:
    rules = read(tmp_path, GOOD).clinics["hafen"].clinic.rules
    assert rules.lead_time == 2 * 3600
    assert (rules.booking_mode, rules.reminders, rules.client_cancel_cutoff) == ("request", (90_000, 3600), 86_400)
    assert (rules.late_confirm, rules.max_cancellations, rules.hold_ttl) == ("retry", 3, 300)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_installed_preset_is_valid(tmp_path: Path, preset: str) -> None:
    assert read(tmp_path, GOOD.replace("debevet-aroundpet", preset)).clinics["hafen"].preset == preset


def test_a_clinic_without_a_preset_has_the_defaults_of_the_rules(tmp_path: Path) -> None:
    rules = read(tmp_path, '[clinics.a]\nname = "A"\ntime_zone = "UTC"\n').clinics["a"].clinic.rules
    assert (rules.availability, rules.without_windows, rules.lead_time, rules.horizon_days, rules.grid_minutes) == (
        "windows", "closed", 0, 60, 15,
    )  # fmt: skip
    assert rules.slots_per_hour is None


def test_the_hosts_keys_do_not_reach_the_plugin(tmp_path: Path) -> None:
    connection = read(tmp_path, GOOD).clinics["hafen"].connections["calendar"]
    assert (connection.kind, connection.first_run, connection.allow_private, connection.timeout) == (
        "acme", "apply", True, 60,
    )  # fmt: skip
    assert set(connection.section) == {"url", "password"}
    assert isinstance(connection.settings, Acme)


def test_absences_may_be_instants(tmp_path: Path) -> None:
    text = GOOD.replace(
        "from = 2026-12-01, until = 2026-12-03", "from = 1970-01-01T00:01:00Z, until = 1970-01-01T01:02:00+01:00"
    )
    assert read(tmp_path, text).clinics["hafen"].clinic.resources["anna"].absences[0].span == Interval(60, 120)


ENVIRONMENT: list[tuple[str, str, Any, Any]] = [
    ("CALBRIDGE_BRIDGE__EVERY", "PT5M", lambda config: config.bridge.every, 300),
    ("CALBRIDGE_CLINICS__HAFEN__ONLINE", "false", lambda config: config.clinics["hafen"].clinic.online, False),
    ("CALBRIDGE_CLINICS__HAFEN__RULES__HORIZON_DAYS", "9",
     lambda config: config.clinics["hafen"].clinic.rules.horizon_days, 9),
    ("CALBRIDGE_CLINICS__HAFEN__RULES__REMINDERS", '["PT1H"]',
     lambda config: config.clinics["hafen"].clinic.rules.reminders, (3600,)),
    ("CALBRIDGE_CLINICS__HAFEN__CONNECTIONS__CALENDAR__URL", "https://dav.example/",
     lambda config: config.clinics["hafen"].connections["calendar"].settings.url, "https://dav.example/"),
    ("CALBRIDGE_CLINICS__HAFEN__CONNECTIONS__CALENDAR__CALENDARS", '{"anna": "/a/"}',
     lambda config: config.clinics["hafen"].connections["calendar"].settings.calendars, {"anna": "/a/"}),
    ("CALBRIDGE_CONFIG", "elsewhere.toml", lambda config: config.bridge.every, 30),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "look", "expected"), ENVIRONMENT, ids=[row[0] for row in ENVIRONMENT])
def test_the_environment_overrides_the_file(tmp_path: Path, name: str, value: str, look: Any, expected: Any) -> None:
    assert look(read(tmp_path, GOOD, {name: value})) == expected


# (what is replaced in the good file, by what, the sentence without the file's name)
WRONG: list[tuple[str, str, str]] = [
    ('listen = "127.0.0.1:9000"', 'listne = "x"', 'line 2: bridge listne is not a setting; did you mean "listen"?'),
    ('listen = "127.0.0.1:9000"', 'listen = "9000"',
     'line 2: bridge listen is wrong: an address and a port are written like "127.0.0.1:8620"'),
    ("[bridge]", "[brige]", 'line 1: brige is not a setting; did you mean "bridge"?'),
    ('every = "PT30S"', 'every = "30s"',
     'line 3: bridge every is wrong: a duration is written like "PT30M", "PT4H" or "P2D"'),
    ("online = true\nopening", 'onlin = true\nopening',
     'line 10: clinic hafen: onlin is not a setting; did you mean "online"?'),
    ('name = "Tierarztpraxis am Hafen"\n', "", "line 5: clinic hafen: name is missing: add it"),
    ('name = "Tierarztpraxis am Hafen"', "name = 7", "line 6: clinic hafen: name must be text in quotes"),
    ('"Europe/Berlin"', '"Europe/Berln"',
     ('line 7: clinic hafen: time_zone is wrong: "Europe/Berln" is not a known time zone; did you mean '
      '"Europe/Berlin"?')),
    ('region = "DE"', 'region = "Germany"',
     'line 8: clinic hafen: region is wrong: a region is a country code of two capitals, such as "DE"'),
    ("debevet-aroundpet", "debevet-aroundpt",
     ('line 9: clinic hafen: preset names the preset "debevet-aroundpt", which does not exist; '
      'did you mean "debevet-aroundpet"?')),
    ("debevet-aroundpet", "odd",
     ('line 9: clinic hafen: preset names the preset "odd", whose own values are wrong (lead_time): '
      "update the plugin it comes from")),
    ("14:00-18:00", "18:00-14:00",
     ('line 11: clinic hafen: opening_hours mon is wrong: "18:00-14:00" ends before it starts: the end '
      'must be later on '
      'the same day; split a window over midnight into two, the first ending "24:00"')),
    ("14:00-18:00", "2pm-6pm",
     ('line 11: clinic hafen: opening_hours mon is wrong: "2pm-6pm" is not a window: write "HH:MM-HH:MM", for example '
      '"09:00-12:00" or "18:00-24:00"')),
    ('tue = ["10', 'tues = ["10',
     "line 11: clinic hafen: opening_hours tues must be one of 'mon', 'tue', 'wed', 'thu', 'fri', 'sat' or 'sun'"),
    ("until = 2027-01-01", "until = 2026-01-01",
     ("line 12: clinic hafen: closures entry 1 is wrong: until (2026-01-01) comes before from "
      "(2026-12-24): exchange them")),
    ("until = 2027-01-01", 'until = "soon"',
     "line 12: clinic hafen: closures entry 1, until is wrong: a date is written like 2026-12-24, without quotes"),
    ('services = ["checkup"]', 'services = ["checkups"]',
     ('line 13: clinic hafen: exclusions entry 1, services names the service "checkups", which does not exist; '
      'did you mean "checkup"?')),
    ('system_of_record = "calendar"', 'system_of_record = "pms"',
     ('line 14: clinic hafen: system_of_record names the connection "pms", which does not exist; '
      "add a section for it or take the connection out")),
    ('lead_time = "PT2H"', 'leed_time = "PT2H"',
     'line 17: clinic hafen: rules leed_time is not a setting; did you mean "lead_time"?'),
    ('lead_time = "PT2H"', 'lead_time = "2 h"',
     'line 17: clinic hafen: rules lead_time is wrong: a duration is written like "PT30M", "PT4H" or "P2D"'),
    ('lead_time = "PT2H"', 'hold_ttl = "PT16M"',
     'line 17: clinic hafen: rules hold_ttl is wrong: a hold lasts more than nothing and at most "PT15M"'),
    ('lead_time = "PT2H"', "grid_minutes = 7",
     "line 17: clinic hafen: rules grid_minutes must be one of 5, 10, 15, 20, 30 or 60"),
    ('lead_time = "PT2H"', "horizon_days = 4000", "line 17: clinic hafen: rules horizon_days must be at most 730"),
    ('kind = "practitioner"', 'kind = "vet"',
     "line 21: clinic hafen, resource anna: kind must be one of 'practitioner', 'room' or 'equipment'"),
    ('weeks = "odd"', 'weeks = "both"',
     "line 23: clinic hafen, resource anna: week entry 1, weeks must be one of 'all', 'odd' or 'even'"),
    ("until = 2027-03-31", "until = 2026-03-31",
     ("line 23: clinic hafen, resource anna: week entry 1 is wrong: until (2026-03-31) comes before from (2026-11-01): "
      "exchange them")),
    ("from = 2026-12-01, until = 2026-12-03", "from = 2026-12-01T08:00:00, until = 2026-12-03",
     ("line 24: clinic hafen, resource anna: absences entry 1, from is wrong: an instant needs its offset, such as "
      "2026-12-24T08:00:00+01:00; or write the date only")),
    ("from = 2026-12-01, until = 2026-12-03", "from = 2026-12-01T08:00:00Z, until = 2026-12-03",
     ("line 24: clinic hafen, resource anna: absences entry 1 is wrong: from and until are either both dates or both "
      "instants")),
    ("minutes = 30", "minutes = 0", "line 32: clinic hafen, service checkup: minutes must be at least 1"),
    ('resources = ["anna"]', 'resources = ["ana"]',
     ('line 35: clinic hafen, service checkup: resources names the resource "ana", which does not exist; '
      'did you mean "anna"?')),
    ('any_of = ["room1"]', 'any_of = ["lab"]',
     ('line 36: clinic hafen, service checkup: requires entry 1 names the resource "lab", which does not exist; '
      "add a section for it or take the resource out")),
    ("[clinics.hafen.connections.calendar]", "[clinics.hafen.connections.Kalender]",
     "line 39: clinic hafen, connection Kalender is not a usable key: use small letters, digits, - and _"),
    ('kind = "acme"', 'kind = "acmee"',
     ('line 40: clinic hafen, connection calendar: kind is "acmee", which no installed plugin provides; '
      'did you mean "acme"?')),
    ('kind = "acme"', 'kid = "acme"',
     'line 40: clinic hafen, connection calendar: kid is not a setting; did you mean "kind"?'),
    ("http://127.0.0.1:5232/", "127.0.0.1:5232",
     ('line 41: clinic hafen, connection calendar: url is wrong: a server is written like '
      '"https://calendar.example/dav/"')),
    ("http://127", "http://anna:secret@127",
     ("line 41: clinic hafen, connection calendar: url is wrong: a url holds no user name or password: "
      "give them in their own fields")),
    ("url =", "urll =", 'line 41: clinic hafen, connection calendar: urll is not a setting; did you mean "url"?'),
    ('{ env = "PASSWORD" }', '{ fil = "x" }',
     'line 42: clinic hafen, connection calendar: password fil is not a setting; did you mean "file"?'),
    ('{ env = "PASSWORD" }', '{ env = "A", file = "b" }',
     ("line 42: clinic hafen, connection calendar: password is wrong: a secret names exactly one of file, "
      "env and command")),
    ('password = { env = "PASSWORD" }\n', "",
     ('line 39: clinic hafen, connection calendar: password is missing: write password = { file = "..." }, '
      '{ env = "..." } or { command = "..." }, or put a file calendar-password into a secrets directory '
      "(bridge.secrets_directory)")),
    ("allow_private = true", "allow_privat = true",
     'line 43: clinic hafen, connection calendar: allow_privat is not a setting; did you mean "allow_private"?'),
    ('first_run = "apply"', 'first_run = "now"',
     "line 44: clinic hafen, connection calendar: first_run must be one of 'plan' or 'apply'"),
    ('first_run = "apply"', 'colour = "crash"',
     ("line 39: clinic hafen, connection calendar cannot be read by its plugin (KeyError): update the plugin or tell "
      "its maker")),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), WRONG, ids=[row[1][:30] or row[0][:30] for row in WRONG])
def test_a_fault_is_one_exact_sentence(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    found = faults(tmp_path, GOOD.replace(old, new, 1))
    assert f"calbridge.toml, {expected}" in found
    assert "secret@" not in str(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "calbridge.toml: clinics has no clinic in it: add a section [clinics.<key>]"),
        ("[clinics]\na = 1", "calbridge.toml, line 2: clinic a must be a table"),
        ("= 1", "calbridge.toml is not TOML: Invalid statement (at line 1, column 1): correct that place"),
    ],
)
def test_files_that_are_no_configuration(tmp_path: Path, text: str, expected: str) -> None:
    assert faults(tmp_path, text) == (expected,)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors) as caught:
        load(tmp_path / "no.toml", {}, PLUGINS)
    assert caught.value.faults == (
        f'{tmp_path / "no.toml"} does not exist: run "calbridge init" to make one, or name yours with --config',
    )


def test_all_faults_come_together_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD
    rows = [row for row in WRONG if row[0] in {"14:00-18:00", "minutes = 30", 'lead_time = "PT2H"', "url ="}]
    picked = {row[0]: row for row in rows}
    for old, new, _ in picked.values():
        text = text.replace(old, new, 1)
    expected = sorted((row[2] for row in picked.values()), key=lambda each: int(each.split(":")[0].split()[1]))
    found = faults(tmp_path, text)
    assert [fault for fault in found if "is missing" not in fault] == [f"calbridge.toml, {each}" for each in expected]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("CALBRIDGE_BRIDG__EVERY", "PT1M",
         'the variable CALBRIDGE_BRIDG__EVERY is not a setting; did you mean "CALBRIDGE_BRIDGE"?'),
        ("CALBRIDGE_CLINICS__HAFEN__RULES__REMINDERS", "PT1H",
         "the environment is wrong: write lists and tables in it as JSON"),
        ("CALBRIDGE_CLINICS__HAFEN__RULES__LEED_TIME", "PT1H",
         'clinic hafen: rules leed_time is not a setting; did you mean "lead_time"?'),
    ],
)  # fmt: skip
def test_the_environment_is_checked_like_the_file(tmp_path: Path, name: str, value: str, expected: str) -> None:
    assert any(fault.endswith(expected) for fault in faults(tmp_path, GOOD, {name: value}))


@pytest.mark.parametrize("name", ["CALBRIDGE_CONFIG", "CALBRIDGE_LONG", "CALBRIDGEX__Y"])
def test_variables_of_other_programs_are_left_alone(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, GOOD, {name: "1"}) == read(tmp_path, GOOD)


JUNK = st.sampled_from(["", "0", "-1", '"x"', "[]", "{}", "[1]", '["x"]', "true", "2026-01-01", "1.5", "{ file = 7 }"])
SECRETS = {"password"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_broken_is_said_and_never_crashes(tmp_path: Path, data: st.DataObject) -> None:
    lines = GOOD.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        key, equals, _ = lines[at].partition("=")
        junk = data.draw(st.one_of(JUNK, st.just('"s3cret-word"')) if key.strip() in SECRETS else JUNK)
        lines[at] = f"{key}{equals} {junk}" if equals else data.draw(st.sampled_from(["", lines[at]]))
    found: tuple[str, ...] = ()
    try:
        read(tmp_path, "\n".join(lines))
    except ConfigErrors as error:
        found = error.faults
    for fault in found:
        assert fault.startswith("calbridge.toml")
        assert "\n" not in fault
        assert "s3cret" not in fault


def test_a_kind_whose_plugin_is_broken_leaves_the_connection_to_the_host(tmp_path: Path) -> None:
    broken = Plugins(
        found=(
            Plugin(name="acme", fault="it does not load"),
            Plugin(name="packs", brought=Brought(presets=PRESETS)),
        )
    )
    connection = read(tmp_path, GOOD, plugins=broken).clinics["hafen"].connections["calendar"]
    assert (connection.settings, connection.provider) == (None, None)


def test_a_secret_left_out_is_found_in_the_secrets_directory(tmp_path: Path) -> None:
    text = GOOD.replace('password = { env = "PASSWORD" }\n', "")
    (tmp_path / "calendar-password").write_text("s3cret\n")
    config = read(tmp_path, text, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    section = config.clinics["hafen"].connections["calendar"].settings
    assert isinstance(section, Acme)
    assert getattr(section.password, "file", "") == str(tmp_path / "calendar-password")
    assert "s3cret" not in repr(config)


def test_a_plain_password_is_masked_everywhere(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD.replace('{ env = "PASSWORD" }', '"s3cret"'))
    assert "s3cret" not in repr(config)
