"""The code on the how-to pages runs as it stands."""

from __future__ import annotations

import importlib
import random
import re
import sys
import types
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from calbridge.facts import Facts
from calbridge.interval import Interval
from calbridge.model import Clinic
from calbridge.plugins import Plugins, load_plugins
from calbridge.provider import Busy, Complete, Context
from calbridge.settings import load
from calbridge.slots import Candidate, decide
from calbridge.testing.listing import at, shown

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"


class EntryPoint:
    """Of a module that is already there."""

    dist = None

    def __init__(self, name: str, value: str) -> None:
        self.name, self.value, self.group = name, value, "calbridge"

    def load(self) -> types.ModuleType:
        return importlib.import_module(self.value)


def blocks(page: str, kind: str) -> list[str]:
    """The fenced blocks of one kind, in order."""
    found: list[str] = re.findall(rf"```{kind}\n(.*?)```", (HOW_TO / page).read_text(encoding="utf-8"), re.DOTALL)
    return found


def module_of(page: str, name: str) -> types.ModuleType:
    """The page's Python blocks as one module."""
    module = types.ModuleType(name)
    exec(compile("\n".join(blocks(page, "python")), page, "exec"), module.__dict__)
    return module


def loaded(*modules: str) -> Plugins:
    plugins = load_plugins([EntryPoint(name, name) for name in modules])  # type: ignore[misc]
    assert plugins.broken == ()
    return plugins


# --- write-a-provider.md --------------------------------------------------------------------------


def test_the_provider_of_the_page_loads_and_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "theatre", module_of("write-a-provider.md", "theatre"))
    kind = loaded("theatre").kinds["theatre"]
    answer = httpx.Response(200, text="100 200\n900 950\n")
    context = Context(
        connection="theatre",
        clinic=Clinic(key="c", name="C", time_zone="Europe/Berlin"),
        transport=httpx.MockTransport(lambda request: answer),
        clock=types.SimpleNamespace(now=lambda: 0),
        secrets=lambda reference: "",
        log=None,
        random=random.Random(1),
    )
    provider = kind.create(kind.settings(url="http://theatre.test/plan", resource="room1"), context)
    feed = provider.import_schedule("", Interval(0, 500), {})
    busy = Busy(ref="theatre", version="", resource="room1", spans=(Interval(100, 200),))
    assert feed == Complete(window=Interval(0, 500), items=(busy,))
    assert provider.check()[0].level == "ok"


# --- add-a-slot-rule.md ---------------------------------------------------------------------------

PRACTICE = """
[clinics.hafen]
name = "Tierarztpraxis am Hafen"
time_zone = "Europe/Berlin"
online = true
[clinics.hafen.resources.anna]
name = "Anna"
online = true
week = [{ days = ["mon"], windows = ["15:00-17:00"] }]
[clinics.hafen.services.surgery]
name = "Surgery"
minutes = 30
online = true
resources = ["anna"]
[clinics.hafen.services.checkup]
name = "Check-up"
minutes = 30
online = true
resources = ["anna"]
"""
MONDAY = date(2026, 11, 23)


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> Plugins:
    monkeypatch.setitem(sys.modules, "late", module_of("add-a-slot-rule.md", "late"))
    return loaded("late")


def test_the_rule_of_the_page_is_turned_on_as_the_page_says(late: Plugins, tmp_path: Path) -> None:
    (fragment,) = blocks("add-a-slot-rule.md", "toml fragment")
    path = tmp_path / "calbridge.toml"
    path.write_text(PRACTICE + fragment, encoding="utf-8")
    clinic = load(path, {}, late).clinics["hafen"].clinic
    facts = Facts(now=at(clinic, "2026-11-20 12:00"))
    assert shown(clinic, facts, "surgery", MONDAY) == ["15:00 anna", "15:15 anna", "15:30 anna", "15:45 anna"]
    assert len(shown(clinic, facts, "checkup", MONDAY)) == 7
    wanted = Candidate(service="surgery", resource="anna", start=at(clinic, "2026-11-23 16:00"))
    decision = decide(clinic, facts, wanted)
    assert decision.code == "too_late"
    (refused,) = [verdict for verdict in decision.verdicts if not verdict.ok]
    assert late.rules["too_late"].words.format(**refused.facts) == "it begins at 16:00 or later"


def test_the_rule_of_the_page_passes_the_kit(late: Plugins, tmp_path: Path) -> None:
    path = tmp_path / "calbridge.toml"
    path.write_text(PRACTICE + blocks("add-a-slot-rule.md", "toml fragment")[0], encoding="utf-8")
    clinic = load(path, {}, late).clinics["hafen"].clinic
    (text,) = blocks("add-a-slot-rule.md", "python test")
    exec(compile(text, "add-a-slot-rule.md", "exec"), {"clinic": clinic})


def test_without_its_section_the_rule_says_nothing(late: Plugins, tmp_path: Path) -> None:
    path = tmp_path / "calbridge.toml"
    path.write_text(PRACTICE, encoding="utf-8")
    clinic = load(path, {}, late).clinics["hafen"].clinic
    assert len(shown(clinic, Facts(now=at(clinic, "2026-11-20 12:00")), "surgery", MONDAY)) == 7


# --- make-a-vendor-pack.md ------------------------------------------------------------------------


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Plugins]:
    """The page's files, on the path as `pip install` would put them."""
    package = tmp_path / "calbridge_acme"
    package.mkdir()
    for kind, name in (("toml pack", "pack.toml"), ("python", "plugin.py")):
        (text,) = blocks("make-a-vendor-pack.md", kind)
        assert text.startswith(f"# src/calbridge_acme/{name}\n")
        (package / name).write_text(text, encoding="utf-8")
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield loaded("calbridge_acme.plugin")
    for name in [each for each in sys.modules if each.startswith("calbridge_acme")]:
        del sys.modules[name]


def test_the_pack_of_the_page_passes_its_own_test(
    acme: Plugins, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("calbridge.plugins.load_plugins", lambda: acme)
    (text,) = blocks("make-a-vendor-pack.md", "python test")
    names: dict[str, object] = {}
    exec(compile(text, "make-a-vendor-pack.md", "exec"), names)
    test = names["test_a_day_of_notice"]
    assert callable(test)
    test(tmp_path)
    (words,) = acme.brought.words
    assert (words.vendor, words.words["closure"]) == ("Acme Praxis", "Praxisferien")


# --- send-e-mail.md -------------------------------------------------------------------------------


def test_the_mail_of_the_page_is_a_configuration(tmp_path: Path) -> None:
    (text,) = blocks("send-e-mail.md", "toml")
    path = tmp_path / "calbridge.toml"
    path.write_text(f'[bridge]\nsecrets_directory = "secrets"\n{text}', encoding="utf-8")
    config = load(path, {}, load_plugins()).clinics["hafen"]
    settings = config.notifiers["mail"].settings
    assert (settings.host, settings.username, settings.security) == (
        "mail.example.org",
        config.clinic.email,
        "starttls",
    )
    assert config.clinic.booking_url == "https://book.example.org/hafen"


# --- connect-a-portal.md --------------------------------------------------------------------------


def test_the_portal_of_the_page_is_a_configuration(tmp_path: Path) -> None:
    (text,) = blocks("connect-a-portal.md", "toml")
    path = tmp_path / "calbridge.toml"
    path.write_text(text, encoding="utf-8")
    clinic = load(path, {}, load_plugins()).clinics["hafen"].clinic
    assert clinic.privacy_notice.startswith("We keep what you tell us")
    assert clinic.rules.on_unmatched == "create_if_complete"


def test_every_setting_and_option_the_portals_page_names_is_there() -> None:
    from calbridge.settings.sections import RulesSection
    from calbridge_portal.main import options

    page = (HOW_TO / "connect-a-portal.md").read_text(encoding="utf-8")
    assert set(re.findall(r"--[a-z-]+", " ".join(blocks("connect-a-portal.md", "console")))) <= set(options())
    named = {name for cell in re.findall(r"\| `([^|]*)` \|", page) for name in re.findall(r"(\w+) = ", cell)}
    assert named - {"tells"} <= RulesSection.model_fields.keys()
    assert len(named) == 5
