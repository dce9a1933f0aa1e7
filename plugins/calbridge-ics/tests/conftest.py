"""A practice with feeds: a real HTTP server on loopback, the bridge's own transport, a clock that is turned by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from calbridge.model import Clinic, Resource
from calbridge.provider import Context
from calbridge.secrets import SecretResolver
from calbridge.testing.feed_site import FeedSite, feed_site
from calbridge.transport import Limits, RetryBudget, Transport
from calbridge_ics.provider import IcsFeed, create
from calbridge_ics.settings import IcsSettings

NINE = 1_795_507_200  # 2026-11-24T09:00:00+01:00


@dataclass
class Hands:
    """A clock."""

    at: int = NINE

    def now(self) -> int:
        return self.at


@pytest.fixture
def site() -> Iterator[FeedSite]:
    with feed_site() as shown:
        yield shown


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def provider(tmp_path: Path, clock: Hands) -> Iterator[Any]:
    """Makes providers from settings as a clinic writes them."""
    transport = Transport(allow_private=True, limits=Limits(), budget=RetryBudget())
    clinic = Clinic(
        key="hafen",
        name="Hafen",
        time_zone="Europe/Berlin",
        resources={key: Resource(key=key, name=key.title()) for key in ("anna", "ben")},
    )
    made: list[IcsFeed] = []

    def make(**settings: Any) -> IcsFeed:
        context = Context(
            connection="feed",
            clinic=clinic,
            transport=transport,
            clock=clock,
            secrets=SecretResolver("feed", (tmp_path,), {}),
            log=structlog.get_logger(),
            home=tmp_path,
        )
        if isinstance(settings.get("url"), str):
            settings["url"] = SecretStr(settings["url"])
        made.append(create(IcsSettings.model_validate({"resource": "anna", **settings}), context))
        return made[-1]

    yield make
    for each in made:
        each.close()
    transport.close()
