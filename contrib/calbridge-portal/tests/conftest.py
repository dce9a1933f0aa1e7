"""A portal under test: the real application over ASGI, a clock the test drives, a clinic of two vets.

Building the application takes longer than most tests: one is built, its tables are emptied before each.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from calbridge_portal.app import Options, create_app
from calbridge_portal.portal import Portal
from calbridge_portal.store import Store
from calbridge_portal.testing import NOW, SITE, TOKEN, Bridge, ManualClock, empty, furnish


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    store = Store(Path(tmp_path_factory.mktemp("portal")) / "portal.db", SITE)
    made = Portal(store=store, clock=ManualClock(), site=SITE, token=TOKEN)
    made.reached_at("https://book.example.org/")
    yield made
    store.close()


@pytest.fixture(scope="session")
def client(portal: Portal) -> Iterator[TestClient[Litestar]]:
    with TestClient(create_app(portal, Options(faults=True, public_per_minute=0))) as http:
        yield http


@pytest.fixture
def clock(portal: Portal) -> ManualClock:
    assert isinstance(portal.clock, ManualClock)
    portal.clock.moment = NOW
    return portal.clock


@pytest.fixture
def bridge(client: TestClient[Litestar], portal: Portal, clock: ManualClock) -> Bridge:
    empty(portal)
    client.cookies.clear()
    return Bridge(http=client)


@pytest.fixture
def clinic(bridge: Bridge) -> Bridge:
    furnish(bridge)
    return bridge


@pytest.fixture
def retype(clinic: Bridge) -> Callable[..., None]:
    return lambda **kind: furnish(clinic, **kind)
