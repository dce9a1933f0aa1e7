"""A portal under test: the real application over ASGI, a clock the test drives, a clinic of two vets."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from calbridge_portal.app import Options, create_app
from calbridge_portal.portal import Portal
from calbridge_portal.store import Store
from calbridge_portal.testing import SITE, TOKEN, Bridge, ManualClock, furnish


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "portal.db", SITE)
    yield opened
    opened.close()


@pytest.fixture
def portal(store: Store, clock: ManualClock) -> Portal:
    return Portal(store=store, clock=clock, site=SITE, token=TOKEN)


@pytest.fixture
def client(portal: Portal) -> Iterator[TestClient[Litestar]]:
    with TestClient(create_app(portal, Options(faults=True, public_per_minute=0))) as http:
        yield http


@pytest.fixture
def bridge(client: TestClient[Litestar]) -> Bridge:
    return Bridge(http=client)


@pytest.fixture
def clinic(bridge: Bridge) -> Bridge:
    furnish(bridge)
    return bridge


@pytest.fixture
def retype(clinic: Bridge) -> Callable[..., None]:
    return lambda **kind: furnish(clinic, **kind)
