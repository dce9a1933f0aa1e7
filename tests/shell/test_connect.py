"""From configuration to host: what a provider is given, and what happens to one that cannot be made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, ConfigDict

from calbridge.connect import Host, fingerprint
from calbridge.errors import RetryLater
from calbridge.fields import SecretText
from calbridge.hookspecs import hookimpl
from calbridge.http import request
from calbridge.interval import Interval
from calbridge.plugins import Plugin, Plugins
from calbridge.provider import Capabilities, Complete, Context, ProviderKind
from calbridge.registration import Brought
from calbridge.settings import load
from calbridge.transport import Fault


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str
    password: SecretText | None = None


class Provider:
    capabilities = Capabilities(fields=frozenset())

    def __init__(self, settings: Section, context: Context) -> None:
        self.password = context.secrets(settings.password) if settings.password else ""
        self.context = context
        self.url = settings.url

    @hookimpl
    def import_schedule(self, window: Any) -> Complete[Any]:
        client = httpx.Client(transport=self.context.transport)
        request(client, "GET", self.url)
        return Complete(window=window, items=())


KIND = ProviderKind(name="acme", role="calendar", settings=Section, create=Provider)
ACME = Plugin(name="acme", distribution="calbridge-acme", version="2", brought=Brought(kinds={"acme": KIND}))
PLUGINS = Plugins(found=(ACME,))
FILE = """
[clinics.a]
name = "A"
time_zone = "UTC"
[clinics.a.connections.one]
kind = "acme"
url = "http://127.0.0.1:9/"
"""


def host(tmp_path: Path, text: str = FILE, plugins: Plugins = PLUGINS, **options: Any) -> Any:
    path = tmp_path / "calbridge.toml"
    path.write_text(text)
    config = load(path, {}, plugins)
    return Host(plugins, config.bridge, environ={}, **options).clinic(config.clinics["a"])


def pull(clinic: Any) -> Any:
    return clinic.pull("one", "", Interval(0, 1), {})


def test_a_provider_gets_its_settings_and_the_bridges_transport(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(sent: httpx.Request) -> Fault:
        asked.append(str(sent.url))
        return Fault(answer=httpx.Response(200))

    clinic = host(tmp_path, faults=answer)
    assert pull(clinic) == Complete(window=Interval(0, 1), items=())
    assert asked == ["http://127.0.0.1:9/"]
    assert clinic.connections["one"].plugin == "plugin calbridge-acme 2"
    assert clinic.connections["one"].rank == 0


def test_loopback_needs_leave(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="is a private or local address: if that is meant, set allow_private = true"):
        pull(host(tmp_path))
    with pytest.raises(RetryLater, match="nothing answers at"):
        pull(host(tmp_path, FILE + "allow_private = true\n"))


def test_a_missing_secret_breaks_its_connection_only(tmp_path: Path) -> None:
    text = FILE + 'password = { env = "NO" }\n[clinics.a.connections.two]\nkind = "acme"\nurl = "http://x/"\n'
    clinic = host(tmp_path, text)
    assert {name: error.hint for name, error in clinic.broken.items()} == {
        "one": "the secret's variable NO is not set: set it in the environment"
    }
    assert list(clinic.connections) == ["two"]


def test_a_kind_without_its_plugin_says_which_plugin_is_broken(tmp_path: Path) -> None:
    broken = Plugins(found=(Plugin(name="acme", fault="plugin calbridge-acme 2 does not load"),))
    clinic = host(tmp_path, plugins=broken)
    assert clinic.broken["one"].hint == 'no plugin provides kind "acme": plugin calbridge-acme 2 does not load'


def test_the_fingerprint_changes_with_the_server_but_not_with_the_password(tmp_path: Path) -> None:
    path = tmp_path / "calbridge.toml"
    seen = []
    for text in (FILE, FILE + 'password = "a"\n', FILE + 'password = "b"\n', FILE.replace(":9/", ":10/")):
        path.write_text(text)
        seen.append(fingerprint(load(path, {}, PLUGINS).clinics["a"].connections["one"]))
    assert len(set(seen[:3])) == 1
    assert seen[3] != seen[0]
