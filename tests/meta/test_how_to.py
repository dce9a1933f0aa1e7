"""The code on the how-to pages runs as it stands."""

from __future__ import annotations

import random
import re
import sys
import types
from pathlib import Path

import httpx
import pytest

from calbridge.hookspecs import PROJECT
from calbridge.interval import Interval
from calbridge.model import Clinic
from calbridge.plugins import load_plugins
from calbridge.provider import Busy, Complete, Context

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-provider.md"


@pytest.fixture
def theatre(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The page's two Python blocks as one module."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module = types.ModuleType("theatre")
    monkeypatch.setitem(sys.modules, "theatre", module)
    exec(compile("\n".join(blocks), str(PAGE), "exec"), module.__dict__)
    return module


def test_the_plugin_of_the_page_loads_and_its_provider_reads(theatre: types.ModuleType) -> None:
    class EntryPoint:
        name = group = value = "theatre"
        dist = None

        def load(self) -> types.ModuleType:
            return theatre

    plugins = load_plugins([EntryPoint()])  # type: ignore[list-item]
    assert plugins.broken == ()
    kind = plugins.kinds["theatre"]
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
    assert PROJECT == "calbridge"
