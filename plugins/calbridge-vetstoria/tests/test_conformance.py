"""What every portal's provider must do, against the real portal."""

from __future__ import annotations

from calbridge.testing.conformance import AccountTests, PortalTests


class TestVetstoria(AccountTests, PortalTests):
    """The promises of the provider contract."""
