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

from calbridge.facts import Facts
from calbridge.fields import SecretText, ServerUrl
from calbridge.interval import Interval
from calbridge.model import Rules, WallWindow, WeeklyPlan
from calbridge.plugins import Plugin, Plugins, load_plugins
from calbridge.provider import ProviderKind
from calbridge.registration import Brought, RuleKind
from calbridge.rules import Answer, Case
from calbridge.settings import Config, ConfigErrors, load
from calbridge.slots import Candidate, decide
from calbridge.testing.listing import at, shown

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
INSTALLED = load_plugins()


class Fussy(BaseModel):
    """Settings of a rule, whose validator is broken."""

    model_config = ConfigDict(extra="forbid")

    pet: str = ""

    @field_validator("pet")
    @classmethod
    def _odd(cls, value: str) -> str:
        raise KeyError(value)


def fussy(case: Case, options: Fussy) -> Answer:
    return bool(options.pet), {}


BROUGHT = Brought(
    kinds={"acme": ACME},
    rules={"fussy": RuleKind(code="fussy", answer=fussy, words="no", settings=Fussy, source="plugin acme")},
    presets={
        "odd": {"lead_time": "four hours"},
        "narrow": {"extra": {"window_too_short": {"minimum": "PT1H"}, "outside_opening_hours": True}},
    },
)
PLUGINS = Plugins(found=(*INSTALLED.found, Plugin(name="acme", brought=BROUGHT)))


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


@pytest.mark.parametrize("preset", sorted(INSTALLED.presets))
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


# --- rules of plugins -----------------------------------------------------------------------------

NARROW = '[clinics.a]\nname = "A"\ntime_zone = "UTC"\npreset = "narrow"\n'


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("", {"window_too_short": 3600, "outside_opening_hours": None}),
        ("window_too_short = true", {"window_too_short": 3600, "outside_opening_hours": None}),
        ("window_too_short = false", {"outside_opening_hours": None}),
        ("window_too_short.services = {}", {"window_too_short": 3600, "outside_opening_hours": None}),
        ("window_too_short.minimum = 'PT2H'", {"window_too_short": 7200, "outside_opening_hours": None}),
        ("outside_opening_hours = false", {"window_too_short": 3600}),
        ("outside_opening_hours = {}", {"window_too_short": 3600, "outside_opening_hours": None}),
    ],
)
def test_a_clinic_overrides_its_presets_rules_key_by_key(tmp_path: Path, own: str, expected: dict[str, Any]) -> None:
    clinic = read(tmp_path, f"{NARROW}[clinics.a.rules.extra]\n{own}\n").clinics["a"].clinic
    assert {rule.code: getattr(rule.options, "minimum", None) for rule in clinic.extra} == expected
    assert {rule.source for rule in clinic.extra} <= {"plugin calbridge-praxxme 0.1.0", "plugin calbridge-provet 0.1.0"}


def test_a_clinic_without_a_preset_turns_rules_on_in_its_own_order(tmp_path: Path) -> None:
    text = f"{NARROW}[clinics.a.rules.extra]\noutside_opening_hours = true\nwindow_too_short = {{}}\n"
    clinic = read(tmp_path, text.replace('preset = "narrow"\n', "")).clinics["a"].clinic
    assert [rule.code for rule in clinic.extra] == ["outside_opening_hours", "window_too_short"]
    assert clinic.extra[0].options is None
    assert clinic.rules == Rules()


def test_where_a_plugin_is_broken_a_rule_nobody_brings_refuses_every_start(tmp_path: Path) -> None:
    broken = Plugins(found=(Plugin(name="moon", fault="it does not load"),))
    text = (
        '[clinics.a]\nname = "A"\ntime_zone = "UTC"\nonline = true\nrules.extra.full_moon = true\n'
        'rules.extra.new_moon = false\nopening_hours.mon = ["09:00-10:00"]\nrules.availability = "opening_hours"\n'
        '[clinics.a.resources.x]\nname = "X"\nonline = true\n'
        '[clinics.a.services.s]\nname = "S"\nminutes = 30\nonline = true\nresources = ["x"]\n'
    )
    clinic = read(tmp_path, text, plugins=broken).clinics["a"].clinic
    monday = Facts(now=at(clinic, "2026-11-20 12:00"))
    decision = decide(clinic, monday, Candidate(service="s", resource="x", start=at(clinic, "2026-11-23 09:00")))
    assert decision.code == "full_moon"
    (verdict,) = [each for each in decision.verdicts if not each.ok]
    assert verdict.facts == {"fault": "PluginDoesNotLoad"}
    assert shown(clinic, monday, "s", date(2026, 11, 23)) == []


ENVIRONMENT: list[tuple[str, str, Any, Any]] = [
    ("CALBRIDGE_BRIDGE__EVERY", "PT5M", lambda config: config.bridge.every, 300),
    ("CALBRIDGE_CLINICS__HAFEN__ONLINE", "false", lambda config: config.clinics["hafen"].clinic.online, False),
    ("CALBRIDGE_CLINICS__HAFEN__RULES__HORIZON_DAYS", "9",
     lambda config: config.clinics["hafen"].clinic.rules.horizon_days, 9),
    ("CALBRIDGE_CLINICS__HAFEN__RULES__GRID_MINUTES", "20",
     lambda config: config.clinics["hafen"].clinic.rules.grid_minutes, 20),
    ("CALBRIDGE_CLINICS__HAFEN__RULES__EXTRA__OUTSIDE_OPENING_HOURS", "true",
     lambda config: [rule.code for rule in config.clinics["hafen"].clinic.extra], ["outside_opening_hours"]),
    ("CALBRIDGE_CLINICS__HAFEN__RULES__EXTRA__WINDOW_TOO_SHORT", '{"minimum": "PT1H"}',
     lambda config: config.clinics["hafen"].clinic.extra[0].options.minimum, 3600),
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


# (what is replaced in the good file, by what, the sentence without the file's name); more are in cases/config
WRONG: list[tuple[str, str, str]] = [
    ('listen = "127.0.0.1:9000"', 'listne = "x"', 'line 2: bridge listne is not a setting; did you mean "listen"?'),
    ('listen = "127.0.0.1:9000"', 'listen = "9000"',
     'line 2: bridge listen is wrong: an address and a port are written like "127.0.0.1:8620"'),
    ("[bridge]", "[brige]", 'line 1: brige is not a setting; did you mean "bridge"?'),
    ('every = "PT30S"', 'every = "30s"',
     'line 3: bridge every is wrong: a duration is written like "PT30M", "PT4H" or "P2D"'),
    ('every = "PT30S"', 'every = "PT0S"',
     'line 3: bridge every is wrong: it must be longer than nothing, such as "PT1M"'),
    ('name = "Tierarztpraxis am Hafen"\n', "", "line 5: clinic hafen: name is missing: add it"),
    ('name = "Tierarztpraxis am Hafen"', "name = 7", "line 6: clinic hafen: name must be text in quotes"),
    ('region = "DE"', 'region = "Germany"',
     'line 8: clinic hafen: region is wrong: a region is a country code of two capitals, such as "DE"'),
    ("debevet-aroundpet", "odd",
     ('line 9: clinic hafen: preset names the preset "odd", whose own values are wrong (lead_time): '
      "update the plugin it comes from")),
    ('lead_time = "PT2H"', 'leed_time = "PT2H"',
     'line 17: clinic hafen: rules leed_time is not a setting; did you mean "lead_time"?'),
    ('lead_time = "PT2H"', 'extra = { fussy = { pet = "Rex" } }',
     ("line 17: clinic hafen: rules extra fussy cannot be read by its plugin (KeyError): update the plugin or tell "
      "its maker")),
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
    ('first_run = "apply"', 'timeout = "PT0S"',
     'line 44: clinic hafen, connection calendar: timeout is wrong: it must be longer than nothing, such as "PT1M"'),
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
        ("= 1", "calbridge.toml, line 1, column 1: this is not TOML (Invalid statement): correct that place"),
        ("[clinic.a]", 'calbridge.toml, line 1: clinic is not a setting; did you mean "clinics"?'),
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
    rows = [row for row in WRONG if row[0] in {'region = "DE"', 'every = "PT30S"', 'lead_time = "PT2H"', "url ="}]
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
        ("CALBRIDGE_CLINICS__HAFEN", "[1]", "clinic hafen must be a table"),
        ("CALBRIDGE_CLINICS__HAFEN__RULES", "[1]", "clinic hafen: rules must be a table"),
        ("CALBRIDGE_CLINICS__HAFEN__CONNECTIONS__CALENDAR", "[1]",
         "clinic hafen, connection calendar must be a table"),
        ("CALBRIDGE_CLINICS__HAFEN__RULES__EXTRA__FUSSY", "maybe",
         ("clinic hafen: rules extra fussy is wrong: a rule is on with true, off with false, or on with a table of "
          "its settings")),
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


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('preset = "provet"',
         ('preset names the preset "provet", which no installed plugin brings; it comes with calbridge-provet: '
          "pip install calbridge-provet")),
        ('preset = "provett"',
         ('preset names the preset "provett", which no installed plugin brings; did you mean "provet"? '
          "It comes with calbridge-provet: pip install calbridge-provet")),
        ('preset = "local"',
         'preset names the preset "local", which no installed plugin brings; did you mean "locals"?'),
        ('preset = "anything"',
         'preset names the preset "anything", which no installed plugin brings; there are locals'),
        ("rules.extra.window_to_short = {}",
         ('rules extra window_to_short is a rule that no installed plugin brings; did you mean "window_too_short"? '
          "It comes with calbridge-praxxme: pip install calbridge-praxxme")),
        ("rules.extra.full_moon = false",
         "rules extra full_moon is a rule that no installed plugin brings; none of them brings any"),
        ('connections.pms.kind = "pms"',
         ('connection pms: kind is "pms", which no installed plugin provides; it comes with calbridge-pms: '
          "pip install calbridge-pms")),
    ],
)  # fmt: skip
def test_what_is_not_installed_is_named_with_its_distribution(tmp_path: Path, line: str, expected: str) -> None:
    few = Plugins(found=(Plugin(name="few", brought=Brought(presets={"locals": {}})),))
    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, f'[clinics.a]\nname = "A"\ntime_zone = "UTC"\n{line}\n', plugins=few)
    (fault,) = caught.value.faults
    assert fault.removeprefix("calbridge.toml, line 4: clinic a").lstrip(":, ") == expected


def test_a_kind_whose_plugin_is_broken_leaves_the_connection_to_the_host(tmp_path: Path) -> None:
    broken = Plugins(found=(*INSTALLED.found, Plugin(name="acme", fault="it does not load")))
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
