"""What goes wrong outside: one clear sentence, nothing lost or half-written, and the other connections go on."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from calbridge.demo.clinic import KEY
from calbridge.demo.steps.quiet import Marks, marks
from calbridge.demo.world import World
from calbridge.testing.processes import calbridge, free_port
from calbridge.testing.proxy import Answer, Call, Lost, Rule

PAGE = b"<!doctype html><html><title>Anmelden</title><form>Bitte anmelden</form></html>"
SIDES = ("calendar", "portal", "pms")
EVENT = "/praxis/jonas/call-jonas.ics"


class Disguise(Rule):
    """A server that suddenly is something else; `as_what` names it, "" is itself."""

    as_what = ""

    def before(self, call: Call) -> Call:
        if self.as_what == "dead":
            raise Lost
        return call

    def after(self, call: Call, answer: Answer) -> Answer:
        del call
        html = (("content-type", "text/html; charset=utf-8"),)
        match self.as_what:
            case "page":
                return Answer(status=200, headers=html, body=PAGE)
            case "login":
                return Answer(status=302, headers=(("location", "https://login.example.org/"), *html), body=b"")
            case "nonsense":
                return replace(answer, status=200, body=b'{"events": {"what": ["is this"]}, "items": 7}')
            case "broken event":
                return replace(answer, body=re.sub(rb"(TZID=America/New_York:)\d{8}T\d{6}", rb"\1gestern", answer.body))
            case "refusal":
                return Answer(status=401, headers=(("www-authenticate", 'Bearer realm="x"'), *html), body=PAGE)
        return answer


class Case:
    """An own copy of the bridge's state and configuration, so that one case's back-off is not the next one's."""

    def __init__(self, world: World, folder: Path, start: Callable[..., Any]) -> None:
        self.config, self._start = folder / "calbridge.toml", start
        shutil.copytree(world.bridge.config.parent / "secrets", folder / "secrets")
        for name in ("calbridge.toml", "calbridge.sqlite3"):
            shutil.copy(world.bridge.config.parent / name, folder / name)

    def edit(self, old: str, new: str) -> None:
        text = self.config.read_text("utf-8")
        assert old in text
        self.config.write_text(text.replace(old, new, 1), "utf-8")

    def sync(self) -> tuple[int, dict[str, Any]]:
        """Exit code, and what it says of the clinic."""
        running = self._start("sync", "--json", "--config", str(self.config))
        code: int = running.wait()
        answer: dict[str, Any] = running.answer()
        return code, answer if "errors" in answer else answer["clinics"][0]


@pytest.fixture(scope="module")
def disguises() -> dict[str, Disguise]:
    return {side: Disguise() for side in SIDES}


@pytest.fixture(scope="module")
def world(
    clinic: Callable[..., AbstractContextManager[World]], disguises: dict[str, Disguise], start: Callable[..., Any]
) -> Iterator[World]:
    """A clinic that the bridge has brought together already."""
    with clinic(rules=disguises) as running:
        first = start("sync", "--json", "--config", str(running.bridge.config))
        assert first.wait() == 0
        yield running


@pytest.fixture
def case(world: World, tmp_path: Path, start: Callable[..., Any]) -> Case:
    return Case(world, tmp_path, start)


@pytest.fixture
def untouched(world: World) -> Iterator[Marks]:
    """Whatever happens to the bridge, the sides stay as they were."""
    before = marks(world)
    yield before
    assert marks(world) == before


@pytest.fixture
def disguised(disguises: dict[str, Disguise]) -> Iterator[Callable[[str, str], None]]:
    def disguise(side: str, as_what: str) -> None:
        disguises[side].as_what = as_what

    yield disguise
    for each in disguises.values():
        each.as_what = ""


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("as_what", ["page", "login", "nonsense", "refusal", "dead"])
@pytest.mark.parametrize("side", SIDES)
def test_a_wrong_server_stops_its_own_connection_only(
    case: Case, disguised: Callable[[str, str], None], side: str, as_what: str
) -> None:
    disguised(side, as_what)
    code, said = case.sync()
    assert code == 1
    assert list(said["failures"]) == [side]
    assert_one_sentence(said["failures"][side])
    assert set(said["reads"]) == set(SIDES) - {side}
    assert not {"cancelled", "clinic cancels", "missing"} & set(said["codes"])
    disguised(side, "")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("side", SIDES)
def test_nothing_is_lost_when_the_server_comes_back(
    case: Case, world: World, disguised: Callable[[str, str], None], side: str
) -> None:
    disguised(side, "page")
    assert case.sync()[0] == 1
    disguised(side, "")
    assert world.picture().disagreement() == ""
    fresh_eyes = case.sync()[1]
    assert sum(fresh_eyes["writes"].values()) == 0


@pytest.mark.usefixtures("untouched")
def test_a_server_that_speaks_no_tls_is_named(case: Case) -> None:
    case.edit('kind = "vetstoria"\nurl = "http://', 'kind = "vetstoria"\nurl = "https://')
    code, said = case.sync()
    assert code == 1
    assert_one_sentence(said["failures"]["portal"])
    assert "TLS" in said["failures"]["portal"] or "certificate" in said["failures"]["portal"]
    assert {"calendar", "pms"} <= set(said["reads"])


@pytest.mark.usefixtures("untouched")
def test_an_address_where_nobody_listens_is_named(case: Case) -> None:
    text = case.config.read_text("utf-8")
    url = next(line for line in text.partition('kind = "vetstoria"')[2].splitlines() if line.startswith("url"))
    case.edit(url, f'url = "http://127.0.0.1:{free_port()}"')
    code, said = case.sync()
    assert code == 1
    assert_one_sentence(said["failures"]["portal"])
    assert {"calendar", "pms"} <= set(said["reads"])


def test_an_event_that_cannot_be_read_is_reported_and_kept(
    case: Case, world: World, disguised: Callable[[str, str], None]
) -> None:
    secret = world.calendar.text(EVENT).replace("Call", "Geheimer")
    world.calendar.keep("jonas", EVENT.rsplit("/", 1)[1], secret.encode())
    before = world.calendar.text(EVENT)
    disguised("calendar", "broken event")
    code, said = case.sync()
    assert code == 1
    assert said["failures"] == {}
    assert set(said["reads"]) == set(SIDES)
    assert len(said["tasks"]) == 1
    assert_one_sentence(said["tasks"][0])
    assert "Geheimer" not in said["tasks"][0]
    assert "call-jonas" in said["tasks"][0]
    assert world.calendar.text(EVENT) == before
    assert world.picture().disagreement() == ""


@pytest.mark.usefixtures("untouched")
def test_a_plugin_that_does_not_load_stops_its_connection_only(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    del world
    case.edit('kind = "vetstoria"', 'kind = "broken"')
    _install_broken_plugin(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    done = subprocess.run(
        calbridge("sync", "--json", "--config", str(case.config)),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)["clinics"][0]
    assert_one_sentence(said["failures"]["portal"])
    assert "broken-plugin 1.0" in said["failures"]["portal"]
    assert {"calendar", "pms"} <= set(said["reads"])


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('kind = "vetstoria"', 'kind = "vetstoria"\nsitte = "hier"', 'did you mean "site"'),
        ('kind = "caldav"', 'kind = "caldev"', "caldev"),
        ('time_zone = "Europe/Berlin"', 'time_zone = "Europe/Berlln"', "Europe/Berlin"),
        ("minutes = 30", 'minutes = "lang"', "minutes"),
    ],
)
def test_a_wrong_configuration_is_refused_before_anything_happens(case: Case, old: str, new: str, named: str) -> None:
    case.edit(old, new)
    code, said = case.sync()
    assert code == 2
    assert len(said["errors"]) == 1
    assert named in said["errors"][0]
    assert KEY in said["errors"][0]


@pytest.mark.usefixtures("untouched")
def test_a_missing_secret_is_named_with_the_places_it_was_looked_for_in(case: Case) -> None:
    case.edit('password = { file = "calendar-password" }', 'password = { file = "gone" }')
    code, said = case.sync()
    assert code == 1
    assert list(said["failures"]) == ["calendar"]
    assert_one_sentence(said["failures"]["calendar"])
    assert '"gone"' in said["failures"]["calendar"]
    assert str(case.config.parent / "secrets") in said["failures"]["calendar"]


def assert_one_sentence(text: str) -> None:
    """Something a clinic can read and act on: one line, no traceback, no body, no type names."""
    assert text
    assert "\n" not in text
    assert "Traceback" not in text
    assert "Bitte anmelden" not in text
    assert "Error(" not in text
    assert len(text) < 400


def _install_broken_plugin(site: Path) -> None:
    info = site / "broken_plugin-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-plugin\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[calbridge]\nbroken = broken_plugin\n", "utf-8")
    (site / "broken_plugin.py").write_text("import a_module_that_is_not_there\n", "utf-8")
