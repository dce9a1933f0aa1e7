"""What every provider and notifier must do, as pytest classes: subclass one, give it a `side` fixture with a driver.

A test that fails is a promise of `calbridge.provider` or `calbridge.hookspecs` that is not kept. Needs pytest.
"""

from __future__ import annotations

from calbridge.testing.account_tests import AccountTests
from calbridge.testing.drivers import (
    AccountDriver,
    CalendarDriver,
    Delivered,
    Driver,
    NotifierDriver,
    PmsDriver,
    PortalDriver,
)
from calbridge.testing.mirror_tests import CalendarTests, PmsTests
from calbridge.testing.notifier_tests import NotifierTests
from calbridge.testing.portal_tests import PortalTests
from calbridge.testing.provider_tests import ProviderTests

__all__ = [
    "AccountDriver",
    "AccountTests",
    "CalendarDriver",
    "CalendarTests",
    "Delivered",
    "Driver",
    "NotifierDriver",
    "NotifierTests",
    "PmsDriver",
    "PmsTests",
    "PortalDriver",
    "PortalTests",
    "ProviderTests",
]
