"""What every provider must do, as pytest classes: subclass one, give it a `side` fixture that yields a driver.

A test that fails is a promise of `calbridge.provider` or `calbridge.hookspecs` that is not kept. Needs pytest.
"""

from __future__ import annotations

from calbridge.testing.account_tests import AccountTests
from calbridge.testing.drivers import AccountDriver, CalendarDriver, Driver, PmsDriver, PortalDriver
from calbridge.testing.mirror_tests import CalendarTests, PmsTests
from calbridge.testing.portal_tests import PortalTests
from calbridge.testing.provider_tests import ProviderTests

__all__ = [
    "AccountDriver",
    "AccountTests",
    "CalendarDriver",
    "CalendarTests",
    "Driver",
    "PmsDriver",
    "PmsTests",
    "PortalDriver",
    "PortalTests",
    "ProviderTests",
]
