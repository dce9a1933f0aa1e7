"""The distributions, their pins and the licence of what they promise stay together."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path

import pytest
from hatchling import build
from packaging.requirements import Requirement

from calbridge.plugins import Plugin, load_plugins

ROOT = Path(__file__).parents[2]
PROJECTS = sorted(
    [ROOT / "pyproject.toml", *ROOT.glob("plugins/*/pyproject.toml"), *ROOT.glob("contrib/*/pyproject.toml")]
)
NAME = re.compile(r"^[A-Za-z0-9_.-]+")


def _wanted(path: Path) -> set[str]:
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    lines = [
        *project["dependencies"],
        *(d for extra in project.get("optional-dependencies", {}).values() for d in extra),
    ]
    names = {NAME.match(line)[0].lower() for line in lines}  # type: ignore[index]
    return {name for name in names if not name.startswith("calbridge")}


def _pins() -> dict[str, str]:
    text = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9_.-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: path.parent.name)
def test_every_dependency_is_pinned(path: Path) -> None:
    assert _wanted(path) - set(_pins()) == set()


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: path.parent.name)
def test_what_an_editable_install_asks_for_is_pinned(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make dev` installs without build isolation: what the backend wants and the pins lack, nobody fetches."""
    monkeypatch.chdir(path.parent)
    asked = [Requirement(line) for line in build.get_requires_for_build_editable()]
    assert asked
    pins = _pins()
    assert [str(need) for need in asked if pins.get(need.name, "0") not in need.specifier] == []


@pytest.mark.parametrize("name", ["dev.txt", "bench.txt"])
def test_every_pin_is_hashed_and_names_no_index(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[a-z0-9_.-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(re.findall(r"^[a-z0-9_.-]+==", text, re.MULTILINE)) > 1
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"https?://|--index-url|--find-links|--extra-index-url|--trusted-host", text)


def test_all_distributions_take_their_version_from_one_place() -> None:
    for path in PROJECTS:
        hatch = tomllib.loads(path.read_text(encoding="utf-8"))["tool"]["hatch"]["version"]["path"]
        assert (path.parent / hatch).resolve() == ROOT / "src" / "calbridge" / "version.py"


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: path.parent.name)
def test_a_wheel_holds_every_file_of_its_package(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data beside the code, such as a pack's preset, is read from the installed package."""
    monkeypatch.chdir(path.parent)
    wheel = zipfile.ZipFile(tmp_path / build.build_wheel(str(tmp_path)))
    source = path.parent / "src"
    files = {file.relative_to(source).as_posix() for file in source.rglob("*") if file.is_file()}
    assert {file for file in files if "__pycache__" not in file} <= set(wheel.namelist())


def test_every_distribution_is_installed_checked_and_offered() -> None:
    """`make dev` installs it, import-linter reads it, and an extra of calbridge brings it."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    listed = re.search(r"^DISTRIBUTIONS := (.*)$", makefile, re.MULTILINE)
    assert listed
    assert {(ROOT / each / "pyproject.toml").resolve() for each in listed[1].split()} == set(PROJECTS)
    root = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = _names()
    assert set(root["tool"]["importlinter"]["root_packages"]) == {name.replace("-", "_") for name in names}
    extras = {each for extra in root["project"]["optional-dependencies"].values() for each in extra}
    assert names - {"calbridge"} <= extras


def test_every_vendor_pack_is_held_to_the_public_api() -> None:
    """A pack is what brings a preset, no provider and no notifier."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    contracts = {each["name"]: each for each in tool["importlinter"]["contracts"]}
    loaded = [plugin for plugin in load_plugins().found if plugin.distribution in _names()]
    packs = {_module(each) for each in loaded if not (each.brought.kinds or each.brought.notifiers)}
    others = {_module(each) for each in loaded if each.brought.kinds or each.brought.notifiers}
    assert set(contracts["Vendor packs use the core and the registry, nothing else"]["source_modules"]) == packs
    assert set(contracts["Plugins use the public API only, and never each other"]["source_modules"]) == others
    assert set(contracts["Plugins do not know each other"]["modules"]) == packs | others


def _module(plugin: Plugin) -> str:
    return plugin.distribution.replace("-", "_")


def _names() -> set[str]:
    return {tomllib.loads(path.read_text(encoding="utf-8"))["project"]["name"] for path in PROJECTS}
